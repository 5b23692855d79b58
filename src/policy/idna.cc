#include "policy/idna.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace perch::policy {
namespace {

struct Range {
  char32_t first, last;
};

bool in(char32_t c, Range range) { return c >= range.first && c <= range.last; }

/// U+0100–017F alternates upper and lower case, with the even or the odd one first.
std::optional<char32_t> latin_extended(char32_t c) {
  for (const char32_t other : {0x130, 0x132, 0x133, 0x13f, 0x140, 0x149, 0x178, 0x17f}) {
    if (c == other)
      return std::nullopt;
  }
  if (c == 0x131 || c == 0x138)
    return c;
  const bool odd_is_upper = in(c, {0x139, 0x148}) || in(c, {0x179, 0x17e});
  return (c % 2 == 1) == odd_is_upper ? c + 1 : c;
}

/// The lower case of a letter that IDNA maps in no other way; nullopt for everything else.
std::optional<char32_t> plain_letter(char32_t c) {
  static constexpr Range kLower[] = {
      {0xdf, 0xf6},     {0xf8, 0xff},     {0x3ac, 0x3ce},   {0x430, 0x45f},   {0x5d0, 0x5ea},
      {0x621, 0x63a},   {0x641, 0x64a},   {0x3041, 0x3096}, {0x30a1, 0x30fa}, {0x30fc, 0x30fc},
      {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}};
  for (const Range range : kLower) {
    if (in(c, range))
      return c;
  }
  if (in(c, {0xc0, 0xde}) && c != 0xd7)
    return c + 0x20;
  if (in(c, {0x391, 0x3a9}) && c != 0x3a2)
    return c + 0x20;
  if (in(c, {0x410, 0x42f}))
    return c + 0x20;
  if (in(c, {0x400, 0x40f}))
    return c + 0x50;
  if (in(c, {0x100, 0x17f}))
    return latin_extended(c);
  return std::nullopt;
}

/// Punycode (RFC 3492 section 6.3) of a label with at least one code point beyond ASCII.
std::string punycode(const std::vector<char32_t>& label) {
  constexpr std::uint32_t kBase = 36, kTmin = 1, kTmax = 26, kSkew = 38, kDamp = 700;
  const auto digit = [](std::uint32_t d) {
    return static_cast<char>(d < 26 ? 'a' + d : '0' + d - 26);
  };

  std::string out;
  for (const char32_t c : label) {
    if (c < 0x80)
      out += static_cast<char>(c);
  }
  const auto basic = static_cast<std::uint32_t>(out.size());
  std::uint32_t handled = basic, delta = 0, bias = 72;
  if (basic > 0)
    out += '-';
  for (char32_t next = 0x80; handled < label.size(); ++next) {
    char32_t least = 0x10ffff;
    for (const char32_t c : label) {
      if (c >= next && c < least)
        least = c;
    }
    delta += (least - next) * (handled + 1);
    next = least;
    for (const char32_t c : label) {
      if (c < next)
        ++delta;
      if (c != next)
        continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = kBase;; k += kBase) {
        const std::uint32_t t = k <= bias ? kTmin : k >= bias + kTmax ? kTmax : k - bias;
        if (q < t)
          break;
        out += digit(t + (q - t) % (kBase - t));
        q = (q - t) / (kBase - t);
      }
      out += digit(q);
      std::uint32_t scaled = delta / (handled == basic ? kDamp : 2);
      scaled += scaled / (handled + 1);
      std::uint32_t k = 0;
      for (; scaled > (kBase - kTmin) * kTmax / 2; k += kBase)
        scaled /= kBase - kTmin;
      bias = k + (kBase - kTmin + 1) * scaled / (scaled + kSkew);
      delta = 0;
      ++handled;
    }
    ++delta;
  }
  return out;
}

std::unexpected<Error> refuse(std::string_view label, std::string_view why, std::string help = {}) {
  return fail(kind::kBadArgument, base::cat("`", label, "` is no label of a host name: ", why),
              std::string(label), std::move(help));
}

} // namespace

Result<std::string> label_to_ascii(std::string_view label) {
  if (label.empty())
    return refuse(label, "it is empty");
  if (label.size() > 252)
    return refuse(label.substr(0, 40), "it is longer than 63 characters");
  if (!base::is_utf8(label))
    return refuse("…", "its bytes are not UTF-8");
  std::vector<char32_t> written, lowered;
  bool ascii = true, known = true;
  for (std::size_t at = 0; at < label.size();) {
    const base::Decoded decoded = base::decode_utf8(label.substr(at));
    if (!decoded.valid)
      return refuse("…", "its bytes are not UTF-8");
    const std::string_view character = label.substr(at, decoded.bytes);
    const char32_t c = decoded.code;
    at += decoded.bytes;
    written.push_back(c);
    if (c >= 0x80) {
      ascii = false;
      const std::optional<char32_t> lower = plain_letter(c);
      known = known && lower.has_value();
      lowered.push_back(lower.value_or(c));
    } else if (in(c, {'A', 'Z'})) {
      lowered.push_back(c + 0x20);
    } else if (in(c, {'a', 'z'}) || in(c, {'0', '9'}) || c == '-' || c == '_') {
      lowered.push_back(c);
    } else {
      return refuse(label, base::cat("it holds `", character, "`"));
    }
  }
  if (!known) {
    return refuse(label, "it holds characters that are no plain lower-case letters",
                  base::cat("write the label in its ASCII form; if every character is meant as "
                            "it stands, that is xn--",
                            punycode(written)));
  }
  std::string out =
      ascii ? std::string(lowered.begin(), lowered.end()) : base::cat("xn--", punycode(lowered));
  if (out.size() > 63)
    return refuse(label, "it is longer than 63 characters");
  return out;
}

} // namespace perch::policy
