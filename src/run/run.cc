#include "run/run.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "run/arguments.h"
#include "run/call.h"
#include "run/requirements.h"
#include "run/shared_run.h"

#include <algorithm>

namespace perch::run {

namespace {

using program::Command;

Outcome invalid(Error error) {
  return {.how = Outcome::How::Invalid,
          .failure = Failure{.error = std::move(error), .span = {}, .chain = {}}};
}

Outcome outcome_of(Flow result) {
  if (result)
    return {};
  Error& error = result.error()->error;
  if (error.kind == op::kExitKind)
    return {.how = Outcome::How::Done, .code = error.code.value_or(0)};
  return {.how = Outcome::How::Failed, .failure = std::move(*result.error())};
}

/// `catch` gets the word that was typed and, when it asks for them, all others; it has no arguments
/// of its own.
CallArguments caught_arguments(const Command& command, const Request& request) {
  CallArguments arguments;
  arguments.values.resize(command.args.size());
  arguments.proxied.push_back(request.caught_word);
  arguments.proxied.insert(arguments.proxied.end(), request.words.begin(), request.words.end());
  return arguments;
}

std::expected<CallArguments, ArgumentError> arguments_of(const Setting& setting,
                                                         const Request& request) {
  const Command& command = *request.command;
  if (command.is_catch)
    return caught_arguments(command, request);
  std::vector<CallWord> words;
  for (const std::string& word : request.words)
    words.push_back({.text = word, .span = {}});
  return assign_words(command, words, setting.own_flags);
}

/// The typed word of a `catch`, under the name it declares.
std::vector<std::pair<std::string_view, std::string>> caught_variable(const Request& request) {
  const Command& command = *request.command;
  if (!command.is_catch || command.catch_slot < 0)
    return {};
  const auto slot = static_cast<std::size_t>(command.catch_slot);
  return {{command.slot_names[slot], request.caught_word}};
}

FdOutlet::Keep kept_output(const Setting& setting) {
  return setting.world.host.is_tty(setting.world.out) ? FdOutlet::Keep::Lines
                                                      : FdOutlet::Keep::Blocks;
}

/// From the manifest to the end of the body.
Flow run_request(State& state, const Request& request, CallArguments arguments) {
  PERCH_TRY_ASSIGN(const policy::Policy given, placed(state, state.run.gate().pin(request.policy)));
  const Restoring<const policy::Policy*> flags(state.policy, &given);
  PERCH_TRY_ASSIGN(const policy::Policy policy, with_requirements(state));
  const Restoring<const policy::Policy*> in_force(state.policy, &policy);
  // From here on nothing happens that some layer denies.
  PERCH_TRY(placed(state, check_platform(*request.command)));
  PERCH_TRY(preflight(state, *request.command));
  PERCH_TRY(call_command(state, {.command = *request.command,
                                 .arguments = std::move(arguments),
                                 .link = {.name = request.command->name, .site = {}},
                                 .variables = caught_variable(request)}));
  // A signal or a deadline in the very last moment counts, too.
  return placed(state, request.cancel->check());
}

} // namespace

Outcome execute(const Setting& setting, const Request& request) {
  auto arguments = arguments_of(setting, request);
  if (!arguments)
    return invalid(std::move(arguments.error().error));

  SharedRun run(setting, request);
  FdOutlet out(setting.world.out, "stdout", kept_output(setting));
  FdOutlet err(setting.world.err, "stderr", FdOutlet::Keep::Nothing);
  State state{.run = run};
  state.module = request.command->module;
  state.directory = request.directory;
  state.policy = &request.policy;
  state.cancel = request.cancel;
  state.in = setting.world.in;
  state.out = &out;
  state.err = &err;
  state.terminal = true;

  Flow result = run_request(state, request, std::move(*arguments));
  if (auto flushed = out.flush(); !flushed && result)
    result = raise(state, std::move(flushed).error());
  return outcome_of(std::move(result));
}

} // namespace perch::run
