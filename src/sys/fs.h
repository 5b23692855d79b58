#pragma once
// The file system by handles. A path is resolved once, link by link, to a Spot: a handle on the
// deepest existing directory and what remains. The gate decides on the Spot's real path and the
// operation then works relative to that same handle, so a link swapped in between gains nothing.

#include "base/result.h"
#include "sys/fd.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::sys {

enum class Final : std::uint8_t { Follow, NoFollow }; ///< a link as the last component

enum class NodeType : std::uint8_t { Missing, Regular, Directory, Symlink, Other };

struct NodeInfo {
  NodeType type = NodeType::Missing;
  std::uint64_t size = 0;
  std::uint32_t mode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t changed_ns = 0; ///< when bytes, mode or links last changed: nobody can set it back
  std::uint64_t device = 0, inode = 0;
  std::uint32_t uid = 0;
};

/// A pinned place. `rest` holds the components below `base` and no links at the time of locate():
/// none when the place is `base` itself ("."), one for an entry of base, several when parents are
/// missing.
struct Spot {
  Fd base;          ///< O_PATH directory
  std::string rest; ///< "." or "name" or "missing/parents/name"
  std::string real; ///< absolute path as the kernel will see it
  NodeInfo info;    ///< of the place itself
};

enum class Access : std::uint8_t { Read, Write, Append };

/// Real file operations. Paths given to locate() are absolute. Errors are the file_* kinds with the
/// path as detail: ENOENT file_not_found, EACCES/EPERM file_permission_denied, EEXIST
/// file_already_exists, others file_error with the system's words; too many links is file_error.
class Fs {
public:
  virtual ~Fs() = default;

  virtual Result<Spot> locate(std::string_view absolute, Final final) = 0;
  /// Whether the path leads, links followed, to a regular file that somebody may execute. One
  /// system call, for looking along PATH; what is then run goes through locate().
  virtual bool leads_to_program(const std::string& absolute) = 0;

  // Everything below acts on the place itself and never follows a link.
  virtual Result<Fd> open(const Spot& spot, Access access, std::uint32_t create_mode) = 0;
  virtual Result<std::vector<std::pair<std::string, NodeType>>> list(const Spot& spot) = 0;
  virtual Result<std::string> read_link(const Spot& spot) = 0;
  virtual Status make_directories(const Spot& spot, std::uint32_t mode) = 0;
  /// Removes a file, link or whole tree (never across a link).
  virtual Status remove_tree(const Spot& spot) = 0;
  /// Errors: file_error across devices ("cross-device" in the message; kind detail EXDEV).
  virtual Status rename(const Spot& from, const Spot& to) = 0;
  virtual Status symlink(std::string_view target, const Spot& link) = 0;
  virtual Status set_mode(const Spot& spot, std::uint32_t mode) = 0;
  virtual Status touch(const Spot& spot) = 0; ///< creates, or updates the modification time
  /// A file in the place's directory under a temporary name; see PendingReplace.
  virtual Result<std::unique_ptr<class PendingReplace>> replace(const Spot& spot,
                                                                std::uint32_t mode) = 0;
  /// A new empty file (mode 0600) or directory (0700) in the directory that `directory` is, under
  /// an unpredictable name that starts with `prefix`. Returns the name.
  virtual Result<std::string> make_temporary(const Spot& directory, std::string_view prefix,
                                             NodeType type) = 0;
};

/// Writes beside the target and takes its name at commit(); dropped uncommitted, it leaves nothing.
/// The mode is the existing file's, else the one given to replace().
class PendingReplace {
public:
  virtual ~PendingReplace() = default;
  virtual Status write(std::string_view bytes) = 0;
  virtual Status commit() = 0;
};

/// Reads a whole descriptor. Errors: output_too_large past the limit; file_error.
[[nodiscard]] Result<std::string> read_all(int fd, std::uint64_t limit_bytes,
                                           std::string_view path_for_errors);
/// Writes everything, resuming after EINTR and partial writes.
[[nodiscard]] Status write_all(int fd, std::string_view bytes, std::string_view path_for_errors);

/// The last byte of a seekable file, or nullopt when it is empty or has no last byte (a pipe).
/// Errors: file_error.
[[nodiscard]] Result<std::optional<char>> last_byte(int fd, std::string_view path_for_errors);

/// Lexical: joins onto `directory` when relative, removes `.` and `..` and double slashes.
[[nodiscard]] std::string absolute_path(std::string_view directory, std::string_view path);
/// True when `path` is `root` or below it, by component.
[[nodiscard]] bool is_within(std::string_view root, std::string_view path);

} // namespace perch::sys
