#pragma once
// Compression of streams, by zlib.

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace perch::sys {

/// Takes bytes as they come out. Its error ends the operation and is returned.
using ByteSink = std::function<Status(std::string_view)>;

enum class Framing : std::uint8_t {
  Gzip, ///< with header and checksum; several members in a row are one stream
  Zlib, ///< with the two bytes and the checksum of RFC 1950
  Raw,  ///< deflate alone, as in ZIP entries
};

/// Compresses what it is given. Threads: one at a time.
class Deflater {
public:
  explicit Deflater(Framing framing);
  Deflater(Deflater&&) noexcept;
  ~Deflater();

  Status write(std::string_view bytes, const ByteSink& sink);
  /// Call once, last.
  Status finish(const ByteSink& sink);

private:
  struct Stream;
  Status pump(std::string_view bytes, int flush, const ByteSink& sink);
  std::unique_ptr<Stream> stream_;
};

/// Expands what it is given. Errors: bad_argument when the bytes are no such stream.
class Inflater {
public:
  explicit Inflater(Framing framing);
  Inflater(Inflater&&) noexcept;
  ~Inflater();

  /// Behind the end of a gzip stream only zeros may follow; behind that of any other, bytes are
  /// ignored.
  Status write(std::string_view bytes, const ByteSink& sink);
  /// Fails when the stream is not complete.
  [[nodiscard]] Status finish() const;

private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

} // namespace perch::sys
