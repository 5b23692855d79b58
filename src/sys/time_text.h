#pragma once
// Points in time as text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perch::sys {

enum class Zone : std::uint8_t { Local, Utc };

/// A point in time, in seconds since 1970, as strftime(3) writes it in the C locale. nullopt when
/// the year is not within 0001 to 9999, or the text grows past 4 KiB.
[[nodiscard]] std::optional<std::string> time_text(std::int64_t unix_seconds, Zone zone,
                                                   std::string_view format);

} // namespace perch::sys
