#pragma once
// What perch's HTTP client makes of requests, redirects and proxy variables, without a network.

#include "base/result.h"
#include "op/call.h"
#include "policy/urls.h"
#include "sys/world.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::run {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// What goes out on one hop.
struct HttpMessage {
  std::string method;
  policy::Url url;
  HttpHeaders headers;
  std::string body;
};

/// The message of a request's first hop. Errors: bad_argument for a URL, a method (GET HEAD POST
/// PUT PATCH DELETE OPTIONS) or a header that may not be sent: one whose name or value is
/// malformed, and those that decide where a message goes or ends (Host, Content-Length,
/// Transfer-Encoding, and the hop-by-hop ones).
[[nodiscard]] Result<HttpMessage> first_message(const op::HttpRequest& request);

/// 301 302 303 307 308
[[nodiscard]] bool is_redirect(int status);

/// Turns a message into the one that follows a redirect: after 303, and after 301 or 302 of a POST,
/// a GET without body; credentials do not go to another origin.
void redirect(HttpMessage& message, int status, policy::Url target);

/// The value of the first header of that name, in any case.
[[nodiscard]] std::optional<std::string_view> header_of(const HttpHeaders& headers,
                                                        std::string_view name);

/// The proxy that http_proxy, https_proxy and no_proxy (in lower or upper case) name for a URL;
/// empty for none. HTTP_PROXY does not count: a web server sets it from a request's header.
[[nodiscard]] std::string proxy_for(const sys::Env& env, const policy::Url& url);

} // namespace perch::run
