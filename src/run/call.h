#pragma once
// Calls of commands: from the command line, from bodies, as hook handlers, on a signal. A call
// means the same from everywhere.

#include "program/program.h"
#include "run/arguments.h"
#include "run/state.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::run {

/// Calls nest at most this deeply; more is recursion_limit.
inline constexpr int kDeepestCall = 200;

/// Runs `command` in a scope of its own: arguments, `env` lines, `dir`, then the body. Of what it
/// does to `caller` only exports stay. `link` says who calls; its `outer` is filled in here.
/// Errors: recursion_limit; requirement_unmet for another platform; whatever fails inside.
struct CommandCall {
  const program::Command& command;
  CallArguments arguments;
  CallLink link;
  /// Further variables, by name; those the body does not mention have no slot and are dropped.
  std::vector<std::pair<std::string_view, std::string>> variables = {};
};
[[nodiscard]] Flow call_command(State& caller, CommandCall call);

/// `NAME word…` in a body.
[[nodiscard]] Flow run_command_call(State& state, const program::CommandCallNode& node);

/// Why a command cannot run on this platform. Errors: requirement_unmet.
[[nodiscard]] Status check_platform(const program::Command& command);

} // namespace perch::run
