// `perch`, `perch --help`, `perch COMMAND --help`, `perch help NAME`, `perch --version`.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/findings.h"
#include "cli/listing.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "program/usage.h"
#include "run/secrets.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;

std::size_t width(std::string_view text) {
  std::size_t cells = 0;
  for (char c : text)
    cells += (c & 0xc0) != 0x80 ? 1 : 0;
  return cells;
}

std::string column(std::string_view text, std::size_t cells) {
  std::string out(text);
  const std::size_t have = width(text);
  out.append(have < cells ? cells - have : 1, ' ');
  return out;
}

std::string flag_words(const Flag& flag) {
  std::string out(flag.name);
  if (!flag.short_name.empty())
    out = cat(flag.short_name, ", ", out);
  if (flag.value == Flag::Value::Required)
    out += cat(' ', flag.shape);
  if (flag.value == Flag::Value::Optional)
    out += cat("[=", flag.shape, ']');
  return out;
}

std::string flags_help() {
  std::string out;
  std::string_view group;
  for (const Flag& flag : flags()) {
    if (flag.group != group)
      out += cat('\n', flag.group, ":\n");
    group = flag.group;
    out += cat("  ", column(flag_words(flag), 28), flag.help, '\n');
  }
  return out;
}

std::string title_rule(std::string_view heading) {
  std::string rule;
  for (std::size_t i = 0; i < std::min<std::size_t>(width(heading), 70); ++i)
    rule += "─";
  return rule;
}

std::string arguments_table(const program::Command& command) {
  std::vector<const program::Arg*> args;
  for (const program::Arg& arg : command.args)
    args.push_back(&arg);
  std::ranges::stable_sort(args, [](const program::Arg* a, const program::Arg* b) {
    if (a->index.has_value() != b->index.has_value())
      return a->index.has_value();
    return a->index ? *a->index < *b->index : a->name < b->name;
  });
  std::string out = "\nARGUMENTS\n";
  for (const program::Arg* arg : args) {
    const std::string name = arg->index ? cat('<', arg->name, '>') : cat('-', arg->name);
    std::string state = arg->fallback == nullptr
                            ? (arg->optional || arg->rest ? "(optional)" : "(required)")
                            : cat("(default ", default_text(*arg, "computed"), ')');
    std::string choices;
    for (std::string_view choice : arg->choices)
      choices += cat(choices.empty() ? "" : "|", choice);
    if (!choices.empty())
      state += cat(" one of ", choices, arg->description.empty() ? "" : ";");
    const std::string line = cat("  ", column(name, 16), column(written_type(arg->type), 8),
                                 column(state, 14), arg->description);
    out += cat(line.substr(0, line.find_last_not_of(' ') + 1), '\n');
  }
  return out;
}

std::string modifiers(const program::Command& command) {
  std::string out;
  const auto list = [&](std::string_view word, std::span<const std::string_view> values) {
    if (values.empty())
      return;
    out += cat("  ", word);
    for (std::string_view value : values)
      out += cat(' ', value);
    out += '\n';
  };
  list("require_os", command.require_os);
  list("require_arch", command.require_arch);
  if (command.dir != nullptr && command.dir->plain())
    out += cat("  dir ", command.dir->text, '\n');
  if (command.proxy_args)
    out += "  proxy_args\n";
  if (command.is_private)
    out += "  private\n";
  if (command.is_test)
    out += "  test\n";
  return out.empty() ? out : cat("\nMODIFIERS\n", out);
}

std::string example(std::string_view program, const program::Command& command, bool all) {
  std::string out = cat("  ", program, ' ', command.name);
  for (const program::Arg& arg : command.args) {
    const bool needed = arg.fallback == nullptr && !arg.optional && !arg.rest;
    if (!needed && !all)
      continue;
    const std::string_view value = !arg.choices.empty()          ? arg.choices[0]
                                   : arg.type == op::Type::Int   ? "1"
                                   : arg.type == op::Type::Float ? "1.5"
                                   : arg.type == op::Type::Bool  ? "true"
                                                                 : "VALUE";
    out += arg.index ? cat(' ', value) : cat(" -", arg.name, '=', value);
  }
  return out + '\n';
}

std::string command_help(const Context& context, const program::Program& program,
                         const program::Command& command) {
  const std::string_view called =
      program.name.empty() ? std::string_view(context.self) : program.name;
  const std::string_view about = command.description;
  const auto first_line = std::min(about.find('\n'), about.size());
  const std::string heading = about.empty() ? std::string(command.name)
                                            : cat(command.name, " — ", about.substr(0, first_line));
  std::string out = cat(heading, '\n', title_rule(heading), about.substr(first_line),
                        "\n\nUSAGE\n  ", called, ' ', program::command_usage(command), '\n');
  if (!command.args.empty())
    out += arguments_table(command);
  if (!command.env.empty()) {
    out += "\nENVIRONMENT\n";
    for (const program::EnvLine& line : command.env) {
      const bool secret = line.value.plain() && run::is_secret_name(line.name);
      out += cat("  ", line.name, '=', secret ? run::kMask : context.sources.text(line.value.span),
                 '\n');
    }
  }
  out += modifiers(command);
  const std::string shortest = example(called, command, false);
  const std::string longest = example(called, command, true);
  out += cat("\nEXAMPLES\n", shortest, longest == shortest ? "" : longest);
  return out + cat("\nDEFINED IN\n  ", context.sources.file_line(command.span), '\n');
}

/// Of many words, some are not far from any short one.
std::optional<std::string_view> nearest_topic(std::string_view name) {
  return base::nearest(name, topic_names(), std::min(2, static_cast<int>(name.size()) / 4));
}

int help_for(const Context& context, const program::Program& program) {
  const std::string& name = context.options.command;
  if (const program::Command* command = program.find(name)) {
    if (context.options.json)
      context.out(cat(base::json_text(command_json(context, {name, command})), '\n'));
    else
      context.out(safe_lines(command_help(context, program, *command)));
    return kOk;
  }
  if (context.built == nullptr && print_topic(context, name))
    return kOk;
  std::vector<std::string_view> names;
  for (const program::Command* command : public_commands(program))
    names.push_back(command->name);
  auto near = base::nearest(name, names, 3);
  if (!near && context.built == nullptr)
    near = nearest_topic(name);
  context.report(Error{.kind = kind::kCommandNotFound,
                       .message = cat("unknown command `", name, '`'),
                       .help = near ? cat("did you mean `", *near, "`?")
                                    : cat(context.self, " --list names the file's commands")});
  return kNotFound;
}

/// The flags of perch that a built executable takes, as one paragraph.
std::string built_flags(bool strict) {
  constexpr std::size_t kColumns = 78;
  std::string out = "\nFlags of perch, before the command (perch's manual says what they do):\n";
  std::string line;
  for (const Flag& flag : flags()) {
    if (flag.built == Flag::Built::Missing || (strict && flag.built == Flag::Built::Widens))
      continue;
    if (2 + line.size() + 1 + flag.name.size() > kColumns) {
      out += cat("  ", line, '\n');
      line.clear();
    }
    line += cat(line.empty() ? "" : " ", flag.name);
  }
  return cat(out, "  ", line, '\n');
}

} // namespace

int usage(const Context& context) {
  std::string out = "perch runs the commands of a .perch file.\n\n"
                    "  perch [flags] COMMAND [arguments]           of ./commands.perch\n"
                    "  perch [flags] -f FILE COMMAND [arguments]\n"
                    "  perch FILE.perch [COMMAND [arguments]]\n"
                    "  perch [flags] VERB                          ";
  std::string verbs;
  for (const VerbWord& verb : verb_words()) {
    if (!verb.help.empty())
      verbs += cat(verbs.empty() ? "" : ", ", verb.word);
  }
  out += cat(verbs, "\n\nFlags stand before the command; what follows it belongs to the command.\n",
             flags_help());
  context.out(out);
  return kOk;
}

int help(const Context& context) {
  const std::string& name = context.options.command;
  if (context.built == nullptr && context.options.file.empty() && !find_program(context)) {
    if (name.empty())
      return usage(context);
    if (print_topic(context, name))
      return kOk;
    const auto near = nearest_topic(name);
    context.report(Error{.kind = kind::kCommandNotFound,
                         .message = cat("`", name, "` is no op, block or verb, and there is no ",
                                        "commands.perch here that could have such a command"),
                         .help = near ? cat("did you mean `", *near, "`?")
                                      : "`perch ops` lists the ops, `perch help` the verbs; "
                                        "-f FILE names a file"});
    return kNotFound;
  }
  if (context.options.json && name.empty())
    return list(context);
  const op::OpTable& ops = op_table();
  const std::optional<Loaded> loaded =
      load_sound(context, ops, context.options.json ? Form::Json : Form::Text);
  if (!loaded)
    return load_failed(context);
  if (!name.empty())
    return help_for(context, *loaded->program);
  const int status = print_listing(context, *loaded->program);
  if (context.built != nullptr)
    context.out(built_flags(context.built->manifest().strict));
  return status;
}

int version(const Context& context) {
  if (context.built != nullptr) {
    const bundle::Manifest& manifest = context.built->manifest();
    context.out(safe_lines(cat(context.self, manifest.version.empty() ? "" : " ", manifest.version,
                               " (perch ", kVersion, ")\n")));
    return kOk;
  }
  context.out(cat("perch ", kVersion, '\n'));
  return kOk;
}

} // namespace perch::cli
