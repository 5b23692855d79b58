#include "lang/characters.h"

#include "base/text.h"
#include "base/unicode.h"
#include "lang/token.h"

#include <array>

namespace perch::lang {

namespace {

using base::cat;

// U+202E, as people look it up.
std::string code_point_name(char32_t code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "U+";
  const int first = code > 0xFFFFF ? 20 : code > 0xFFFF ? 16 : 12;
  for (int shift = first; shift >= 0; shift -= 4)
    out += kDigits[(code >> shift) & 0xF];
  return out;
}

struct SourceTooLong {
  static constexpr std::string_view id = "source-too-long";
  std::size_t bytes;
  [[nodiscard]] std::string message() const {
    return cat("the file has ", bytes, " bytes; a perch file has at most ", kMaxSourceBytes);
  }
  [[nodiscard]] static std::string help() { return "is this the file you meant?"; }
};

struct InvalidUtf8 {
  static constexpr std::string_view id = "invalid-utf8";
  unsigned char byte;
  [[nodiscard]] std::string message() const {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    return cat("the file is not UTF-8: byte 0x", kDigits[byte >> 4], kDigits[byte & 0xF],
               " cannot stand here");
  }
  [[nodiscard]] static std::string help() {
    return "save the file as UTF-8; write \\xHH in a string for a byte that is no text";
  }
};

struct NulByte {
  static constexpr std::string_view id = "nul-byte";
  [[nodiscard]] static std::string message() { return "the file holds a NUL byte"; }
  [[nodiscard]] static std::string help() {
    return "perch files are text; is this the file you meant?";
  }
};

struct DeceptiveCharacter {
  static constexpr std::string_view id = "deceptive-character";
  char32_t code;
  [[nodiscard]] std::string message() const {
    return cat("the invisible character ", code_point_name(code),
               " makes the file look other than it is");
  }
  [[nodiscard]] std::string help() const {
    const std::string digits = code_point_name(code).substr(2);
    return cat("delete it, or write \\",
               code < 0x80 ? cat('x', digits.substr(2)) : cat('u', digits), " in a string");
  }
};

struct StrayCarriageReturn {
  static constexpr std::string_view id = "stray-carriage-return";
  [[nodiscard]] static std::string message() { return "a carriage return without a line feed"; }
  [[nodiscard]] static std::string help() {
    return "end lines with LF or CR LF; write \\r in a string for the character itself";
  }
};

// Bytes that need a look: controls, and the lead bytes of deceptive characters.
constexpr std::array<bool, 256> suspicious_bytes() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte)
    table[byte] = byte != '\t' && byte != '\n';
  table[0x7F] = table[0xC2] = table[0xE2] = true;
  return table;
}
constexpr std::array<bool, 256> kSuspicious = suspicious_bytes();

// Reports what is deceptive; a file with old line ends is one mistake, not one a line.
void report_deceptive(const diag::Source& source, diag::Diags& diags) {
  const std::string_view text = source.text;
  bool reported_return = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!kSuspicious[static_cast<unsigned char>(text[at])])
      continue;
    const auto begin = static_cast<std::uint32_t>(at);
    const base::Decoded next = base::decode_utf8(text.substr(at));
    const Span span{source.id, begin, begin + next.bytes};
    if (next.code == '\r') {
      if (!reported_return && text.substr(at + 1, 1) != "\n") {
        diags.error(StrayCarriageReturn{}, span);
        reported_return = true;
      }
    } else if (base::is_deceptive(next.code)) {
      diags.error(DeceptiveCharacter{next.code}, span);
    }
    at += next.bytes - 1;
  }
}

} // namespace

std::size_t identifier_length(std::string_view text) {
  if (text.empty() || !starts_identifier(text.front()))
    return 0;
  std::size_t length = 1;
  while (length < text.size() && continues_identifier(text[length]))
    ++length;
  return length;
}

std::size_t false_blank_length(std::string_view text) {
  const base::Decoded next = base::decode_utf8(text);
  const char32_t code = next.code;
  const bool looks_blank = code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200B) ||
                           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
                           code == 0x2060 || code == 0x3000 || code == 0xFEFF;
  return looks_blank ? next.bytes : 0;
}

bool check_characters(const diag::Source& source, diag::Diags& diags) {
  const std::string_view text = source.text;
  if (text.size() > kMaxSourceBytes) {
    diags.error(SourceTooLong{text.size()}, {source.id, 0, 0});
    return false;
  }
  if (const std::size_t at = base::find_ill_formed(text); at != std::string_view::npos) {
    const auto begin = static_cast<std::uint32_t>(at);
    diags.error(InvalidUtf8{static_cast<unsigned char>(text[at])}, {source.id, begin, begin + 1});
    return false;
  }
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    const auto begin = static_cast<std::uint32_t>(at);
    diags.error(NulByte{}, {source.id, begin, begin + 1});
    return false;
  }
  if (const std::size_t at = text.find('\r');
      at != std::string_view::npos && !text.contains('\n')) {
    // The whole file is one line to everybody else: what it says as such is of no interest.
    const auto begin = static_cast<std::uint32_t>(at);
    diags.error(StrayCarriageReturn{}, {source.id, begin, begin + 1});
    return false;
  }
  report_deceptive(source, diags);
  return true;
}

} // namespace perch::lang
