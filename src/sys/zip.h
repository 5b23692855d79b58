#pragma once
// ZIP archives: written as a stream, read from memory.

#include "sys/deflate.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perch::sys {

struct ZipNew {
  std::string name; ///< with `/` between components, and at the end of a directory's name
  std::uint32_t mode = 0644;
  bool store = false;      ///< not compressed
  std::uint32_t align = 1; ///< of the stored bytes in the archive; a power of two up to 32 KiB
};

/// Writes an archive to a sink. The same entries give the same bytes: times are those of the
/// format's first day.
class ZipWriter {
public:
  /// `offset`: how many bytes stand in front of the archive, as in an executable that carries one.
  explicit ZipWriter(ByteSink sink, std::uint64_t offset = 0);

  /// Errors: output_too_large past 65,535 entries or 4 GiB; bad_argument for a name past 64 KiB.
  Status add(const ZipNew& entry, std::string_view bytes);
  /// Writes the directory. Call once, last.
  Status finish();

private:
  Status emit(std::string_view bytes);

  ByteSink sink_;
  std::uint64_t offset_;
  std::string directory_;
  std::uint32_t entries_ = 0;
};

/// An entry of an archive in memory. Lifetime: views into the archive.
struct ZipEntry {
  std::string_view name;
  std::uint32_t mode = 0644; ///< permission bits; 0 when the archive does not tell
  enum class Kind : std::uint8_t { File, Directory, Link, Other };
  Kind kind = Kind::File;
  bool stored = false;
  std::uint64_t size = 0; ///< as the directory says; extraction checks it
  std::uint32_t crc = 0;
  std::string_view packed; ///< the bytes in the archive; the content itself when `stored`
};

/// The entries of an archive, in the order of its directory, which is the only source of names and
/// sizes. Bytes may stand in front of the archive. Errors: bad_argument (`path` in the message)
/// when it is none, is damaged, encrypted, in several parts or compressed by anything but deflate.
[[nodiscard]] Result<std::vector<ZipEntry>> read_zip(std::string_view archive,
                                                     std::string_view path);

/// Feeds an entry's content to `sink`. Errors: bad_argument when size or checksum are others than
/// the directory says; no more than `entry.size` bytes ever reach the sink.
[[nodiscard]] Status extract_zip(const ZipEntry& entry, const ByteSink& sink);

} // namespace perch::sys
