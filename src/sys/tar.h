#pragma once
// Tar archives: written in the POSIX (pax) format, read in that, ustar, GNU and old formats.

#include "sys/deflate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perch::sys {

struct TarEntry {
  std::string name;
  enum class Kind : std::uint8_t { File, Directory, Link, Other };
  Kind kind = Kind::File;
  std::uint32_t mode = 0644; ///< permission bits
  std::uint64_t size = 0;    ///< of a file's content
};

/// Writes an archive to a sink. The same entries give the same bytes: no times, no owners.
class TarWriter {
public:
  explicit TarWriter(ByteSink sink) : sink_(std::move(sink)) {}

  /// Starts an entry; for a file, content() then follows until it is `entry.size` bytes long.
  Status begin(const TarEntry& entry);
  Status content(std::string_view bytes);
  /// Ends the entry. Errors: file_error when content() brought another size, as of a file that
  /// changed meanwhile.
  Status end();
  /// Call once, last.
  Status finish();

private:
  ByteSink sink_;
  std::string name_;
  std::uint64_t missing_ = 0; ///< content bytes to come
  std::uint64_t size_ = 0;
  bool too_long_ = false;
};

/// Who receives an archive's entries.
class TarVisitor {
public:
  virtual ~TarVisitor() = default;
  virtual Status begin(const TarEntry& entry) = 0;
  virtual Status content(std::string_view bytes) = 0; ///< of the entry begun, in pieces
  virtual Status end() = 0;
};

/// Reads an archive from pieces of any size. Errors: bad_argument when the bytes are no archive;
/// the visitor's, which end the reading.
class TarReader {
public:
  explicit TarReader(TarVisitor& visitor) : visitor_(visitor) {}

  Status write(std::string_view bytes);
  /// Fails when the archive's end mark was not reached, as in one that was cut short.
  [[nodiscard]] Status finish() const;

private:
  Status header();
  Status take_metadata();
  Status parse_pax();

  TarVisitor& visitor_;
  std::string block_;         ///< what is there of the next header
  std::uint64_t content_ = 0; ///< bytes of the current entry to come
  std::uint64_t padding_ = 0; ///< zeros behind them to come
  char metadata_type_ = 0;    ///< not 0: the current entry describes the next one
  std::string metadata_;
  std::optional<std::string> next_name_;
  std::optional<std::uint64_t> next_size_;
  bool open_ = false;  ///< the visitor is in an entry
  bool ended_ = false; ///< a block of zeros was read; the rest is padding
};

} // namespace perch::sys
