// Ops that fail unless something holds, for tests and preconditions.

#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"
#include "op/call.h"
#include "ops/pattern.h"

namespace perch::ops {

using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// A value in a message: cut, but never inside a character.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMaxBytes = 120;
  if (text.size() <= kMaxBytes)
    return base::cat('`', text, '`');
  std::size_t end = 0;
  while (true) {
    const std::size_t next = end + base::decode_utf8(text.substr(end)).bytes;
    if (next > kMaxBytes)
      break;
    end = next;
  }
  return base::cat('`', text.substr(0, end), "…` (", text.size(), " bytes)");
}

/// The result of an assertion about two texts.
Result<Value> judge(bool held, Call& call, std::string_view complaint) {
  if (held)
    return Value();
  const auto actual = quoted(call.text(0));
  const auto expected = quoted(call.text(1));
  return fail(kind::kAssertFailed, base::cat(actual, ' ', complaint, ' ', expected),
              base::cat("actual: ", actual, ", expected: ", expected));
}

bool holds_part(Call& call) { return call.text(0).find(call.text(1)) != std::string_view::npos; }

Result<Value> assert_eq(Call& call) { return judge(call.text(0) == call.text(1), call, "is not"); }

Result<Value> assert_neq(Call& call) {
  return judge(call.text(0) != call.text(1), call, "should not be");
}

Result<Value> assert_contains(Call& call) {
  return judge(holds_part(call), call, "does not contain");
}

Result<Value> assert_not_contains(Call& call) {
  return judge(!holds_part(call), call, "should not contain");
}

Result<Value> assert_match(Call& call) {
  PERCH_TRY_ASSIGN(const auto pattern, compile_pattern(call.text(1)));
  return judge(matches(*pattern, call.text(0)), call, "does not match");
}

Result<Value> judge_path(bool held, Call& call, std::string_view complaint) {
  if (held)
    return Value();
  return fail(kind::kAssertFailed, base::cat('`', call.text(0), "` ", complaint),
              call.files().absolute(call.text(0)));
}

Result<Value> assert_exists(Call& call) {
  PERCH_TRY_ASSIGN(const bool found, call.files().exists(call.text(0)));
  return judge_path(found, call, "does not exist");
}

Result<Value> assert_not_exists(Call& call) {
  PERCH_TRY_ASSIGN(const bool found, call.files().exists(call.text(0)));
  return judge_path(!found, call, "exists");
}

using Params = std::array<op::Param, 6>;

constexpr Params kActualExpected = {
    {{.name = "actual", .type = Type::Any}, {.name = "expected", .type = Type::Any}}};
constexpr Params kTextPart = {
    {{.name = "text", .type = Type::Any}, {.name = "part", .type = Type::Any}}};
constexpr Params kPath = {{{.name = "path", .type = Type::Path}}};
constexpr std::array<op::Need, 3> kReadPath = {{{.cap = Cap::Read, .subject = "path"}}};

constexpr OpDecl kTable[] = {
    {.name = "assert_eq",
     .family = op::Family::Assertions,
     .summary = "Fails unless two texts are equal, byte by byte.",
     .params = kActualExpected,
     .example = R"(n = length "plum"
assert_eq "${n}" "4")",
     .bare_names = false,
     .run = assert_eq},
    {.name = "assert_neq",
     .family = op::Family::Assertions,
     .summary = "Fails if two texts are equal.",
     .params = kActualExpected,
     .example = R"(assert_neq "plums" "pears")",
     .bare_names = false,
     .run = assert_neq},
    {.name = "assert_contains",
     .family = op::Family::Assertions,
     .summary = "Fails unless a text holds another.",
     .params = kTextPart,
     .example = R"(assert_contains "plum jam" "jam")",
     .bare_names = false,
     .run = assert_contains},
    {.name = "assert_not_contains",
     .family = op::Family::Assertions,
     .summary = "Fails if a text holds another.",
     .params = kTextPart,
     .example = R"(assert_not_contains "plum jam" "pear")",
     .bare_names = false,
     .run = assert_not_contains},
    {.name = "assert_match",
     .family = op::Family::Assertions,
     .summary = "Fails unless the pattern matches somewhere in the text.",
     .params = {{{.name = "text", .type = Type::Any},
                 {.name = "pattern", .type = Type::Text, .about = "a regular expression (RE2)"}}},
     .example = R"(assert_match "plums: 12" "[0-9]+$")",
     .bare_names = false,
     .run = assert_match},
    {.name = "assert_exists",
     .family = op::Family::Assertions,
     .summary = "Fails unless something is there.",
     .params = kPath,
     .needs = kReadPath,
     .example = R"(touch "salt"
assert_exists "salt")",
     .bare_names = false,
     .run = assert_exists},
    {.name = "assert_not_exists",
     .family = op::Family::Assertions,
     .summary = "Fails if something is there, or if that cannot be told.",
     .params = kPath,
     .needs = kReadPath,
     .example = R"(assert_not_exists "pepper")",
     .bare_names = false,
     .run = assert_not_exists},
};

} // namespace

extern const std::span<const OpDecl> kAssertionsOps;
const std::span<const OpDecl> kAssertionsOps{kTable};

} // namespace perch::ops
