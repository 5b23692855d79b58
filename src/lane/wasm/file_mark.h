#pragma once
// What says that a file is as it was when it was read.

#include <array>
#include <cstdint>
#include <ctime>

struct stat;

namespace perch::lane {

/// No call that writes leaves all of it as it was (a store to a mapped page that is dirty already
/// does): nobody can set the time of the last change. The boot is in it because a crash can lose
/// what was written shortly before.
struct FileMark {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t changed_s = 0, changed_ns = 0;
  std::array<char, 40> boot{};
  bool operator==(const FileMark&) const = default;

  /// Whether a change at `now_s` (seconds, real time) or later would show: clocks of file systems
  /// go by steps, and two changes within one look like one.
  [[nodiscard]] bool is_settled(std::time_t now_s) const;
};

[[nodiscard]] FileMark mark_of(const struct stat& info);

} // namespace perch::lane
