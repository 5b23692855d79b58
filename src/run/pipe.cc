// `pipe`: stages that run at the same time, each one's output the next one's input.

#include "sys/pipe.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/asking.h"
#include "run/cancelling.h"
#include "run/exec.h"
#include "run/guest.h"
#include "run/jobs.h"
#include "run/modules.h"
#include "run/nodes.h"
#include "run/op_stage.h"
#include "run/shared_run.h"
#include "run/step.h"
#include "run/thread_job.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace perch::run {

namespace {

using program::Node;
using program::NodeKind;

constexpr std::string_view kPipeName = "pipe";
constexpr int kPipeSignal = 13;                     // SIGPIPE
constexpr int kShellPipeStatus = 128 + kPipeSignal; // a shell says it of its last program

/// One stage: its own copy of the state, and whichever kind of job it is.
struct Stage {
  Stage(const State& from, const Node& what) : node(what), state(from), step(state) {
    state.node = &what;
  }

  const Node& node;
  State state;
  Step step;
  std::optional<Child> child;
  std::optional<Guest> guest;
  ThreadJob* thread = nullptr; ///< owned by the jobs
  static constexpr std::size_t kNotStarted = static_cast<std::size_t>(-1);
  std::size_t job = kNotStarted;
  bool last = false;
  std::optional<std::uint64_t> received_before; ///< by the outlet that a last child writes to
};

/// The ends of pipes a stage is started with; -1 stands for what the whole pipe has.
struct Ends {
  sys::Fd in, out;
};

Flow run_thread_stage(State& state, const Node& node) {
  const auto* op = node.kind == NodeKind::Op ? static_cast<const program::OpNode*>(&node) : nullptr;
  const bool fed = op != nullptr && op->op->family != op::Family::Output;
  Flow result = fed ? run_op_stage(state, *op) : run_node(state, node);
  if (auto flushed = state.out->flush(*state.cancel); !flushed && result)
    return raise(state, std::move(flushed).error());
  return result;
}

class Pipeline {
public:
  Pipeline(State& state, const program::PipeNode& node)
      : state_(state), node_(node), outer_(state.cancel), token_(outer_->child()), jobs_(token_) {}

  Flow run();

private:
  Flow evaluate_all();
  Eval<bool> ask_about_all();
  Flow start_all();
  Flow start(Stage& stage, Ends ends);
  Flow start_child(Stage& stage, const Ends& ends);
  Flow start_process(Stage& stage, const Ends& ends);
  Flow start_module(Stage& stage, Ends ends);
  Flow start_guest_job(Stage& stage, Ends ends);
  Flow start_thread(Stage& stage, Ends ends);
  Result<lane::Stdio> stdio(const Stage& stage, const Ends& ends) const;
  void note_end(std::size_t job);
  Flow first_failure(Status waited);
  void end_started();
  Flow result_of(Stage& stage);
  Flow job_result(Stage& stage);
  static Flow told(Stage& stage, Flow result);
  bool lost_its_reader(const Stage& stage, const Failure& failure) const;

  State& state_;
  const program::PipeNode& node_;
  std::shared_ptr<sys::CancelToken> outer_;
  std::shared_ptr<sys::CancelToken> token_;                              ///< stops the stages
  std::shared_ptr<lane::Group> group_ = std::make_shared<lane::Group>(); ///< of its programs
  std::vector<std::unique_ptr<Stage>> stages_;
  Jobs jobs_; ///< goes first: its threads use the stages
};

Flow Pipeline::run() {
  PERCH_TRY(placed(state_, state_.out->flush(*state_.cancel)));
  const TokenScope own(state_, token_);
  PERCH_TRY(evaluate_all());
  PERCH_TRY_ASSIGN(const bool goes_on, ask_about_all());
  if (!goes_on)
    return {};
  const trace::Progress::Hold quiet(terminal_progress(state_));
  jobs_.when_ended([this](std::size_t job) { note_end(job); });
  if (Flow started = start_all(); !started) {
    token_->stop(sys::StopReason::Sibling);
    jobs_.abandon();
    end_started();
    return started;
  }
  return first_failure(jobs_.wait());
}

/// Before any stage is started, so that all can be shown and none runs when one cannot.
Flow Pipeline::evaluate_all() {
  for (std::size_t i = 0; i < node_.stages.size(); ++i) {
    Stage& stage = *stages_.emplace_back(std::make_unique<Stage>(state_, *node_.stages[i]));
    stage.last = i + 1 == node_.stages.size();
    if (stage.node.kind == NodeKind::Exec) {
      PERCH_TRY_ASSIGN(
          stage.child,
          evaluate_child(stage.state, static_cast<const program::ExecNode&>(stage.node)));
    } else if (stage.node.kind == NodeKind::WasmRun) {
      const auto& block = static_cast<const program::WasmRunNode&>(stage.node);
      PERCH_TRY_ASSIGN(std::string name, module_name(stage.state, block));
      PERCH_TRY_ASSIGN(stage.guest, evaluate_guest(stage.state, block, std::move(name)));
    }
  }
  return {};
}

/// One question for all programs and modules; what commands and ops among the stages do is asked
/// when they do it.
Eval<bool> Pipeline::ask_about_all() {
  if (!asks(state_))
    return true;
  std::string text = "pipe";
  for (const auto& stage : stages_) {
    text += "\n  ";
    if (stage->child)
      text += child_text(*stage->child);
    else if (stage->guest)
      text += guest_text(*stage->guest);
    else
      text += statement_name(stage->node);
  }
  return ask_first(state_, text);
}

Flow Pipeline::start_all() {
  sys::Fd previous;
  for (const auto& each : stages_) {
    Stage& stage = *each;
    PERCH_TRY(placed(state_, jobs_.look()));
    Ends ends{.in = std::exchange(previous, sys::Fd()), .out = {}};
    if (!stage.last) {
      PERCH_TRY_ASSIGN(auto pipe, placed(state_, sys::make_pipe()));
      ends.out = std::move(pipe.write);
      previous = std::move(pipe.read);
    }
    if (Flow started = start(stage, std::move(ends)); !started)
      return stage.step.close(std::move(started));
  }
  return {};
}

Flow Pipeline::start(Stage& stage, Ends ends) {
  switch (stage.node.kind) {
  case NodeKind::Exec:
    return start_child(stage, ends);
  case NodeKind::WasmRun:
    return start_module(stage, std::move(ends));
  case NodeKind::Op:
  case NodeKind::CommandCall:
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
  case NodeKind::Scope:
  case NodeKind::If:
  case NodeKind::ForEach:
  case NodeKind::Match:
  case NodeKind::Try:
  case NodeKind::Platform:
  case NodeKind::Pipe:
  case NodeKind::Parallel:
  case NodeKind::Timeout:
  case NodeKind::Retry:
  case NodeKind::WithEnv:
  case NodeKind::WithCwd:
  case NodeKind::Sandbox:
  case NodeKind::Cache:
    break;
  }
  return start_thread(stage, std::move(ends));
}

Result<lane::Stdio> Pipeline::stdio(const Stage& stage, const Ends& ends) const {
  lane::Stdio made{.in = ends.in ? ends.in.get() : state_.in, .out = ends.out.get()};
  if (stage.last) {
    PERCH_TRY_ASSIGN(made.out, state_.out->descriptor(*state_.cancel));
  }
  PERCH_TRY_ASSIGN(made.err, state_.err->descriptor(*state_.cancel));
  return made;
}

Flow Pipeline::start_child(Stage& stage, const Ends& ends) {
  State& state = stage.state;
  if (watched(state))
    PERCH_TRY(stage.step.open(child_step(*stage.child)));
  if (has_hooks(state))
    PERCH_TRY(before_hooks(state, stage.child->event));
  Flow started = start_process(stage, ends);
  return started ? std::move(started) : told(stage, std::move(started));
}

Flow Pipeline::start_process(Stage& stage, const Ends& ends) {
  State& state = stage.state;
  PERCH_TRY(admit_child(state, *stage.child));
  stage.child->spec.group = group_;
  add_child_facts(state, stage.step, stage.child->spec);
  PERCH_TRY_ASSIGN(stage.child->spec.stdio, placed(state, stdio(stage, ends)));
  PERCH_TRY(placed(state, stage.step.before_start()));
  if (stage.last)
    stage.received_before = state_.out->received();
  auto job = state.run.setting().children.start(stage.child->spec);
  if (stage.last)
    state_.out->job_started();
  PERCH_TRY_ASSIGN(auto started, placed(state, std::move(job)));
  stage.step.mark_began();
  stage.job = jobs_.add(std::move(started));
  if (stage.last)
    jobs_.receive(*state_.out);
  jobs_.receive(*state_.err);
  return {};
}

Flow Pipeline::start_module(Stage& stage, Ends ends) {
  State& state = stage.state;
  if (watched(state))
    PERCH_TRY(stage.step.open(guest_step(state, stage.guest->shown)));
  add_guest_arguments(state, stage.step, *stage.guest);
  if (has_hooks(state))
    PERCH_TRY(before_hooks(state, guest_event(*stage.guest)));
  Flow started = start_guest_job(stage, std::move(ends));
  return started ? std::move(started) : told(stage, std::move(started));
}

Flow Pipeline::start_guest_job(Stage& stage, Ends ends) {
  State& state = stage.state;
  PERCH_TRY_ASSIGN(const auto stdio_ends, placed(state, stdio(stage, ends)));
  PERCH_TRY_ASSIGN(auto job,
                   placed(state, start_guest(state, stage.step, *stage.guest, stdio_ends)));
  // A guest shares the descriptors while it runs; they close with it, so that its neighbours see
  // the end.
  std::vector<sys::Fd> held;
  held.push_back(std::move(ends.in));
  held.push_back(std::move(ends.out));
  stage.job = jobs_.add(std::move(job), std::move(held), stage.last ? state_.out : nullptr);
  if (stage.last)
    jobs_.receive(*state_.out);
  jobs_.receive(*state_.err);
  return {};
}

Flow Pipeline::start_thread(Stage& stage, Ends ends) {
  const bool has_input = static_cast<bool>(ends.in);
  auto work = [&stage, has_input, in = std::move(ends.in), out = std::move(ends.out)]() mutable {
    State& state = stage.state;
    if (has_input)
      state.in = in.get();
    FdOutlet to_next(out.get(), kPipeName, FdOutlet::Keep::Blocks);
    if (out)
      state.out = &to_next;
    return run_thread_stage(state, stage.node);
  };
  PERCH_TRY_ASSIGN(auto job, placed(stage.state, ThreadJob::start(std::move(work))));
  stage.thread = job.get();
  stage.job = jobs_.add(std::move(job));
  return {};
}

/// A stage's span ends with its job, not with the whole pipe.
void Pipeline::note_end(std::size_t job) {
  for (const auto& stage : stages_) {
    if (stage->job == job && stage->thread == nullptr)
      stage->step.note_end();
  }
}

/// The error is that of the first stage that failed; but `exit` in any of them ends the run, and
/// so does what ends every run.
Flow Pipeline::first_failure(Status waited) {
  Flow first;
  bool exits = false;
  for (auto& stage : stages_) {
    Flow result = result_of(*stage);
    if (result || exits)
      continue;
    const Error& error = result.error()->error;
    exits = error.kind == op::kExitKind || ends_the_run(error);
    if (first || exits)
      first = std::move(result);
  }
  if (!waited && !exits)
    return raise(state_, node_.span, std::move(waited).error());
  return first;
}

/// What ran before another stage could not be started has not been skipped.
void Pipeline::end_started() {
  for (const auto& stage : stages_) {
    if (stage->job == Stage::kNotStarted || stage->thread != nullptr)
      continue;
    stage->state.cancel = outer_; // what stopped the stage does not stop its hooks
    // The pipe fails with what could not be started.
    (void)stage->step.close(told(*stage, job_result(*stage)));
  }
}

/// What is left of the result of a process or module when its hooks have run.
Flow Pipeline::told(Stage& stage, Flow result) {
  if (!has_hooks(stage.state))
    return result;
  return after_hooks(stage.state, stage.child ? stage.child->event : guest_event(*stage.guest),
                     std::move(result));
}

/// How a process or module ended, its figures told.
Flow Pipeline::job_result(Stage& stage) {
  if (!jobs_.has_ended(stage.job))
    return placed(stage.state, state_.cancel->check());
  lane::Ended& ended = jobs_.ended(stage.job);
  if (stage.received_before)
    ended.usage.bytes_out = *state_.out->received() - *stage.received_before;
  if (stage.guest)
    add_guest_facts(stage.state, stage.step, *stage.guest, ended);
  else
    add_usage(stage.step, ended);
  return placed(stage.state, stage.child ? child_status(*stage.child, ended)
                                         : guest_status(*stage.guest, ended));
}

Flow Pipeline::result_of(Stage& stage) {
  Flow result = stage.thread != nullptr ? stage.thread->take_result() : job_result(stage);
  if (stage.thread == nullptr && !jobs_.has_ended(stage.job))
    return stage.step.close(std::move(result));
  if (!result && lost_its_reader(stage, *result.error()))
    result = {};
  if (stage.thread == nullptr)
    result = told(stage, std::move(result));
  return stage.step.close(std::move(result));
}

/// A stage that had to stop because the next one had read enough has not failed.
bool Pipeline::lost_its_reader(const Stage& stage, const Failure& failure) const {
  if (stage.last)
    return false;
  const Error& error = failure.error;
  if (stage.guest)
    return jobs_.lost_its_reader(stage.job);
  // A command as a stage loses it in a `print` of its own or in a program it runs.
  const bool own_print = error.code_name == "EPIPE" && error.detail == kPipeName;
  return own_print || error.code == kShellPipeStatus;
}

} // namespace

Flow run_pipe(State& state, const program::PipeNode& node) {
  const auto args = [&] {
    return StepArgs{{"stages", static_cast<std::int64_t>(node.stages.size())}};
  };
  return stepped(state, "pipe", args, [&] { return Pipeline(state, node).run(); });
}

} // namespace perch::run
