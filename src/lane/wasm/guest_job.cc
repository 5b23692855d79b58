#include "lane/wasm/guest_job.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/wall.h"
#include "sys/os_error.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace perch::lane {

namespace {

using std::chrono::milliseconds;

/// From when a guest has to stop until its thread is given up: it is then stuck in the kernel or in
/// a long copy of memory, and traps as soon as it comes back.
constexpr auto kGiveUpAfter = milliseconds(35);
/// From when it has to stop until it gets a roadblock; how long that stays when nobody runs into
/// it, and how long others of its module then run in between.
constexpr auto kRoadblockAfter = milliseconds(100);
constexpr auto kRoadblockStays = milliseconds(300);
constexpr auto kRoadblockPause = std::chrono::seconds(1);
/// And until its thread gets only the time that nobody else wants.
constexpr auto kStubbornAfter = std::chrono::seconds(5);
constexpr auto kLookAloneEvery = milliseconds(5);
constexpr std::size_t kMostFramesShown = 30;

std::string backtrace_text(std::string_view names) {
  std::string out;
  std::size_t count = 0;
  if (names.empty())
    return out;
  for (auto name : base::split(names, '\n')) {
    if (++count > kMostFramesShown)
      continue;
    out += base::cat("\n  at ", name);
  }
  if (count > kMostFramesShown)
    out += base::cat("\n  and ", count - kMostFramesShown, " more");
  return out;
}

/// The way out of a trap, where there is one that is not in the module.
std::string help_for(std::string_view reason) {
  // What the module wants from the start; growing later just gives it -1.
  if (reason.ends_with("exceeds memory limits"))
    return "give it more with wasm_memory; --max-wasm-memory is the most any module gets";
  // ENOMEM of a machine with memory: every linear memory reserves what 32 bits can name.
  if (reason.ends_with("(os error 12)"))
    return "a module takes 4 GiB of addresses, hardly any of it memory: raise the limit, `ulimit "
           "-v`";
  return {};
}

/// Processor time of the calling thread so far.
Usage thread_usage() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  auto ns = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1000;
  };
  return {.user_ns = ns(used.ru_utime), .system_ns = ns(used.ru_stime), .peak_bytes = 0};
}

/// A guest that copies gigabytes in the host is hard to hit with a signal. Until it is, it gets
/// only the time that nobody else wants.
void let_others_run_first(int tid) {
  if (tid == 0)
    return;
  const sched_param none{};
  ::sched_setscheduler(tid, SCHED_IDLE, &none);
}

void ring(int event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(event, &one, sizeof one);
}

Status check_mounts(const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    struct stat info{};
    if (::stat(path_of(mount).c_str(), &info) != 0)
      return cannot_mount(mount, errno);
    if (!S_ISDIR(info.st_mode))
      return sys::os_fail(ENOTDIR, "mount", mount.host);
  }
  return {};
}

/// The C view of a GuestSpec, valid as long as the GuestSpec is.
struct SpecView {
  std::vector<perch_slice_t> argv, env;
  std::vector<std::string> env_text, mount_paths;
  std::vector<perch_mount_t> mounts;
  perch_slice_t input{};
  std::uint64_t fuel = 0;

  perch_guest_spec_t make(const GuestSpec& spec) {
    for (const auto& each : spec.argv)
      argv.push_back(slice(each));
    env_text.reserve(spec.env.size());
    for (const auto& [name, value] : spec.env)
      env.push_back(slice(env_text.emplace_back(base::cat(name, '=', value))));
    mount_paths.reserve(spec.mounts.size());
    for (const auto& mount : spec.mounts)
      mounts.push_back(
          {slice(mount_paths.emplace_back(path_of(mount))), slice(mount.guest), mount.writable});
    perch_guest_spec_t view{};
    view.argv = argv.data();
    view.argc = argv.size();
    view.env = env.data();
    view.env_count = env.size();
    view.mounts = mounts.data();
    view.mount_count = mounts.size();
    view.streams[0] = spec.stdio.in;
    view.streams[1] = spec.stdio.out;
    view.streams[2] = spec.stdio.err;
    if (spec.input) {
      input = slice(*spec.input);
      view.input = &input;
    }
    view.memory_bytes = spec.memory_bytes;
    view.table_elements = kMaxTableElements;
    if (spec.fuel) {
      fuel = *spec.fuel;
      view.fuel = &fuel;
    }
    return view;
  }
};

} // namespace

GuestRun::GuestRun(Keepers& keepers, const GuestSpec& spec)
    : keepers_(keepers), cancel_(spec.cancel), http_(spec, keepers_.supervisor, *cancel_, word_) {}

Result<GuestHandle> GuestRun::make_guest(const perch_linked_t& linked, const GuestSpec& spec) {
  SpecView view;
  perch_guest_spec_t raw = view.make(spec);
  // An atomic of four bytes is those bytes.
  static_assert(sizeof word_.stop == sizeof(std::uint32_t) &&
                std::atomic<std::uint32_t>::is_always_lock_free);
  raw.stop = reinterpret_cast<const std::uint32_t*>(&word_.stop);
  raw.host = &http_;
  perch_guest_t* guest = nullptr;
  if (auto* error = perch_guest_new(&linked, &raw, &guest))
    return fail(kind::kBadArgument, base::cat("cannot set up the guest: ", error_text(error)));
  return GuestHandle(guest);
}

Status GuestRun::start(const CompiledModule& module, const GuestSpec& spec) {
  keepers_.threads.wait_for_room(*cancel_);
  PERCH_TRY(cancel_->check());
  PERCH_TRY_ASSIGN(code_, module.for_guest(spec.memory_bytes));
  PERCH_TRY(check_mounts(spec.mounts));
  PERCH_TRY_ASSIGN(GuestHandle guest, make_guest(code_->linked(), spec));
  install_stop_handler();
  // Its confined thread will not be able to start the one that carries its requests.
  if (spec.http && module.asks_for_requests() && !keepers_.supervisor.begin())
    return sys::os_fail(EAGAIN, "start a thread for", "the requests of a guest");
  keepers_.supervisor.add(shared_from_this());
  // A task has to be copyable, so what it owns is shared.
  auto owned = std::make_shared<GuestHandle>(std::move(guest));
  auto started =
      keepers_.threads.run(spec, [self = shared_from_this(), owned](const Status& confined) {
        return self->on_thread(std::move(*owned), confined);
      });
  if (!started)
    keepers_.supervisor.remove(this);
  return started;
}

TellEnd GuestRun::on_thread(GuestHandle guest, const Status& confined) {
  {
    const std::lock_guard lock(mutex_);
    tid_ = static_cast<int>(::syscall(SYS_gettid));
  }
  Ended ended =
      confined
          ? run(std::move(guest))
          : Ended{.how = Ended::How::Failed, .code = 0, .error = confined.error(), .usage = {}};
  {
    const std::lock_guard lock(mutex_);
    tid_ = 0;
    ending_ = true;
    if (given_up_)
      return {};
  }
  keepers_.supervisor.remove(this);
  return [self = shared_from_this(), ended = std::move(ended)] { self->tell(ended); };
}

Ended GuestRun::run(GuestHandle guest) {
  const StoppableThread stoppable(word_);
  const Usage before = thread_usage();
  perch_outcome_t outcome{};
  perch_guest_run(guest.release(), &outcome);
  Ended ended = end_of(outcome);
  wasm_byte_vec_delete(&outcome.reason);
  wasm_byte_vec_delete(&outcome.backtrace);
  const Usage after = thread_usage();
  ended.usage = {.user_ns = after.user_ns - before.user_ns,
                 .system_ns = after.system_ns - before.system_ns,
                 .peak_bytes = outcome.memory_bytes,
                 .fuel = outcome.fuel_used,
                 .bytes_out = outcome.bytes_out};
  return ended;
}

Ended GuestRun::end_of(const perch_outcome_t& outcome) {
  switch (outcome.how) {
  case PERCH_RETURNED:
    return {.how = Ended::How::Exited, .code = 0, .error = {}, .usage = {}};
  case PERCH_EXITED:
    // A status has eight bits; what does not fit must not become success.
    return {.how = Ended::How::Exited,
            .code = std::clamp(outcome.code < 0 ? 255 : outcome.code, 0, 255),
            .error = {},
            .usage = {}};
  case PERCH_STOPPED:
    return stopped_end();
  case PERCH_BROKEN_PIPE:
    return {.how = Ended::How::Signalled, .code = SIGPIPE, .error = {}, .usage = {}};
  default:
    break;
  }
  const std::string_view reason(outcome.reason.data, outcome.reason.size);
  const std::string_view names(outcome.backtrace.data, outcome.backtrace.size);
  Error error{.kind = kind::kWasmTrap,
              .message = base::cat("the guest trapped: ", reason, backtrace_text(names)),
              .detail = std::string(reason),
              .help = help_for(reason),
              .code = {},
              .code_name = {},
              .op = {}};
  return {.how = Ended::How::Trapped, .code = 0, .error = std::move(error), .usage = {}};
}

Ended GuestRun::stopped_end() {
  if (auto status = cancel_->check(); !status)
    return {.how = Ended::How::Failed, .code = 0, .error = status.error(), .usage = {}};
  return {.how = Ended::How::Signalled, .code = terminated_by_.load(), .error = {}, .usage = {}};
}

void GuestRun::tell(const Ended& ended) {
  const int done = [&] {
    const std::lock_guard lock(mutex_);
    ended_ = ended;
    return done_.get();
  }();
  // Without the lock: whoever is woken takes it at once.
  if (done >= 0)
    ring(done);
  changed_.notify_all();
}

int GuestRun::done_fd() {
  const std::lock_guard lock(mutex_);
  if (!done_) {
    done_ = sys::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (ended_)
      ring(done_.get());
  }
  return done_.get();
}

bool GuestRun::stopping() {
  return terminated_by_.load() != 0 || cancel_->stopped() != sys::StopReason::None;
}

bool GuestRun::over() {
  const std::lock_guard lock(mutex_);
  if (ending_)
    roadblock_.reset();
  return ending_;
}

void GuestRun::left_alone() {
  const std::lock_guard lock(mutex_);
  roadblock_.reset();
}

/// For a guest that the signal does not hit. Called with the mutex held.
void GuestRun::block_road(sys::SteadyTime now) {
  if (roadblock_) {
    const bool was_hit = roadblock_->was_hit();
    if (!was_hit && now < roadblock_until_)
      return;
    roadblock_.reset();
    next_roadblock_ = now + (was_hit ? milliseconds(5) : milliseconds(kRoadblockPause));
    return;
  }
  const Diversion* diversion = word_.diversion.load();
  if (now < next_roadblock_ || diversion == nullptr)
    return;
  if (auto made = Roadblock::put_up(*diversion)) {
    roadblock_.emplace(std::move(*made));
    roadblock_until_ = now + kRoadblockStays;
  }
}

sys::SteadyTime GuestRun::stop_again(sys::SteadyTime now) {
  if (word_.diversion.load() == nullptr)
    word_.diversion.store(code_->diversion(), std::memory_order_release);
  word_.stop.store(1, std::memory_order_release);
  http_.interrupt();

  const std::lock_guard lock(mutex_);
  if (!stopping_since_)
    stopping_since_ = now;
  if (tid_ != 0)
    send_stop_signal(tid_);
  if (now - *stopping_since_ < kGiveUpAfter)
    return now + milliseconds(1);
  const auto since = now - *stopping_since_;
  if (since > kStubbornAfter && !stubborn_) {
    stubborn_ = true;
    let_others_run_first(tid_);
  }
  if (!ended_ && !ending_) {
    given_up_ = true;
    keepers_.threads.give_up_one();
    ended_ = stopped_end();
    if (done_)
      ring(done_.get());
    changed_.notify_all();
  }
  ending_ = ending_ || word_.asleep.load();
  if (tid_ != 0 && since > kRoadblockAfter)
    block_road(now);
  return now + milliseconds(roadblock_ ? 1 : 20);
}

void GuestRun::terminate(int signal) {
  int none = 0;
  terminated_by_.compare_exchange_strong(none, signal);
  look_at_token();
}

void GuestRun::look_at_token() {
  if (!keepers_.supervisor.wake() && stopping())
    supervise_alone();
}

/// When no thread is to be had for the supervisor, the one that waits does its work.
void GuestRun::supervise_alone() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    lock.unlock();
    const auto now = std::chrono::steady_clock::now();
    const auto next = stopping() ? stop_again(now) : now + kLookAloneEvery;
    lock.lock();
    changed_.wait_until(lock, next, [this] { return ended_.has_value(); });
  }
}

Ended GuestRun::wait() {
  std::unique_lock lock(mutex_);
  if (!ended_) { // then nobody watches the token from here on
    lock.unlock();
    if (!keepers_.supervisor.begin())
      supervise_alone();
    lock.lock();
  }
  changed_.wait(lock, [this] { return ended_.has_value(); });
  Ended ended = *ended_;
  lock.unlock();
  http_.wait_until_idle();
  return ended;
}

GuestJob::~GuestJob() {
  if (finished_)
    return;
  run_->terminate(SIGKILL);
  [[maybe_unused]] const Ended ended = run_->wait();
}

Ended GuestJob::finish() {
  finished_ = true;
  return run_->wait();
}

void GuestJob::terminate(Force force) { run_->terminate(force == Force::Now ? SIGKILL : SIGTERM); }

} // namespace perch::lane
