#pragma once
// The body of an HTTP answer as it was before Content-Encoding.

#include "base/result.h"
#include "sys/deflate.h"

#include <optional>
#include <string>
#include <string_view>

namespace perch::sys {

/// What is asked for; nothing else is undone.
inline constexpr std::string_view kAcceptedCodings = "gzip, deflate";

class ContentDecoder {
public:
  /// `coding`: the value of Content-Encoding. Errors: bad_argument for any other than one of gzip,
  /// x-gzip and deflate, or identity.
  [[nodiscard]] static Result<ContentDecoder> make(std::string_view coding);

  /// Errors: bad_argument for bytes that are no such stream; what `sink` fails with.
  Status write(std::string_view bytes, const ByteSink& sink);
  /// Fails when the stream has not come to its end: with nothing written too. Errors: bad_argument.
  [[nodiscard]] Status finish() const;

private:
  enum class Coding : std::uint8_t { Identity, Gzip, Deflate };
  explicit ContentDecoder(Coding coding) : coding_(coding) {}
  Status write_deflate(std::string_view bytes, const ByteSink& sink);

  Coding coding_;
  std::optional<Inflater> inflater_; ///< once it is known for what
  std::string head_;                 ///< of deflate, while it is too short to tell
};

} // namespace perch::sys
