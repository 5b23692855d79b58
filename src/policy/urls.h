#pragma once
// URLs of HTTP, taken apart once, so that what is decided on is what is asked for.

#include "base/result.h"

#include <string>
#include <string_view>

namespace perch::policy {

struct Url {
  bool https = false;
  std::string host; ///< in normal form (policy/hosts.h), IPv6 without brackets
  int port = 0;     ///< 80 or 443 when the text has none
  std::string path; ///< starts with `/`, without `.` and `..`; the query included
  /// The text of exactly these parts; a scheme's own port is left out.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool same_origin(const Url& other) const {
    return https == other.https && host == other.host && port == other.port;
  }
};

/// An absolute http or https URL. A fragment is dropped; bytes that may not stand in a path are
/// percent-encoded. Errors: bad_argument for another scheme, user-info, a host that is none, a port
/// that is none, control characters.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// What a Location header means, seen from `base`. Errors: as parse_url.
[[nodiscard]] Result<Url> resolve_url(const Url& base, std::string_view location);

} // namespace perch::policy
