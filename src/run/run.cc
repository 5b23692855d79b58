#include "run/run.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "run/arguments.h"
#include "run/call.h"
#include "run/request.h"
#include "run/requirements.h"
#include "run/shared_run.h"
#include "sys/digest.h"

#include <algorithm>
#include <ranges>

namespace perch::run {

namespace {

using program::Command;

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

FdOutlet::Keep kept_output(const Setting& setting) {
  return setting.world.host.is_tty(setting.world.out) ? FdOutlet::Keep::Lines
                                                      : FdOutlet::Keep::Blocks;
}

/// The progress that has to make room on a stream: only a terminal shows any.
trace::Progress* progress_of(const Setting& setting, int fd) {
  return setting.progress != nullptr && setting.world.host.is_tty(fd) ? setting.progress : nullptr;
}

/// The layers the run starts with: those of the command line, and the manifest's.
std::vector<std::string> layer_origins(const SharedRun& run) {
  std::vector<std::string> origins;
  for (const auto& layer : run.request().policy.layers())
    origins.push_back(layer->origin);
  const program::Requires& declared = run.program().requirements;
  if (declared.present)
    origins.push_back(base::cat("requires (", run.setting().sources.file_line(declared.span), ')'));
  return origins;
}

std::string digest_of(const Setting& setting, const program::Module& module) {
  return sys::hex_digest(sys::DigestKind::Sha256, setting.sources.get(module.source).text);
}

/// The files that a program imports; in an archive its digest says all of them.
std::vector<trace::Record> imports_of(const SharedRun& run) {
  std::vector<trace::Record> imports;
  if (run.setting().archive != nullptr)
    return imports;
  for (const auto& module : run.program().modules | std::views::drop(1))
    imports.push_back({{"path", module->path}, {"sha256", digest_of(run.setting(), *module)}});
  return imports;
}

/// Tells of the run before anything of it happens. Errors: audit_failed.
Status begin_session(SharedRun& run, const CallArguments& arguments) {
  const Setting& setting = run.setting();
  if (run.sink() == nullptr)
    return {};
  const Request& request = run.request();
  note_secrets(run, *request.command, arguments);
  const std::vector<std::string> words =
      words_to_show(run, *request.command, arguments, request.words);
  const std::vector<std::string> layers = layer_origins(run);
  const std::string digest = digest_of(setting, run.program().root());
  const std::vector<trace::Record> imports = imports_of(run);
  return run.sink()->session_start(
      {.program = run.program().name,
       .version = run.program().version,
       .command = request.command->name,
       .words = words,
       .directory = request.directory,
       .script = request.script_path,
       .script_sha256 = digest,
       .imports = imports,
       .archive_sha256 =
           setting.archive != nullptr ? std::string_view(setting.archive->sha256()) : "",
       .layers = layers,
       .unix_ns = setting.world.clock.unix_ns(),
       .steady_ns = setting.world.clock.steady_ns()});
}

/// Tells how it ended. Where that cannot be told, this is how it ended.
Outcome end_session(SharedRun& run, Outcome outcome) {
  if (outcome.failure)
    outcome.failure->error = run.secrets().mask(std::move(outcome.failure->error));
  const Setting& setting = run.setting();
  if (run.sink() == nullptr)
    return outcome;
  const int code = exit_code(outcome);
  Status told =
      run.sink()->session_end({.ok = code == 0,
                               .code = code,
                               .error = outcome.failure ? &outcome.failure->error : nullptr,
                               .unix_ns = setting.world.clock.unix_ns(),
                               .steady_ns = setting.world.clock.steady_ns()});
  const bool known = outcome.failure && outcome.failure->error.kind == kind::kAuditFailed;
  if (told || known)
    return outcome;
  return {.how = Outcome::How::Failed,
          .failure = Failure{.error = std::move(told).error(), .span = {}, .chain = {}}};
}

/// From the manifest to the end of the body.
Flow run_request(State& state, const Request& request, CallArguments arguments) {
  PERCH_TRY(placed(state, begin_session(state.run, arguments)));
  PERCH_TRY_ASSIGN(const policy::Policy given, placed(state, state.run.gate().pin(request.policy)));
  const Restoring<const policy::Policy*> flags(state.policy, &given);
  PERCH_TRY_ASSIGN(const policy::Policy policy, with_requirements(state));
  const Restoring<const policy::Policy*> in_force(state.policy, &policy);
  // From here on nothing happens that some layer denies.
  PERCH_TRY(placed(state, request.command->span, check_platform(*request.command)));
  PERCH_TRY(preflight(state, *request.command));
  PERCH_TRY(call_command(state, {.command = *request.command,
                                 .arguments = std::move(arguments),
                                 .link = {.name = request.command->name, .site = {}},
                                 .variables = caught_variable(request)}));
  // A signal or a deadline in the very last moment counts, too.
  return placed(state, request.cancel->check());
}

} // namespace

Outcome invalid_request(Error error) {
  return {.how = Outcome::How::Invalid,
          .failure = Failure{.error = std::move(error), .span = {}, .chain = {}}};
}

std::expected<CallArguments, ArgumentError>
request_arguments(std::span<const std::string_view> own_flags, const Request& request) {
  const Command& command = *request.command;
  if (command.is_catch)
    return caught_arguments(command, request);
  std::vector<CallWord> words;
  for (const std::string& word : request.words)
    words.push_back({.text = word, .span = {}});
  return assign_words(command, words, own_flags);
}

std::vector<std::pair<std::string_view, std::string>> caught_variable(const Request& request) {
  const Command& command = *request.command;
  if (!command.is_catch || command.catch_slot < 0)
    return {};
  const auto slot = static_cast<std::size_t>(command.catch_slot);
  return {{command.slot_names[slot], request.caught_word}};
}

State first_state(SharedRun& run, Outlet& out, Outlet& err) {
  const Request& request = run.request();
  State state{.run = run};
  state.module = request.command->module;
  state.directory = request.directory;
  state.policy = &request.policy;
  state.cancel = request.cancel;
  state.out = &out;
  state.err = &err;
  return state;
}

std::optional<Outcome> refusal(std::span<const std::string_view> own_flags,
                               const Request& request) {
  auto arguments = request_arguments(own_flags, request);
  if (arguments)
    return std::nullopt;
  return invalid_request(std::move(arguments.error().error));
}

Outcome execute(const Setting& setting, const Request& request) {
  auto arguments = request_arguments(setting.own_flags, request);
  if (!arguments)
    return invalid_request(std::move(arguments.error().error));

  SharedRun run(setting, request);
  FdOutlet out(setting.world.out, kOutputName, kept_output(setting),
               progress_of(setting, setting.world.out));
  FdOutlet err(setting.world.err, "stderr", FdOutlet::Keep::Nothing,
               progress_of(setting, setting.world.err));
  State state = first_state(run, out, err);
  state.in = setting.world.in;
  state.terminal = true;

  Flow result = run_request(state, request, std::move(*arguments));
  if (auto flushed = out.flush(*request.cancel); !flushed && result)
    result = raise(state, std::move(flushed).error());
  return end_session(run, outcome_of(std::move(result)));
}

} // namespace perch::run
