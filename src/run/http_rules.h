#pragma once
// The rules of perch's HTTP client that the command line sets.

namespace perch::run {

struct HttpRules {
  bool allow_private_ips = false;      ///< --allow-private-ips
  bool allow_scheme_downgrade = false; ///< --allow-scheme-downgrade
  bool allow_proxy = false;            ///< --allow-proxy: proxies of the environment are used
  int max_redirects = 5;               ///< --max-redirects; --no-redirects is 0
};

} // namespace perch::run
