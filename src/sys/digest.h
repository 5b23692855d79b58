#pragma once
// Digests of bytes and streams.

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace perch::sys {

enum class DigestKind : std::uint8_t {
  Sha256,
  Sha512,
  Sha1,  ///< broken; for old checksum files only
  Md5,   ///< broken; for old checksum files only
  Crc32, ///< IEEE; no protection at all against intent
};

/// A digest being computed over pieces. Threads: one at a time.
class Digest {
public:
  explicit Digest(DigestKind kind);
  Digest(Digest&&) noexcept;
  ~Digest();

  void update(std::string_view bytes);
  /// Lower-case hex of what was given. Call once.
  [[nodiscard]] std::string hex();

private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string hex_digest(DigestKind kind, std::string_view bytes);

/// The 64 lower-case digits of a SHA-256 digest written as `sha256:HEX` or `HEX`, in any case.
/// Errors: bad_argument.
[[nodiscard]] Result<std::string> parse_sha256(std::string_view written);

} // namespace perch::sys
