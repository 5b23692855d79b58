// Ops over the elements of a list or the lines of a text. The final run of newlines of a text
// counts as none, so that the output of a program has the lines one sees.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "ops/pattern.h"

#include <algorithm>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using Lines = std::span<const std::string_view>;

Value list_of(Lines lines) { return Value::list({lines.begin(), lines.end()}); }

Result<Value> keep_matching(Call& call, bool wanted) {
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(call.text(0)));
  std::vector<std::string> kept;
  for (const auto line : call.lines(1)) {
    if (matches(*pattern, line) == wanted)
      kept.emplace_back(line);
  }
  return Value::list(std::move(kept));
}

Result<Value> grep(Call& call) { return keep_matching(call, true); }
Result<Value> reject(Call& call) { return keep_matching(call, false); }

/// Field `index` (from 0) between runs of blanks, or empty.
std::string_view blank_field(std::string_view line, std::size_t index) {
  constexpr std::string_view kBlanks = " \t\r\v\f\n";
  for (;; --index) {
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos)
      return {};
    const auto end = std::min(line.find_first_of(kBlanks, begin), line.size());
    if (index == 0)
      return line.substr(begin, end - begin);
    line.remove_prefix(end);
  }
}

/// Field `index` (from 0) between separators, or empty.
std::string_view separated_field(std::string_view line, std::string_view separator,
                                 std::size_t index) {
  for (;; --index) {
    const auto end = line.find(separator);
    if (index == 0)
      return line.substr(0, end);
    if (end == std::string_view::npos)
      return {};
    line.remove_prefix(end + separator.size());
  }
}

Result<Value> cut(Call& call) {
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(call.integer(0), 1)) - 1;
  const auto separator = call.text(2);
  std::vector<std::string> fields;
  for (const auto line : call.lines(1)) {
    fields.emplace_back(separator.empty() ? blank_field(line, index)
                                          : separated_field(line, separator, index));
  }
  return Value::list(std::move(fields));
}

std::size_t wanted_lines(Call& call, std::size_t available) {
  const auto wanted = std::max<std::int64_t>(call.integer(0), 0);
  return std::min(static_cast<std::size_t>(wanted), available);
}

Result<Value> head(Call& call) {
  const auto lines = call.lines(1);
  return list_of(Lines(lines).first(wanted_lines(call, lines.size())));
}

Result<Value> tail(Call& call) {
  const auto lines = call.lines(1);
  return list_of(Lines(lines).last(wanted_lines(call, lines.size())));
}

Result<Value> sort_lines(Call& call) {
  auto lines = call.lines(0);
  std::ranges::sort(lines);
  return list_of(lines);
}

Result<Value> uniq_lines(Call& call) {
  auto lines = call.lines(0);
  const auto repeated = std::ranges::unique(lines);
  lines.erase(repeated.begin(), repeated.end());
  return list_of(lines);
}

Result<Value> count_lines(Call& call) {
  const Value& from = call.value(0);
  if (from.is_list())
    return Value::integer(static_cast<std::int64_t>(from.items().size()));
  std::string_view text = from.text();
  text = text.substr(0, text.find_last_not_of('\n') + 1);
  return Value::integer(text.empty() ? 0 : std::ranges::count(text, '\n') + 1);
}

constexpr op::Param kTextParam = {
    .name = "text", .type = Type::List, .about = "a list, or a text taken line by line"};
constexpr std::array<op::Param, 6> kText = {{kTextParam}};
constexpr std::array<op::Param, 6> kPatternAndText = {
    {{.name = "pattern", .type = Type::Text, .about = "a regular expression (RE2)"}, kTextParam}};
constexpr std::array<op::Param, 6> kCountAndText = {
    {{.name = "count", .type = Type::Int}, kTextParam}};

constexpr OpDecl kTable[] = {
    {.name = "grep",
     .family = op::Family::Lines,
     .summary = "The lines in which the pattern matches.",
     .params = kPatternAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
with_p = grep "^p" jars
n = count_lines with_p  # => 2)",
     .run = grep},
    {.name = "reject",
     .family = op::Family::Lines,
     .summary = "The lines in which the pattern does not match.",
     .params = kPatternAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
rest = reject "^p" jars  # => figs)",
     .run = reject},
    {.name = "cut",
     .family = op::Family::Lines,
     .summary = "One field of each line; empty where a line has too few.",
     .params = {{{.name = "field", .type = Type::Int, .about = "from 1"},
                 kTextParam,
                 {.name = "separator",
                  .type = Type::Text,
                  .arity = Arity::Named,
                  .about = "between fields; runs of white space when left out"}}},
     .returns = Type::List,
     .example = R"(name = cut 2 "3  plums  red"  # => plums
shell = cut 3 "root:0:sh" separator:":"  # => sh)",
     .run = cut},
    {.name = "head",
     .family = op::Family::Lines,
     .summary = "The first lines.",
     .params = kCountAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
first = head 1 jars  # => plums)",
     .run = head},
    {.name = "tail",
     .family = op::Family::Lines,
     .summary = "The last lines.",
     .params = kCountAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
last = tail 1 jars  # => figs)",
     .run = tail},
    {.name = "sort_lines",
     .family = op::Family::Lines,
     .summary = "The lines in the order of their bytes.",
     .params = kText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
sorted = sort_lines jars
first = head 1 sorted  # => figs)",
     .run = sort_lines},
    {.name = "uniq_lines",
     .family = op::Family::Lines,
     .summary = "The lines without those that repeat the line before them.",
     .params = kText,
     .returns = Type::List,
     .example = R"(jars = list "figs" "figs" "plums"
once = uniq_lines jars
n = count_lines once  # => 2)",
     .run = uniq_lines},
    {.name = "count_lines",
     .family = op::Family::Lines,
     .summary = "How many lines the text, or elements the list, has.",
     .params = kText,
     .returns = Type::Int,
     .example = R"(n = count_lines "plums\nfigs\n"  # => 2)",
     .run = count_lines},
};

} // namespace

extern const std::span<const OpDecl> kLinesOps;
const std::span<const OpDecl> kLinesOps{kTable};

} // namespace perch::ops
