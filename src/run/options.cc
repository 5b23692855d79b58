#include "run/options.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/expr.h"

#include <algorithm>
#include <optional>

namespace perch::run {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);

std::unexpected<FailurePtr> bad_option(State& state, const program::Expr& expr,
                                       std::string_view what, std::string_view text,
                                       std::string_view expected) {
  return raise(state, expr.span,
               {.kind = kind::kBadArgument,
                .message = base::cat(what, ": `", text, "` is not ", expected),
                .detail = std::string(text)});
}

std::optional<nanoseconds> parse_duration(std::string_view text) {
  if (const auto ns = base::parse_duration_ns(text))
    return std::min(nanoseconds(*ns), kLongest);
  const auto seconds = base::parse_float(text);
  if (!seconds)
    return std::nullopt;
  const double longest = std::chrono::duration<double>(kLongest).count();
  return nanoseconds(static_cast<std::int64_t>(std::min(*seconds, longest) * 1e9));
}

} // namespace

Eval<std::int64_t> integer_option(State& state, const program::Expr* expr, std::string_view what,
                                  std::int64_t fallback) {
  if (expr == nullptr)
    return fallback;
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, *expr));
  if (const auto number = base::parse_int(text))
    return *number;
  return bad_option(state, *expr, what, text, "an integer");
}

Eval<bool> truth_option(State& state, const program::Expr* expr, std::string_view what,
                        bool fallback) {
  if (expr == nullptr)
    return fallback;
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, *expr));
  if (text == "true" || text == "false")
    return text == "true";
  return bad_option(state, *expr, what, text, "true or false");
}

Eval<nanoseconds> duration_of(State& state, const program::Expr& expr, std::string_view what) {
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, expr));
  if (const auto duration = parse_duration(text); duration && *duration >= nanoseconds::zero())
    return *duration;
  return bad_option(state, expr, what, text, "a duration such as 500ms, 90s, 1h30m or 2d");
}

} // namespace perch::run
