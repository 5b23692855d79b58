#include "policy/addresses.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>

namespace perch::policy {
namespace {

/// One network: the first `bits` bits of `prefix`.
struct Network {
  std::array<std::uint8_t, 16> prefix;
  int bits;
  std::string_view name;
};

bool within(std::span<const std::uint8_t> address, const Network& network) {
  const int whole = network.bits / 8, rest = network.bits % 8;
  if (!std::equal(address.begin(), address.begin() + whole, network.prefix.begin()))
    return false;
  if (rest == 0)
    return true;
  const int shift = 8 - rest;
  const auto i = static_cast<std::size_t>(whole);
  return address[i] >> shift == network.prefix[i] >> shift;
}

// IANA's special-purpose address registries, as far as they are not globally reachable.
constexpr Network kSpecialV4[] = {
    {{0}, 8, "unspecified"},
    {{10}, 8, "private"},
    {{100, 64}, 10, "carrier-grade NAT"},
    {{127}, 8, "loopback"},
    {{169, 254}, 16, "link-local"},
    {{172, 16}, 12, "private"},
    {{192, 0, 0}, 24, "reserved"},
    {{192, 0, 2}, 24, "documentation"},
    {{192, 88, 99}, 24, "reserved"},
    {{192, 168}, 16, "private"},
    {{198, 18}, 15, "benchmarking"},
    {{198, 51, 100}, 24, "documentation"},
    {{203, 0, 113}, 24, "documentation"},
    {{224}, 4, "multicast"},
    {{255, 255, 255, 255}, 32, "broadcast"},
    {{240}, 4, "reserved"},
};

// What is left of 2000::/3, outside of which nothing is public. The first match decides.
constexpr Network kSpecialV6[] = {
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
    {{0x20, 0x01, 0x00, 0x00}, 32, "Teredo"},
    {{0x20, 0x01, 0x00, 0x00}, 23, "reserved"},
    {{0x3f, 0xff, 0x00}, 20, "documentation"},
};

constexpr Network kNamedV6[] = {
    {{0xfc}, 7, "unique-local"},      {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local"}, {{0xff}, 8, "multicast"},
    {{0x01, 0x00}, 64, "discard"},    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, "local NAT64"},
};

constexpr Network kMapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, ""};
constexpr Network kNat64 = {{0, 0x64, 0xff, 0x9b}, 96, ""};
constexpr Network k6to4 = {{0x20, 0x02}, 16, ""};
constexpr Network kGlobalUnicast = {{0x20}, 3, ""};

std::string_view v4_class(std::span<const std::uint8_t> address) {
  for (const Network& network : kSpecialV4) {
    if (within(address, network))
      return network.name;
  }
  return {};
}

std::string_view v6_class(std::span<const std::uint8_t> address) {
  if (within(address, kMapped) || within(address, kNat64))
    return v4_class(address.subspan(12));
  if (within(address, k6to4))
    return v4_class(address.subspan(2, 4));
  if (std::ranges::all_of(address.first(15), [](std::uint8_t b) { return b == 0; })) {
    if (address[15] == 0)
      return "unspecified";
    if (address[15] == 1)
      return "loopback";
  }
  for (const Network& network : kNamedV6) {
    if (within(address, network))
      return network.name;
  }
  if (!within(address, kGlobalUnicast))
    return "reserved";
  for (const Network& network : kSpecialV6) {
    if (within(address, network))
      return network.name;
  }
  return {};
}

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> out = {};
  const std::vector<std::string_view> parts = base::split(text, '.');
  if (parts.size() != 4)
    return std::nullopt;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string_view part = parts[i];
    // A leading zero would be octal to some readers.
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0'))
      return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value > 255)
      return std::nullopt;
    out[i] = static_cast<std::uint8_t>(value);
  }
  return out;
}

/// The 16-bit groups of one side of `::` as bytes, an IPv4 tail included; nullopt if malformed.
std::optional<std::vector<std::uint8_t>> parse_groups(std::string_view text) {
  std::vector<std::uint8_t> out;
  if (text.empty())
    return out;
  const std::vector<std::string_view> groups = base::split(text, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string_view group = groups[i];
    if (i + 1 == groups.size() && group.find('.') != std::string_view::npos) {
      const auto v4 = parse_v4(group);
      if (!v4)
        return std::nullopt;
      out.insert(out.end(), v4->begin(), v4->end());
      break;
    }
    unsigned value = 0;
    const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (group.empty() || group.size() > 4 || error != std::errc() ||
        end != group.data() + group.size()) {
      return std::nullopt;
    }
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value & 0xff));
  }
  return out;
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const std::string_view before = text.substr(0, has_gap ? gap : text.size());
  const std::string_view after = has_gap ? text.substr(gap + 2) : std::string_view();
  // An IPv4 tail ends the address, so it cannot stand before the gap.
  if (has_gap && before.find('.') != std::string_view::npos)
    return std::nullopt;
  const auto head = parse_groups(before), tail = parse_groups(after);
  if (!head || !tail)
    return std::nullopt;
  const std::size_t total = head->size() + tail->size();
  if (has_gap ? total > 14 : total != 16)
    return std::nullopt;
  IpAddress out{.v6 = true};
  std::ranges::copy(*head, out.data.begin());
  std::ranges::copy(*tail, out.data.end() - static_cast<std::ptrdiff_t>(tail->size()));
  return out;
}

std::string v6_text(const IpAddress& address) {
  std::array<unsigned, 8> groups = {};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<unsigned>(address.data[2 * i] << 8 | address.data[2 * i + 1]);
  }
  // The longest run of at least two zero groups, the first of equals, becomes `::`.
  std::size_t gap = 8, length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0)
      ++end;
    if (end - i > length)
      gap = i, length = end - i;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i += length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':')
      out += ':';
    char digits[4];
    out.append(digits, std::to_chars(digits, digits + 4, groups[i], 16).ptr);
  }
  return out;
}

} // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.find(':') != std::string_view::npos)
    return parse_v6(text);
  const auto v4 = parse_v4(text);
  if (!v4)
    return std::nullopt;
  IpAddress out;
  std::ranges::copy(*v4, out.data.begin());
  return out;
}

std::string ip_text(const IpAddress& address) {
  const auto& b = address.data;
  if (address.v6)
    return v6_text(address);
  return base::cat(int{b[0]}, '.', int{b[1]}, '.', int{b[2]}, '.', int{b[3]});
}

std::string_view not_public_because(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 4)
    return v4_class(bytes);
  if (bytes.size() == 16)
    return v6_class(bytes);
  return "malformed";
}

} // namespace perch::policy
