#include "sys/time_text.h"

#include <array>
#include <ctime>

namespace perch::sys {

std::optional<std::string> time_text(std::int64_t unix_seconds, Zone zone,
                                     std::string_view format) {
  constexpr std::int64_t kYear1 = -62135596800;
  constexpr std::int64_t kYear10000 = 253402300800;
  if (unix_seconds < kYear1 || unix_seconds >= kYear10000)
    return std::nullopt;
  const std::time_t seconds = unix_seconds;
  std::tm fields{};
  if ((zone == Zone::Utc ? gmtime_r(&seconds, &fields) : localtime_r(&seconds, &fields)) == nullptr)
    return std::nullopt;
  // strftime returns 0 for "too long" and for "empty" alike; with a mark at the end nothing is
  // empty.
  const std::string marked = std::string(format) + '.';
  std::array<char, 4097> buffer;
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), marked.c_str(), &fields);
  if (size == 0)
    return std::nullopt;
  return std::string(buffer.data(), size - 1);
}

} // namespace perch::sys
