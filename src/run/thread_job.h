#pragma once
// A piece of the evaluator on a thread of its own, as a job: stages of a pipe that are no programs.

#include "lane/lane.h"
#include "run/failure.h"
#include "sys/fd.h"

#include <functional>
#include <memory>
#include <thread>

namespace perch::run {

/// Ends when its function has returned. It cannot be forced to: what runs in it watches the cancel
/// token of its state.
class ThreadJob final : public lane::Job {
public:
  /// Errors: file_error when there is no descriptor or thread left.
  [[nodiscard]] static Result<std::unique_ptr<ThreadJob>>
  start(std::move_only_function<Flow()> work);
  ~ThreadJob() override;

  [[nodiscard]] int done_fd() const override { return done_.get(); }
  lane::Ended finish() override;
  void terminate(Force) override {}
  void signal(int) override {}

  /// What the function returned. After finish().
  [[nodiscard]] Flow take_result() { return std::move(result_); }

private:
  ThreadJob() = default;

  sys::Fd done_; ///< at its end when the thread has closed the other side
  Flow result_;
  std::thread thread_;
};

} // namespace perch::run
