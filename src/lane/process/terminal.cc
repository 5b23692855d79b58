#include "lane/process/terminal.h"

#include <csignal>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace perch::lane {

static constexpr int kReserved = -1;

namespace {

// Who is not in the foreground and changes the terminal gets SIGTTOU, unless it is blocked.
class BlockTtou {
public:
  BlockTtou() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~BlockTtou() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockTtou(const BlockTtou&) = delete;
  BlockTtou& operator=(const BlockTtou&) = delete;

private:
  sigset_t before_;
};

} // namespace

bool Terminal::present() {
  std::lock_guard lock(mutex_);
  if (!looked_) {
    looked_ = true;
    fd_ = sys::Fd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  return static_cast<bool>(fd_);
}

bool Terminal::own_foreground() const { return ::tcgetpgrp(fd_.get()) == ::getpgrp(); }

bool Terminal::reserve(int join) {
  std::lock_guard lock(mutex_);
  if (join != 0 && holder_ == join) {
    ++jobs_;
    return true;
  }
  if (holder_ != 0 || !own_foreground())
    return false;
  ::tcgetattr(fd_.get(), &modes_);
  holder_ = kReserved;
  jobs_ = 1;
  asked_ = restore_ = false;
  return true;
}

void Terminal::assign(int group) {
  std::lock_guard lock(mutex_);
  holder_ = group;
}

bool Terminal::give(int group) {
  BlockTtou block;
  return ::tcsetpgrp(fd_.get(), group) == 0;
}

bool Terminal::take(int group, bool holds) {
  std::lock_guard lock(mutex_);
  const bool free = holder_ == 0 || holder_ == group || (holder_ != kReserved && !asked_);
  if (!free || !(own_foreground() || holder_in_foreground()) || !give(group))
    return false;
  if (holder_ == group) {
    jobs_ += holds ? 0 : 1;
    return true;
  }
  if (holder_ == 0)
    ::tcgetattr(fd_.get(), &modes_);
  holder_ = group;
  jobs_ = 1;
  asked_ = true;
  restore_ = false;
  return true;
}

// Only from `group`: the shell may have taken the terminal from us in the meantime.
void Terminal::take_back(int group, Modes modes) {
  if (::tcgetpgrp(fd_.get()) != group)
    return;
  BlockTtou block;
  ::tcsetpgrp(fd_.get(), ::getpgrp());
  if (modes == Modes::Restore)
    ::tcsetattr(fd_.get(), TCSADRAIN, &modes_);
}

void Terminal::release(int group, Modes modes) {
  std::lock_guard lock(mutex_);
  if (holder_ != group && holder_ != kReserved)
    return; // another one has asked for it
  restore_ |= modes == Modes::Restore;
  if (--jobs_ > 0)
    return;
  take_back(group, restore_ ? Modes::Restore : Modes::Keep);
  holder_ = 0;
}

void Terminal::suspend(int group) {
  std::lock_guard lock(mutex_);
  take_back(group, Modes::Restore);
}

bool Terminal::resume(int group) {
  std::lock_guard lock(mutex_);
  if (!own_foreground())
    return ::tcgetpgrp(fd_.get()) == group;
  return give(group);
}

bool Terminal::holder_in_foreground() const {
  return holder_ > 0 && ::tcgetpgrp(fd_.get()) == holder_;
}

bool Terminal::is_ours() {
  std::lock_guard lock(mutex_);
  return own_foreground() || holder_in_foreground();
}

} // namespace perch::lane
