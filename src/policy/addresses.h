#pragma once
// IP addresses as bytes: reading, printing, and which of them belong to the public internet.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perch::policy {

struct IpAddress {
  std::array<std::uint8_t, 16> data = {}; ///< network order; the first four for IPv4
  bool v6 = false;
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(data).first(v6 ? 16 : 4);
  }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// Four decimal numbers without leading zeros, or IPv6 text as RFC 4291 has it (no zone, no
/// brackets). Nothing else is an address.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

/// The shortest lower-case form (RFC 5952).
[[nodiscard]] std::string ip_text(const IpAddress& address);

/// Why an address is not a public one: "loopback", "private", "link-local", … ; empty when it is
/// public. Addresses that carry another one (IPv4-mapped, NAT64, 6to4) are as public as that one.
/// `bytes`: 4 or 16, network order; any other length is "malformed".
[[nodiscard]] std::string_view not_public_because(std::span<const std::uint8_t> bytes);

[[nodiscard]] inline bool is_public(std::span<const std::uint8_t> bytes) {
  return not_public_because(bytes).empty();
}

} // namespace perch::policy
