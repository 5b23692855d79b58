// Texts for transport: base64, hex and percent codes.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"

#include <array>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

std::unexpected<Error> malformed(std::string_view what, std::size_t at, std::string help = {}) {
  return fail(kind::kBadArgument, base::cat("not ", what, " at byte ", at), {}, std::move(help));
}

// ---- base64 -------------------------------------------------------------------------------------

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kBase64Values = [] {
  std::array<std::int16_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64.size(); ++i)
    values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int16_t>(i);
  return values;
}();

Result<Value> base64_encode(Call& call) {
  const auto text = call.text(0);
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto group = text.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (j < group.size() ? static_cast<unsigned char>(group[j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= group.size() ? kBase64[bits >> (18 - 6 * j) & 63] : '=';
  }
  return Value(std::move(out));
}

Result<Value> base64_decode(Call& call) {
  const auto text = call.text(0);
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int digits = 0;
  int padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n')
      continue;
    const int value = kBase64Values[static_cast<unsigned char>(c)];
    if (c == '=' && digits >= 2 && digits + padding < 4) {
      ++padding;
      continue;
    }
    if (value < 0 || padding > 0)
      return malformed("base64", i, "the standard alphabet ends in `+` and `/`");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits < 4)
      continue;
    for (const int shift : {16, 8, 0})
      out += static_cast<char>(bits >> shift & 0xff);
    digits = 0;
    bits = 0;
  }
  if (digits + padding != (digits == 0 ? 0 : 4))
    return malformed("base64", text.size(),
                     "the length must be a multiple of four, with `=` at the end");
  for (int shift = 6 * digits - 8; shift >= 0 && digits > 0; shift -= 8)
    out += static_cast<char>(bits >> shift & 0xff);
  return Value(std::move(out));
}

// ---- hex ----------------------------------------------------------------------------------------

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Result<Value> hex_encode(Call& call) { return Value(base::hex(call.text(0))); }

Result<Value> hex_decode(Call& call) {
  const auto text = call.text(0);
  if (text.size() % 2 != 0)
    return malformed("hex", text.size(), "the number of digits must be even");
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0)
      return malformed("hex", high < 0 ? i : i + 1);
    out += static_cast<char>(high << 4 | low);
  }
  return Value(std::move(out));
}

// ---- percent ------------------------------------------------------------------------------------

/// How a space is written: `+` in a query, `%20` in a path.
Status check_form(std::string_view form) {
  if (form == "query" || form == "path")
    return {};
  return fail(kind::kBadArgument, base::cat("`", form, "` is neither query nor path"));
}

Result<bool> is_path_form(Call& call) {
  PERCH_TRY(check_form(call.text(1)));
  return call.text(1) == "path";
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

Result<Value> url_encode(Call& call) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  PERCH_TRY_ASSIGN(const bool path_form, is_path_form(call));
  std::string out;
  for (const char c : call.text(0)) {
    if (is_unreserved(c)) {
      out += c;
    } else if (c == ' ' && !path_form) {
      out += '+';
    } else {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return Value(std::move(out));
}

Result<Value> url_decode(Call& call) {
  PERCH_TRY_ASSIGN(const bool path_form, is_path_form(call));
  const auto text = call.text(0);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && !path_form) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return malformed("percent code", i, "`%` is followed by two hex digits");
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return Value(std::move(out));
}

using Params = std::array<op::Param, 6>;

constexpr Params kText = {{{.name = "text", .type = Type::Any}}};
constexpr Params kUrlText = {{{.name = "text", .type = Type::Any},
                              {.name = "form",
                               .type = Type::Text,
                               .arity = Arity::Named,
                               .fallback = "query",
                               .about = "query (a space is `+`) or path (a space is `%20`)",
                               .check = check_form}}};

constexpr OpDecl kTable[] = {
    {.name = "base64_encode",
     .family = op::Family::Encoding,
     .summary = "The bytes in base64, padded, on one line.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = base64_encode "plum"  # => cGx1bQ==)",
     .run = base64_encode},
    {.name = "base64_decode",
     .family = op::Family::Encoding,
     .summary = "The bytes that base64 stands for; line ends in it are skipped.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = base64_decode "cGx1bQ=="  # => plum)",
     .run = base64_decode},
    {.name = "hex_encode",
     .family = op::Family::Encoding,
     .summary = "The bytes as lower-case hex digits.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = hex_encode "jam"  # => 6a616d)",
     .run = hex_encode},
    {.name = "hex_decode",
     .family = op::Family::Encoding,
     .summary = "The bytes that hex digits stand for.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = hex_decode "6A616d"  # => jam)",
     .run = hex_decode},
    {.name = "url_encode",
     .family = op::Family::Encoding,
     .summary = "The text as it may stand in a URL's query or path.",
     .params = kUrlText,
     .returns = Type::Text,
     .example = R"(q = url_encode "red & ripe"  # => red+%26+ripe
p = url_encode "red plums" form:"path"  # => red%20plums)",
     .run = url_encode},
    {.name = "url_decode",
     .family = op::Family::Encoding,
     .summary = "The text that a part of a URL stands for.",
     .params = kUrlText,
     .returns = Type::Text,
     .example = R"(t = url_decode "red+%26+ripe"  # => red & ripe)",
     .run = url_decode},
};

} // namespace

extern const std::span<const OpDecl> kEncodingOps;
const std::span<const OpDecl> kEncodingOps{kTable};

} // namespace perch::ops
