// Declaring names: what a file says exists, before any body is looked at.

#include "program/analyzer.h"

#include <algorithm>
#include <array>

namespace perch::program {

namespace {

// Words that no command, template or alias may be called, because bodies or files use them.
constexpr std::array<std::string_view, 96> kReserved = {"about",
                                                        "after",
                                                        "arch",
                                                        "arg",
                                                        "as",
                                                        "assert_contains",
                                                        "assert_eq",
                                                        "assert_exists",
                                                        "assert_match",
                                                        "assert_neq",
                                                        "assert_not_contains",
                                                        "assert_not_exists",
                                                        "assert_version",
                                                        "before",
                                                        "bin",
                                                        "bundle",
                                                        "bundle_extract",
                                                        "cache",
                                                        "case",
                                                        "catch",
                                                        "cd",
                                                        "chmod",
                                                        "command",
                                                        "cp",
                                                        "default",
                                                        "description",
                                                        "detached",
                                                        "dir",
                                                        "do",
                                                        "download",
                                                        "else",
                                                        "end",
                                                        "env",
                                                        "eprintln",
                                                        "exec",
                                                        "exit",
                                                        "export",
                                                        "fail",
                                                        "finally",
                                                        "for_each",
                                                        "globals",
                                                        "gzip",
                                                        "hash",
                                                        "hash_file",
                                                        "hooks",
                                                        "host",
                                                        "if",
                                                        "import",
                                                        "include",
                                                        "index",
                                                        "let",
                                                        "list_commands",
                                                        "match",
                                                        "mkdir",
                                                        "mv",
                                                        "name",
                                                        "not",
                                                        "on_error",
                                                        "on_signal",
                                                        "optional",
                                                        "os",
                                                        "parallel",
                                                        "pipe",
                                                        "print",
                                                        "println",
                                                        "private",
                                                        "proxy_args",
                                                        "read",
                                                        "require_arch",
                                                        "require_os",
                                                        "requires",
                                                        "rescue",
                                                        "rest",
                                                        "retry",
                                                        "rm",
                                                        "sandbox",
                                                        "set_env",
                                                        "shell",
                                                        "shell_detached",
                                                        "sleep",
                                                        "template",
                                                        "test",
                                                        "throw",
                                                        "timeout",
                                                        "touch",
                                                        "try",
                                                        "type",
                                                        "ungzip",
                                                        "unset",
                                                        "unset_env",
                                                        "version",
                                                        "wasm_run",
                                                        "with_cwd",
                                                        "with_env",
                                                        "write",
                                                        "write_file"};

static_assert(std::ranges::is_sorted(kReserved));

bool is_reserved(std::string_view name) {
  return std::ranges::binary_search(kReserved, name) || name.starts_with("test_allow_") ||
         name == "test_timeout" || name == "test_keep_cwd" || name.starts_with("wasm_");
}

std::string_view proc_word(lang::ProcKind kind) {
  switch (kind) {
  case lang::ProcKind::Command:
    return "command";
  case lang::ProcKind::Template:
    return "template";
  case lang::ProcKind::Catch:
    return "catch";
  }
  return {};
}

op::Type literal_type(const lang::Word& word) {
  if (!word.plain())
    return op::Type::Text;
  if (word.text == "true" || word.text == "false")
    return op::Type::Bool;
  if (base::parse_int(word.text))
    return op::Type::Int;
  if (base::parse_float(word.text))
    return op::Type::Float;
  return op::Type::Text;
}

template <class Problem>
diag::Diag also(const Problem& problem, Span here, Span first, std::string_view text) {
  diag::Diag diag = diag::make(problem, here);
  diag.related.push_back({first, std::string(text)});
  return diag;
}

} // namespace

std::string sha256_hex(std::string_view text) {
  if (text.starts_with("sha256:"))
    text.remove_prefix(7);
  if (text.size() != 64)
    return {};
  std::string hex;
  for (char c : text) {
    if (c >= 'A' && c <= 'F')
      c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
      return {};
    hex += c;
  }
  return hex;
}

void Analyzer::declare_meta(const Unit& unit) {
  for (const lang::ConfigLine& line : unit.ast.meta) {
    if (line.words.size() != 1 || !line.words[0].plain()) {
      diags_.error(ConfigShape{line.keyword, "name \"TEXT\", without placeholders"}, line.span);
      continue;
    }
    const std::string_view text = line.words[0].text;
    (line.keyword == "name"    ? program_->name
     : line.keyword == "about" ? program_->about
                               : program_->version) = text;
  }
}

void Analyzer::declare_bindings(Unit& unit) {
  for (const lang::Binding& decl : unit.ast.bindings) {
    if (automatic_name(decl.name) != Automatic::None) {
      diags_.error(AutomaticName{decl.name}, decl.name_span);
      continue;
    }
    const auto index = static_cast<std::int32_t>(program_->bindings.size());
    if (auto [at, added] = unit.bindings.emplace(decl.name, index); !added) {
      diags_.add(also(DuplicateName{"binding", decl.name}, decl.name_span,
                      program_->bindings[static_cast<std::size_t>(at->second)].span,
                      "first declared here"));
      continue;
    }
    program_->bindings.push_back({.name = decl.name,
                                  .span = decl.name_span,
                                  .module = unit.module,
                                  .value = {},
                                  .type = literal_type(decl.value),
                                  .raw = sources_.text(decl.value.span)});
  }
}

void Analyzer::declare_procs(Unit& unit) {
  for (const lang::ProcDecl& decl : unit.ast.procs) {
    if (decl.kind == lang::ProcKind::Template) {
      if (auto [at, added] = unit.templates.emplace(decl.name, &decl); !added) {
        diags_.add(also(DuplicateName{"template", decl.name}, decl.name_span, at->second->name_span,
                        "first declared here"));
      }
      continue;
    }
    if (decl.kind == lang::ProcKind::Catch && &unit != units_.front().get())
      continue;
    auto* command = arena_.make<Command>();
    command->span = decl.name_span;
    command->module = unit.module;
    command->is_catch = decl.kind == lang::ProcKind::Catch;
    for (const lang::ConfigLine& line : decl.config) {
      if (line.keyword == "private")
        command->is_private = true;
    }
    if (command->is_catch) {
      command->name = decl.name;
      if (program_->catch_command != nullptr) {
        diags_.add(also(DuplicateName{"catch", decl.name}, decl.name_span,
                        program_->catch_command->span, "the first one is here"));
      }
      program_->catch_command = command;
    } else if (auto [at, added] = unit.commands.emplace(decl.name, command); !added) {
      diags_.add(also(DuplicateName{"command", decl.name}, decl.name_span, at->second->span,
                      "first declared here"));
    }
    procs_.emplace_back(command, &decl);
  }
}

void Analyzer::check_reserved(std::string_view what, std::string_view name, Span span) {
  if (is_reserved(name))
    diags_.error(ReservedName{what, name}, span);
}

void Analyzer::check_collisions(const Unit& unit) {
  for (const lang::ProcDecl& decl : unit.ast.procs) {
    if (decl.kind == lang::ProcKind::Catch)
      continue;
    const std::string_view what = proc_word(decl.kind);
    check_reserved(what, decl.name, decl.name_span);
    if (decl.kind == lang::ProcKind::Template && unit.commands.contains(decl.name)) {
      diags_.add(also(DuplicateName{"name", decl.name}, decl.name_span,
                      unit.commands.at(decl.name)->span, "a command has this name"));
    }
    if (const Bin* bin = find_bin(decl.name)) {
      diags_.add(
          also(DuplicateName{"name", decl.name}, decl.name_span, bin->span, "a bin has this name"));
    }
    if (strictness_ == Strictness::Check && decl.kind == lang::ProcKind::Command &&
        !is_reserved(decl.name) && find_op(decl.name) != nullptr) {
      diags_.warn(OpHidesCommand{decl.name}, decl.name_span);
    }
  }
}

void Analyzer::declare_requires(Unit& unit) {
  for (const lang::RequiresBlock& block : unit.ast.requires_blocks) {
    if (!program_->requirements.present)
      program_->requirements.span = block.span;
    program_->requirements.present = true;
    for (const lang::Need& need : block.needs)
      declare_need(unit, need);
  }
}

void Analyzer::declare_need(Unit& unit, const lang::Need& need) {
  Requires& needs = program_->requirements;
  if (need.keyword == "bin")
    return declare_bin(unit, need);
  if (need.keyword == "confine") {
    needs.confine = true;
    return;
  }
  std::vector<Requirement>& list = need.keyword == "env"     ? needs.env
                                   : need.keyword == "host"  ? needs.hosts
                                   : need.keyword == "read"  ? needs.read
                                   : need.keyword == "write" ? needs.write
                                   : need.keyword == "os"    ? needs.os
                                                             : needs.arch;
  const bool path = need.keyword == "read" || need.keyword == "write";
  for (const lang::Word& word : need.words) {
    Requirement made{.span = word.span, .module = unit.module, .optional = need.optional};
    if (path) {
      // Resolved with the bindings, which are all declared by then: see resolve_binding.
      made.expr = keep(Expr{});
      roots_.push_back({&unit, &word, const_cast<Expr*>(made.expr)});
    } else if (!word.plain()) {
      diags_.error(ConfigShape{need.keyword, "a plain word without placeholders"}, word.span);
      continue;
    }
    if (need.keyword == "os" || need.keyword == "arch")
      check_platform(need.keyword == "arch", word.text, word.span);
    made.text = word.text;
    list.push_back(made);
  }
}

void Analyzer::declare_bin(Unit& unit, const lang::Need& need) {
  if (need.words.size() != 1) {
    diags_.error(ConfigShape{"bin", "bin \"NAME\" [as ALIAS] [optional]"}, need.span);
    return;
  }
  auto* bin = arena_.make<Bin>();
  bin->span = need.words[0].span;
  bin->module = unit.module;
  bin->name = need.words[0].text;
  bin->alias = need.alias;
  bin->optional = need.optional;
  if (!need.words[0].plain()) {
    bin->name_expr = keep(Expr{});
    roots_.push_back({&unit, &need.words[0], const_cast<Expr*>(bin->name_expr)});
  }
  for (const lang::ConfigLine& pin : need.pins) {
    if (pin.words.size() != 1) {
      diags_.error(ConfigShape{pin.keyword, "hash \"sha256:HEX\" or hash_file \"PATH\""}, pin.span);
    } else if (pin.keyword == "hash_file") {
      bin->hash_file = keep(Expr{});
      roots_.push_back({&unit, &pin.words[0], const_cast<Expr*>(bin->hash_file)});
    } else if (const std::string hex = sha256_hex(pin.words[0].text); !hex.empty()) {
      bin->sha256 = arena_.copy(hex);
    } else {
      diags_.error(BadHash{pin.words[0].text}, pin.words[0].span);
    }
  }
  program_->requirements.bins.push_back(bin);
  const auto is_alias_here = [&](const Bin& other) {
    return other.alias == bin->name && other.module == unit.module && other.name != bin->name;
  };
  if (auto [at, added] = bins_.emplace(bin->name, bin); !added && is_alias_here(*at->second)) {
    diags_.add(
        also(DuplicateName{"bin", bin->name}, bin->span, at->second->span, "an alias of this one"));
  }
  if (const auto slash = bin->name.rfind('/'); slash != bin->name.npos) {
    bins_.emplace(bin->name.substr(slash + 1), bin);
  }
  if (bin->alias.empty())
    return;
  check_reserved("alias", bin->alias, need.alias_span);
  if (auto [at, added] = bins_.emplace(bin->alias, bin);
      !added && at->second != bin &&
      (at->second->alias == bin->alias ||
       (at->second->name == bin->alias && at->second->module == unit.module))) {
    diags_.add(also(DuplicateName{"alias", bin->alias}, need.alias_span, at->second->span,
                    "first declared here"));
  } else {
    at->second = bin;
  }
}

/// A run asks only for what its command can reach; here all of it is asked for.
void Analyzer::check_bins_exist() {
  for (const Bin* bin : program_->requirements.bins) {
    if (!bin->optional && bin->name_expr == nullptr && !program_exists(bin->name))
      diags_.warn(BinMissing{bin->name}, bin->span);
  }
}

/// An alias is one more name of the file: a reader must not have to guess which is meant.
void Analyzer::check_alias_name(const Unit& unit, const lang::Include& include) {
  const std::string_view alias = include.alias;
  check_reserved("alias", alias, include.alias_span);
  const auto taken = [&](Span by, std::string_view what) {
    diags_.add(also(DuplicateName{"name", alias}, include.alias_span, by, what));
  };
  if (auto command = unit.commands.find(alias); command != unit.commands.end()) {
    taken(command->second->span, "a command has this name");
  } else if (auto made = unit.templates.find(alias); made != unit.templates.end()) {
    taken(made->second->name_span, "a template has this name");
  } else if (auto binding = unit.bindings.find(alias); binding != unit.bindings.end()) {
    taken(program_->bindings[static_cast<std::size_t>(binding->second)].span,
          "a binding has this name");
  } else if (const Bin* bin = find_bin(alias)) {
    taken(bin->span, "a bin has this name");
  }
}

void Analyzer::declare_bundle(const Unit& unit) {
  for (const lang::BundleBlock& block : unit.ast.bundles) {
    for (const lang::Include& include : block.includes) {
      for (const BundleEntry& other : program_->bundle) {
        if (!include.alias.empty() && other.alias == include.alias) {
          diags_.add(also(DuplicateName{"alias", include.alias}, include.alias_span, other.span,
                          "first declared here"));
        }
      }
      if (!include.alias.empty())
        check_alias_name(unit, include);
      if (!include.path.plain()) {
        diags_.error(ConfigShape{"include", "include \"PATH\" [as NAME], without placeholders"},
                     include.path.span);
      }
      program_->bundle.push_back(
          {.span = include.span, .path = include.path.text, .alias = include.alias});
    }
  }
}

void Analyzer::declare_hooks(Unit& unit) {
  static constexpr std::array<std::string_view, 6> kCategories = {"exec", "net", "write",
                                                                  "read", "env", "any"};
  for (const lang::HooksBlock& block : unit.ast.hooks) {
    for (const lang::Hook& hook : block.hooks) {
      Command* handler = find_command(unit, hook.handler);
      if (handler == nullptr) {
        diags_.error(
            UnknownHandler{hook.handler, base::nearest(hook.handler, unit.seen_order).value_or("")},
            hook.handler_span);
        continue;
      }
      const bool category = std::ranges::find(kCategories, hook.target) != kCategories.end();
      if (strictness_ == Strictness::Check && !category && find_op(hook.target) == nullptr) {
        diags_.warn(
            UnknownHookTarget{hook.target, base::nearest(hook.target, kCategories).value_or("")},
            hook.target_span);
      }
      program_->hooks.push_back({.span = hook.span,
                                 .timing = hook.timing == "before"  ? Hook::Timing::Before
                                           : hook.timing == "after" ? Hook::Timing::After
                                                                    : Hook::Timing::OnError,
                                 .target = hook.target,
                                 .handler = handler});
    }
  }
}

} // namespace perch::program
