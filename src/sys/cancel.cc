#include "sys/cancel.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fd.h"
#include "sys/signal_names.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <mutex>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace perch::sys {

namespace {

void ring(int event_fd) {
  std::uint64_t one = 1;
  // It fails only when the counter is full, that is, already rung.
  [[maybe_unused]] ssize_t n = ::write(event_fd, &one, sizeof one);
}

Fd make_event() { return Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

// How often a waiter looks by itself when the process has no descriptor left to wake it with.
constexpr int kLookEveryMs = 20;

} // namespace

// What all tokens of one tree share. The mutex guards the links between tokens and the making of
// descriptors; what a signal handler touches is atomic.
//
// `bell` rings when the root is stopped, by a signal handler too. A token's own descriptor is an
// epoll set that holds the bell, and `always` (a bell that has always rung) once that token is
// stopped: so a handler that can only write to one descriptor reaches every waiter.
struct Tree {
  std::mutex mutex;
  std::atomic<int> signal = 0;
  std::atomic<int> bell_number = -1;
  Fd bell;
  Fd always;

  int bell_fd() { // with the mutex held
    if (!bell) {
      bell = make_event();
      bell_number.store(bell.get());
      if (signal.load() != 0)
        ring(bell.get()); // it came before there was a bell
    }
    return bell.get();
  }
  int always_fd() { // with the mutex held
    if (!always) {
      always = make_event();
      ring(always.get());
    }
    return always.get();
  }
};

struct CancelToken::Impl {
  std::shared_ptr<Tree> tree;
  std::shared_ptr<CancelToken> parent; // null: the root
  std::optional<SteadyTime> deadline;  // the earliest of this and all above
  std::atomic<StopReason> state = StopReason::None;
  bool told = false;               // stop() has reached it; guarded by the mutex
  Fd set;                          // of a child, once somebody asked
  std::atomic<bool> no_fd = false; // fd() could not make one: waiters look by the clock
  Impl *first_child = nullptr, *next = nullptr, *previous = nullptr;

  [[nodiscard]] bool is_root() const { return parent == nullptr; }

  void link() {
    Impl& above = *parent->impl_;
    next = above.first_child;
    if (next != nullptr)
      next->previous = this;
    above.first_child = this;
  }
  void unlink() {
    if (next != nullptr)
      next->previous = previous;
    if (previous != nullptr) {
      previous->next = next;
    } else {
      parent->impl_->first_child = next;
    }
  }
  bool watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {}};
    return ::epoll_ctl(set.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }
  // With the mutex held. The first reason stays.
  void mark(StopReason reason) {
    StopReason none = StopReason::None;
    state.compare_exchange_strong(none, reason);
    if (std::exchange(told, true))
      return;
    if (is_root()) {
      ring(tree->bell_fd());
    } else if (set) {
      watch(tree->always_fd());
    }
  }
  // With the mutex held: a set that is readable when the token is stopped, or no set.
  void make_set() {
    int always = tree->always_fd(); // now, so that mark() needs no new descriptor
    set = Fd(::epoll_create1(EPOLL_CLOEXEC));
    bool complete = set && watch(tree->bell_fd()) && (told ? watch(always) : always >= 0);
    if (!complete)
      set.reset();
  }

  // The next token below `top` in depth-first order, or null.
  Impl* following(const Impl* top) {
    if (first_child != nullptr)
      return first_child;
    for (Impl* at = this; at != top; at = at->parent->impl_.get()) {
      if (at->next != nullptr)
        return at->next;
    }
    return nullptr;
  }
};

CancelToken::CancelToken() : impl_(std::make_unique<Impl>()) {}

CancelToken::~CancelToken() {
  if (impl_->is_root())
    return;
  std::lock_guard lock(impl_->tree->mutex);
  impl_->unlink();
}

std::shared_ptr<CancelToken> CancelToken::root() {
  std::shared_ptr<CancelToken> token(new CancelToken);
  token->impl_->tree = std::make_shared<Tree>();
  return token;
}

std::shared_ptr<CancelToken> CancelToken::child(std::optional<SteadyTime> deadline) {
  std::shared_ptr<CancelToken> token(new CancelToken);
  Impl& made = *token->impl_;
  made.tree = impl_->tree;
  made.deadline = impl_->deadline;
  if (deadline && (!made.deadline || *deadline < *made.deadline))
    made.deadline = deadline;
  std::lock_guard lock(impl_->tree->mutex);
  made.parent = shared_from_this();
  made.link();
  made.state = impl_->state.load();
  made.told = impl_->told;
  return token;
}

void CancelToken::stop(StopReason reason) {
  PERCH_ASSERT(reason != StopReason::None);
  std::lock_guard lock(impl_->tree->mutex);
  for (Impl* at = impl_.get(); at != nullptr; at = at->following(impl_.get()))
    at->mark(reason);
}

void CancelToken::stop_from_signal(int signal) noexcept {
  int none = 0;
  impl_->tree->signal.compare_exchange_strong(none, signal);
  int saved = errno;
  if (int bell = impl_->tree->bell_number.load(); bell >= 0)
    ring(bell);
  errno = saved;
}

StopReason CancelToken::stopped() {
  StopReason now = impl_->state.load();
  if (now != StopReason::None)
    return now;
  StopReason found = StopReason::None;
  if (impl_->tree->signal.load() != 0) {
    found = StopReason::Signal;
  } else if (impl_->deadline && std::chrono::steady_clock::now() >= *impl_->deadline) {
    found = StopReason::Deadline;
  } else {
    return StopReason::None;
  }
  // Whoever was first decides the reason, for good.
  return impl_->state.compare_exchange_strong(now, found) ? found : now;
}

int CancelToken::signal() const { return impl_->tree->signal.load(); }

std::optional<SteadyTime> CancelToken::deadline() const { return impl_->deadline; }

int CancelToken::fd() {
  Impl& me = *impl_;
  std::lock_guard lock(me.tree->mutex);
  if (!me.is_root() && !me.set)
    me.make_set();
  int fd = me.is_root() ? me.tree->bell_fd() : me.set.get();
  me.no_fd = fd < 0;
  return fd;
}

int CancelToken::poll_timeout_ms() const {
  std::int64_t limit = impl_->no_fd ? kLookEveryMs : INT_MAX;
  if (!impl_->deadline)
    return impl_->no_fd ? kLookEveryMs : -1;
  auto left = *impl_->deadline - std::chrono::steady_clock::now();
  auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, limit));
}

StopReason CancelToken::wait_until(SteadyTime until) {
  using std::chrono::nanoseconds;
  if (impl_->deadline && *impl_->deadline < until)
    until = *impl_->deadline;
  pollfd wait{.fd = fd(), .events = POLLIN, .revents = 0};
  nanoseconds longest = wait.fd < 0 ? std::chrono::milliseconds(kLookEveryMs) : nanoseconds::max();
  for (;;) {
    if (StopReason reason = stopped(); reason != StopReason::None)
      return reason;
    nanoseconds left = until - std::chrono::steady_clock::now();
    if (left.count() <= 0)
      return StopReason::None;
    left = std::min(left, longest);
    timespec time{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    ::ppoll(&wait, 1, &time, nullptr);
  }
}

Status CancelToken::check() {
  switch (stopped()) {
  case StopReason::None:
    return {};
  case StopReason::Deadline:
    return fail(kind::kTimeoutExceeded, "the time limit passed", {},
                "raise the limit of the `timeout` around it, or `--max-runtime`");
  case StopReason::Signal: {
    std::string name = signal() != 0 ? signal_name(signal()) : std::string("a signal");
    auto error = fail(kind::kSignalReceived, base::cat("stopped by ", name), name);
    error.error().code_name = name;
    return error;
  }
  case StopReason::Sibling:
    return fail(kind::kSignalReceived, "cancelled: another branch of `parallel` failed");
  case StopReason::Client:
    return fail(kind::kSignalReceived, "cancelled by the client that asked for the run");
  }
  return {};
}

} // namespace perch::sys
