#pragma once
// Code points: reading them from UTF-8, writing them, and how wide a terminal draws them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perch::base {

inline constexpr char32_t kReplacement = 0xFFFD;

/// One code point at the front of a text.
struct Decoded {
  char32_t code = kReplacement;
  std::uint32_t bytes = 1; ///< how many it took; 1 for a byte that starts nothing well-formed
  bool valid = false;
};

/// Decodes the first code point of `text`, which is not empty.
[[nodiscard]] Decoded decode_utf8(std::string_view text);

/// Appends `code`, a scalar value (no surrogate, at most 0x10FFFF).
void append_utf8(std::string& out, char32_t code);

/// The position of the first byte that is no part of well-formed UTF-8; npos if there is none.
[[nodiscard]] std::size_t find_ill_formed(std::string_view bytes);

/// Terminal cells: 0 for combining marks, 2 for wide East Asian characters and emoji, else 1.
[[nodiscard]] int cell_width(char32_t code);

/// True for characters that change how neighbouring text is displayed without being seen:
/// terminal controls (other than tab and line ends) and bidirectional overrides and isolates.
[[nodiscard]] bool is_deceptive(char32_t code);

} // namespace perch::base
