#include "lane/wasm/module_table.h"

#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace perch::lane {

std::pair<std::shared_ptr<ModuleTable::Entry>, bool> ModuleTable::place(const ModuleKey& key) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Entry>& slot = entries_[key];
  const bool mine = slot == nullptr;
  if (mine)
    slot = std::make_shared<Entry>();
  ++slot->waiting;
  return {slot, mine};
}

/// With the table's mutex held. Another may have taken the place of one that nobody waited for.
void ModuleTable::forget(const ModuleKey& key, const Entry& entry) {
  const auto at = entries_.find(key);
  if (at != entries_.end() && at->second.get() == &entry)
    entries_.erase(at);
}

void ModuleTable::finish(const ModuleKey& key, Entry& entry, Found found) {
  if (!found || !*found) {
    const std::lock_guard lock(mutex_);
    forget(key, entry);
  }
  const std::lock_guard lock(entry.mutex);
  entry.result = std::move(found);
  if (entry.done) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(entry.done.get(), &one, sizeof one);
  }
}

/// The thread may outlive the table's owner, and is not waited for: it shares what it uses. Where
/// nobody waits for the module it ends its compiler and then itself, and when the process ends
/// before that, the system ends the compiler.
void ModuleTable::start(const ModuleKey& key, const std::shared_ptr<Entry>& entry,
                        const Make& make) {
  auto work = [self = shared_from_this(), key, entry, make] {
    self->finish(key, *entry, make(*entry->wanted));
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error&) {
    work(); // out of threads: then nobody can be stopped while it compiles
  }
}

void ModuleTable::stop_waiting(const ModuleKey& key, Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (--entry.waiting > 0)
    return;
  const std::lock_guard own_lock(entry.mutex);
  if (entry.result)
    return;
  // Who asks from now on starts anew.
  forget(key, entry);
  entry.wanted->stop(sys::StopReason::Client);
}

ModuleTable::Found ModuleTable::wait(const ModuleKey& key, Entry& entry, sys::CancelToken* cancel) {
  Found found = wait(entry, cancel);
  if (found && !*found)
    stop_waiting(key, entry);
  return found;
}

ModuleTable::Found ModuleTable::wait(Entry& entry, sys::CancelToken* cancel) {
  for (;;) {
    pollfd ready[2] = {};
    int timeout_ms = -1;
    {
      const std::lock_guard lock(entry.mutex);
      if (entry.result)
        return *entry.result;
      if (!entry.done)
        entry.done = sys::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      ready[0] = {.fd = entry.done.get(), .events = POLLIN, .revents = 0};
      timeout_ms = entry.done ? -1 : 10;
    }
    ready[1] = {.fd = -1, .events = POLLIN, .revents = 0};
    if (cancel != nullptr) {
      if (auto status = cancel->check(); !status)
        return std::unexpected(std::move(status).error());
      ready[1].fd = cancel->fd();
      const int left = cancel->poll_timeout_ms();
      timeout_ms = timeout_ms < 0 || (left >= 0 && left < timeout_ms) ? left : timeout_ms;
    }
    ::poll(ready, 2, timeout_ms);
  }
}

} // namespace perch::lane
