// Versions: dotted numbers with SemVer's pre-releases.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "ops/pattern.h"

#include <algorithm>
#include <compare>
#include <optional>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using Words = std::vector<std::string_view>;

struct Version {
  Words numbers; ///< digits only, of any length
  Words pre;     ///< identifiers; none for a release
};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<Version> parse(std::string_view text) {
  text = base::trim(text);
  if (text.starts_with('v') || text.starts_with('V'))
    text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  const auto dash = text.find('-');
  Version version{.numbers = base::split(text.substr(0, dash), '.'), .pre = {}};
  if (!std::ranges::all_of(version.numbers, is_number))
    return std::nullopt;
  if (dash != std::string_view::npos)
    version.pre = base::split(text.substr(dash + 1), '.');
  return version;
}

Result<Version> version_in(std::string_view text) {
  if (auto version = parse(text))
    return std::move(*version);
  return fail(kind::kBadArgument, base::cat("`", text, "` is not a version"), std::string(text),
              "take it out of a longer text with `version_extract`");
}

/// Digits of any length as numbers.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

/// SemVer 2.0.0, item 11: numbers as numbers and before words.
std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  if (is_number(a) != is_number(b))
    return is_number(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  return is_number(a) ? compare_numbers(a, b) : a <=> b;
}

std::strong_ordering compare(const Version& a, const Version& b) {
  const std::size_t longest = std::max(a.numbers.size(), b.numbers.size());
  for (std::size_t i = 0; i < longest; ++i) {
    const auto order = compare_numbers(i < a.numbers.size() ? a.numbers[i] : "0",
                                       i < b.numbers.size() ? b.numbers[i] : "0");
    if (order != 0)
      return order;
  }
  if (a.pre.empty() != b.pre.empty())
    return a.pre.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
  return std::lexicographical_compare_three_way(a.pre.begin(), a.pre.end(), b.pre.begin(),
                                                b.pre.end(), compare_identifiers);
}

bool same_first_number(const Version& a, const Version& b) {
  return compare_numbers(a.numbers[0], b.numbers[0]) == 0;
}

/// Whether `a OPERATOR b`; nullopt for an unknown operator.
std::optional<bool> holds(const Version& a, std::string_view relation, const Version& b) {
  const auto order = compare(a, b);
  if (relation == ">=")
    return order >= 0;
  if (relation == ">")
    return order > 0;
  if (relation == "<=")
    return order <= 0;
  if (relation == "<")
    return order < 0;
  if (relation == "==")
    return order == 0;
  if (relation == "!=")
    return order != 0;
  if (relation == "~")
    return same_first_number(a, b);
  return std::nullopt;
}

template <bool (*kTest)(std::partial_ordering)>
Result<Value> compare_op(Call& call) {
  PERCH_TRY_ASSIGN(const Version a, version_in(call.text(0)));
  PERCH_TRY_ASSIGN(const Version b, version_in(call.text(1)));
  return Value::boolean(kTest(compare(a, b)));
}

Result<Value> version_compat(Call& call) {
  const auto a = parse(call.text(0));
  const auto b = parse(call.text(1));
  return Value::boolean(a && b && same_first_number(*a, *b));
}

Result<Value> version_extract(Call& call) {
  constexpr std::string_view kDefault =
      R"(v?(\d+(?:\.\d+)+(?:[-+][0-9A-Za-z]+(?:[-+.][0-9A-Za-z]+)*)?))";
  const auto text = call.text(0);
  const auto written = call.text(1);
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(written.empty() ? kDefault : written));
  re2::StringPiece found[2];
  const int groups = pattern->NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!pattern->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::UNANCHORED,
                      found, groups))
    return Value();
  const auto& version = found[groups - 1];
  return Value(std::string(version.data(), version.size()));
}

Status assert_holds(std::string_view got, std::string_view relation, std::string_view wanted) {
  PERCH_TRY_ASSIGN(const Version a, version_in(got));
  PERCH_TRY_ASSIGN(const Version b, version_in(wanted));
  const auto answer = holds(a, relation, b);
  if (!answer) {
    return fail(kind::kBadArgument, base::cat("`", relation, "` compares no versions"),
                std::string(relation), "use one of >= > <= < == != ~");
  }
  if (*answer)
    return {};
  return fail(kind::kAssertFailed, base::cat("version ", got, " is not ", relation, ' ', wanted),
              base::cat("got ", got, ", want ", relation, ' ', wanted));
}

Result<Value> assert_version(Call& call) {
  PERCH_TRY(assert_holds(call.text(0), call.text(1), call.text(2)));
  return Value();
}

Result<Value> assert_version_ge(Call& call) {
  PERCH_TRY(assert_holds(call.text(0), ">=", call.text(1)));
  return Value();
}

constexpr std::array<op::Param, 6> kTwo = {
    {{.name = "a", .type = Type::Any}, {.name = "b", .type = Type::Any}}};

constexpr OpDecl kTable[] = {
    {.name = "version_extract",
     .family = op::Family::Versions,
     .summary = "The first version in a text, without its `v`; nothing when there is none.",
     .params = {{{.name = "text", .type = Type::Any},
                 {.name = "pattern",
                  .type = Type::Text,
                  .arity = Arity::Optional,
                  .about = "its first group, or else its match, is the version"}}},
     .returns = Type::Text,
     .example = R"(v = version_extract "go version go1.22.1 linux"  # => 1.22.1)",
     .run = version_extract},
    {.name = "version_eq",
     .family = op::Family::Versions,
     .summary = "Whether two versions are the same.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(yes = version_eq "v1.2" "1.2.0"  # => true)",
     .run = compare_op<std::is_eq>},
    {.name = "version_ne",
     .family = op::Family::Versions,
     .summary = "Whether two versions differ.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(yes = version_ne "1.2" "1.2.1"  # => true)",
     .run = compare_op<std::is_neq>},
    {.name = "version_gt",
     .family = op::Family::Versions,
     .summary = "Whether the first version is newer.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(yes = version_gt "1.10.0" "1.9.0"  # => true)",
     .run = compare_op<std::is_gt>},
    {.name = "version_ge",
     .family = op::Family::Versions,
     .summary = "Whether the first version is the same or newer.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(no = version_ge "2.0.0-rc.2" "2.0.0"  # => false)",
     .run = compare_op<std::is_gteq>},
    {.name = "version_lt",
     .family = op::Family::Versions,
     .summary = "Whether the first version is older.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(yes = version_lt "1.0.0-rc.2" "1.0.0-rc.10"  # => true)",
     .run = compare_op<std::is_lt>},
    {.name = "version_le",
     .family = op::Family::Versions,
     .summary = "Whether the first version is the same or older.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(yes = version_le "1.2" "1.2.0"  # => true)",
     .run = compare_op<std::is_lteq>},
    {.name = "version_compat",
     .family = op::Family::Versions,
     .summary = "Whether two versions have the same first number.",
     .params = kTwo,
     .returns = Type::Bool,
     .example = R"(yes = version_compat "2.1.0" "2.9"  # => true)",
     .run = version_compat},
    {.name = "assert_version",
     .family = op::Family::Assertions,
     .summary = "Fails unless two versions compare as said.",
     .params = {{{.name = "actual", .type = Type::Any},
                 {.name = "relation",
                  .type = Type::Text,
                  .about = ">= > <= < == != or ~ (same first number)"},
                 {.name = "expected", .type = Type::Any}}},
     .example = R"(assert_version "1.22.1" ">=" "1.21")",
     .run = assert_version},
    {.name = "assert_version_ge",
     .family = op::Family::Assertions,
     .summary = "Fails unless the first version is the same or newer.",
     .params = {{{.name = "actual", .type = Type::Any}, {.name = "expected", .type = Type::Any}}},
     .example = R"(assert_version_ge "1.22.1" "1.21")",
     .deprecated = "write `assert_version ACTUAL >= EXPECTED`",
     .run = assert_version_ge},
};

} // namespace

extern const std::span<const OpDecl> kVersionsOps;
const std::span<const OpDecl> kVersionsOps{kTable};

} // namespace perch::ops
