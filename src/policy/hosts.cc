#include "policy/hosts.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/addresses.h"
#include "policy/idna.h"

#include <algorithm>

namespace perch::policy {
namespace {

constexpr auto kNpos = std::string_view::npos;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The resolver takes a name whose last label is a number for an IPv4 address: `127.1`, `0x7f.1`.
bool ends_in_a_number(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') == kNpos ? 0 : name.rfind('.') + 1);
  if (std::ranges::all_of(last, is_digit))
    return true;
  return last.starts_with("0x") && last.find_first_not_of("0123456789abcdef", 2) == kNpos;
}

std::unexpected<Error> bad_host(std::string_view host, std::string_view why,
                                std::string help = {}) {
  return fail(kind::kBadArgument, base::cat("`", host, "` is no host: ", why), std::string(host),
              std::move(help));
}

std::unexpected<Error> bad_pattern(std::string_view pattern, std::string_view why,
                                   std::string help = {}) {
  return fail(kind::kBadArgument, base::cat("`", pattern, "` is no host pattern: ", why),
              std::string(pattern), std::move(help));
}

Result<std::string> normalize_name(std::string_view host) {
  std::string_view name = host;
  if (name.ends_with('.'))
    name.remove_suffix(1);
  std::string out;
  for (const std::string_view label : base::split(name, '.')) {
    PERCH_TRY_ASSIGN(const std::string ascii, label_to_ascii(label));
    if (!out.empty())
      out += '.';
    out += ascii;
  }
  if (out.size() > 253)
    return bad_host(host.substr(0, 60), "it is longer than 253 characters");
  if (!ends_in_a_number(out))
    return out;
  if (const auto ip = parse_ip(out))
    return ip_text(*ip);
  return bad_host(host, "it ends in a number but is not four decimal numbers",
                  "write an IPv4 address as in 192.0.2.1");
}

/// A pattern cut into its host part and `:port` (0: none).
struct Split {
  std::string_view host;
  int port = 0;
  bool v6 = false;
};

Result<int> parse_port(std::string_view pattern, std::string_view text) {
  const auto port = base::parse_int(text);
  if (!port || !is_digit(text[0]) || *port < 1 || *port > 65535) {
    return bad_pattern(pattern, "the port must be a number from 1 to 65535");
  }
  return static_cast<int>(*port);
}

Result<Split> split_pattern(std::string_view pattern) {
  if (pattern.starts_with('[')) {
    const std::size_t close = pattern.find(']');
    if (close == kNpos)
      return bad_pattern(pattern, "the `[` is not closed");
    Split out{.host = pattern.substr(1, close - 1), .v6 = true};
    const std::string_view rest = pattern.substr(close + 1);
    if (rest.empty())
      return out;
    if (rest[0] != ':')
      return bad_pattern(pattern, "only `:port` may follow the `]`");
    PERCH_TRY_ASSIGN(out.port, parse_port(pattern, rest.substr(1)));
    return out;
  }
  const std::size_t colon = pattern.find(':');
  if (colon == kNpos)
    return Split{.host = pattern};
  if (pattern.find(':', colon + 1) != kNpos)
    return Split{.host = pattern, .v6 = true};
  Split out{.host = pattern.substr(0, colon)};
  PERCH_TRY_ASSIGN(out.port, parse_port(pattern, pattern.substr(colon + 1)));
  return out;
}

Status check_shape(std::string_view pattern) {
  if (pattern.empty())
    return bad_pattern(pattern, "it is empty");
  if (const std::size_t scheme = pattern.find("://"); scheme != kNpos) {
    std::string_view host = pattern.substr(scheme + 3);
    host = host.substr(0, host.find('/'));
    return bad_pattern(pattern, "a pattern has no scheme and no path",
                       base::cat("write just the host: ", host));
  }
  if (const std::size_t slash = pattern.find('/'); slash != kNpos) {
    if (parse_ip(pattern.substr(0, slash))) {
      return bad_pattern(pattern, "address ranges are not supported", "list the addresses");
    }
    return bad_pattern(pattern, "a pattern has no path",
                       base::cat("write just the host: ", pattern.substr(0, slash)));
  }
  if (pattern.find('@') != kNpos)
    return bad_pattern(pattern, "a pattern has no user name");
  return {};
}

Result<std::string> normalize_pattern_host(std::string_view pattern, const Split& split) {
  if (split.v6) {
    const auto ip = parse_ip(split.host);
    if (!ip || !ip->v6)
      return bad_pattern(pattern, "that is no IPv6 address");
    return base::cat('[', ip_text(*ip), ']');
  }
  if (split.host == "*")
    return std::string("*");
  if (!split.host.starts_with("*.")) {
    if (split.host.find('*') != kNpos) {
      return bad_pattern(pattern, "`*` stands only for whole labels at the start",
                         "write *.example.com for every name below example.com");
    }
    return normalize_name(split.host);
  }
  const std::string_view below = split.host.substr(2);
  if (below.find('*') != kNpos)
    return bad_pattern(pattern, "only the first label may be `*`");
  PERCH_TRY_ASSIGN(const std::string name, normalize_name(below));
  if (parse_ip(name))
    return bad_pattern(pattern, "addresses have no names below them");
  return base::cat("*.", name);
}

/// Where the port of a pattern in normal form begins; kNpos when it has none.
std::size_t port_colon(std::string_view pattern) {
  const std::size_t colon = pattern.rfind(':');
  const bool has_port = colon != kNpos && (pattern[0] != '[' || pattern[colon - 1] == ']');
  return has_port ? colon : kNpos;
}

/// Both in normal form, the pattern without its port.
bool name_matches(std::string_view pattern, std::string_view host) {
  if (pattern.starts_with('['))
    return pattern.substr(1, pattern.size() - 2) == host;
  if (!pattern.starts_with('*'))
    return pattern == host;
  // The suffix starts with the dot: what stands before it is at least one label.
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

} // namespace

Result<std::string> normalize_host(std::string_view host) {
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  const std::string_view inner = in_brackets ? host.substr(1, host.size() - 2) : host;
  if (inner.empty())
    return bad_host(host, "it is empty");
  if (!in_brackets && host.find(':') == kNpos)
    return normalize_name(host);
  const auto ip = parse_ip(inner);
  if (!ip || !ip->v6)
    return bad_host(host, "what stands in brackets or holds a colon must be an IPv6 address");
  return ip_text(*ip);
}

Result<std::string> normalize_host_pattern(std::string_view pattern) {
  PERCH_TRY(check_shape(pattern));
  PERCH_TRY_ASSIGN(const Split split, split_pattern(pattern));
  PERCH_TRY_ASSIGN(std::string out, normalize_pattern_host(pattern, split));
  if (split.port != 0)
    out += base::cat(':', split.port);
  return out;
}

Status check_host_pattern(std::string_view pattern) {
  PERCH_TRY(normalize_host_pattern(pattern));
  return {};
}

bool host_matches(std::string_view pattern, std::string_view host, int port) {
  if (host.empty() || pattern.empty())
    return false;
  const std::size_t colon = port_colon(pattern);
  if (!name_matches(pattern.substr(0, colon), host))
    return false;
  return colon == kNpos || port == 0 || base::parse_int(pattern.substr(colon + 1)) == port;
}

std::string_view matched_part(std::string_view pattern) {
  std::string_view name = pattern.substr(0, port_colon(pattern));
  if (name.starts_with('['))
    return name.substr(1, name.size() - 2);
  if (name.starts_with('*'))
    name.remove_prefix(1);
  return name;
}

} // namespace perch::policy
