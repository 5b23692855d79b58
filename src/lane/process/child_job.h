#pragma once
// A child process as a job.

#include "lane/lane.h"
#include "lane/process/job_control.h"

#include <memory>

namespace perch::lane {

class ChildJob final : public Job {
public:
  /// Owns the process from here on, a member of `group`.
  ChildJob(int pid, sys::Fd pid_fd, std::shared_ptr<Group> group)
      : pid_(pid), pid_fd_(std::move(pid_fd)), group_(std::move(group)) {}
  ~ChildJob() override;
  /// Null when there is no terminal.
  void watch(std::unique_ptr<JobControl> control) { control_ = std::move(control); }

  [[nodiscard]] int done_fd() const override { return pid_fd_.get(); }
  Ended finish() override;
  void terminate(Force force) override;
  void signal(int number) override;
  [[nodiscard]] int pid() const override { return pid_; }

private:
  [[nodiscard]] bool has_ended() const;
  bool wait_for_end();
  bool leave_group();

  int pid_;
  sys::Fd pid_fd_;
  std::shared_ptr<Group> group_;
  std::unique_ptr<JobControl> control_;
  bool terminated_ = false;
  bool finished_ = false;
};

/// A process in a session of its own. It is nobody's child: as a job it has ended, with status 0,
/// as soon as it runs, and nothing of it is ever killed.
class DetachedJob final : public Job {
public:
  DetachedJob(int pid, sys::Fd readable) : pid_(pid), readable_(std::move(readable)) {}

  [[nodiscard]] int done_fd() const override { return readable_.get(); }
  Ended finish() override { return {}; }
  void terminate(Force) override {}
  void signal(int) override {}
  [[nodiscard]] int pid() const override { return pid_; }

private:
  int pid_;
  sys::Fd readable_;
};

} // namespace perch::lane
