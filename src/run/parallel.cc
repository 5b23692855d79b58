// `parallel`: one branch per statement, each on a thread and a copy of the state.

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/cancelling.h"
#include "run/nodes.h"
#include "run/options.h"
#include "run/shared_run.h"
#include "run/step.h"
#include "sys/pipe.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace perch::run {

namespace {

using base::cat;
using program::ParallelNode;

/// One branch alone says itself what it does.
trace::Progress* shown_progress(const State& state, const ParallelNode& node) {
  return node.branches.size() < 2 ? nullptr : state.run.setting().progress;
}

/// Whether both streams of a scope go to one terminal, pipe or file. One pipe for a branch then
/// carries what its jobs write to either in their order, which two could not tell.
bool share_a_place(const State& state) {
  if (state.out == state.err)
    return true;
  // Only these hand out a descriptor that is the place itself.
  auto* out = dynamic_cast<FdOutlet*>(state.out);
  auto* err = dynamic_cast<FdOutlet*>(state.err);
  if (out == nullptr || err == nullptr)
    return false;
  const auto out_fd = out->descriptor(*state.cancel), err_fd = err->descriptor(*state.cancel);
  return out_fd && err_fd && sys::is_same_file(*out_fd, *err_fd);
}

/// What the threads of one block share.
class Branches {
public:
  Branches(State& state, const ParallelNode& node, std::size_t at_once, bool fail_fast)
      : state_(state), node_(node), at_once_(at_once), fail_fast_(fail_fast),
        share_a_place_(share_a_place(state)), group_(state.cancel->child()),
        progress_(shown_progress(state, node), "parallel"), results_(node.branches.size()) {}

  Flow run();

private:
  void work();
  void run_branch(std::size_t index);
  Flow branch_body(State& branch, const program::Node& node);
  Flow merged();
  [[nodiscard]] std::optional<std::size_t> first_to_end_the_run() const;
  Flow several(const std::vector<std::size_t>& failed);
  [[nodiscard]] bool was_stopped_by_sibling(std::size_t index) const;
  void show_progress();

  State& state_;
  const ParallelNode& node_;
  std::size_t at_once_;
  bool fail_fast_;
  bool share_a_place_;
  std::shared_ptr<sys::CancelToken> group_;
  LineMixer mixer_;
  trace::ProgressTask progress_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> ended_ = 0;
  std::atomic<std::size_t> running_ = 0;
  std::vector<Flow> results_;
  std::vector<std::size_t> order_ = std::vector<std::size_t>(node_.branches.size());
};

Flow Branches::run() {
  PERCH_TRY(placed(state_, state_.out->flush(*state_.cancel)));
  std::vector<std::thread> threads;
  Flow started;
  for (std::size_t i = 0; i < std::min(at_once_, node_.branches.size()); ++i) {
    try {
      threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // With fewer threads the branches take turns; with none there is nothing to go on with.
      if (threads.empty()) {
        started = raise(state_, node_.span,
                        {.kind = kind::kFileError,
                         .message = "no thread can be started: the system has none left"});
      }
      break;
    }
  }
  for (std::thread& thread : threads)
    thread.join();
  PERCH_TRY(std::move(started));
  PERCH_TRY(placed(state_, state_.out->flush(*state_.cancel)));
  return merged();
}

void Branches::work() {
  for (std::size_t i = next_++; i < node_.branches.size(); i = next_++)
    run_branch(i);
}

void Branches::run_branch(std::size_t index) {
  Slots slots(*state_.slots);
  State branch = state_;
  const CancelLink outer{.token = state_.cancel, .outer = state_.outer_cancels};
  branch.slots = &slots;
  branch.cancel = group_->child();
  branch.outer_cancels = &outer;
  branch.in = -1;
  branch.terminal = false;
  branch.branch = static_cast<int>(index) + 1;
  ++running_;
  show_progress();
  results_[index] = branch_body(branch, *node_.branches[index]);
  order_[index] = ++ended_;
  --running_;
  show_progress();
  if (results_[index])
    return;
  const bool exits = results_[index].error()->error.kind == op::kExitKind;
  if (fail_fast_ || exits)
    group_->stop(sys::StopReason::Sibling);
}

void Branches::show_progress() {
  if (shown_progress(state_, node_) != nullptr) {
    progress_.update(cat("parallel: ", running_.load(), " running, ", ended_.load(), " of ",
                         node_.branches.size(), " finished"));
  }
}

/// Runs a branch with its output kept in whole lines, unless it is the only one.
Flow Branches::branch_body(State& branch, const program::Node& node) {
  if (node_.branches.size() == 1)
    return run_node(branch, node);
  BranchOutlet out(mixer_, *state_.out), err(mixer_, *state_.err);
  branch.out = &out;
  branch.err = share_a_place_ ? &out : &err;
  Flow result = run_node(branch, node);
  for (BranchOutlet* outlet : {&out, &err}) {
    if (auto finished = outlet->finish(*branch.cancel); !finished && result)
      result = raise(branch, std::move(finished).error());
  }
  return result;
}

bool Branches::was_stopped_by_sibling(std::size_t index) const {
  return group_->stopped() == sys::StopReason::Sibling && !results_[index] &&
         results_[index].error()->error.kind == kind::kSignalReceived;
}

/// The first branch to end with what ends every run.
std::optional<std::size_t> Branches::first_to_end_the_run() const {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const bool met = !results_[i] && ends_the_run(results_[i].error()->error);
    if (met && (!first || order_[i] < order_[*first]))
      first = i;
  }
  return first;
}

/// One failure is that failure. What ends the run is all of them. `exit` in a branch is an exit;
/// several failures are listed.
Flow Branches::merged() {
  std::vector<std::size_t> failed;
  if (const auto first = first_to_end_the_run())
    return std::move(results_[*first]);
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (!results_[i] && results_[i].error()->error.kind == op::kExitKind)
      return std::move(results_[i]);
    if (!results_[i] && !was_stopped_by_sibling(i))
      failed.push_back(i);
  }
  if (failed.empty())
    return {};
  if (failed.size() == 1)
    return std::move(results_[failed.front()]);
  return several(failed);
}

Flow Branches::several(const std::vector<std::size_t>& failed) {
  const std::size_t first =
      *std::ranges::min_element(failed, {}, [&](std::size_t i) { return order_[i]; });
  std::string detail;
  for (const std::size_t i : failed) {
    const Failure& failure = *results_[i].error();
    detail +=
        cat(detail.empty() ? "" : "\n", "branch ", i + 1, ": ", failure.error.kind, ": ",
            failure.error.message, " (", state_.run.setting().sources.file_line(failure.span), ')');
  }
  Flow merged = std::move(results_[first]);
  Error& error = merged.error()->error;
  error.message = cat(failed.size(), " branches failed, the first with: ", error.message);
  error.detail = std::move(detail);
  return merged;
}

} // namespace

Flow run_parallel(State& state, const ParallelNode& node) {
  const auto count = static_cast<std::int64_t>(node.branches.size());
  PERCH_TRY_ASSIGN(const std::int64_t at_once, integer_option(state, node.max, "parallel: max",
                                                              std::max<std::int64_t>(count, 1)));
  if (at_once < 1) {
    return raise(state, node.max->span,
                 {.kind = kind::kBadArgument,
                  .message = cat("parallel: max is ", at_once, ", it must be at least 1")});
  }
  PERCH_TRY_ASSIGN(const bool fail_fast,
                   truth_option(state, node.fail_fast, "parallel: fail_fast", false));
  return stepped(
      state, "parallel", [&] { return StepArgs{{"branches", count}}; },
      [&] { return Branches(state, node, static_cast<std::size_t>(at_once), fail_fast).run(); });
}

} // namespace perch::run
