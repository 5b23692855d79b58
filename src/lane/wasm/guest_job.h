#pragma once
// One running guest: its thread, its end, and the ways to stop it.

#include "lane/lane.h"
#include "lane/wasm/guest_threads.h"
#include "lane/wasm/handles.h"
#include "lane/wasm/http_imports.h"
#include "lane/wasm/module.h"
#include "lane/wasm/stop.h"
#include "lane/wasm/supervisor.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace perch::lane {

/// What all guests of a lane share. Outlives all jobs.
struct Keepers {
  Supervisor supervisor;
  GuestThreads threads;
};

/// What the thread, the supervisor and the owner of the job share. It lives until the last of them
/// lets go: a thread that is stuck in the kernel may outlast its job.
class GuestRun final : public Supervised, public std::enable_shared_from_this<GuestRun> {
public:
  GuestRun(Keepers& keepers, const GuestSpec& spec);

  /// Makes the guest and puts it on a thread. Errors: as WasmLane::start().
  [[nodiscard]] Status start(const CompiledModule& module, const GuestSpec& spec);

  [[nodiscard]] const std::shared_ptr<sys::CancelToken>& cancel() const override { return cancel_; }
  [[nodiscard]] bool stopping() override;
  [[nodiscard]] bool over() override;
  sys::SteadyTime stop_again(sys::SteadyTime now) override;
  void left_alone() override;

  /// Stops the guest as a child would be by this signal.
  void terminate(int signal);
  /// Stops the guest if its token says so.
  void look_at_token();
  /// Made when asked for: most runs are just waited for.
  [[nodiscard]] int done_fd();
  /// Waits until the thread has ended or has been given up. Call once, after start().
  [[nodiscard]] Ended wait();

private:
  [[nodiscard]] Result<GuestHandle> make_guest(const perch_linked_t& linked, const GuestSpec& spec);
  [[nodiscard]] TellEnd on_thread(GuestHandle guest, const Status& confined);
  [[nodiscard]] Ended run(GuestHandle guest);
  [[nodiscard]] Ended end_of(const perch_outcome_t& outcome);
  [[nodiscard]] Ended stopped_end();
  void tell(const Ended& ended);
  void block_road(sys::SteadyTime now);
  void supervise_alone();

  std::shared_ptr<const LinkedCode> code_; ///< from start() on
  /// Not to be used by a thread that was given up: they may be gone.
  Keepers& keepers_;
  const std::shared_ptr<sys::CancelToken> cancel_;
  StopWord word_;
  HttpImports http_;
  std::atomic<int> terminated_by_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Ended> ended_; ///< set once: by the thread, or by who gives it up
  bool given_up_ = false;
  bool stubborn_ = false; ///< given up, and its thread has the lowest priority
  bool ending_ = false;   ///< the thread is about to set the end, and is not given up any more
  int tid_ = 0;           ///< while the guest is on its thread
  sys::Fd done_;
  std::optional<sys::SteadyTime> stopping_since_;
  /// The supervisor's alone: the guest's own thread may not make code executable again.
  std::optional<Roadblock> roadblock_;
  sys::SteadyTime roadblock_until_, next_roadblock_;
};

class GuestJob final : public Job {
public:
  explicit GuestJob(std::shared_ptr<GuestRun> run) : run_(std::move(run)) {}
  ~GuestJob() override;
  [[nodiscard]] int done_fd() const override { return run_->done_fd(); }
  Ended finish() override;
  void terminate(Force force) override;
  void signal(int) override { run_->look_at_token(); }

private:
  std::shared_ptr<GuestRun> run_;
  bool finished_ = false;
};

} // namespace perch::lane
