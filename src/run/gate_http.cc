#include "run/gate_http.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/addresses.h"
#include "policy/hosts.h"
#include "policy/urls.h"
#include "run/gate_http_rules.h"
#include "sys/http.h"
#include "sys/net.h"

#include <algorithm>

namespace perch::run {

using base::cat;
using op::Cap;
using policy::Url;

namespace {

/// One request on its way through its redirects.
class Client {
public:
  /// `guest_hosts`: what a guest's block lists; null for perch's own ops.
  Client(const Gate& gate, const Scope& scope, Actor actor,
         const std::vector<std::string>* guest_hosts)
      : gate_(gate), scope_(scope), actor_(actor), guest_hosts_(guest_hosts),
        rules_(gate.setup().http) {}

  Result<op::HttpResponse> run(const op::HttpRequest& request);
  /// Whether anything of it was handed to the network.
  [[nodiscard]] bool sent() const { return sent_; }

private:
  Status admit(const Url& url) const;
  Result<std::vector<sys::Address>> vetted(const Url& url) const;
  Result<sys::HttpReply> exchange(const op::HttpRequest& request, const HttpMessage& message,
                                  op::Duration left);
  Result<Url> next(const Url& from, std::string_view location, int hops) const;
  /// A refusal that no layer of the policy made: recorded with its reason.
  std::unexpected<Error> refuse(std::string_view kind, const Url& url, std::string message,
                                std::string_view reason, std::string help) const;

  const Gate& gate_;
  const Scope& scope_;
  Actor actor_;
  const std::vector<std::string>* guest_hosts_;
  const HttpRules& rules_;
  bool sent_ = false;
};

/// Host and port as in a URL: `::2:80` would be an address.
std::string place_of(const Url& url) {
  const bool v6 = url.host.contains(':');
  return cat(v6 ? "[" : "", url.host, v6 ? "]:" : ":", url.port);
}

std::unexpected<Error> Client::refuse(std::string_view kind, const Url& url, std::string message,
                                      std::string_view reason, std::string help) const {
  PERCH_TRY(gate_.record_denial(scope_, actor_, Cap::Net, place_of(url), std::string(reason)));
  return fail(kind, std::move(message), url.host, std::move(help));
}

Status Client::admit(const Url& url) const {
  if (guest_hosts_ != nullptr) {
    const bool listed = std::ranges::any_of(*guest_hosts_, [&](const std::string& pattern) {
      return policy::host_matches(pattern, url.host, url.port);
    });
    if (!listed) {
      return refuse(kind::kWasmHttpRefused, url,
                    cat(actor_.name, ": the block does not list ", place_of(url)),
                    "wasm_allow_host", cat("add: wasm_allow_host \"", url.host, '"'));
    }
  }
  return gate_.ask(
      scope_, actor_,
      {.cap = Cap::Net, .subject = url.host, .port = url.port, .guest = guest_hosts_ != nullptr});
}

/// Every address of the host, when all of them are public. One private address among them is
/// enough to refuse: which one is taken would be the name server's choice.
Result<std::vector<sys::Address>> Client::vetted(const Url& url) const {
  std::vector<sys::Address> out;
  if (const auto ip = policy::parse_ip(url.host)) {
    out.push_back({.data = ip->data, .v6 = ip->v6});
  } else {
    if (gate_.world().net == nullptr)
      return fail(kind::kHttpDnsFailed, "there is no network here", url.host);
    auto found = gate_.world().net->resolve(url.host, *scope_.cancel);
    if (!found && found.error().kind == kind::kDnsFailed)
      found.error().kind = kind::kHttpDnsFailed;
    PERCH_TRY_ASSIGN(out, std::move(found));
  }
  if (rules_.allow_private_ips)
    return out;
  for (const sys::Address& address : out) {
    const std::string_view why = policy::not_public_because(address.bytes());
    if (why.empty())
      continue;
    const std::string text = policy::ip_text({.data = address.data, .v6 = address.v6});
    return refuse(kind::kHttpSsrfBlocked, url,
                  cat(actor_.name, " may not reach ", url.host,
                      text == url.host ? "" : cat(", which is ", text),
                      ": that address is not a public one (", why, ')'),
                  cat("public addresses only (", why, ')'),
                  "to allow it, run with --allow-private-ips");
  }
  return out;
}

Result<sys::HttpReply> Client::exchange(const op::HttpRequest& request, const HttpMessage& message,
                                        op::Duration left) {
  if (gate_.world().http == nullptr)
    return fail(kind::kHttpError, "there is no network here", message.url.host);
  sys::HttpExchange out{.method = message.method,
                        .url = message.url.text(),
                        .host = message.url.host,
                        .port = message.url.port,
                        .headers = message.headers,
                        .body = message.body,
                        .timeout = left,
                        .max_body_bytes = request.max_body_bytes,
                        .wants_body = [](int status) { return !is_redirect(status); },
                        .sink = request.sink};
  if (rules_.allow_proxy)
    out.proxy = proxy_for(gate_.world().env, message.url);
  // A proxy looks the name up itself; an address in the URL is vetted all the same.
  if (out.proxy.empty() || policy::parse_ip(message.url.host)) {
    PERCH_TRY_ASSIGN(out.addresses, vetted(message.url));
  }
  sent_ = true;
  trace::Progress* progress = gate_.setup().progress;
  if (progress == nullptr)
    return gate_.world().http->exchange(out, *scope_.cancel);
  const std::string what = cat("from ", message.url.host);
  trace::ProgressTask task(progress, what);
  std::uint64_t received = 0;
  if (request.sink) {
    out.sink = [&](std::string_view piece) {
      received += piece.size();
      task.update(cat(what, ": ", trace::bytes_text(received)));
      return request.sink(piece);
    };
  }
  return gate_.world().http->exchange(out, *scope_.cancel);
}

Result<Url> Client::next(const Url& from, std::string_view location, int hops) const {
  constexpr std::string_view kKind = kind::kHttpRedirectRefused;
  if (hops >= rules_.max_redirects) {
    return refuse(
        kKind, from,
        cat(actor_.name, ": ", from.host, " redirects more than ", rules_.max_redirects, " times"),
        "--max-redirects", cat("to follow more, run with --max-redirects ", hops + 1));
  }
  auto target = policy::resolve_url(from, location);
  if (!target) {
    return refuse(
        kKind, from,
        cat(actor_.name, ": ", from.host, " redirects to no usable URL: ", target.error().message),
        "redirect target", "");
  }
  if (from.https && !target->https && !rules_.allow_scheme_downgrade) {
    return refuse(
        kKind, *target,
        cat(actor_.name, ": ", from.host, " redirects from https to http at ", target->host),
        "https to http", "to allow it, run with --allow-scheme-downgrade");
  }
  return target;
}

Result<op::HttpResponse> Client::run(const op::HttpRequest& request) {
  PERCH_TRY_ASSIGN(HttpMessage message, first_message(request));
  sys::Clock& clock = gate_.world().clock;
  const std::int64_t end = clock.steady_ns() + request.timeout.count();
  for (int hops = 0;; ++hops) {
    PERCH_TRY(admit(message.url));
    const op::Duration left(end - clock.steady_ns());
    if (left.count() <= 0)
      return fail(kind::kHttpTimeout, cat(message.url.host, " did not answer in time"),
                  message.url.text(), "give it more time with a longer timeout");
    PERCH_TRY_ASSIGN(sys::HttpReply reply, exchange(request, message, left));
    const auto location = header_of(reply.headers, "Location");
    if (!is_redirect(reply.status) || !location) {
      return op::HttpResponse{.status = reply.status,
                              .headers = std::move(reply.headers),
                              .body = std::move(reply.body)};
    }
    PERCH_TRY_ASSIGN(Url target, next(message.url, *location, hops));
    redirect(message, reply.status, std::move(target));
  }
}

/// What a guest's requests need after the statement's own variables are gone.
struct Kept {
  policy::Policy policy;
  std::string directory;
  EnvOverlay env;
  trace::SpanId span;
  const program::Module* module;
  std::string name;
  std::vector<std::string> hosts;
};

} // namespace

Result<op::HttpResponse> fetch(const Gate& gate, const Scope& scope, Actor actor,
                               const op::HttpRequest& request) {
  return Client(gate, scope, actor, nullptr).run(request);
}

void HttpTally::made() {
  const std::scoped_lock lock(mutex_);
  ++totals_.made;
}

void HttpTally::refused(const op::HttpRequest& request, const Error& error, std::int64_t took_ns) {
  {
    const std::scoped_lock lock(mutex_);
    if (totals_.refused.size() >= kMostRefusals)
      return;
    totals_.refused.push_back({.url = request.url, .reason = error.message});
  }
  if (tell_)
    tell_(request, error, took_ns);
}

HttpTally::Totals HttpTally::totals() const {
  const std::scoped_lock lock(mutex_);
  return totals_;
}

lane::HttpBroker http_broker(const Gate& gate, const Scope& scope, Actor actor,
                             std::vector<std::string> hosts, std::shared_ptr<HttpTally> tally) {
  auto kept = std::make_shared<const Kept>(Kept{.policy = scope.policy,
                                                .directory = std::string(scope.directory),
                                                .env = scope.env,
                                                .span = scope.span,
                                                .module = scope.module,
                                                .name = std::string(actor.name),
                                                .hosts = std::move(hosts)});
  return [&gate, kept, tally = std::move(tally)](
             const op::HttpRequest& request,
             const std::shared_ptr<sys::CancelToken>& cancel) -> Result<op::HttpResponse> {
    const Scope own{.policy = kept->policy,
                    .directory = kept->directory,
                    .env = kept->env,
                    .cancel = cancel,
                    .span = kept->span,
                    .module = kept->module};
    Client client(gate, own, {.name = kept->name}, &kept->hosts);
    sys::Clock& clock = gate.world().clock;
    const std::int64_t began_ns = clock.steady_ns();
    auto response = client.run(request);
    if (tally != nullptr && client.sent())
      tally->made();
    if (!response && cancel->stopped() == sys::StopReason::None) {
      response.error().kind = kind::kWasmHttpRefused;
      if (tally != nullptr)
        tally->refused(request, response.error(), clock.steady_ns() - began_ns);
    }
    return response;
  };
}

} // namespace perch::run
