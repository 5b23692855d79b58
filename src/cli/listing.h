#pragma once
// What a file offers, as people read it: the commands and their arguments.

#include "base/json.h"
#include "cli/context.h"
#include "program/program.h"

#include <string>
#include <string_view>
#include <vector>

namespace perch::cli {

/// Callable from the command line: not private, not a test.
[[nodiscard]] bool is_public(const program::Command& command);
/// Sorted by name.
[[nodiscard]] std::vector<const program::Command*> public_commands(const program::Program& program);

/// A public command under one of its names: a file that is imported in two ways gives it two.
struct NamedCommand {
  std::string_view name;
  const program::Command* command = nullptr;
};
/// Every name that the command line takes, sorted.
[[nodiscard]] std::vector<NamedCommand> public_names(const program::Program& program);

/// For completion scripts, editors and agents.
[[nodiscard]] base::Json command_json(const Context& context,
                                      const NamedCommand& named); ///< list.cc

/// The type as an `arg` block writes it: string, int, float, bool.
[[nodiscard]] std::string_view written_type(op::Type type);

/// The default of an argument that has one, as it may be shown: a placeholder's value is known
/// only to a run, and one of a secret to nobody.
[[nodiscard]] std::string_view default_text(const program::Arg& arg,
                                            std::string_view when_computed);

/// The lines of a text that a file's author wrote: safe for a terminal, which they may not steer.
[[nodiscard]] std::string safe_lines(std::string_view text);

/// Name, version, bindings and commands of the file; returns the exit status.
int print_listing(const Context& context, const program::Program& program);

} // namespace perch::cli
