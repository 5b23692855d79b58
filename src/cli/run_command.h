#pragma once
// The parts of running a command that verbs share.

#include "cli/load.h"
#include "policy/policy.h"
#include "run/run.h"

#include <optional>

namespace perch::cli {

/// The layers of the command line, below everything a file can add. Errors: bad_argument for a
/// flag's value that can match nothing.
[[nodiscard]] Result<policy::Policy> command_line_policy(const Context& context, bool from_stdin);

/// What the options alone say about the run. Errors: as above.
[[nodiscard]] Result<run::Request> request_of(const Context& context, const Loaded& loaded);

/// Loads the program for a run; nothing after its mistakes were reported.
[[nodiscard]] std::optional<Loaded> load_to_run(const Context& context);

/// The command `name` and the words for it, or null after saying why there is none.
[[nodiscard]] const program::Command* choose_command(const Context& context,
                                                     const program::Program& program,
                                                     std::string_view name, run::Request& request);

/// Runs, reports what went wrong and returns the exit status. `watcher` may be null.
[[nodiscard]] int execute(const Context& context, const Loaded& loaded, run::Request request,
                          run::Watcher* watcher = nullptr);

} // namespace perch::cli
