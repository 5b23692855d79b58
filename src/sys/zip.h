#pragma once
// ZIP archives: written as a stream, read from memory.

#include "sys/deflate.h"

#include <cstdint>
#include <functional>
#include <optional>
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

/// Where the writer has put an entry. Offsets count the bytes in front of the archive.
struct ZipPlace {
  std::uint64_t header = 0;  ///< of the local header
  std::uint64_t content = 0; ///< of the bytes behind it
  std::uint64_t packed = 0;  ///< how many there are
  bool stored = false;
  std::uint32_t frame_crc = 0; ///< CRC-32 of what frames the content: the local header, and the
                               ///< packed bytes when they are not the content itself
};

/// Writes over bytes that went to the sink before.
using BytePatch = std::function<Status(std::uint64_t offset, std::string_view)>;

/// Writes an archive to a sink. The same entries give the same bytes: times are those of the
/// format's first day. Sizes, offsets and counts beyond 32 and 16 bits use the 64-bit records.
class ZipWriter {
public:
  /// `offset`: how many bytes stand in front of the archive, as in an executable that carries one.
  /// `patch` is needed by end() only.
  explicit ZipWriter(ByteSink sink, std::uint64_t offset = 0, BytePatch patch = {});

  /// Errors: bad_argument for an empty name and one past 64 KiB; those of the sink.
  Status add(const ZipNew& entry, std::string_view bytes);

  /// An entry whose content comes in pieces, `size_hint` bytes or a little more or less: begin,
  /// write, end. Errors: as above; bad_argument when it became 4 GiB against the hint.
  Status begin(const ZipNew& entry, std::uint64_t size_hint);
  Status write(std::string_view bytes);
  Status end();

  /// Of the last entry that was completed.
  [[nodiscard]] const ZipPlace& placed() const { return placed_; }

  /// Writes the directory. Call once, last.
  Status finish();

  /// Where the next byte will go.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

private:
  struct Entry {
    ZipNew what;
    std::uint64_t header = 0;
    std::uint64_t size = 0, packed = 0;
    std::uint32_t crc = 0, packed_crc = 0;
    bool stored = false;
    bool wide = false; ///< its local header has 64-bit sizes
  };

  Status emit(std::string_view bytes);
  [[nodiscard]] std::string local_header(const Entry& entry) const;
  void list(const Entry& entry);
  void place(const Entry& entry, const std::string& header);

  ByteSink sink_;
  std::uint64_t offset_;
  BytePatch patch_;
  std::string directory_;
  std::uint64_t entries_ = 0;
  ZipPlace placed_;
  Entry open_; ///< the entry between begin() and end()
  std::optional<Deflater> deflater_;
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
