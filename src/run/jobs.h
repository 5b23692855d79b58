#pragma once
// The one loop that waits for children and guests, and moves what has to move meanwhile.

#include "base/result.h"
#include "lane/lane.h"
#include "run/outlet.h"
#include "sys/cancel.h"
#include "sys/fd.h"
#include "sys/poll_item.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace perch::run {

/// Waits for jobs that run at the same time: one program, or the stages of a pipe. While they run
/// it receives for outlets, feeds standard input and watches the cancel token.
class Jobs {
public:
  explicit Jobs(std::shared_ptr<sys::CancelToken> cancel) : cancel_(std::move(cancel)) {}

  /// Takes over a started job. When it has ended, `held` is closed and `shared`, an outlet whose
  /// descriptor it used until then, is told. Returns its number.
  std::size_t add(std::unique_ptr<lane::Job> job, std::vector<sys::Fd> held = {},
                  Outlet* shared = nullptr);
  /// Receives for an outlet that the jobs write to; adding one twice is fine.
  void receive(Outlet& outlet);
  /// Writes `bytes` to the non-blocking pipe end `to`, as its reader takes them, and closes it.
  void feed(sys::Fd to, std::string bytes);

  /// Called with the number of each job when its end was collected.
  void when_ended(std::function<void(std::size_t)> told) { when_ended_ = std::move(told); }

  /// Collects what has ended by now, without waiting. Errors: the token's, also when a child was
  /// interrupted at the terminal, which then interrupts perch: no more jobs are to be started.
  Status look();
  /// Until every job has ended and what they wrote has been received. When the token is stopped or
  /// an outlet fails, the jobs are asked to end, after two seconds forced to, and waited for.
  /// A child that held the terminal and was interrupted there interrupts perch, when no other child
  /// runs that may have an answer to that. Errors: the token's, the outlet's. A job that fails is
  /// no error here.
  Status wait();
  /// Ends all jobs that still run and waits for them: a later one could not be started.
  void abandon();

  [[nodiscard]] lane::Ended& ended(std::size_t job) { return jobs_[job].ended; }
  /// False: it was given up, and nothing is known of it.
  [[nodiscard]] bool has_ended(std::size_t job) const { return jobs_[job].done; }
  [[nodiscard]] lane::Job& job(std::size_t number) { return *jobs_[number].job; }
  /// Whether nobody read any more, when the job ended, from a pipe that was held for it.
  [[nodiscard]] bool lost_its_reader(std::size_t job) const { return jobs_[job].lost_its_reader; }

private:
  struct Entry {
    std::unique_ptr<lane::Job> job;
    std::vector<sys::Fd> held;
    Outlet* shared = nullptr;
    lane::Ended ended;
    bool done = false;
    bool lost_its_reader = false;
  };

  [[nodiscard]] bool waiting() const;
  Status round();
  void collect(Entry& entry);
  void receive_from(std::span<const sys::PollItem> outlets);
  void feed_more();
  void collect_ended(std::span<const sys::PollItem> jobs);
  void pass_on_interrupt();
  void interrupt_self();
  void begin_stop(Error error);
  void force_late_ones();
  [[nodiscard]] int timeout_ms() const;

  std::shared_ptr<sys::CancelToken> cancel_;
  std::vector<Entry> jobs_;
  std::vector<Outlet*> outlets_;
  sys::Fd feed_to_;
  std::string feed_bytes_;
  std::size_t fed_ = 0;
  std::size_t ended_count_ = 0;
  std::function<void(std::size_t)> when_ended_;

  std::optional<Error> stopped_by_;
  enum class Force : std::uint8_t { None, Asked, Killed, GivenUp };
  Force force_ = Force::None;
  sys::SteadyTime next_force_;
  int interrupted_by_ = 0; ///< the signal that the terminal has sent to a child
  bool passed_on_ = false; ///< and that perch has sent itself
};

} // namespace perch::run
