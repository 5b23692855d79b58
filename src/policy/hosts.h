#pragma once
// Host names and host patterns. Names compare in one normal form: lower-case ASCII without a
// trailing dot, IP literals as the system prints them.

#include "base/result.h"

#include <string>
#include <string_view>

namespace perch::policy {

/// The normal form of a host from a URL or an argument. `[::1]` loses its brackets. Labels of
/// lower-case letters beyond ASCII become `xn--…`; characters whose mapping would need Unicode's
/// tables are refused, and so is every spelling of an IPv4 address but four decimal numbers
/// (`127.1`, `0x7f.1` and `2130706433` mean 127.0.0.1 to the resolver and must not pass as names).
/// Errors: bad_argument.
[[nodiscard]] Result<std::string> normalize_host(std::string_view host);

/// The normal form of a pattern: an exact name, `*.example.com` (any number of labels before
/// example.com, at least one), `*` (every host), an IP literal; each may end in `:port`, an IPv6
/// literal with a port stands in brackets.
/// Errors: bad_argument for a pattern that can match nothing or means something else than it looks
/// like: a scheme, a path, a `*` inside a label, an address range, a port out of range.
[[nodiscard]] Result<std::string> normalize_host_pattern(std::string_view pattern);

/// As normalize_host_pattern, for checks that need no result.
[[nodiscard]] Status check_host_pattern(std::string_view pattern);

/// Whether a pattern matches a host, both in normal form. Port 0 matches patterns of every port.
[[nodiscard]] bool host_matches(std::string_view pattern, std::string_view host, int port);

/// What a pattern in normal form holds a host against: the host itself, of `*.x` the end `.x` that
/// the host must have, of `*` nothing.
[[nodiscard]] std::string_view matched_part(std::string_view pattern);

} // namespace perch::policy
