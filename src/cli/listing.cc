#include "cli/listing.h"

#include "base/text.h"
#include "op/value.h"
#include "run/arguments.h"
#include "run/secrets.h"
#include "trace/label.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;

constexpr std::size_t kRule = 70;

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  if (out.size() < width)
    out.append(width - out.size(), ' ');
  return out;
}

std::string argument_line(const program::Arg& arg) {
  std::string line = cat('-', arg.name, ' ', written_type(arg.type));
  if (arg.fallback != nullptr) {
    line += cat(" (default ", default_text(arg, "…"), ')');
  } else if (arg.optional) {
    line += " (optional)";
  }
  if (!arg.description.empty())
    line += cat(" — ", arg.description);
  return line;
}

std::string command_lines(const program::Command& command, const std::vector<NamedCommand>& names) {
  std::string out = cat("\n  ▸ ", command.name, '\n');
  for (const NamedCommand& each : names) {
    if (each.command == &command && each.name != command.name)
      out += cat("      also ", each.name, '\n');
  }
  for (std::string_view line : base::split(command.description, '\n')) {
    if (!base::trim(line).empty())
      out += cat("      ", line, '\n');
  }
  for (const program::Arg& arg : command.args)
    out += cat("        ", argument_line(arg), '\n');
  return out;
}

} // namespace

std::string_view written_type(op::Type type) {
  return type == op::Type::Text || type == op::Type::List ? "string" : op::type_name(type);
}

std::string_view default_text(const program::Arg& arg, std::string_view when_computed) {
  if (!arg.fallback->plain())
    return when_computed;
  return run::is_secret(arg) ? run::kMask : arg.fallback->text;
}

bool is_public(const program::Command& command) {
  return !command.is_private && !command.is_test && !command.is_catch;
}

std::vector<const program::Command*> public_commands(const program::Program& program) {
  std::vector<const program::Command*> commands;
  for (const program::Command* command : program.commands) {
    if (is_public(*command))
      commands.push_back(command);
  }
  std::ranges::sort(commands, {}, &program::Command::name);
  return commands;
}

std::string safe_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += trace::one_line(text.substr(0, end), text.size());
    if (end == text.npos)
      break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

std::vector<NamedCommand> public_names(const program::Program& program) {
  std::vector<NamedCommand> names;
  for (const auto& [name, command] : program.by_name) {
    if (is_public(*command))
      names.push_back({name, command});
  }
  std::ranges::sort(names, {}, &NamedCommand::name);
  return names;
}

int print_listing(const Context& context, const program::Program& program) {
  std::string rule;
  for (std::size_t i = 0; i < kRule; ++i)
    rule += "─";
  std::string out = cat("Name:        ", program.name, "\nVersion:     ", program.version,
                        "\nDescription: ", program.about, '\n', rule, '\n');
  bool first = true;
  for (const program::FileBinding& binding : program.bindings) {
    if (binding.module != &program.root())
      continue;
    if (first)
      out += "\nGlobals:\n";
    first = false;
    out += cat("  ", padded(binding.name, 20), " (", written_type(binding.type),
               ") = ", run::is_secret_name(binding.name) ? run::kMask : binding.raw, '\n');
  }
  const auto commands = public_commands(program);
  out += cat("\nCommands (", commands.size(), "):\n");
  const auto names = public_names(program);
  // Names that are second ones are few; a file without any is not searched for them.
  const std::vector<NamedCommand> none;
  for (const program::Command* command : commands)
    out += command_lines(*command, names.size() == commands.size() ? none : names);
  context.out(safe_lines(out));
  return kOk;
}

} // namespace perch::cli
