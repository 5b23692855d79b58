#pragma once
// Character classes of the language, and what no source may contain.

#include "diag/diag.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace perch::lang {

[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
[[nodiscard]] constexpr bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool starts_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
[[nodiscard]] constexpr bool continues_identifier(char c) {
  return starts_identifier(c) || is_digit(c);
}

/// A few characters that are looked for in every word: with a table, as most words hold none.
class CharSet {
public:
  constexpr explicit CharSet(std::string_view characters) {
    for (const char c : characters)
      has_[static_cast<unsigned char>(c)] = true;
  }
  /// Whether `text` holds one of them.
  [[nodiscard]] constexpr bool any_in(std::string_view text) const {
    return std::ranges::any_of(text,
                               [this](char c) { return has_[static_cast<unsigned char>(c)]; });
  }

private:
  std::array<bool, 256> has_{};
};

/// The length of the identifier at the front of `text`; 0 if there is none.
[[nodiscard]] std::size_t identifier_length(std::string_view text);

/// How many bytes at the front of `text` look like a blank but are none (no-break space and its
/// like); 0 for anything else.
[[nodiscard]] std::size_t false_blank_length(std::string_view text);

/// Whether `source` is text at all. Reports the reason if not, and the characters in it that
/// would show a reader something else than what runs: control characters, bidirectional
/// overrides, carriage returns without a line feed. A file whose lines all end in those is none.
[[nodiscard]] bool check_characters(const diag::Source& source, diag::Diags& diags);

} // namespace perch::lang
