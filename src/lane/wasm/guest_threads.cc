#include "lane/wasm/guest_threads.h"

#include "lane/wasm/engine.h"
#include "lane/wasm/mount_watch.h"
#include "lane/wasm/stop.h"
#include "sys/os_error.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <pthread.h>
#include <utility>

namespace perch::lane {

namespace {

/// Guest code and what the host calls below it.
constexpr std::size_t kThreadStackBytes = kGuestStackBytes + (1 << 20);
/// Threads kept for the next guest, the longest idle ends first.
constexpr std::size_t kMaxIdle = 8;
/// Threads that were given up, from which on a new guest waits for them, and how long: one that the
/// kernel never lets go must not keep all others from running.
constexpr std::size_t kManyGivenUp = 2;
constexpr auto kLongestWait = std::chrono::seconds(2);
constexpr auto kLookForStopEvery = std::chrono::milliseconds(5);

} // namespace

struct GuestThreads::Thread {
  WallKey key;
  GuestTask task;                    ///< empty while idle
  std::shared_ptr<MountWatch> watch; ///< for its first guest, which is then its only one
  bool end = false;
  std::condition_variable wake;
};

struct GuestThreads::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Thread>> idle; ///< longest idle first
  std::size_t alive = 0;
  std::size_t given_up = 0;
  bool ending = false;

  /// The idle thread with this wall that got the task, not awake yet; null: there is none.
  std::shared_ptr<Thread> give(const GuestSpec& spec, const WallKey& key, GuestTask& task) {
    const std::lock_guard lock(mutex);
    auto at = std::find_if(idle.rbegin(), idle.rend(), [&](const auto& thread) {
      return spec.uses == nullptr && thread->key == key;
    });
    if (at == idle.rend())
      return nullptr;
    auto thread = *at;
    idle.erase(std::prev(at.base()));
    thread->task = std::move(task);
    return thread;
  }

  bool has_idle(const WallKey& key) {
    const std::lock_guard lock(mutex);
    return std::ranges::any_of(idle, [&](const auto& thread) { return thread->key == key; });
  }

  /// Lets `thread` have a next task, if it may.
  void make_idle(const std::shared_ptr<Thread>& thread) {
    const std::lock_guard lock(mutex);
    thread->end = ending || thread->watch != nullptr;
    if (thread->end)
      return;
    idle.push_back(thread);
    if (idle.size() > kMaxIdle) {
      idle.front()->end = true;
      idle.front()->wake.notify_one();
      idle.pop_front();
    }
  }

  /// The next task; empty: the thread has to end.
  GuestTask wait_for_task(Thread& thread) {
    std::unique_lock lock(mutex);
    thread.wake.wait(lock, [&] { return thread.task || thread.end; });
    return std::exchange(thread.task, nullptr);
  }

  /// False when the thread was given up.
  bool run(const std::shared_ptr<Thread>& thread, GuestTask task, const Status& confined) {
    const TellEnd tell_end = task(confined);
    task = nullptr; // frees what it owns
    if (!tell_end)
      return false;
    make_idle(thread);
    tell_end();
    return true;
  }

  void loop(const std::shared_ptr<Thread>& thread, Wall wall) {
    mask_guest_signals();
    sys::Fd listener;
    const Status confined = std::move(wall).enter(thread->watch ? &listener : nullptr);
    if (thread->watch)
      thread->watch->begin(std::move(listener));
    bool given_back = true;
    GuestTask task = wait_for_task(*thread);
    while (task && (given_back = run(thread, std::move(task), confined)))
      task = wait_for_task(*thread);
    const std::lock_guard lock(mutex);
    given_up -= given_back ? 0 : 1;
    --alive;
    changed.notify_all();
  }
};

namespace {

template <class Body>
int start_detached(Body body) {
  auto owned = std::make_unique<Body>(std::move(body));
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kThreadStackBytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const int error = ::pthread_create(
      &thread, &attributes,
      [](void* raw) -> void* {
        const std::unique_ptr<Body> mine(static_cast<Body*>(raw));
        (*mine)();
        return nullptr;
      },
      owned.get());
  ::pthread_attr_destroy(&attributes);
  if (error == 0)
    owned.release();
  return error;
}

} // namespace

GuestThreads::GuestThreads() : state_(std::make_shared<State>()) {}

GuestThreads::~GuestThreads() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  for (const auto& thread : state_->idle) {
    thread->end = true;
    thread->wake.notify_one();
  }
  state_->idle.clear();
  state_->changed.wait(lock, [&] { return state_->alive <= state_->given_up; });
}

namespace {

/// A watch with a thread that answers; null when there is no thread to be had.
std::shared_ptr<MountWatch> start_watch(const GuestSpec& spec) {
  auto watch = std::make_shared<MountWatch>(spec.mounts, spec.uses);
  if (start_detached([watch] { watch->run(); }) != 0)
    return nullptr;
  return watch;
}

} // namespace

/// Has the thread confined and asked for its tasks. Counts it as alive unless that fails.
Status GuestThreads::start(const std::shared_ptr<Thread>& thread, const std::vector<Mount>& mounts,
                           bool require_kernel_wall) {
  PERCH_TRY_ASSIGN(Wall wall, Wall::build(mounts, require_kernel_wall));
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->alive;
  }
  const int error = start_detached([state = state_, thread, wall = std::move(wall)]() mutable {
    state->loop(thread, std::move(wall));
  });
  if (error == 0)
    return {};
  const std::lock_guard lock(state_->mutex);
  --state_->alive;
  return sys::os_fail(error, "start a thread for", "a guest");
}

void GuestThreads::expect(bool require_kernel_wall) {
  auto key = wall_key({});
  if (!key || state_->has_idle(*key))
    return;
  auto thread = std::make_shared<Thread>();
  thread->key = std::move(*key);
  if (start(thread, {}, require_kernel_wall))
    state_->make_idle(thread);
}

Status GuestThreads::run(const GuestSpec& spec, GuestTask task) {
  PERCH_TRY_ASSIGN(WallKey key, wall_key(spec.mounts));
  if (auto thread = state_->give(spec, key, task)) {
    thread->wake.notify_one(); // without the lock, which it takes at once
    return {};
  }
  auto thread = std::make_shared<Thread>();
  thread->key = std::move(key);
  thread->task = std::move(task);
  if (spec.uses)
    thread->watch = start_watch(spec);
  Status started = start(thread, spec.mounts, spec.require_kernel_wall);
  if (!started && thread->watch)
    thread->watch->begin({});
  return started;
}

void GuestThreads::wait_for_room(sys::CancelToken& cancel) {
  std::unique_lock lock(state_->mutex);
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  while (state_->given_up >= kManyGivenUp && std::chrono::steady_clock::now() < end &&
         cancel.stopped() == sys::StopReason::None)
    state_->changed.wait_for(lock, kLookForStopEvery);
}

void GuestThreads::give_up_one() {
  const std::lock_guard lock(state_->mutex);
  ++state_->given_up;
}

} // namespace perch::lane
