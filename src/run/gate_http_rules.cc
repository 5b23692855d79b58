#include "run/gate_http_rules.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace perch::run {

using base::cat;
using policy::Url;

namespace {

constexpr auto kNpos = std::string_view::npos;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view other) { return equal_names(name, other); });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != kNpos;
  });
}

Status check_header(const std::string& name, const std::string& value) {
  if (!is_token(name))
    return fail(kind::kBadArgument, cat("`", name, "` is no name of a header"), name);
  if (std::ranges::any_of(value, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
      }))
    return fail(kind::kBadArgument, cat("the header ", name, " holds control characters"), name);
  // These say where a message goes or where it ends, which is decided here and nowhere else.
  const bool reserved = is_one_of(name, {"Host", "Content-Length", "Transfer-Encoding",
                                         "Connection", "Keep-Alive", "Proxy-Connection", "TE",
                                         "Trailer", "Upgrade", "Expect", "HTTP2-Settings"}) ||
                        equal_names(std::string_view(name).substr(0, 6), "Proxy-");
  if (reserved)
    return fail(kind::kBadArgument, cat("the header ", name, " may not be set"), name,
                "perch sets it as the message needs it");
  return {};
}

void drop(HttpHeaders& headers, std::initializer_list<std::string_view> names) {
  std::erase_if(headers, [&](const auto& header) { return is_one_of(header.first, names); });
}

std::string variable(const sys::Env& env, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto value = env.get(name); value && !value->empty())
      return std::string(*value);
  }
  return {};
}

/// `*`, `host`, `host:port`, `.suffix` and `suffix`, separated by commas.
bool bypasses(std::string_view list, const Url& url) {
  for (std::string_view entry : base::split(list, ',')) {
    entry = base::trim(entry);
    if (entry == "*")
      return true;
    if (const std::size_t colon = entry.rfind(':'); colon != kNpos && entry.find(':') == colon) {
      if (base::parse_int(entry.substr(colon + 1)) != url.port)
        continue;
      entry = entry.substr(0, colon);
    }
    if (entry.starts_with("*."))
      entry.remove_prefix(1);
    if (entry.starts_with('.'))
      entry.remove_prefix(1);
    if (entry.empty() || entry.size() > url.host.size())
      continue;
    const std::size_t start = url.host.size() - entry.size();
    if (equal_names(std::string_view(url.host).substr(start), entry) &&
        (start == 0 || url.host[start - 1] == '.'))
      return true;
  }
  return false;
}

} // namespace

Result<HttpMessage> first_message(const op::HttpRequest& request) {
  static constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                                  "PATCH", "DELETE", "OPTIONS"};
  if (std::ranges::find(kMethods, request.method) == std::end(kMethods))
    return fail(kind::kBadArgument, cat("`", request.method, "` is no method that may be used"),
                request.method, "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
  HttpMessage out{.method = request.method, .headers = request.headers, .body = request.body};
  PERCH_TRY_ASSIGN(out.url, policy::parse_url(request.url));
  for (const auto& [name, value] : out.headers)
    PERCH_TRY(check_header(name, value));
  if (request.resume_from > 0)
    out.headers.emplace_back("Range", cat("bytes=", request.resume_from, '-'));
  if (!header_of(out.headers, "User-Agent"))
    out.headers.emplace_back("User-Agent", "perch");
  return out;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void redirect(HttpMessage& message, int status, Url target) {
  const bool becomes_get = (status == 303 && message.method != "HEAD") ||
                           ((status == 301 || status == 302) && message.method == "POST");
  if (becomes_get) {
    message.method = "GET";
    message.body.clear();
    drop(message.headers,
         {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"});
  }
  if (!message.url.same_origin(target))
    drop(message.headers, {"Authorization", "Cookie", "Cookie2", "WWW-Authenticate"});
  message.url = std::move(target);
}

std::optional<std::string_view> header_of(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equal_names(key, name))
      return value;
  }
  return std::nullopt;
}

std::string proxy_for(const sys::Env& env, const Url& url) {
  if (bypasses(variable(env, {"no_proxy", "NO_PROXY"}), url))
    return {};
  const std::string all = variable(env, {"all_proxy", "ALL_PROXY"});
  const std::string own =
      url.https ? variable(env, {"https_proxy", "HTTPS_PROXY"}) : variable(env, {"http_proxy"});
  return own.empty() ? all : own;
}

} // namespace perch::run
