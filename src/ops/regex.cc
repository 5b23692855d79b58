// Regular expressions of RE2.

#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"
#include "op/call.h"
#include "ops/pattern.h"

#include <functional>

namespace perch::ops {

using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using Groups = std::span<const re2::StringPiece>;

/// Calls `visit` for each match from left to right, none overlapping; an empty match right behind
/// another match is none. Stops at the first error.
Status each_match(const RE2& pattern, std::string_view text, std::size_t groups,
                  const std::function<Status(Groups)>& visit) {
  const re2::StringPiece whole(text.data(), text.size());
  std::vector<re2::StringPiece> found(groups + 1);
  const char* last_end = nullptr;
  for (std::size_t at = 0; at <= text.size();) {
    if (!pattern.Match(whole, at, text.size(), RE2::UNANCHORED, found.data(),
                       static_cast<int>(found.size())))
      break;
    const auto& match = found[0];
    const auto end = static_cast<std::size_t>(match.end() - text.data());
    const bool repeated = match.empty() && match.begin() == last_end;
    if (!repeated) {
      PERCH_TRY(visit(found));
      last_end = match.end();
    }
    if (!match.empty()) {
      at = end;
    } else {
      at = end < text.size() ? end + base::decode_utf8(text.substr(end)).bytes : end + 1;
    }
  }
  return {};
}

Result<Value> regex_match(Call& call) {
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(call.text(0)));
  return Value::boolean(matches(*pattern, call.text(1)));
}

Result<Value> regex_find_all(Call& call) {
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(call.text(0)));
  std::vector<std::string> found;
  const auto keep = [&](Groups groups) -> Status {
    found.emplace_back(groups[0].data(), groups[0].size());
    return {};
  };
  PERCH_TRY(each_match(*pattern, call.text(1), 0, keep));
  return Value::list(std::move(found));
}

// ---- replacement --------------------------------------------------------------------------------

/// A piece of a replacement: literal text, or a group when `group` is not -1.
struct Piece {
  std::string text;
  int group = -1;
};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Result<int> group_called(const RE2& pattern, std::string_view name) {
  const auto number = base::parse_int(name);
  const auto& names = pattern.NamedCapturingGroups();
  const auto named = names.find(std::string(name));
  if (number && *number >= 0 && *number <= pattern.NumberOfCapturingGroups())
    return static_cast<int>(*number);
  if (!number && named != names.end())
    return named->second;
  return fail(kind::kBadArgument, base::cat("the pattern has no group `", name, "`"),
              std::string(name), "write `$$` for a dollar sign");
}

/// Takes the name behind a `$` or `\` off the front of `rest`: digits after a backslash, a word or
/// `{word}` after a dollar sign.
std::string_view take_group_name(std::string_view& rest, char sign) {
  const bool braced = sign == '$' && rest.starts_with('{');
  if (braced)
    rest.remove_prefix(1);
  std::size_t size = 0;
  while (size < rest.size() && is_name_char(rest[size]) && (sign == '$' || size == 0))
    ++size;
  const auto name = rest.substr(0, size);
  rest.remove_prefix(size);
  if (braced && rest.starts_with('}'))
    rest.remove_prefix(1);
  return name;
}

Result<std::vector<Piece>> parse_replacement(const RE2& pattern, std::string_view rest) {
  std::vector<Piece> pieces(1);
  while (!rest.empty()) {
    const auto literal = rest.substr(0, rest.find_first_of("$\\"));
    pieces.back().text += literal;
    rest.remove_prefix(literal.size());
    if (rest.empty())
      break;
    const char sign = rest.front();
    rest.remove_prefix(1);
    const char next = rest.empty() ? '\0' : rest.front();
    const bool group = is_name_char(next) && (sign == '$' || (next >= '0' && next <= '9'));
    if (group || (sign == '$' && next == '{')) {
      PERCH_TRY_ASSIGN(const int number, group_called(pattern, take_group_name(rest, sign)));
      pieces.push_back({.text = {}, .group = number});
      pieces.emplace_back();
      continue;
    }
    pieces.back().text += sign;
    if (next == sign)
      rest.remove_prefix(1);
  }
  return pieces;
}

Result<Value> regex_replace(Call& call) {
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(call.text(0)));
  PERCH_TRY_ASSIGN(const auto pieces, parse_replacement(*pattern, call.text(2)));
  const auto text = call.text(1);
  std::string out;
  const char* at = text.data();
  const auto expand = [&](Groups groups) -> Status {
    out.append(at, groups[0].begin());
    at = groups[0].end();
    for (const Piece& piece : pieces) {
      out += piece.text;
      if (piece.group >= 0) {
        const auto& group = groups[static_cast<std::size_t>(piece.group)];
        out.append(group.data(), group.size());
      }
    }
    return {};
  };
  const auto groups = static_cast<std::size_t>(pattern->NumberOfCapturingGroups());
  PERCH_TRY(each_match(*pattern, text, groups, expand));
  out.append(at, text.data() + text.size());
  return Value(std::move(out));
}

constexpr op::Param kPattern = {
    .name = "pattern", .type = Type::Text, .about = "a regular expression (RE2)"};
constexpr std::array<op::Param, 6> kPatternAndText = {
    {kPattern, {.name = "text", .type = Type::Any}}};

constexpr OpDecl kTable[] = {
    {.name = "regex_match",
     .family = op::Family::Regex,
     .summary = "Whether the pattern matches somewhere in the text.",
     .params = kPatternAndText,
     .returns = Type::Bool,
     .example = R"(yes = regex_match "p[lr]um" "red plums"  # => true)",
     .run = regex_match},
    {.name = "regex_replace",
     .family = op::Family::Regex,
     .summary = "The text with every match replaced.",
     .params = {{kPattern,
                 {.name = "text", .type = Type::Any},
                 {.name = "replacement",
                  .type = Type::Text,
                  .about = "`$1`, `\\1` and `$name` are groups, `$$` is a dollar sign"}}},
     .returns = Type::Text,
     .example = R"~(t = regex_replace "([a-z]+)=([0-9]+)" "jars=3" "$2 $1"  # => 3 jars)~",
     .run = regex_replace},
    {.name = "regex_find_all",
     .family = op::Family::Regex,
     .summary = "Everything in the text that the pattern matches, from left to right.",
     .params = kPatternAndText,
     .returns = Type::List,
     .example = R"(numbers = regex_find_all "[0-9]+" "3 jars, 12 plums"
last = tail 1 numbers  # => 12)",
     .run = regex_find_all},
};

} // namespace

extern const std::span<const OpDecl> kRegexOps;
const std::span<const OpDecl> kRegexOps{kTable};

} // namespace perch::ops
