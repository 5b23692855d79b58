#pragma once
// Which mounts a guest uses, for whoever asks (GuestSpec::uses): the kernel tells of each call of
// the guest's thread that names a path, waits, and lets it go on.

#include "base/result.h"
#include "lane/lane.h"
#include "sys/fd.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace perch::lane {

/// Threads: begin() on the guest's thread, run() on one of its own.
class MountWatch {
public:
  MountWatch(std::vector<Mount> mounts, std::shared_ptr<MountUses> uses)
      : mounts_(std::move(mounts)), uses_(std::move(uses)) {}

  /// Says where the kernel tells; -1: it does not. Call once, before the guest runs.
  void begin(sys::Fd listener);
  /// Answers until the guest's thread has ended.
  void run();

private:
  sys::Fd wait_for_listener();
  bool answer_one(int listener);

  const std::vector<Mount> mounts_;
  const std::shared_ptr<MountUses> uses_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool begun_ = false;
  sys::Fd listener_;
};

} // namespace perch::lane
