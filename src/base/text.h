#pragma once
// Small text tools that the standard library of GCC 12 lacks.

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::base {

namespace detail {
inline void append(std::string& out, std::string_view s) { out += s; }
inline void append(std::string& out, char c) { out += c; }
template <std::integral I>
  requires(!std::same_as<I, char> && !std::same_as<I, bool>)
void append(std::string& out, I i) {
  char buf[24];
  out.append(buf, std::to_chars(buf, buf + sizeof buf, i).ptr);
}
} // namespace detail

/// Concatenates text, characters and integers: `cat("line ", 3, ':')`.
template <class... Args>
[[nodiscard]] std::string cat(const Args&... args) {
  std::string out;
  (detail::append(out, args), ...);
  return out;
}

[[nodiscard]] std::string join(std::span<const std::string> items, std::string_view separator);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] bool is_identifier(std::string_view text);

/// The candidate within `max_distance` edits of `wanted` that is nearest, if any. Of equally near
/// ones: the one with the longest common beginning, then the first.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view wanted,
                                                      std::span<const std::string_view> candidates,
                                                      int max_distance = 2);

/// "1 file", "3 files".
[[nodiscard]] std::string plural(std::int64_t count, std::string_view noun);

/// Decimal 64-bit integer, optional sign, nothing else around it.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);
/// Decimal floating point as C++ reads it, the whole text; no inf or nan.
[[nodiscard]] std::optional<double> parse_float(std::string_view text);
/// Shortest decimal without an exponent; integral values print without a fraction.
[[nodiscard]] std::string float_text(double value);

/// Durations as Go writes them plus `d`: `90s`, `1h30m`, `1.5s`, `2d`; nanoseconds.
/// A bare number is not a duration here (callers that allow seconds try parse_float first).
[[nodiscard]] std::optional<std::int64_t> parse_duration_ns(std::string_view text);

/// `4µs`, `12ms`, `1.20s`, `1m42s`, `2h03m`.
[[nodiscard]] std::string duration_text(std::int64_t nanoseconds);

/// Sizes: `64MiB`, `1GiB`, `512KiB`, `1000`, `2MB` (decimal); bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_byte_count(std::string_view text);

/// True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// Two lower-case digits for each byte.
[[nodiscard]] std::string hex(std::string_view bytes);

/// `text` as it stands between double quotes in a program: `"`, `\`, `${` and control bytes
/// escaped.
[[nodiscard]] std::string escape_quoted(std::string_view text);

/// A word as a POSIX shell would need it quoted to mean itself; unquoted where nothing needs it.
[[nodiscard]] std::string shell_quote(std::string_view word);

} // namespace perch::base
