// Versions: dotted numbers with SemVer's pre-releases.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "op/version.h"
#include "ops/pattern.h"

#include <compare>
#include <optional>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using op::Version;

/// White space around a version is a program's output, not an error.
std::optional<Version> parse(std::string_view text) { return op::parse_version(base::trim(text)); }

Result<Version> version_in(std::string_view text) {
  if (auto version = parse(text))
    return std::move(*version);
  return fail(kind::kBadArgument, base::cat("`", text, "` is not a version"), std::string(text),
              "take it out of a longer text with `version_extract`");
}

bool same_first_number(const Version& a, const Version& b) { return a.numbers[0] == b.numbers[0]; }

constexpr std::string_view kRelations[] = {">=", ">", "<=", "<", "==", "!=", "~"};

Status check_relation(std::string_view relation) {
  if (std::ranges::find(kRelations, relation) != std::end(kRelations))
    return {};
  return fail(kind::kBadArgument, base::cat("`", relation, "` compares no versions"),
              std::string(relation), "use one of >= > <= < == != ~");
}

/// Whether `a RELATION b`, which is one of kRelations.
bool holds(const Version& a, std::string_view relation, const Version& b) {
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
  return same_first_number(a, b);
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
  PERCH_TRY(check_relation(relation));
  if (holds(a, relation, b))
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
                  .about = ">= > <= < == != or ~ (same first number)",
                  .check = check_relation},
                 {.name = "expected", .type = Type::Any}}},
     .example = R"(assert_version "1.22.1" ">=" "1.21")",
     .run = assert_version},
    {.name = "assert_version_ge",
     .family = op::Family::Assertions,
     .summary = "Fails unless the first version is the same or newer.",
     .params = {{{.name = "actual", .type = Type::Any}, {.name = "expected", .type = Type::Any}}},
     .example = R"(assert_version_ge "1.22.1" "1.21")",
     .deprecated = "`assert_version ACTUAL >= EXPECTED`",
     .run = assert_version_ge},
};

} // namespace

extern const std::span<const OpDecl> kVersionsOps;
const std::span<const OpDecl> kVersionsOps{kTable};

} // namespace perch::ops
