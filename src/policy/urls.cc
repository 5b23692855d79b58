#include "policy/urls.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/hosts.h"

#include <algorithm>
#include <vector>

namespace perch::policy {

using base::cat;

namespace {

constexpr auto kNpos = std::string_view::npos;

std::unexpected<Error> bad(std::string_view text, std::string_view why, std::string help = {}) {
  return fail(kind::kBadArgument, cat("`", text, "` is no usable URL: ", why), std::string(text),
              std::move(help));
}

bool starts_with_scheme(std::string_view text) {
  const std::size_t colon = text.find_first_of(":/?#");
  return colon != kNpos && colon > 0 && text[colon] == ':';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

/// RFC 3986 section 5.2.4, and what is not allowed in a path percent-encoded.
std::string clean_path(std::string_view path) {
  const std::size_t end = std::min(path.find('?'), path.size());
  std::vector<std::string_view> out;
  const std::vector<std::string_view> parts = base::split(path.substr(0, end), '/');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const bool up = parts[i] == "..";
    if (up && !out.empty())
      out.pop_back();
    if (!up && parts[i] != ".")
      out.push_back(parts[i]);
    else if (last)
      out.emplace_back("");
  }
  std::string text;
  for (const std::string_view part : out)
    text += cat('/', part);
  if (text.empty())
    text = "/";
  text += path.substr(end);

  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == kNpos) {
      encoded += c;
      continue;
    }
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return encoded;
}

/// Fills in host and port from `name`, `name:port`, `[v6]` or `[v6]:port`.
Status parse_authority(Url& url, std::string_view text, std::string_view authority) {
  if (authority.find('@') != kNpos) {
    return bad(text, "it holds a user name or password",
               "send credentials in a header, not in the URL");
  }
  std::string_view host = authority, port;
  const std::size_t colon = authority.rfind(':');
  const bool in_brackets = authority.starts_with('[') && authority.rfind(']') > colon;
  if (colon != kNpos && !in_brackets) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    const auto number = base::parse_int(port);
    if (!number || port[0] < '0' || port[0] > '9' || *number < 1 || *number > 65535)
      return bad(text, "its port is no number from 1 to 65535");
    url.port = static_cast<int>(*number);
  }
  if (host.find(':') != kNpos && !host.starts_with('['))
    return bad(text, "an IPv6 address must stand in brackets");
  PERCH_TRY_ASSIGN(url.host, normalize_host(host));
  return {};
}

} // namespace

std::string Url::text() const {
  const bool v6 = host.find(':') != kNpos;
  std::string out = cat(https ? "https://" : "http://", v6 ? "[" : "", host, v6 ? "]" : "");
  if (port != (https ? 443 : 80))
    out += cat(':', port);
  return out + path;
}

Result<Url> parse_url(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return bad("…", "it holds control characters");
  }
  if (text.empty())
    return bad(text, "it is empty");
  const std::string scheme = lower(text.substr(0, text.find(':')));
  if (scheme != "http" && scheme != "https") {
    return bad(text, "it does not start with http:// or https://",
               starts_with_scheme(text) ? "" : cat("write https://", text));
  }
  std::string_view rest = text.substr(scheme.size() + 1);
  if (!rest.starts_with("//"))
    return bad(text, "`//` must follow the scheme");
  rest.remove_prefix(2);
  rest = rest.substr(0, rest.find('#'));
  // A backslash is a slash to some clients and not to others: it never reaches the host's check.
  const std::size_t end = std::min(rest.find_first_of("/?\\"), rest.size());
  if (end < rest.size() && rest[end] == '\\')
    return bad(text, "its host ends in a backslash");

  Url out{.https = scheme == "https", .port = scheme == "https" ? 443 : 80};
  PERCH_TRY(parse_authority(out, text, rest.substr(0, end)));
  const std::string_view path = rest.substr(end);
  out.path = clean_path(path.starts_with('/') ? std::string(path) : cat('/', path));
  return out;
}

Result<Url> resolve_url(const Url& base, std::string_view location) {
  location = base::trim(location);
  if (starts_with_scheme(location))
    return parse_url(location);
  if (location.starts_with("//"))
    return parse_url(cat(base.https ? "https:" : "http:", location));
  const std::string_view path = std::string_view(base.path).substr(0, base.path.find('?'));
  const Url origin{.https = base.https, .host = base.host, .port = base.port, .path = ""};
  std::string target;
  if (location.starts_with('/'))
    target = location;
  else if (location.starts_with('?'))
    target = cat(path, location);
  else if (location.empty() || location.starts_with('#'))
    target = base.path;
  else
    target = cat(path.substr(0, path.rfind('/') + 1), location);
  return parse_url(cat(origin.text(), target));
}

} // namespace perch::policy
