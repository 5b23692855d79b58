// Ops that start programs through the shell, or ask whether one runs.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "sys/signal_names.h"

namespace perch::ops {

using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

op::Launch shell_launch(std::string_view text) {
  return {.program = std::string(text),
          .args = {},
          .directory = {},
          .input = std::nullopt,
          .stdin_inherited = true,
          .capture_output = false,
          .shell = true};
}

/// An ending that is no success, as an error.
Status check_ended(const op::Ended& ended, std::string_view command) {
  if (ended.signal != 0) {
    auto killed = fail(kind::kShellSignalKilled,
                       base::cat("the command was ended by ", sys::signal_name(ended.signal)),
                       std::string(command));
    killed.error().code = 128 + ended.signal; // as of a child that is called itself
    killed.error().code_name = sys::signal_name(ended.signal);
    return killed;
  }
  if (ended.status != 0) {
    auto failed =
        fail(kind::kShellExitNonzero, base::cat("the command ended with status ", ended.status),
             std::string(command));
    failed.error().code = ended.status;
    return failed;
  }
  return {};
}

Result<Value> shell(Call& call) {
  PERCH_TRY_ASSIGN(const auto ended, call.run(shell_launch(call.text(0))));
  PERCH_TRY(check_ended(ended, call.text(0)));
  return Value();
}

Result<Value> shell_in(Call& call) {
  auto launch = shell_launch(call.text(1));
  launch.directory = call.files().absolute(call.text(0));
  PERCH_TRY_ASSIGN(const auto ended, call.run(launch));
  PERCH_TRY(check_ended(ended, call.text(1)));
  return Value();
}

Result<Value> shell_output(Call& call) {
  auto launch = shell_launch(call.text(0));
  launch.stdin_inherited = false;
  launch.capture_output = true;
  PERCH_TRY_ASSIGN(auto ended, call.run(launch));
  PERCH_TRY(check_ended(ended, call.text(0)));
  ended.output.resize(ended.output.find_last_not_of('\n') + 1);
  return Value(std::move(ended.output));
}

Result<Value> try_shell(Call& call) {
  auto launch = shell_launch(call.text(0));
  launch.stdin_inherited = false;
  launch.capture_output = true;
  launch.capture_errors = true;
  launch.discard_output = true;
  PERCH_TRY_ASSIGN(const auto ended, call.run(launch));
  return Value::boolean(check_ended(ended, call.text(0)).has_value());
}

Result<Value> shell_detached(Call& call) {
  auto launch = shell_launch(call.text(0));
  launch.stdin_inherited = false;
  launch.detached = true;
  PERCH_TRY_ASSIGN(const auto ended, call.run(launch));
  return Value::integer(ended.pid);
}

Result<Value> process_running(Call& call) {
  if (call.text(0).empty())
    return Value::boolean(false);
  PERCH_TRY_ASSIGN(const bool runs, call.process_runs(call.text(0)));
  return Value::boolean(runs);
}

constexpr std::array<op::Param, 6> kCommand = {{{.name = "command", .type = Type::Text}}};
constexpr std::array<op::Need, 3> kShell = {
    {{.cap = Cap::Exec, .subject = "command", .shell = true}}};
constexpr std::array<op::Need, 3> kShellIn = {
    {{.cap = Cap::Exec, .subject = "command", .shell = true},
     {.cap = Cap::Read, .subject = "directory"}}};

constexpr OpDecl kTable[] = {
    {.name = "shell",
     .family = op::Family::Process,
     .summary = "Runs a shell command with perch's own input and output.",
     .params = kCommand,
     .needs = kShell,
     .example = R"(shell "true")",
     .run = shell},
    {.name = "shell_output",
     .family = op::Family::Process,
     .summary = "What a shell command writes to stdout, without final newlines.",
     .params = kCommand,
     .returns = Type::Text,
     .needs = kShell,
     .example = R"(t = shell_output "echo soup"  # => soup)",
     .run = shell_output},
    {.name = "try_shell",
     .family = op::Family::Process,
     .summary = "Whether a shell command succeeds; what it writes is thrown away.",
     .params = kCommand,
     .returns = Type::Bool,
     .needs = kShell,
     .example = R"(ok = try_shell "test 1 -gt 2"  # => false)",
     .run = try_shell},
    {.name = "shell_in",
     .family = op::Family::Process,
     .summary = "Runs a shell command in a directory.",
     .params = {{{.name = "directory", .type = Type::Path},
                 {.name = "command", .type = Type::Text}}},
     .needs = kShellIn,
     .example = R"(mkdir "jar"
shell_in "jar" "true")",
     .deprecated = "`shell` in a `with_cwd` block",
     .run = shell_in},
    {.name = "shell_detached",
     .family = op::Family::Process,
     .summary = "Starts a shell command that outlives perch, and returns its process id.",
     .params = kCommand,
     .returns = Type::Int,
     .needs = kShell,
     .example = R"(pid = shell_detached "true")",
     .bare_names = false,
     .run = shell_detached},
    {.name = "process_running",
     .family = op::Family::Process,
     .summary = "Whether a process other than perch runs an executable of that name.",
     .params = {{{.name = "name", .type = Type::Text}}},
     .returns = Type::Bool,
     .needs = {{{.cap = Cap::Exec, .subject = "name"}}},
     .example = R"(runs = process_running "no-such-program"  # => false)",
     .run = process_running},
};

} // namespace

extern const std::span<const OpDecl> kProcessOps;
const std::span<const OpDecl> kProcessOps{kTable};

} // namespace perch::ops
