#pragma once
// The second tier: a process of its own that optimises a module's code for the next run. It has the
// lowest priority, nothing of this process but the module's bytes, and outlives it.

#include "lane/lane.h"

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace perch::lane {

struct BackgroundWork {
  std::span<const std::string> program; ///< argv, to which the words are added
  std::string_view cache_directory;
  std::uint64_t cache_limit_bytes = 0;
  Metering metering = Metering::None;
  std::string_view module;
};

/// Threads: safe from several threads.
class BackgroundCompiler {
public:
  /// Whether there may be one more: each waits for its turn, and keeps its module in memory.
  [[nodiscard]] bool has_room();
  /// Starts the process and does not wait for it. Nothing happens when it cannot be started.
  void start(const BackgroundWork& work);

private:
  void reap();
  std::mutex mutex_;
  std::vector<pid_t> started_;
};

/// The process that BackgroundCompiler starts. Returns the exit status.
[[nodiscard]] int compile_in_background(std::span<const std::string> words);

} // namespace perch::lane
