#include "lane/wasm/guest_job.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/engine.h"
#include "sys/os_error.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace perch::lane {

namespace {

using std::chrono::milliseconds;

/// From when a guest has to stop until its thread is given up: it is then stuck in the kernel or in
/// a long copy of memory, and traps as soon as it comes back.
constexpr auto kGiveUpAfter = milliseconds(35);
/// Guest code and what the host calls below it.
constexpr std::size_t kThreadStackBytes = kGuestStackBytes + (1 << 20);
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

Usage thread_usage() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  auto ns = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1000;
  };
  return {.user_ns = ns(used.ru_utime), .system_ns = ns(used.ru_stime), .peak_bytes = 0};
}

/// The C view of a GuestSpec, valid as long as the GuestSpec is.
struct SpecView {
  std::vector<perch_slice_t> argv, env;
  std::vector<std::string> env_text;
  std::vector<perch_mount_t> mounts;
  perch_slice_t input{};
  std::uint64_t fuel = 0;

  perch_guest_spec_t make(const GuestSpec& spec) {
    for (const auto& each : spec.argv)
      argv.push_back(slice(each));
    env_text.reserve(spec.env.size());
    for (const auto& [name, value] : spec.env)
      env.push_back(slice(env_text.emplace_back(base::cat(name, '=', value))));
    for (const auto& mount : spec.mounts)
      mounts.push_back({slice(mount.host), slice(mount.guest), mount.writable});
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

GuestRun::GuestRun(std::shared_ptr<const CompiledModule> module,
                   std::shared_ptr<Supervisor> supervisor, const GuestSpec& spec)
    : module_(std::move(module)), supervisor_(std::move(supervisor)), cancel_(spec.cancel),
      http_(spec.http, *supervisor_, word_), done_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

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

Status GuestRun::start(const GuestSpec& spec) {
  if (!done_)
    return sys::os_fail(errno, "make an event for", "a guest");
  PERCH_TRY(cancel_->check());
  PERCH_TRY_ASSIGN(const perch_linked_t* linked, module_->link());
  PERCH_TRY_ASSIGN(Wall wall, Wall::build(spec.mounts, spec.require_kernel_wall));
  PERCH_TRY_ASSIGN(GuestHandle guest, make_guest(*linked, spec));
  install_stop_handler();
  supervisor_->add(shared_from_this());
  auto started = start_thread(std::move(guest), std::move(wall));
  if (!started)
    supervisor_->remove(this);
  return started;
}

Status GuestRun::start_thread(GuestHandle guest, Wall wall) {
  struct Start {
    std::shared_ptr<GuestRun> run;
    GuestHandle guest;
    Wall wall;
  };
  auto start = std::make_unique<Start>(shared_from_this(), std::move(guest), std::move(wall));
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kThreadStackBytes);
  const int error = ::pthread_create(
      &thread_, &attributes,
      [](void* raw) -> void* {
        const std::unique_ptr<Start> mine(static_cast<Start*>(raw));
        mine->run->thread_main(std::move(mine->guest), mine->wall);
        return nullptr;
      },
      start.get());
  ::pthread_attr_destroy(&attributes);
  if (error != 0)
    return sys::os_fail(error, "start a thread for", "a guest");
  start.release();
  return {};
}

void GuestRun::thread_main(GuestHandle guest, const Wall& wall) {
  mask_guest_signals();
  {
    const std::lock_guard lock(mutex_);
    tid_ = static_cast<int>(::syscall(SYS_gettid));
  }
  Ended ended = run(std::move(guest), wall);
  supervisor_->remove(this);
  const std::lock_guard lock(mutex_);
  tid_ = 0;
  if (!given_up_)
    set_end(std::move(ended));
}

Ended GuestRun::run(GuestHandle guest, const Wall& wall) {
  if (auto entered = wall.enter(); !entered)
    return {.how = Ended::How::Failed, .code = 0, .error = entered.error(), .usage = {}};
  const StoppableThread stoppable(word_);
  perch_outcome_t outcome{};
  perch_guest_run(guest.release(), &outcome);
  Ended ended = end_of(outcome);
  wasm_byte_vec_delete(&outcome.reason);
  wasm_byte_vec_delete(&outcome.backtrace);
  ended.usage = thread_usage();
  ended.usage.peak_bytes = outcome.memory_bytes;
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
  default:
    break;
  }
  const std::string_view reason(outcome.reason.data, outcome.reason.size);
  const std::string_view names(outcome.backtrace.data, outcome.backtrace.size);
  Error error{.kind = kind::kWasmTrap,
              .message = base::cat("the guest trapped: ", reason, backtrace_text(names)),
              .detail = std::string(reason),
              .help = {},
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

void GuestRun::set_end(Ended ended) {
  ended_ = std::move(ended);
  const std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(done_.get(), &one, sizeof one);
  changed_.notify_all();
}

bool GuestRun::stopping() {
  return terminated_by_.load() != 0 || cancel_->stopped() != sys::StopReason::None;
}

sys::SteadyTime GuestRun::stop_again(sys::SteadyTime now) {
  if (word_.diversion.load() == nullptr)
    word_.diversion.store(module_->diversion(), std::memory_order_release);
  word_.stop.store(1, std::memory_order_release);
  http_.interrupt();

  const std::lock_guard lock(mutex_);
  if (!stopping_since_)
    stopping_since_ = now;
  if (tid_ != 0)
    send_stop_signal(tid_);
  if (now - *stopping_since_ < kGiveUpAfter)
    return now + milliseconds(1);
  if (!ended_) {
    given_up_ = true;
    set_end(stopped_end());
  }
  return now + milliseconds(20);
}

void GuestRun::terminate(int signal) {
  int none = 0;
  terminated_by_.compare_exchange_strong(none, signal);
  supervisor_->wake();
}

Ended GuestRun::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_.has_value(); });
  Ended ended = *ended_;
  const bool given_up = given_up_;
  lock.unlock();
  if (given_up) {
    ::pthread_detach(thread_);
  } else {
    ::pthread_join(thread_, nullptr);
  }
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
