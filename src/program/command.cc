// What stands in a command beside its body: configuration lines, arguments, file bindings.

#include "lang/keywords.h"
#include "program/analyzer.h"
#include "program/argument_text.h"

#include <algorithm>
#include <array>

namespace perch::program {

namespace {

using op::Type;

struct LostArgument {
  static constexpr std::string_view id = "lost-argument";
  std::string_view name, why, way_out;
  std::string message() const { return cat("argument `", name, "` is never given: ", why); }
  std::string help() const { return std::string(way_out); }
};

struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array kTypes = {TypeName{"string", Type::Text}, TypeName{"int", Type::Int},
                               TypeName{"float", Type::Float}, TypeName{"bool", Type::Bool}};

/// Whether a line that stands where it may has as many words as its keyword takes.
bool well_shaped(const lang::ConfigLine& line, lang::Region region, diag::Diags& diags) {
  const lang::Keyword& shape = lang::find_setting(line.keyword, region)->shape;
  if (line.words.size() < shape.min_words ||
      (shape.max_words != lang::kAnyNumber && line.words.size() > shape.max_words)) {
    diags.error(ConfigShape{line.keyword, shape.form}, line.span);
    return false;
  }
  return true;
}

void append_texts(std::vector<std::string_view>& to, std::span<const lang::Word> words) {
  for (const lang::Word& word : words)
    to.push_back(word.text);
}

} // namespace

void Analyzer::resolve_binding(Unit& unit, std::size_t index, const lang::Binding& decl) {
  FileBinding& binding = program_->bindings[index];
  if (binding.span != decl.name_span)
    return; // a duplicate, already reported
  Context ctx{.unit = &unit};
  check_shell_words(ctx, std::span(&decl.value, 1));
  binding.value = expr(ctx, decl.value, Bare::Text);
}

void Analyzer::resolve_command(Unit& unit, Command& command, const lang::ProcDecl& decl) {
  FrameBuilder frame;
  EnvNames env_names;
  Context ctx{.unit = &unit, .frame = &frame, .env_names = &env_names};
  if (command.is_catch)
    command.catch_slot = frame.fresh(decl.name);
  resolve_args(ctx, command, decl);
  resolve_config(ctx, command, decl);
  command.body = body(ctx, decl.body);
  command.slots = frame.count();
  command.slot_names = arena_.copy(frame.names());
  if (strictness_ == Strictness::Check && command.description.empty() && !command.is_private &&
      !command.is_test && !command.is_catch) {
    diags_.warn(NoDescription{command.name}, command.span);
  }
  if (strictness_ == Strictness::Check)
    warn_of_lost_arguments(command);
}

/// Arguments that no call can give.
void Analyzer::warn_of_lost_arguments(const Command& command) {
  for (const Arg& arg : command.args) {
    const bool needed = arg.fallback == nullptr && !arg.optional && !arg.rest;
    if (command.proxy_args)
      diags_.warn(LostArgument{arg.name, "`proxy_args` takes all words", "remove one of the two"},
                  arg.span);
    else if (command.is_test && needed)
      diags_.warn(LostArgument{arg.name, "a test is called without arguments", "give it a default"},
                  arg.span);
  }
}

void Analyzer::resolve_config(Context& ctx, Command& command, const lang::ProcDecl& decl) {
  const auto region =
      decl.kind == lang::ProcKind::Catch ? lang::Region::Catch : lang::Region::Command;
  ConfigLists lists;
  for (const lang::ConfigLine& line : decl.config) {
    if (well_shaped(line, region, diags_))
      apply_config(ctx, command, lists, line);
  }
  command.env = arena_.copy(lists.env);
  command.require_os = arena_.copy(lists.os);
  command.require_arch = arena_.copy(lists.arch);
}

void Analyzer::apply_config(Context& ctx, Command& command, ConfigLists& lists,
                            const lang::ConfigLine& line) {
  const std::string_view word = line.words.empty() ? std::string_view() : line.words[0].text;
  const std::string_view key = line.keyword;
  if (key == "description") {
    command.description = word;
  } else if (key == "proxy_args") {
    command.proxy_args = true;
    command.proxy_slot = ctx.frame->assign("proxy_args");
  } else if (key == "require_os" || key == "require_arch") {
    append_texts(key == "require_os" ? lists.os : lists.arch, line.words);
    for (const lang::Word& name : line.words)
      check_platform(key == "require_arch", name.text, name.span);
  } else if (key == "dir") {
    check_shell_words(ctx, line.words);
    command.dir = keep(expr(ctx, line.words[0], Bare::Text));
  } else if (key == "env") {
    check_shell_words(ctx, line.words.subspan(1));
    lists.env.push_back({word, expr(ctx, line.words[1], Bare::Text)});
    ctx.env_names->add(word);
    check_variable_name("env", word, line.words[0].span);
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
  std::vector<Arg> args;
  std::unordered_map<std::string_view, Span> seen;
  for (const lang::ArgDecl& arg : decl.args) {
    const auto [first, added] = seen.emplace(arg.name, arg.name_span);
    if (!added) {
      diag::Diag diag = diag::make(DuplicateName{"argument", arg.name}, arg.name_span);
      diag.related.push_back({first->second, "first declared here"});
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
  std::vector<std::string_view> choices;
  for (const lang::ConfigLine& field : decl.fields) {
    if (!well_shaped(field, lang::Region::Arg, diags_))
      continue;
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
      check_shell_words(ctx, field.words);
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
      append_texts(choices, field.words);
    } else {
      (field.keyword == "optional" ? arg.optional
       : field.keyword == "rest"   ? arg.rest
                                   : arg.secret) = true;
    }
  }
  arg.choices = arena_.copy(choices);
  if (!typed)
    diags_.error(MissingType{decl.name}, decl.name_span);
  check_default(arg, decl);
  arg.slot = ctx.frame->fresh(arg.name);
  if (arg.rest) {
    if (arg.type != Type::Text)
      diags_.error(RestRules{arg.name, "is not a string"}, arg.span);
    arg.type = Type::List;
    arg.count_slot = ctx.frame->fresh(arena_.copy(cat(arg.name, "_count")));
  }
  return arg;
}

/// Whether the default and the choices are values the argument can have.
void Analyzer::check_default(const Arg& arg, const lang::ArgDecl& decl) {
  if (arg.fallback != nullptr && arg.fallback->plain()) {
    const std::string_view text = arg.fallback->text;
    if (const std::string_view missed = type_missed(arg, text); !missed.empty()) {
      diags_.error(ArgumentType{"default", missed, text, "give a default of the argument's type"},
                   arg.fallback->span);
    } else if (!is_choice(arg, text)) {
      diags_.error(BadOption{"default", arg.fallback->text, "one of the choices"},
                   arg.fallback->span);
    }
  }
  for (const lang::ConfigLine& field : decl.fields) {
    for (const lang::Word& word : field.words) {
      const std::string_view missed = type_missed(arg, word.text);
      if (field.keyword == "choices" && !missed.empty()) {
        diags_.error(ArgumentType{"choices", missed, word.text,
                                  "every choice is a value of the argument's type"},
                     word.span);
      }
    }
  }
}

void Analyzer::check_args(const Command& command) {
  std::vector<const Arg*> positional;
  for (const Arg& arg : command.args) {
    if (arg.rest && !arg.index)
      diags_.error(RestRules{arg.name, "has no index"}, arg.span);
    if (arg.rest && arg.fallback != nullptr) {
      diags_.error(RestRules{arg.name, "has a default"}, arg.span);
    }
    if (arg.index)
      positional.push_back(&arg);
  }
  std::ranges::stable_sort(positional, {}, [](const Arg* arg) { return *arg->index; });
  for (std::size_t i = 0; i < positional.size(); ++i) {
    const Arg& arg = *positional[i];
    if (i > 0 && positional[i - 1]->index == arg.index) {
      diag::Diag diag = diag::make(IndexRules{arg.name, "is taken already"}, arg.span);
      diag.related.push_back({positional[i - 1]->span, "by this argument"});
      diags_.add(std::move(diag));
    } else if (strictness_ == Strictness::Check &&
               *arg.index > (i > 0 ? *positional[i - 1]->index + 1 : 0)) {
      diags_.warn(IndexRules{arg.name, "leaves out the one before it"}, arg.span);
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
    const std::string flag = arg.type == Type::Bool ? cat('-', arg.name) : cat('-', arg.name, "=…");
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

} // namespace perch::program
