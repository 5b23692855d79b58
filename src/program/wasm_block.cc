// `wasm_run` and its declarations.

#include "program/analyzer.h"

#include <algorithm>

namespace perch::program {

/// What a block declares while it is read.
struct WasmParts {
  WasmRunNode* node = nullptr;
  std::vector<Expr> args, env, hosts;
  std::vector<WasmMount> mounts;
};

namespace {

struct ItemShape {
  std::string_view keyword, shape;
};
constexpr std::array kItems = {
    ItemShape{"wasm_arg", "wasm_arg \"VALUE\""},
    ItemShape{"wasm_env", "wasm_env \"NAME,NAME\""},
    ItemShape{"wasm_mount_read", "wasm_mount_read \"DIR\" [at:\"/path\"]"},
    ItemShape{"wasm_mount_write", "wasm_mount_write \"DIR\" [at:\"/path\"]"},
    ItemShape{"wasm_allow_host", "wasm_allow_host \"HOST\""},
    ItemShape{"wasm_stdin", "wasm_stdin \"TEXT\""},
    ItemShape{"wasm_memory", "wasm_memory \"64MiB\""},
    ItemShape{"wasm_fuel", "wasm_fuel N"},
    ItemShape{"wasm_hash", "wasm_hash \"sha256:HEX\""},
};

} // namespace

const Node* Analyzer::wasm_run(Context& ctx, const lang::WasmRunStmt& stmt) {
  auto* made = node<WasmRunNode>(ctx, NodeKind::WasmRun, stmt.head);
  const lang::Word& module = stmt.module;
  if (module.plain() && module.quote == lang::Quote::None && base::is_identifier(module.text)) {
    made->alias = module.text;
    check_alias(module);
  } else {
    made->path = expr(ctx, module, Bare::Text);
    if (made->path.plain() && made->path.text.empty()) {
      diags_.error(BadOption{"wasm_run", "", "the path of a module"}, module.span);
    }
  }
  for (const lang::Option& option : stmt.options) {
    if (option.key == "func") {
      diags_.error(TypedCalls{}, option.span);
    } else {
      diags_.error(UnknownOption{"wasm_run", option.key, {}, "only func:, which is for later"},
                   option.key_span);
    }
    break;
  }
  WasmParts parts{.node = made};
  for (const lang::WasmRunStmt::Item& item : stmt.items)
    wasm_item(ctx, item, parts);
  made->args = arena_.copy(parts.args);
  made->env = arena_.copy(parts.env);
  made->hosts = arena_.copy(parts.hosts);
  made->mounts = arena_.copy(parts.mounts);
  check_remote_pin(*made);
  return made;
}

void Analyzer::check_alias(const lang::Word& module) {
  std::vector<std::string_view> aliases;
  for (const BundleEntry& entry : program_->bundle) {
    if (!entry.alias.empty())
      aliases.push_back(entry.alias);
  }
  if (std::ranges::find(aliases, module.text) != aliases.end())
    return;
  std::string known;
  for (std::string_view alias : aliases)
    known += cat(known.empty() ? "" : ", ", alias);
  diags_.error(UnknownAlias{module.text, base::nearest(module.text, aliases).value_or(""), known},
               module.span);
}

void Analyzer::check_remote_pin(const WasmRunNode& made) {
  if (!made.path.plain() || made.hash != nullptr)
    return;
  if (strictness_ == Strictness::Check && !loading_.accepts_digests &&
      made.path.text.starts_with("https://")) {
    diags_.error(RemoteWithoutPin{}, made.path.span);
  }
  if (made.path.text.starts_with("http://")) {
    diags_.error(RemoteScheme{}, made.path.span);
  }
}

bool Analyzer::one_word(const lang::WasmRunStmt::Item& item, std::string_view shape) {
  if (item.words.size() == 1)
    return true;
  diags_.error(ConfigShape{item.keyword, shape}, item.span);
  return false;
}

void Analyzer::wasm_item(Context& ctx, const lang::WasmRunStmt::Item& item, WasmParts& parts) {
  const auto* shape = std::ranges::find(kItems, item.keyword, &ItemShape::keyword);
  if (shape == kItems.end()) {
    std::vector<std::string_view> known;
    for (const ItemShape& each : kItems)
      known.push_back(each.keyword);
    diags_.error(UnknownOption{"wasm_run", item.keyword,
                               base::nearest(item.keyword, known, 3).value_or(""),
                               "wasm_arg, wasm_env, wasm_mount_read, wasm_mount_write, "
                               "wasm_allow_host, wasm_stdin, wasm_memory, wasm_fuel, wasm_hash"},
                 item.keyword_span);
    return;
  }
  if (!one_word(item, shape->shape))
    return;
  const bool mount = item.keyword.starts_with("wasm_mount_");
  for (const lang::Option& option : item.options) {
    if (mount && option.key == "at")
      continue;
    diags_.error(ConfigShape{item.keyword, shape->shape}, option.span);
    return;
  }
  const Expr value = expr(ctx, item.words[0], Bare::Name);
  auto once = [&](const Expr*& into) {
    if (into != nullptr)
      diags_.error(DuplicateDeclaration{item.keyword}, item.keyword_span);
    into = keep(value);
  };
  if (item.keyword == "wasm_arg") {
    parts.args.push_back(value);
  } else if (item.keyword == "wasm_env") {
    parts.env.push_back(value);
  } else if (item.keyword == "wasm_allow_host") {
    parts.hosts.push_back(value);
  } else if (mount) {
    WasmMount made{.span = item.span, .host = value, .writable = item.keyword.ends_with("write")};
    if (!item.options.empty())
      made.guest = keep(expr(ctx, item.options[0].value, Bare::Text));
    check_mount(made);
    parts.mounts.push_back(made);
  } else if (item.keyword == "wasm_stdin") {
    once(parts.node->input);
  } else if (item.keyword == "wasm_memory") {
    once(parts.node->memory);
    if (value.plain() && !base::parse_byte_count(value.text)) {
      diags_.error(BadOption{"wasm_memory", value.text, "a size such as 64MiB"}, value.span);
    }
  } else if (item.keyword == "wasm_fuel") {
    once(parts.node->fuel);
    check_int(parts.node->fuel, "wasm_fuel", 1);
  } else {
    once(parts.node->hash);
    if (value.plain() && sha256_hex(value.text).empty()) {
      diags_.error(BadHash{value.text}, value.span);
    }
  }
}

void Analyzer::check_mount(const WasmMount& mount) {
  if (mount.host.plain() && mount.host.text.empty()) {
    diags_.error(BadOption{"mount", "", "a directory"}, mount.host.span);
  }
  if (mount.guest == nullptr || !mount.guest->plain())
    return;
  const std::string_view path = mount.guest->text;
  const auto parts = base::split(path, '/');
  if (!path.starts_with('/') || std::ranges::find(parts, "..") != parts.end()) {
    diags_.error(BadOption{"at", path, "an absolute path without `..`"}, mount.guest->span);
  }
}

} // namespace perch::program
