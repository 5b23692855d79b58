#pragma once
// HTTP under the network policy: perch's own ops and the imports of guests go through here. Every
// redirect is a request of its own.

#include "base/result.h"
#include "lane/lane.h"
#include "op/call.h"
#include "run/gate.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace perch::run {

/// One request with its redirects. It goes out only if the policy allows host and port, the scheme
/// is http or https without user-info and never steps down from https, and the name resolves to
/// public addresses only; the connection then goes to one of exactly these addresses.
///
/// Errors: bad_argument (URL, method, header); the denial; http_ssrf_blocked (an address that is
/// not public); http_redirect_refused (too many, a step down, no usable target);
/// http_dns_failed, http_timeout, http_error, output_too_large; those of CancelToken::check.
[[nodiscard]] Result<op::HttpResponse> fetch(const Gate& gate, const Scope& scope, Actor actor,
                                             const op::HttpRequest& request);

/// What became of a guest's requests. Threads: safe from any.
class HttpTally {
public:
  struct Refusal {
    std::string url, reason;
  };
  struct Totals {
    std::int64_t made = 0;        ///< those of which something went out, whatever came of it
    std::vector<Refusal> refused; ///< that the guest got no answer to; the first kMostRefusals
  };
  static constexpr std::size_t kMostRefusals = 100;
  /// Told of each that `refused` holds, when it was refused or has failed, and how long it took.
  using Tell = std::function<void(const op::HttpRequest&, const Error&, std::int64_t took_ns)>;

  explicit HttpTally(Tell tell = nullptr) : tell_(std::move(tell)) {}

  void made();
  void refused(const op::HttpRequest& request, const Error& error, std::int64_t took_ns);
  [[nodiscard]] Totals totals() const;

private:
  const Tell tell_;
  mutable std::mutex mutex_;
  Totals totals_;
};

/// The same for a guest: at least one of `hosts` (patterns in normal form, policy/hosts.h) must
/// match as well, and `requires` does not count. Whatever is refused or fails ends in an error of
/// kind wasm_http_refused, of which the guest sees nothing but that it is one. `tally` counts
/// along; what ends because the guest has to was not refused.
/// Lifetime: keeps copies of what the scope borrows; borrows only the gate.
[[nodiscard]] lane::HttpBroker http_broker(const Gate& gate, const Scope& scope, Actor actor,
                                           std::vector<std::string> hosts,
                                           std::shared_ptr<HttpTally> tally = nullptr);

} // namespace perch::run
