#pragma once
// What a file holds, and what says that it still does.

#include "base/result.h"

#include <array>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

struct stat;

namespace perch::sys {

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

struct FileDigest {
  std::string sha256; ///< lower-case hex
  FileMark mark;      ///< from before the file was read
  bool settled = false;
};

/// Reads the whole file, wherever `fd` stands in it. Errors: file_* with `path`.
[[nodiscard]] Result<FileDigest> digest_file(int fd, std::string_view path);

/// False only when the file holds what it held when the digest was computed.
[[nodiscard]] bool may_have_changed(int fd, const FileDigest& digest);

} // namespace perch::sys
