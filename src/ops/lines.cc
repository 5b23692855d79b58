// Ops over the elements of a list or the lines of a text. The final run of newlines of a text
// counts as none, so that the output of a program has the lines one sees.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "op/line_stream.h"
#include "ops/pattern.h"

#include <algorithm>
#include <deque>
#include <optional>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using op::LineStream;
using Line = std::optional<std::string_view>;

/// The lines of an argument as a stream, its output collected.
class Collected final : public LineStream {
public:
  explicit Collected(std::vector<std::string_view> lines) : lines_(std::move(lines)) {}

  Result<Line> next() override { return at_ < lines_.size() ? Line(lines_[at_++]) : Line(); }
  Status put(std::string_view line) override {
    out_.emplace_back(line);
    return {};
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(out_); }

private:
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::vector<std::string> out_;
};

/// The op `stream` outside a pipe: over the lines of its parameter `text`.
template <op::StreamFn stream, std::size_t text>
Result<Value> over_lines(Call& call) {
  Collected lines(call.lines(text));
  PERCH_TRY(stream(call, lines));
  return Value::list(lines.take());
}

Status keep_matching(Call& call, LineStream& lines, bool wanted) {
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(call.text(0)));
  for (;;) {
    PERCH_TRY_ASSIGN(const Line line, lines.next());
    if (!line)
      return {};
    if (matches(*pattern, *line) == wanted)
      PERCH_TRY(lines.put(*line));
  }
}

Status grep(Call& call, LineStream& lines) { return keep_matching(call, lines, true); }
Status reject(Call& call, LineStream& lines) { return keep_matching(call, lines, false); }

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

Status cut(Call& call, LineStream& lines) {
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(call.integer(0), 1)) - 1;
  const auto separator = call.text(2);
  for (;;) {
    PERCH_TRY_ASSIGN(const Line line, lines.next());
    if (!line)
      return {};
    PERCH_TRY(lines.put(separator.empty() ? blank_field(*line, index)
                                          : separated_field(*line, separator, index)));
  }
}

Status head(Call& call, LineStream& lines) {
  for (auto left = call.integer(0); left > 0; --left) {
    PERCH_TRY_ASSIGN(const Line line, lines.next());
    if (!line)
      return {};
    PERCH_TRY(lines.put(*line));
  }
  return {};
}

Status tail(Call& call, LineStream& lines) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(call.integer(0), 0));
  std::deque<std::string> last;
  for (;;) {
    PERCH_TRY_ASSIGN(const Line line, lines.next());
    if (!line)
      break;
    last.emplace_back(*line);
    if (last.size() > wanted)
      last.pop_front();
  }
  for (const std::string& line : last)
    PERCH_TRY(lines.put(line));
  return {};
}

Status uniq_lines(Call& /*call*/, LineStream& lines) {
  std::optional<std::string> before;
  for (;;) {
    PERCH_TRY_ASSIGN(const Line line, lines.next());
    if (!line)
      return {};
    if (before == *line)
      continue;
    before = *line;
    PERCH_TRY(lines.put(*line));
  }
}

Result<Value> sort_lines(Call& call) {
  auto lines = call.lines(0);
  std::ranges::sort(lines);
  return Value::list({lines.begin(), lines.end()});
}

Result<Value> count_lines(Call& call) {
  const Value& from = call.value(0);
  if (from.is_list())
    return Value::integer(static_cast<std::int64_t>(from.items().size()));
  std::string_view text = from.text();
  text = text.substr(0, text.find_last_not_of('\n') + 1);
  return Value::integer(text.empty() ? 0 : std::ranges::count(text, '\n') + 1);
}

Status count_stream(Call& /*call*/, LineStream& lines) {
  std::int64_t count = 0;
  for (;; ++count) {
    PERCH_TRY_ASSIGN(const Line line, lines.next());
    if (!line)
      return lines.put(base::cat(count));
  }
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
     .run = over_lines<grep, 1>,
     .stream = grep},
    {.name = "reject",
     .family = op::Family::Lines,
     .summary = "The lines in which the pattern does not match.",
     .params = kPatternAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
rest = reject "^p" jars  # => figs)",
     .run = over_lines<reject, 1>,
     .stream = reject},
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
     .run = over_lines<cut, 1>,
     .stream = cut},
    {.name = "head",
     .family = op::Family::Lines,
     .summary = "The first lines.",
     .params = kCountAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
first = head 1 jars  # => plums)",
     .run = over_lines<head, 1>,
     .stream = head},
    {.name = "tail",
     .family = op::Family::Lines,
     .summary = "The last lines.",
     .params = kCountAndText,
     .returns = Type::List,
     .example = R"(jars = list "plums" "pears" "figs"
last = tail 1 jars  # => figs)",
     .run = over_lines<tail, 1>,
     .stream = tail},
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
     .run = over_lines<uniq_lines, 0>,
     .stream = uniq_lines},
    {.name = "count_lines",
     .family = op::Family::Lines,
     .summary = "How many lines the text, or elements the list, has.",
     .params = kText,
     .returns = Type::Int,
     .example = R"(n = count_lines "plums\nfigs\n"  # => 2)",
     .run = count_lines,
     .stream = count_stream},
};

} // namespace

extern const std::span<const OpDecl> kLinesOps;
const std::span<const OpDecl> kLinesOps{kTable};

} // namespace perch::ops
