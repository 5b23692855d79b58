#pragma once
// Small files of perch's own, below its cache directory: results of `cache` blocks, fetched
// modules. They are trusted when read back, so what somebody else could have written is not used.

#include "base/result.h"
#include "sys/world.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perch::run {

/// Threads: safe from several, and from several processes: files appear whole or not at all.
class PrivateStore {
public:
  /// `directory` is absolute and made when the first file is written.
  PrivateStore(sys::World& world, std::string directory)
      : world_(world), directory_(std::move(directory)) {}

  /// The file's bytes; nullopt when there is none, or when it or its directory belongs to somebody
  /// else, is open to others, is a link or larger than `limit_bytes`.
  [[nodiscard]] std::optional<std::string> read(std::string_view name,
                                                std::uint64_t limit_bytes) const;
  /// Puts a file (0600) into the directory (0700). Errors: cache_error, file_*.
  [[nodiscard]] Status write(std::string_view name, std::string_view bytes) const;
  /// Makes the file the one that was used last.
  void touch(std::string_view name) const;
  /// Removes what was used or written longest ago until the rest has at most `limit_bytes`.
  void trim(std::uint64_t limit_bytes) const;

private:
  [[nodiscard]] bool is_private(const sys::NodeInfo& info) const;

  sys::World& world_;
  std::string directory_;
};

/// Where `cache` blocks keep what they remember, below perch's own cache directory.
[[nodiscard]] std::string block_directory(std::string_view cache_directory);

} // namespace perch::run
