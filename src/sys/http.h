#pragma once
// One HTTP exchange with a server at an address that somebody has vetted. Redirects, policies and
// addresses are the caller's business: nothing here follows, resolves or reuses anything.

#include "base/result.h"
#include "sys/cancel.h"
#include "sys/net.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::sys {

struct HttpExchange {
  std::string method;
  std::string url;                ///< http or https, ASCII, without user and fragment
  std::string host;               ///< of the url; an IPv6 address without brackets
  int port = 0;                   ///< of the url, its scheme's when it has none
  std::vector<Address> addresses; ///< the connection goes to one of these, whatever the name is
  /// A proxy's URL instead: it resolves the name, and `addresses` are not used.
  std::string proxy;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30); ///< of the whole exchange
  std::uint64_t max_body_bytes = 32ull << 20;                  ///< after decompression
  /// Called with the status and the headers before the body: false leaves the body out.
  std::function<bool(int status)> wants_body;
  /// When set the body goes here in pieces and HttpReply::body stays empty.
  std::function<Status(std::string_view)> sink;
};

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers; ///< as received, in order
  std::string body;
};

/// Threads: safe from several.
class HttpTransport {
public:
  virtual ~HttpTransport() = default;
  /// A body compressed with gzip or deflate arrives decompressed, and without the headers
  /// Content-Encoding and Content-Length, unless the request has an Accept-Encoding or Range of its
  /// own.
  /// Errors: http_timeout, http_error (refused, reset, TLS, malformed), output_too_large, what
  /// `sink` fails with, those of CancelToken::check.
  virtual Result<HttpReply> exchange(const HttpExchange& exchange, CancelToken& cancel) = 0;
};

} // namespace perch::sys
