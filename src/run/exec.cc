#include "run/exec.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/asking.h"
#include "run/bins.h"
#include "run/expr.h"
#include "run/gate_confine.h"
#include "run/jobs.h"
#include "run/shared_run.h"
#include "sys/pipe.h"
#include "sys/signal_names.h"

#include <algorithm>
#include <array>

namespace perch::run {

namespace {

using base::cat;

constexpr std::array kExecNeeds = {op::Need{.cap = op::Cap::Exec, .subject = "program"}};
constexpr std::size_t kShownCommandLine = 200;

/// As a shell would need it. Secrets are masked before quotes can change how they look.
std::string quoted_line(const State& state, std::string_view head,
                        std::span<const std::string> args) {
  std::string line = base::shell_quote(shown(state, head));
  for (const std::string& arg : args) {
    if (line.size() > kShownCommandLine)
      return cat(line, " …");
    line += ' ';
    line += base::shell_quote(shown(state, arg));
  }
  return line;
}

/// What a job reads, writes and complains to.
struct JobStreams {
  lane::Stdio stdio;
  Outlet* out = nullptr;
  Outlet* err = nullptr;
};

Result<JobStreams> streams_of(State& state) {
  JobStreams streams{.out = state.out, .err = state.err};
  streams.stdio.in = state.in;
  PERCH_TRY_ASSIGN(streams.stdio.out, state.out->descriptor(*state.cancel));
  PERCH_TRY_ASSIGN(streams.stdio.err, state.err->descriptor(*state.cancel));
  return streams;
}

/// Of the terminal that the child gets; null: it gets none.
trace::Progress* progress_beside(const JobStreams& streams) {
  for (const Outlet* outlet : {streams.out, streams.err}) {
    if (outlet != nullptr && outlet->terminal_progress() != nullptr)
      return outlet->terminal_progress();
  }
  return nullptr;
}

/// Starts the child and waits for it. Its figures are told also when it had to be stopped.
Result<lane::Ended> run_child(State& state, Step& step, lane::ChildSpec& spec,
                              const JobStreams& streams, Jobs& jobs) {
  spec.stdio = streams.stdio;
  PERCH_TRY(step.before_start());
  const trace::Progress::Hold quiet(progress_beside(streams));
  const auto received_before = received(streams.out, streams.err);
  auto job = state.run.setting().children.start(spec);
  for (Outlet* outlet : {streams.out, streams.err}) {
    if (outlet != nullptr)
      outlet->job_started();
  }
  if (!job)
    return std::unexpected(std::move(job).error());
  step.mark_began();
  const std::size_t number = jobs.add(std::move(*job));
  for (Outlet* outlet : {streams.out, streams.err}) {
    if (outlet != nullptr)
      jobs.receive(*outlet);
  }
  const Status waited = jobs.wait();
  lane::Ended& ended = jobs.ended(number);
  if (received_before)
    ended.usage.bytes_out = *received(streams.out, streams.err) - *received_before;
  if (jobs.has_ended(number))
    add_usage(step, ended);
  PERCH_TRY(waited);
  return std::move(ended);
}

} // namespace

std::string held_note(const State& state) {
  const GateSetup& setup = state.run.gate().setup();
  return setup.confine_off ? std::string()
                           : confinement_note(*state.policy, setup.allow_child_network);
}

Status child_status(const Child& child, const lane::Ended& ended) {
  using How = lane::Ended::How;
  switch (ended.how) {
  case How::Exited: {
    if (ended.code == 0)
      return {};
    auto failed = fail(kind::kShellExitNonzero,
                       cat('`', child.invocation.head, "` ended with exit status ", ended.code),
                       child.command_line);
    failed.error().code = ended.code;
    failed.error().note = child.held;
    return failed;
  }
  case How::Signalled: {
    const std::string name = sys::signal_name(ended.code);
    auto killed = fail(kind::kShellSignalKilled,
                       cat('`', child.invocation.head, "` was ended by ", name,
                           ended.core_dumped ? " and dumped its memory" : ""),
                       child.command_line);
    killed.error().code = 128 + ended.code;
    killed.error().note = child.held;
    killed.error().code_name = name;
    return killed;
  }
  case How::Trapped:
  case How::Failed:
    return std::unexpected(ended.error);
  }
  return {};
}

void add_usage(Step& step, const lane::Ended& ended) {
  using std::chrono::nanoseconds;
  if (ended.how == lane::Ended::How::Exited)
    step.fact("exit", static_cast<std::int64_t>(ended.code));
  if (ended.how == lane::Ended::How::Signalled)
    step.fact("signal", sys::signal_name(ended.code));
  step.fact("user", nanoseconds(ended.usage.user_ns));
  step.fact("system", nanoseconds(ended.usage.system_ns));
  step.fact("peak_bytes", static_cast<std::int64_t>(ended.usage.peak_bytes));
  if (ended.usage.bytes_out)
    step.fact("bytes_out", static_cast<std::int64_t>(*ended.usage.bytes_out));
}

namespace {

/// Names only: what variables hold is never told.
std::vector<std::string> variable_names(std::span<const std::string> entries) {
  std::vector<std::string> names;
  for (const std::string& entry : entries)
    names.push_back(entry.substr(0, entry.find('=')));
  std::ranges::sort(names);
  return names;
}

/// What the kernel holds the child to; empty: nothing but what holds for all.
std::vector<std::string> confinement_words(const lane::Confinement& confinement) {
  std::vector<std::string> words;
  if (confinement.no_network)
    words.emplace_back("no_network");
  if (!confinement.limit_files)
    return words;
  for (const std::string& root : confinement.read_roots)
    words.push_back(cat("read ", root));
  for (const std::string& root : confinement.write_roots)
    words.push_back(cat("write ", root));
  return words;
}

} // namespace

void add_child_facts(const State& state, Step& step, const lane::ChildSpec& spec) {
  if (!watched(state))
    return;
  step.fact("path", spec.program);
  if (const std::string digest = state.run.gate().pinned_digest(spec.program); !digest.empty())
    step.fact("sha256", digest);
  step.fact("argv", shown(state, spec.argv));
  step.fact("env", variable_names(spec.env));
  step.fact("confinement", confinement_words(spec.confinement));
}

Eval<Child> evaluate_child(State& state, const program::ExecNode& node) {
  Child child;
  Invocation& invocation = child.invocation;
  PERCH_TRY_ASSIGN(invocation.head, text_of(state, node.head));
  PERCH_TRY(append_words(state, node.args, invocation.args));
  if (node.bin != nullptr)
    invocation.bin = declared_bin(state, *node.bin);
  child.command_line = quoted_line(state, invocation.head, invocation.args);
  child.event = {.op = "exec", .needs = kExecNeeds, .target = invocation.head};
  return child;
}

Flow admit_child(State& state, Child& admitted) {
  PERCH_TRY_ASSIGN(admitted.spec, placed(state, child(state.run.gate(), state.scope(),
                                                      {.name = "exec"}, admitted.invocation)));
  if (admitted.spec.confinement.any())
    admitted.held = held_note(state);
  admitted.spec.foreground = state.terminal;
  return {};
}

std::string child_text(const Child& child) {
  std::string text = base::shell_quote(child.invocation.head);
  for (const std::string& arg : child.invocation.args)
    text += cat(' ', base::shell_quote(arg));
  return text;
}

StepInfo child_step(const Child& child) {
  return {.what = trace::What::Child,
          .kind = "exec",
          .args = {{.name = "command", .value = child.command_line}}};
}

Flow run_exec(State& state, const program::ExecNode& node) {
  PERCH_TRY_ASSIGN(Child child, evaluate_child(state, node));
  if (asks(state)) {
    PERCH_TRY_ASSIGN(const bool goes_on, ask_first(state, child_text(child)));
    if (!goes_on)
      return {};
  }
  Step step(state);
  if (watched(state))
    PERCH_TRY(step.open(child_step(child)));
  const auto run = [&]() -> Flow {
    PERCH_TRY(admit_child(state, child));
    add_child_facts(state, step, child.spec);
    PERCH_TRY_ASSIGN(const JobStreams streams, placed(state, streams_of(state)));
    Jobs jobs(state.cancel);
    PERCH_TRY_ASSIGN(const lane::Ended ended,
                     placed(state, run_child(state, step, child.spec, streams, jobs)));
    return placed(state, child_status(child, ended));
  };
  return step.close(hooked(state, [&] { return child.event; }, run));
}

namespace {

/// Standard input for an op's child: a pipe that `jobs` will feed, what the command has, or
/// nothing.
Result<sys::Fd> launch_input(const op::Launch& launch, Jobs& jobs) {
  if (!launch.input)
    return sys::Fd();
  PERCH_TRY_ASSIGN(auto pipe, sys::make_pipe());
  PERCH_TRY(sys::set_nonblocking(pipe.write.get()));
  jobs.feed(std::move(pipe.write), *launch.input);
  return std::move(pipe.read);
}

Result<JobStreams> launch_streams(State& state, const op::Launch& launch, MemoryOutlet& memory) {
  JobStreams streams;
  if (launch.detached) {
    streams.stdio = {.in = -1, .out = -1, .err = -1};
    return streams;
  }
  // What would be captured goes nowhere when it is to be discarded.
  Outlet* captured = launch.discard_output ? nullptr : &memory;
  streams.out = launch.capture_output || launch.discard_output ? captured : state.out;
  streams.err = launch.capture_errors ? captured : state.err;
  streams.stdio = {.in = launch.stdin_inherited ? state.in : -1, .out = -1, .err = -1};
  if (streams.out != nullptr) {
    PERCH_TRY_ASSIGN(streams.stdio.out, streams.out->descriptor(*state.cancel));
  }
  if (streams.err != nullptr) {
    PERCH_TRY_ASSIGN(streams.stdio.err, streams.err->descriptor(*state.cancel));
  }
  return streams;
}

op::Ended op_ended(const lane::Ended& ended) {
  const bool signalled = ended.how == lane::Ended::How::Signalled;
  return {.status = signalled ? 0 : ended.code, .signal = signalled ? ended.code : 0};
}

/// The process of an op.
StepInfo launch_step(const State& state, const op::Launch& launch) {
  return {.what = trace::What::Child,
          .kind = "exec",
          .args = {{.name = "command",
                    .value = launch.shell ? shown(state, launch.program)
                                          : quoted_line(state, launch.program, launch.args)}},
          .whole_op = launch.shell};
}

/// How a process that an op started has ended, for its own span.
Status launch_status(const op::Launch& launch, const op::Ended& ended) {
  const std::string_view name = launch.shell ? std::string_view("shell") : launch.program;
  if (ended.signal != 0)
    return fail(kind::kShellSignalKilled,
                cat('`', name, "` was ended by ", sys::signal_name(ended.signal)));
  if (ended.status != 0)
    return fail(kind::kShellExitNonzero, cat('`', name, "` ended with exit status ", ended.status));
  return {};
}

Result<op::Ended> launched(State& state, Step& step, Actor actor, const op::Launch& launch) {
  const Invocation invocation{.head = launch.program,
                              .args = launch.args,
                              .shell = launch.shell,
                              .directory = launch.directory};
  PERCH_TRY_ASSIGN(lane::ChildSpec spec, child(state.run.gate(), state.scope(), actor, invocation));
  add_child_facts(state, step, spec);
  Jobs jobs(state.cancel);
  MemoryOutlet memory(kLargestCapture);
  PERCH_TRY(state.out->flush(*state.cancel));
  PERCH_TRY_ASSIGN(const sys::Fd input, launch_input(launch, jobs));
  PERCH_TRY_ASSIGN(JobStreams streams, launch_streams(state, launch, memory));
  if (input)
    streams.stdio.in = input.get();
  if (launch.detached) {
    spec.stdio = streams.stdio;
    spec.new_session = true;
    PERCH_TRY(step.before_start());
    PERCH_TRY_ASSIGN(const auto job, state.run.setting().children.start(spec));
    step.mark_began();
    step.fact("detached_pid", static_cast<std::int64_t>(job->pid()));
    return op::Ended{.pid = job->pid()};
  }
  spec.foreground = state.terminal && streams.stdio.in == state.in && state.in >= 0;
  PERCH_TRY_ASSIGN(const lane::Ended ended, run_child(state, step, spec, streams, jobs));
  if (ended.how == lane::Ended::How::Failed || ended.how == lane::Ended::How::Trapped)
    return std::unexpected(ended.error);
  op::Ended result = op_ended(ended);
  result.output = memory.take(MemoryOutlet::Trim::None);
  return result;
}

} // namespace

Result<op::Ended> run_launch(State& state, Actor actor, const op::Launch& launch) {
  Step step(state);
  if (watched(state)) {
    if (Flow opened = step.open(launch_step(state, launch)); !opened)
      return std::unexpected(std::move(opened).error()->error);
  }
  Result<op::Ended> ended = launched(state, step, actor, launch);
  const Status told =
      ended ? launch_status(launch, *ended) : Status(std::unexpected(ended.error()));
  // The process has failed in its own span, even where the op takes that for an answer.
  if (const Status closed = step.close(told); !closed && closed.error().kind == kind::kAuditFailed)
    return std::unexpected(closed.error());
  return ended;
}

} // namespace perch::run
