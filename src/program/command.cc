// What stands in a command beside its body: configuration lines, arguments, file bindings.

#include <algorithm>
#include <array>

#include "program/analyzer.h"

namespace perch::program {

namespace {

using op::Type;

struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array kTypes = {TypeName{"string", Type::Text}, TypeName{"int", Type::Int},
                               TypeName{"float", Type::Float}, TypeName{"bool", Type::Bool}};

/// How a configuration line is written, for messages; and which field it sets.
struct ConfigShapeOf {
  std::string_view keyword, shape;
  std::size_t least, most;
};
constexpr std::size_t kMany = 1000;
constexpr std::array kConfig = {
    ConfigShapeOf{"description", "description \"TEXT\"", 1, 1},
    ConfigShapeOf{"private", "private", 0, 0},
    ConfigShapeOf{"proxy_args", "proxy_args", 0, 0},
    ConfigShapeOf{"require_os", "require_os \"linux\" [\"darwin\" …]", 1, kMany},
    ConfigShapeOf{"require_arch", "require_arch \"amd64\" [\"arm64\" …]", 1, kMany},
    ConfigShapeOf{"dir", "dir \"PATH\"", 1, 1},
    ConfigShapeOf{"env", "env NAME \"VALUE\"", 2, 2},
    ConfigShapeOf{"on_signal", "on_signal COMMAND", 1, 1},
    ConfigShapeOf{"detached", "detached", 0, 0},
    ConfigShapeOf{"test", "test", 0, 0},
    ConfigShapeOf{"test_allow_shell", "test_allow_shell", 0, 0},
    ConfigShapeOf{"test_allow_network", "test_allow_network", 0, 0},
    ConfigShapeOf{"test_allow_write", "test_allow_write", 0, 0},
    ConfigShapeOf{"test_allow_subprocess", "test_allow_subprocess", 0, 0},
    ConfigShapeOf{"test_keep_cwd", "test_keep_cwd", 0, 0},
    ConfigShapeOf{"test_timeout", "test_timeout SECONDS", 1, 1},
};

constexpr std::array kArgFields = {
    ConfigShapeOf{"type", "type string|int|float|bool", 1, 1},
    ConfigShapeOf{"default", "default \"VALUE\"", 1, 1},
    ConfigShapeOf{"description", "description \"TEXT\"", 1, 1},
    ConfigShapeOf{"index", "index N", 1, 1},
    ConfigShapeOf{"optional", "optional", 0, 0},
    ConfigShapeOf{"rest", "rest", 0, 0},
    ConfigShapeOf{"secret", "secret", 0, 0},
    ConfigShapeOf{"choices", "choices \"A\" \"B\" …", 1, kMany},
};

template <std::size_t N>
bool well_shaped(const std::array<ConfigShapeOf, N>& table, const lang::ConfigLine& line,
                 diag::Diags& diags) {
  const auto* shape = std::ranges::find(table, line.keyword, &ConfigShapeOf::keyword);
  if (shape == table.end()) {
    diags.error(ConfigNotHere{line.keyword, "this place"}, line.keyword_span);
    return false;
  }
  if (line.words.size() < shape->least || line.words.size() > shape->most) {
    diags.error(ConfigShape{line.keyword, shape->shape}, line.span);
    return false;
  }
  return true;
}

std::span<const std::string_view> texts(base::Arena& arena, std::span<const lang::Word> words) {
  std::vector<std::string_view> out;
  for (const lang::Word& word : words) out.push_back(word.text);
  return arena.copy(out);
}

bool fits(Type type, std::string_view text) {
  switch (type) {
    case Type::Int: return base::parse_int(text).has_value();
    case Type::Float: return base::parse_float(text).has_value();
    case Type::Bool: return text == "true" || text == "false";
    case Type::None:
    case Type::Text:
    case Type::List:
    case Type::Json:
    case Type::Any:
    case Type::Number:
    case Type::Duration:
    case Type::Path: return true;
  }
  return true;
}

}  // namespace

void Analyzer::resolve_binding(Unit& unit, std::size_t index, const lang::Binding& decl) {
  FileBinding& binding = program_->bindings[index];
  if (binding.span != decl.name_span) return;  // a duplicate, already reported
  Context ctx{.unit = &unit};
  binding.value = expr(ctx, decl.value, Bare::Text);
}

void Analyzer::resolve_command(Unit& unit, Command& command, const lang::ProcDecl& decl) {
  FrameBuilder frame;
  std::vector<std::string_view> env_names;
  Context ctx{.unit = &unit, .frame = &frame, .env_names = &env_names};
  if (command.is_catch) command.catch_slot = frame.fresh(decl.name);
  resolve_args(ctx, command, decl);
  resolve_config(ctx, command, decl);
  command.body = body(ctx, decl.body);
  command.slots = frame.count();
  command.slot_names = arena_.copy(frame.names());
  if (strictness_ == Strictness::Check && command.description.empty() && !command.is_private &&
      !command.is_test && !command.is_catch) {
    diags_.warn(NoDescription{command.name}, command.span);
  }
}

void Analyzer::resolve_config(Context& ctx, Command& command, const lang::ProcDecl& decl) {
  for (const lang::ConfigLine& line : decl.config) {
    if (well_shaped(kConfig, line, diags_)) apply_config(ctx, command, line, decl.kind);
  }
}

void Analyzer::apply_config(Context& ctx, Command& command, const lang::ConfigLine& line,
                            lang::ProcKind kind) {
  const std::string_view word = line.words.empty() ? std::string_view() : line.words[0].text;
  const std::string_view key = line.keyword;
  if (kind == lang::ProcKind::Catch && key != "description" && key != "proxy_args") {
    diags_.error(ConfigNotHere{key, "a catch"}, line.keyword_span);
  } else if (key == "description") {
    command.description = word;
  } else if (key == "proxy_args") {
    command.proxy_args = true;
    command.proxy_slot = ctx.frame->assign("proxy_args");
  } else if (key == "require_os") {
    command.require_os = texts(arena_, line.words);
  } else if (key == "require_arch") {
    command.require_arch = texts(arena_, line.words);
  } else if (key == "dir") {
    command.dir = keep(expr(ctx, line.words[0], Bare::Text));
  } else if (key == "env") {
    std::vector<EnvLine> lines(command.env.begin(), command.env.end());
    lines.push_back({word, expr(ctx, line.words[1], Bare::Text)});
    command.env = arena_.copy(lines);
    ctx.env_names->push_back(word);
  } else if (key == "on_signal") {
    command.on_signal = find_command(*ctx.unit, word);
    if (command.on_signal == nullptr) {
      diags_.error(UnknownHandler{word, base::nearest(word, ctx.unit->seen_order).value_or("")},
                   line.words[0].span);
    }
  } else if (key == "test_timeout") {
    command.test_timeout_s = base::parse_int(word);
    if (!command.test_timeout_s || *command.test_timeout_s <= 0) {
      diags_.error(BadOption{key, word, "a positive number of seconds"}, line.words[0].span);
    }
  } else {
    (key == "private"                 ? command.is_private
     : key == "detached"              ? command.detached
     : key == "test"                  ? command.is_test
     : key == "test_allow_shell"      ? command.test_allow_shell
     : key == "test_allow_network"    ? command.test_allow_network
     : key == "test_allow_write"      ? command.test_allow_write
     : key == "test_allow_subprocess" ? command.test_allow_subprocess
                                      : command.test_keep_cwd) = true;
  }
}

void Analyzer::resolve_args(Context& ctx, Command& command, const lang::ProcDecl& decl) {
  if (command.is_catch && !decl.args.empty()) {
    diags_.error(ConfigNotHere{"arg", "a catch"}, decl.args[0].span);
    return;
  }
  std::vector<Arg> args;
  for (const lang::ArgDecl& arg : decl.args) {
    const auto same = std::ranges::find(args, arg.name, &Arg::name);
    if (same != args.end()) {
      diag::Diag diag = diag::make(DuplicateName{"argument", arg.name}, arg.name_span);
      diag.related.push_back({same->span, "first declared here"});
      diags_.add(std::move(diag));
      continue;
    }
    args.push_back(resolve_arg(ctx, arg));
  }
  command.args = arena_.copy(args);
  check_args(command);
}

Arg Analyzer::resolve_arg(Context& ctx, const lang::ArgDecl& decl) {
  Arg arg{.span = decl.name_span, .name = decl.name};
  bool typed = false;
  for (const lang::ConfigLine& field : decl.fields) {
    if (!well_shaped(kArgFields, field, diags_)) continue;
    const std::string_view word = field.words.empty() ? std::string_view() : field.words[0].text;
    if (field.keyword == "type") {
      typed = true;
      const auto* type = std::ranges::find(kTypes, word, &TypeName::name);
      static constexpr std::array<std::string_view, 4> kNames = {"string", "int", "float", "bool"};
      if (type == kTypes.end()) {
        diags_.error(UnknownType{word, base::nearest(word, kNames).value_or("")},
                     field.words[0].span);
      } else {
        arg.type = type->type;
      }
    } else if (field.keyword == "default") {
      arg.fallback = keep(expr(ctx, field.words[0], Bare::Text));
    } else if (field.keyword == "description") {
      arg.description = word;
    } else if (field.keyword == "index") {
      const std::optional<std::int64_t> index = base::parse_int(word);
      if (!index || *index < 0 || *index > 1000) {
        diags_.error(BadOption{"index", word, "a number from 0"}, field.words[0].span);
      } else {
        arg.index = static_cast<int>(*index);
      }
    } else if (field.keyword == "choices") {
      arg.choices = texts(arena_, field.words);
    } else {
      (field.keyword == "optional" ? arg.optional
       : field.keyword == "rest"   ? arg.rest
                                   : arg.secret) = true;
    }
  }
  if (!typed) diags_.error(MissingType{decl.name}, decl.name_span);
  if (arg.fallback != nullptr && arg.fallback->plain() && !fits(arg.type, arg.fallback->text)) {
    diags_.error(ArgumentType{"default", op::type_name(arg.type), arg.fallback->text,
                              "give a default of the argument's type"},
                 arg.fallback->span);
  }
  arg.slot = ctx.frame->fresh(arg.name);
  if (arg.rest) {
    if (arg.type != Type::Text) diags_.error(RestRules{arg.name, "is not a string"}, arg.span);
    arg.type = Type::List;
    arg.count_slot = ctx.frame->fresh(arena_.copy(cat(arg.name, "_count")));
  }
  return arg;
}

void Analyzer::check_args(const Command& command) {
  std::vector<const Arg*> positional;
  for (const Arg& arg : command.args) {
    if (arg.rest && !arg.index) diags_.error(RestRules{arg.name, "has no index"}, arg.span);
    if (arg.rest && arg.fallback != nullptr) {
      diags_.error(RestRules{arg.name, "has a default"}, arg.span);
    }
    if (arg.index) positional.push_back(&arg);
  }
  std::ranges::stable_sort(positional, {}, [](const Arg* arg) { return *arg->index; });
  for (std::size_t i = 0; i < positional.size(); ++i) {
    const Arg& arg = *positional[i];
    if (i > 0 && positional[i - 1]->index == arg.index) {
      diag::Diag diag = diag::make(IndexRules{arg.name, "is taken already"}, arg.span);
      diag.related.push_back({positional[i - 1]->span, "by this argument"});
      diags_.add(std::move(diag));
    }
    if (arg.rest && i + 1 != positional.size()) {
      diags_.error(RestRules{arg.name, "is not the last positional"}, arg.span);
    }
  }
}

std::string command_usage(const Command& command) {
  std::vector<const Arg*> positional;
  std::string flags;
  for (const Arg& arg : command.args) {
    if (arg.index) {
      positional.push_back(&arg);
      continue;
    }
    const std::string flag =
        arg.type == Type::Bool ? cat('-', arg.name) : cat('-', arg.name, "=…");
    const bool needed = arg.fallback == nullptr && !arg.optional;
    flags += needed ? cat(' ', flag) : cat(" [", flag, ']');
  }
  std::ranges::stable_sort(positional, {}, [](const Arg* arg) { return *arg->index; });
  std::string out(command.name);
  for (const Arg* arg : positional) {
    const bool needed = arg->fallback == nullptr && !arg->optional && !arg->rest;
    const std::string_view dots = arg->rest ? "…" : "";
    out += needed ? cat(" <", arg->name, '>') : cat(" [", arg->name, dots, ']');
  }
  return out + (command.proxy_args ? std::string(" …") : flags);
}

}  // namespace perch::program
