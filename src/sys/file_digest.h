#pragma once
// The digest of an open file, and whether it may have changed since.

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace perch::sys {

struct FileDigest {
  std::string sha256; ///< lower-case hex
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0, changed_ns = 0;
  /// Another change would show in the times: the last one was long enough ago.
  bool settled = false;
};

/// Reads the whole file, wherever `fd` stands in it. Errors: file_* with `path`.
[[nodiscard]] Result<FileDigest> digest_file(int fd, std::string_view path);

/// False only when the file holds what it held when the digest was computed.
[[nodiscard]] bool may_have_changed(int fd, const FileDigest& digest);

} // namespace perch::sys
