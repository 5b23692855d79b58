// Texts as a whole. Bytes are kept as they are, whether they are UTF-8 or not.

#include "base/text.h"

#include "base/error_kinds.h"
#include "base/unicode.h"
#include "op/call.h"

#include <utf8proc.h>

#include <algorithm>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// Past this a text is a mistake in a count.
constexpr std::size_t kMaxMadeBytes = 64u << 20;

// ---- code points --------------------------------------------------------------------------------

/// A byte that is no part of well-formed UTF-8 counts as one character.
std::size_t char_length(std::string_view text) { return base::decode_utf8(text).bytes; }

std::size_t count_chars(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count)
    text.remove_prefix(char_length(text));
  return count;
}

/// The byte at which character number `index` starts, or the end.
std::size_t char_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index)
    at += char_length(text.substr(at));
  return at;
}

using Map = utf8proc_int32_t (*)(utf8proc_int32_t);

/// Unicode's simple mapping, which leaves the sharp s alone where the library prefers its capital.
utf8proc_int32_t to_upper(utf8proc_int32_t code) {
  constexpr utf8proc_int32_t kSharpS = 0xdf;
  return code == kSharpS ? code : utf8proc_toupper(code);
}

void append_mapped(std::string& out, std::string_view text, Map map) {
  while (!text.empty()) {
    const auto decoded = base::decode_utf8(text);
    const auto mapped =
        decoded.valid ? static_cast<char32_t>(map(static_cast<utf8proc_int32_t>(decoded.code)))
                      : decoded.code;
    if (mapped == decoded.code) {
      out += text.substr(0, decoded.bytes);
    } else {
      base::append_utf8(out, mapped);
    }
    text.remove_prefix(decoded.bytes);
  }
}

template <Map kMap>
Result<Value> map_case(Call& call) {
  std::string out;
  out.reserve(call.text(0).size());
  append_mapped(out, call.text(0), kMap);
  return Value(std::move(out));
}

Result<Value> capitalize(Call& call) {
  const auto text = call.text(0);
  const auto first = text.empty() ? 0 : char_length(text);
  std::string out;
  out.reserve(text.size());
  append_mapped(out, text.substr(0, first), to_upper);
  return Value(out += text.substr(first));
}

Result<Value> length(Call& call) {
  return Value::integer(static_cast<std::int64_t>(call.text(0).size()));
}

Result<Value> char_count(Call& call) {
  return Value::integer(static_cast<std::int64_t>(count_chars(call.text(0))));
}

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

/// Where the last character starts; `text` is not empty.
std::size_t last_char(std::string_view text) {
  for (std::size_t size = 2; size <= 4 && size <= text.size(); ++size) {
    const auto decoded = base::decode_utf8(text.substr(text.size() - size));
    if (decoded.valid && decoded.bytes == size)
      return text.size() - size;
  }
  return text.size() - 1;
}

Result<Value> trim(Call& call) {
  auto text = call.text(0);
  const auto is_space = [](std::string_view rest) {
    const auto decoded = base::decode_utf8(rest);
    return decoded.valid && is_white_space(decoded.code);
  };
  while (!text.empty() && is_space(text))
    text.remove_prefix(char_length(text));
  while (!text.empty() && is_space(text.substr(last_char(text))))
    text = text.substr(0, last_char(text));
  return Value(std::string(text));
}

/// Negative counts from the end; what is outside is moved to the nearest end.
std::size_t clamp_index(std::int64_t index, std::size_t count) {
  const auto size = static_cast<std::int64_t>(count);
  if (index < 0)
    index = index < -size ? 0 : size + index;
  return static_cast<std::size_t>(std::min(index, size));
}

Result<Value> slice(Call& call) {
  const auto text = call.text(0);
  const auto count = count_chars(text);
  const auto from = clamp_index(call.integer(1), count);
  const auto to = call.given(2) ? clamp_index(call.integer(2), count) : count;
  if (from >= to)
    return Value();
  const auto begin = char_offset(text, from);
  const auto size = char_offset(text.substr(begin), to - from);
  return Value(std::string(text.substr(begin, size)));
}

enum class Side : std::uint8_t { Left, Right };

Status check_fill(std::string_view fill) {
  if (count_chars(fill) == 1)
    return {};
  return fail(kind::kBadArgument, base::cat("`", fill, "` is not one character"));
}

template <Side kSide>
Result<Value> pad(Call& call) {
  const auto text = call.text(0);
  const auto width = call.integer(1);
  const auto fill = call.text(2);
  PERCH_TRY(check_fill(fill));
  const auto have = static_cast<std::int64_t>(count_chars(text));
  const auto missing = static_cast<std::size_t>(std::max<std::int64_t>(0, width - have));
  if (missing > kMaxMadeBytes / fill.size())
    return fail(kind::kOutputTooLarge, base::cat("a text of ", width, " characters is too long"));
  std::string padding;
  padding.reserve(missing * fill.size() + text.size());
  for (std::size_t i = 0; i < missing; ++i)
    padding += fill;
  return Value(kSide == Side::Left ? padding.append(text) : base::cat(text, padding));
}

// ---- bytes --------------------------------------------------------------------------------------

Result<Value> replace(Call& call) {
  const auto text = call.text(0);
  const auto old = call.text(1);
  if (old.empty())
    return fail(kind::kBadArgument, "the text to replace is empty");
  std::string out;
  std::size_t at = 0;
  for (std::size_t hit; (hit = text.find(old, at)) != std::string_view::npos;) {
    out.append(text, at, hit - at).append(call.text(2));
    at = hit + old.size();
    if (out.size() > kMaxMadeBytes && out.size() > text.size())
      return fail(kind::kOutputTooLarge, "the text with its replacements is too long");
  }
  return Value(std::move(out.append(text, at)));
}

Result<Value> split(Call& call) {
  auto text = call.text(0);
  const auto separator = call.text(1);
  std::vector<std::string> pieces;
  if (separator.empty()) {
    for (; !text.empty(); text.remove_prefix(char_length(text)))
      pieces.emplace_back(text.substr(0, char_length(text)));
    if (pieces.empty())
      pieces.emplace_back();
    return Value::list(std::move(pieces));
  }
  std::size_t at = 0;
  for (std::size_t hit; (hit = text.find(separator, at)) != std::string_view::npos;) {
    pieces.emplace_back(text.substr(at, hit - at));
    at = hit + separator.size();
  }
  pieces.emplace_back(text.substr(at));
  return Value::list(std::move(pieces));
}

Result<Value> join(Call& call) {
  std::string out;
  bool first = true;
  for (const auto line : call.lines(0)) {
    if (!first)
      out += call.text(1);
    out += line;
    first = false;
  }
  return Value(std::move(out));
}

Result<Value> list(Call& call) {
  std::vector<std::string> items;
  items.reserve(call.rest().size());
  for (const Value& item : call.rest())
    items.push_back(item.text());
  return Value::list(std::move(items));
}

Result<Value> contains(Call& call) {
  return Value::boolean(call.text(0).find(call.text(1)) != std::string_view::npos);
}

Result<Value> has_prefix(Call& call) {
  return Value::boolean(call.text(0).starts_with(call.text(1)));
}

Result<Value> has_suffix(Call& call) {
  return Value::boolean(call.text(0).ends_with(call.text(1)));
}

Result<Value> repeat(Call& call) {
  const auto text = call.text(0);
  const auto count = call.integer(1);
  if (count < 0)
    return fail(kind::kBadArgument, base::cat("cannot repeat a text ", count, " times"));
  if (!text.empty() && static_cast<std::uint64_t>(count) > kMaxMadeBytes / text.size())
    return fail(kind::kOutputTooLarge, base::cat("the text repeated ", count, " times is too long"),
                {}, "at most 64 MiB can be made");
  std::string out;
  if (text.empty())
    return Value(std::move(out));
  out.reserve(text.size() * static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    out += text;
  return Value(std::move(out));
}

// ---- the table ----------------------------------------------------------------------------------

using Params = std::array<op::Param, 6>;

constexpr Params kText = {{{.name = "text", .type = Type::Any}}};
constexpr Params kTextAndPart = {
    {{.name = "text", .type = Type::Any}, {.name = "part", .type = Type::Text}}};
constexpr Params kPadding = {{{.name = "text", .type = Type::Any},
                              {.name = "width", .type = Type::Int, .about = "in characters"},
                              {.name = "fill",
                               .type = Type::Text,
                               .arity = Arity::Optional,
                               .fallback = " ",
                               .check = check_fill}}};

constexpr OpDecl kTable[] = {
    {.name = "trim",
     .summary = "The text without white space at its ends.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = trim "  soup "  # => soup)",
     .run = trim},
    {.name = "upper",
     .summary = "The text in upper case, character by character.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = upper "crème"  # => CRÈME)",
     .run = map_case<to_upper>},
    {.name = "lower",
     .summary = "The text in lower case, character by character.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = lower "CRÈME"  # => crème)",
     .run = map_case<utf8proc_tolower>},
    {.name = "capitalize",
     .summary = "The text with its first character in upper case.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(t = capitalize "soup"  # => Soup)",
     .run = capitalize},
    {.name = "length",
     .summary = "How many bytes the text has.",
     .params = kText,
     .returns = Type::Int,
     .example = R"(n = length "crème"  # => 6)",
     .run = length},
    {.name = "char_count",
     .summary = "How many characters (code points) the text has.",
     .params = kText,
     .returns = Type::Int,
     .example = R"(n = char_count "crème"  # => 5)",
     .run = char_count},
    {.name = "slice",
     .summary = "The characters from one index up to, not including, another.",
     .params = {{{.name = "text", .type = Type::Any},
                 {.name = "from", .type = Type::Int, .about = "from 0; negative: from the end"},
                 {.name = "to",
                  .type = Type::Int,
                  .arity = Arity::Optional,
                  .fallback = "0",
                  .about = "the end when left out"}}},
     .returns = Type::Text,
     .example = R"(t = slice "marmalade" 0 3  # => mar
end = slice "marmalade" -4  # => lade)",
     .run = slice},
    {.name = "pad_left",
     .summary = "The text with characters before it until it is wide enough.",
     .params = kPadding,
     .returns = Type::Text,
     .example = R"(t = pad_left 7 3 "0"  # => 007)",
     .run = pad<Side::Left>},
    {.name = "pad_right",
     .summary = "The text with characters after it until it is wide enough.",
     .params = kPadding,
     .returns = Type::Text,
     .example = R"(t = pad_right "jam" 5 "."  # => jam..)",
     .run = pad<Side::Right>},
    {.name = "replace",
     .summary = "The text with every occurrence of one text replaced by another.",
     .params = {{{.name = "text", .type = Type::Any},
                 {.name = "old", .type = Type::Text},
                 {.name = "new", .type = Type::Text}}},
     .returns = Type::Text,
     .example = R"(t = replace "a-b-c" "-" "+"  # => a+b+c)",
     .run = replace},
    {.name = "split",
     .summary = "The pieces between the separators, empty ones too; without one, the characters.",
     .params = {{{.name = "text", .type = Type::Any}, {.name = "separator", .type = Type::Text}}},
     .returns = Type::List,
     .example = R"(parts = split "a,b,,c" ","
n = count_lines parts  # => 4)",
     .run = split},
    {.name = "join",
     .summary = "The elements of a list, or the lines of a text, with a separator between them.",
     .params = {{{.name = "list", .type = Type::List}, {.name = "separator", .type = Type::Text}}},
     .returns = Type::Text,
     .example = R"(parts = list "a" "b" "c"
t = join parts ", "  # => a, b, c)",
     .run = join},
    {.name = "list",
     .summary = "Its words as a list.",
     .params = {{{.name = "item", .type = Type::Any, .arity = Arity::Rest}}},
     .returns = Type::List,
     .example = R"(jars = list "plums" "red currants"
n = count_lines jars  # => 2)",
     .run = list},
    {.name = "contains",
     .summary = "Whether the text holds another.",
     .params = kTextAndPart,
     .returns = Type::Bool,
     .example = R"(yes = contains "plum jam" "jam"  # => true)",
     .run = contains},
    {.name = "has_prefix",
     .summary = "Whether the text begins with another.",
     .params = kTextAndPart,
     .returns = Type::Bool,
     .example = R"(yes = has_prefix "plum jam" "plum"  # => true)",
     .run = has_prefix},
    {.name = "has_suffix",
     .summary = "Whether the text ends with another.",
     .params = kTextAndPart,
     .returns = Type::Bool,
     .example = R"(yes = has_suffix "plum jam" "plum"  # => false)",
     .run = has_suffix},
    {.name = "repeat",
     .summary = "The text as often as said, one copy after the other.",
     .params = {{{.name = "text", .type = Type::Any}, {.name = "count", .type = Type::Int}}},
     .returns = Type::Text,
     .example = R"(t = repeat "ab" 3  # => ababab)",
     .run = repeat},
};

} // namespace

extern const std::span<const OpDecl> kTextOps;
const std::span<const OpDecl> kTextOps{kTable};

} // namespace perch::ops
