#include "op/call.h"

#include "base/text.h"

namespace perch::op {

std::string_view Call::text(std::size_t param) const { return value(param).text(); }

std::int64_t Call::integer(std::size_t param) const {
  return base::parse_int(text(param)).value_or(0);
}

double Call::number(std::size_t param) const { return base::parse_float(text(param)).value_or(0); }

bool Call::flag(std::size_t param) const { return text(param) == "true"; }

Duration Call::duration(std::size_t param) const {
  const auto written = text(param);
  if (const auto ns = base::parse_duration_ns(written))
    return Duration(*ns);
  const double seconds = base::parse_float(written).value_or(0);
  return Duration(static_cast<std::int64_t>(seconds * 1e9));
}

std::vector<std::string_view> Call::lines(std::size_t param) const {
  const Value& from = value(param);
  if (from.is_list())
    return {from.items().begin(), from.items().end()};
  std::string_view text = from.text();
  text = text.substr(0, text.find_last_not_of('\n') + 1);
  if (text.empty())
    return {};
  return base::split(text, '\n');
}

} // namespace perch::op
