// Points in time as texts.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "sys/time_text.h"

#include <algorithm>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;
using sys::Zone;

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t floor_seconds(std::int64_t unix_ns) {
  return unix_ns / kNanosecondsPerSecond - (unix_ns % kNanosecondsPerSecond < 0 ? 1 : 0);
}

struct Named {
  std::string_view name;
  std::string_view format; ///< for strftime
};

constexpr std::string_view kMadeByHand[] = {"rfc3339", "unix", "unix_milli"};
constexpr Named kFormats[] = {
    {"rfc822", "%d %b %y %H:%M %Z"},
    {"date", "%Y-%m-%d"},
    {"time", "%H:%M:%S"},
    {"datetime", "%Y-%m-%d %H:%M:%S"},
};
constexpr std::string_view kNames =
    "rfc3339, rfc822, date, time, datetime, unix, unix_milli, or a text with strftime's %Y, %m, …";

/// The parts of the layouts in which other tools spell a date by an example, longest first.
constexpr Named kLayoutParts[] = {
    {"2006", "%Y"}, {"Jan", "%b"}, {"Mon", "%a"}, {"MST", "%Z"}, {"01", "%m"},
    {"02", "%d"},   {"15", "%H"},  {"04", "%M"},  {"05", "%S"},  {"06", "%y"},
};

/// The strftime text for a layout such as `2006-01-02`, or empty when it holds none of its parts.
std::string from_layout(std::string_view layout) {
  std::string format;
  bool any = false;
  while (!layout.empty()) {
    const auto* part = std::ranges::find_if(
        kLayoutParts, [&](const Named& known) { return layout.starts_with(known.name); });
    const bool known = part != std::end(kLayoutParts);
    format += known ? part->format : layout.substr(0, 1);
    layout.remove_prefix(known ? part->name.size() : 1);
    any = any || known;
  }
  return any ? format : std::string();
}

Status check_format(std::string_view written) {
  const bool named = std::ranges::find(kMadeByHand, written) != std::end(kMadeByHand) ||
                     std::ranges::find(kFormats, written, &Named::name) != std::end(kFormats);
  const bool of_date = written.starts_with("+%"); // the program's way of saying that it is one
  if (named || (written.contains('%') && !written.contains('\0') && !of_date))
    return {};
  const std::string better = of_date ? std::string(written.substr(1)) : from_layout(written);
  return fail(kind::kBadArgument, base::cat("`", written, "` is not a time format"),
              std::string(written),
              better.empty() ? base::cat("write one of ", kNames)
                             : base::cat("write it as \"", better, '"'));
}

Result<std::string> in_zone(std::int64_t seconds, Zone zone, std::string_view format) {
  auto text = sys::time_text(seconds, zone, format);
  if (text)
    return std::move(*text);
  return fail(kind::kBadArgument, base::cat("the time ", seconds, " cannot be written"),
              base::cat(seconds), "years go from 1 to 9999");
}

/// `2031-05-04T09:08:07+02:00`, with `Z` for no offset.
Result<std::string> rfc3339(std::int64_t seconds, Zone zone) {
  PERCH_TRY_ASSIGN(std::string text, in_zone(seconds, zone, "%Y-%m-%dT%H:%M:%S%z"));
  constexpr std::size_t kOffset = 5;
  if (text.ends_with("+0000"))
    return text.replace(text.size() - kOffset, kOffset, "Z");
  return text.insert(text.size() - 2, ":");
}

Status check_zone(std::string_view name) {
  if (name == "local" || name == "utc")
    return {};
  return fail(kind::kBadArgument, base::cat("`", name, "` is neither local nor utc"),
              std::string(name));
}

Result<Value> now(Call& call) {
  const auto format = call.text(0);
  PERCH_TRY(check_format(format));
  PERCH_TRY(check_zone(call.text(1)));
  const Zone zone = call.text(1) == "local" ? Zone::Local : Zone::Utc;
  const std::int64_t unix_ns = call.now_unix_ns();
  const std::int64_t seconds = floor_seconds(unix_ns);
  if (format == "unix")
    return Value::integer(seconds);
  if (format == "unix_milli")
    return Value::integer(unix_ns / (kNanosecondsPerSecond / 1000));
  if (format == "rfc3339") {
    PERCH_TRY_ASSIGN(std::string text, rfc3339(seconds, zone));
    return Value(std::move(text));
  }
  const auto* named = std::ranges::find(kFormats, format, &Named::name);
  const bool own = named == std::end(kFormats);
  PERCH_TRY_ASSIGN(std::string text, in_zone(seconds, zone, own ? format : named->format));
  return Value(std::move(text));
}

Result<Value> unix_to_iso(Call& call) {
  const auto written = call.text(0);
  const auto whole = written.substr(0, written.find('.'));
  const auto seconds = base::parse_int(whole);
  if (!seconds) {
    return fail(kind::kBadArgument, base::cat("`", written, "` is not a number of seconds"),
                std::string(written), "write it without an exponent");
  }
  PERCH_TRY_ASSIGN(std::string text, rfc3339(*seconds, Zone::Utc));
  return Value(std::move(text));
}

constexpr OpDecl kTable[] = {
    {.name = "now",
     .family = op::Family::Time,
     .summary = "The time as text, in the local zone or in UTC.",
     .params = {{{.name = "format",
                  .type = Type::Text,
                  .arity = Arity::Optional,
                  .fallback = "rfc3339",
                  .about = kNames,
                  .check = check_format},
                 {.name = "zone",
                  .type = Type::Text,
                  .arity = Arity::Named,
                  .fallback = "local",
                  .about = "local or utc",
                  .check = check_zone}}},
     .returns = Type::Text,
     .example = R"(stamp = now
day = now "%Y%m%d" zone:"utc")",
     .run = now},
    {.name = "unix_to_iso",
     .family = op::Family::Time,
     .summary = "Seconds since 1970 as a time in UTC.",
     .params = {{{.name = "seconds", .type = Type::Number}}},
     .returns = Type::Text,
     .example = R"(t = unix_to_iso 86400  # => 1970-01-02T00:00:00Z)",
     .run = unix_to_iso},
};

} // namespace

extern const std::span<const OpDecl> kTimeOps;
const std::span<const OpDecl> kTimeOps{kTable};

} // namespace perch::ops
