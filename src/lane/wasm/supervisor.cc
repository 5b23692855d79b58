#include "lane/wasm/supervisor.h"

#include <algorithm>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace perch::lane {

namespace {
constexpr auto kTryThreadAgain = std::chrono::milliseconds(10);
}

bool Supervisor::Watch::covers(const sys::CancelToken& token) const {
  if (token.deadline().value_or(sys::SteadyTime::max()) < until)
    return false;
  return std::ranges::any_of(tokens, [&](const auto& known) { return known.get() == &token; });
}

Supervisor::~Supervisor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  if (thread_.joinable()) {
    ring();
    thread_.join();
  }
  for (const auto& guest : guests_)
    guest->left_alone();
}

void Supervisor::ring() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(bell_.get(), &one, sizeof one);
}

bool Supervisor::begin() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable())
    return true;
  if (!bell_)
    bell_ = sys::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell_)
    return false;
  try {
    thread_ = std::thread([this] { loop(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

bool Supervisor::wake() {
  if (!begin())
    return false;
  ring();
  return true;
}

void Supervisor::add(std::shared_ptr<Supervised> guest) {
  bool covered = false;
  {
    const std::lock_guard lock(mutex_);
    covered = !thread_.joinable() || watch_.covers(*guest->cancel());
    guests_.push_back(std::move(guest));
  }
  if (!covered)
    ring();
}

void Supervisor::remove(const Supervised* guest) {
  std::shared_ptr<Supervised> removed; // destroyed after the lock is gone
  const std::lock_guard lock(mutex_);
  auto at = std::ranges::find(guests_, guest, [](const auto& each) { return each.get(); });
  if (at == guests_.end())
    return;
  removed = std::move(*at);
  guests_.erase(at);
}

void Supervisor::run_outside(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  ring();
}

bool Supervisor::start_work() {
  while (!work_.empty()) {
    try {
      std::thread(work_.back()).detach();
    } catch (const std::system_error&) {
      return false; // out of threads for now
    }
    work_.pop_back();
  }
  return true;
}

void Supervisor::look() {
  watch_ = {};
  if (!start_work())
    watch_.until = std::chrono::steady_clock::now() + kTryThreadAgain;
  std::erase_if(guests_, [](const auto& guest) { return guest->over(); });
  const auto now = std::chrono::steady_clock::now();
  for (const auto& guest : guests_) {
    if (guest->stopping()) {
      watch_.until = std::min(watch_.until, guest->stop_again(now));
      continue;
    }
    const auto& token = guest->cancel();
    watch_.until = std::min(watch_.until, token->deadline().value_or(sys::SteadyTime::max()));
    if (std::ranges::find(watch_.tokens, token) == watch_.tokens.end())
      watch_.tokens.push_back(token);
  }
}

void Supervisor::sleep(std::vector<pollfd>& fds) const {
  timespec left{};
  const timespec* limit = nullptr;
  if (watch_.until != sys::SteadyTime::max()) {
    const auto ns = std::chrono::nanoseconds(watch_.until - std::chrono::steady_clock::now());
    const auto count = std::max<std::int64_t>(ns.count(), 0);
    left = {.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
    limit = &left;
  }
  ::ppoll(fds.data(), fds.size(), limit, nullptr);
}

void Supervisor::loop() {
  std::vector<pollfd> fds;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_)
        return;
      look();
      fds.assign(1, {.fd = bell_.get(), .events = POLLIN, .revents = 0});
      for (const auto& token : watch_.tokens)
        fds.push_back({.fd = token->fd(), .events = POLLIN, .revents = 0});
    }
    sleep(fds);
    std::uint64_t count = 0;
    [[maybe_unused]] auto read = ::read(bell_.get(), &count, sizeof count);
  }
}

} // namespace perch::lane
