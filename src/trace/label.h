#pragma once
// Spans in the words of people: shared by the trace and the reports.

#include "trace/event.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perch::trace {

enum class Paint : std::uint8_t { No, Yes }; ///< whether colours may be used
enum class Tone : std::uint8_t { Good, Bad, Faint };

/// `text` in a colour, or as it is.
[[nodiscard]] std::string painted(Paint paint, Tone tone, std::string_view text);

/// One line that is safe for a terminal: line ends and tabs become spaces, other controls `\xHH`,
/// bytes that are no UTF-8 U+FFFD; with `…` at the end when it has more than `columns` characters.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t columns);

/// How many terminal cells a line takes.
[[nodiscard]] std::size_t cells(std::string_view text);

/// Any value as text: lists joined by spaces, records as `name=value`.
[[nodiscard]] std::string value_text(const Field::Value& value);

/// `2026-11-22T16:29:44.932224832Z`
[[nodiscard]] std::string utc_text(std::int64_t unix_ns);

/// The argument that tells most: the first. Null: it has none.
[[nodiscard]] const Field* main_argument(const Fields& args);

/// `kind: message`, on one line.
[[nodiscard]] std::string error_text(const Error& error);

inline constexpr std::size_t kArgumentColumns = 60;

} // namespace perch::trace
