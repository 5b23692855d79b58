#pragma once
// A file that several processes add whole records to, and that has to be durable.

#include "base/result.h"
#include "sys/fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace perch::sys {

/// Threads: one at a time.
class AppendFile {
public:
  /// Opens `path` (absolute) for appending and makes it, readable by its owner only, when it is not
  /// there. A pipe without a reader is not waited for. `shown`: the name in messages.
  /// Errors: file_*.
  [[nodiscard]] static Result<AppendFile> open(const std::string& path, std::string_view shown);
  /// A descriptor perch was started with; not closed.
  [[nodiscard]] static Result<AppendFile> borrow(int fd, std::string_view shown);

  AppendFile(AppendFile&&) noexcept = default;
  AppendFile& operator=(AppendFile&&) noexcept = default;
  ~AppendFile();

  /// Adds `record` with one system call, so that records of several processes stay whole. Where the
  /// file does not end with a newline, because its last writer was killed, one goes before it.
  /// Errors: file_error, also when the file took a part only.
  Status append(std::string_view record);
  /// Errors: file_error when the file is not in any directory any more: what is written to it is
  /// lost when perch ends, although every write succeeds; and when it is shorter than it was at the
  /// last check.
  [[nodiscard]] Status check();
  /// Waits until what was added is on the disk; does nothing where there is none, as for a pipe.
  Status sync();

private:
  AppendFile(Fd fd, std::string_view shown) : fd_(std::move(fd)), shown_(shown) {}
  Status look();
  Status write_whole(std::string_view record);

  Fd fd_;
  std::string shown_;
  bool borrowed_ = false;
  bool regular_ = false;
  bool torn_ = false;             ///< a newline is missing at the end
  std::uint64_t least_bytes_ = 0; ///< the file held as much when it was checked last
};

} // namespace perch::sys
