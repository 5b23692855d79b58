#include "lane/wasm/http_imports.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace perch::lane {

namespace {

constexpr std::int32_t kRefused = -1;
constexpr std::size_t kShownMethodBytes = 32; ///< of one that is none

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// A header's name is a token (RFC 9110).
bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || kMarks.find(static_cast<char>(c)) != kMarks.npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value,
                              [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

/// What a guest may not say: it belongs to the connection, to the framing of the message, or would
/// make the server see another host than the one the policy was asked about.
constexpr std::string_view kReserved[] = {"host",
                                          "transfer-encoding",
                                          "connection",
                                          "keep-alive",
                                          "te",
                                          "trailer",
                                          "upgrade",
                                          "expect",
                                          "proxy-authorization",
                                          "proxy-authenticate",
                                          "proxy-connection",
                                          "content-length"};

bool is_reserved(std::string_view name) {
  return std::ranges::any_of(
      kReserved, [&](std::string_view word) { return equal_ignoring_case(name, word); });
}

bool is_method(std::string_view text) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  return std::ranges::find(kMethods, text) != std::end(kMethods);
}

std::int32_t copy_out(std::string_view from, std::span<std::uint8_t> to) {
  const std::size_t count = std::min(from.size(), to.size());
  std::copy_n(from.begin(), count, to.begin());
  return static_cast<std::int32_t>(count);
}

constexpr std::string_view kOutside = "the module passes what lies outside its memory";

/// Why this is no URL to ask for; empty: it may be one.
std::string wrong_url(const std::optional<std::string_view>& url) {
  if (!url)
    return std::string(kOutside);
  return url->size() > kMaxUrlBytes ? base::cat("the URL has more than ", kMaxUrlBytes, " bytes")
                                    : "";
}

/// What a guest gave for one request.
struct Given {
  std::optional<std::string_view> method, url, headers, body;
};

/// Why no request can be made of it, but for its header lines; empty: one can.
std::string wrong_with(const Given& given) {
  if (!given.method || !given.headers || !given.body)
    return std::string(kOutside);
  if (!is_method(*given.method))
    return "the method is none of GET, HEAD, POST, PUT, PATCH and DELETE";
  if (given.headers->size() > kMaxHeaderBytes)
    return base::cat("the headers have more than ", kMaxHeaderBytes, " bytes");
  if (given.body->size() > kMaxHttpBytes)
    return base::cat("the body has more than ", kMaxHttpBytes, " bytes");
  return wrong_url(given.url);
}

// ---- the imports: from a guest's numbers to typed calls -----------------------------------------

HttpImports& of(void* host) { return *static_cast<HttpImports*>(host); }

std::int32_t http_get(void* host, std::uint8_t* memory, std::size_t size,
                      const std::int32_t* args) {
  const auto url = GuestMemory(memory, size).read(args[0], args[1]);
  op::HttpRequest request;
  if (std::string wrong = wrong_url(url); !wrong.empty())
    return of(host).refuse(request, std::move(wrong));
  request.url = *url;
  return of(host).request(std::move(request));
}

std::int32_t http_status(void* host, std::uint8_t*, std::size_t, const std::int32_t* args) {
  return of(host).status(args[0]);
}

std::int32_t http_body_len(void* host, std::uint8_t*, std::size_t, const std::int32_t* args) {
  return of(host).body_size(args[0]);
}

std::int32_t http_read_body(void* host, std::uint8_t* memory, std::size_t size,
                            const std::int32_t* args) {
  const auto to = GuestMemory(memory, size).write(args[1], args[2]);
  return to ? of(host).read_body(args[0], *to) : kRefused;
}

std::int32_t http_close(void* host, std::uint8_t*, std::size_t, const std::int32_t* args) {
  return of(host).close(args[0]);
}

std::int32_t http_request(void* host, std::uint8_t* memory, std::size_t size,
                          const std::int32_t* args) {
  const GuestMemory guest(memory, size);
  const Given given{.method = guest.read(args[0], args[1]),
                    .url = guest.read(args[2], args[3]),
                    .headers = guest.read(args[4], args[5]),
                    .body = guest.read(args[6], args[7])};
  op::HttpRequest request;
  if (given.method)
    request.method = given.method->substr(0, kShownMethodBytes);
  if (wrong_url(given.url).empty())
    request.url = *given.url;
  if (std::string wrong = wrong_with(given); !wrong.empty())
    return of(host).refuse(request, std::move(wrong));
  auto headers = parse_guest_headers(*given.headers);
  if (!headers)
    return of(host).refuse(request, std::move(headers).error());
  request.headers = std::move(*headers);
  request.body = *given.body;
  return of(host).request(std::move(request));
}

std::int32_t http_header(void* host, std::uint8_t* memory, std::size_t size,
                         const std::int32_t* args) {
  const GuestMemory guest(memory, size);
  const auto name = guest.read(args[1], args[2]);
  const auto to = guest.write(args[3], args[4]);
  return name && to ? of(host).header(args[0], *name, *to) : kRefused;
}

constexpr perch_slice_t text(std::string_view value) { return {value.data(), value.size()}; }

constexpr perch_slice_t kModule = text("perch");
constexpr perch_import_t kImports[] = {
    {kModule, text("http_get"), 2, http_get},
    {kModule, text("http_status"), 1, http_status},
    {kModule, text("http_body_len"), 1, http_body_len},
    {kModule, text("http_read_body"), 3, http_read_body},
    {kModule, text("http_close"), 1, http_close},
    {kModule, text("http_request"), 8, http_request},
    {kModule, text("http_header"), 5, http_header},
};

} // namespace

bool GuestMemory::holds(std::int32_t at, std::int32_t size) const {
  const std::uint64_t begin = static_cast<std::uint32_t>(at);
  const std::uint64_t end = begin + static_cast<std::uint32_t>(size);
  return data_ != nullptr && end <= size_;
}

std::optional<std::string_view> GuestMemory::read(std::int32_t at, std::int32_t size) const {
  if (!holds(at, size))
    return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(data_) + static_cast<std::uint32_t>(at),
                          static_cast<std::uint32_t>(size));
}

std::optional<std::span<std::uint8_t>> GuestMemory::write(std::int32_t at,
                                                          std::int32_t size) const {
  if (!holds(at, size))
    return std::nullopt;
  return std::span(data_ + static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size));
}

std::expected<std::vector<std::pair<std::string, std::string>>, std::string>
parse_guest_headers(std::string_view lines) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (lines.ends_with('\n'))
    lines.remove_suffix(1);
  if (lines.empty())
    return headers;
  for (std::string_view line : base::split(lines, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return std::unexpected("a line of the headers is no `Name: value`");
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t'))
      value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t'))
      value.remove_suffix(1);
    if (!is_token(name))
      return std::unexpected("a header has a name that HTTP does not allow");
    if (is_reserved(name))
      return std::unexpected(base::cat("the header `", name, "` is not for a module to set"));
    if (!is_header_value(value))
      return std::unexpected("a header has a value that HTTP does not allow");
    headers.emplace_back(name, value);
  }
  return headers;
}

HttpImports::HttpImports(const GuestSpec& spec, Supervisor& supervisor, sys::CancelToken& cancel,
                         StopWord& word)
    : broker_(spec.http), misused_(spec.http_misused), supervisor_(supervisor), cancel_(cancel),
      word_(word) {}

std::span<const perch_import_t> HttpImports::table() { return kImports; }

void HttpImports::interrupt() {
  std::shared_ptr<Exchange> exchange;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    exchange = current_;
  }
  if (exchange == nullptr)
    return;
  exchange->cancel->stop(sys::StopReason::Client);
  const std::lock_guard lock(exchange->mutex);
  exchange->changed.notify_all();
}

void HttpImports::wait_until_idle() {
  std::shared_ptr<Exchange> exchange;
  {
    const std::lock_guard lock(mutex_);
    exchange = current_;
  }
  if (exchange == nullptr)
    return;
  std::unique_lock lock(exchange->mutex);
  exchange->changed.wait(lock, [&] { return exchange->done; });
}

std::optional<op::HttpResponse> HttpImports::outside(Work work) {
  auto exchange = std::make_shared<Exchange>();
  exchange->cancel = cancel_.child();
  {
    const std::lock_guard lock(mutex_);
    if (stopped_)
      return std::nullopt;
    current_ = exchange;
  }
  supervisor_.run_outside([exchange, work = std::move(work)] {
    auto response = work(exchange->cancel);
    const std::lock_guard lock(exchange->mutex);
    exchange->response = std::move(response);
    exchange->done = true;
    exchange->changed.notify_all();
  });
  std::unique_lock lock(exchange->mutex);
  exchange->changed.wait(lock, [&] { return exchange->done || word_.stop.load() != 0; });
  // An exchange that ended because the run is over must not look like a refusal.
  if (cancel_.stopped() != sys::StopReason::None)
    word_.stop.store(1);
  return std::move(exchange->response);
}

std::int32_t HttpImports::refuse(const op::HttpRequest& request, std::string why) {
  if (misused_)
    (void)outside([misused = misused_, request,
                   why = std::move(why)](const auto&) -> std::optional<op::HttpResponse> {
      misused(request, why);
      return std::nullopt;
    });
  return kRefused;
}

std::string HttpImports::no_room() const {
  constexpr std::string_view kWayOut =
      ", of which the module has to close some before it asks for more";
  if (open_.size() >= kMaxHttpHandles || last_handle_ == std::numeric_limits<std::int32_t>::max())
    return base::cat(open_.size(), " responses are open", kWayOut);
  // A small answer may decompress to a large body: what a guest makes the host hold is bounded.
  if (held_bytes_ > kMaxHeldBytes - kMaxHttpBytes)
    return base::cat("the open responses hold ", held_bytes_ >> 20, " MiB", kWayOut);
  return {};
}

std::int32_t HttpImports::request(op::HttpRequest request) {
  if (!broker_)
    return kRefused;
  if (std::string full = no_room(); !full.empty())
    return refuse(request, std::move(full));
  request.max_body_bytes = kMaxHttpBytes;
  auto response = outside([broker = broker_, request = std::move(request)](
                              const auto& cancel) -> std::optional<op::HttpResponse> {
    auto answer = broker(request, cancel);
    if (!answer)
      return std::nullopt;
    return std::move(*answer);
  });
  // The reason of a refusal is in the audit and the trace; a guest learns that it was one.
  if (!response || response->body.size() > kMaxHttpBytes)
    return kRefused;
  held_bytes_ += response->body.size();
  open_.emplace(++last_handle_, Open{std::move(*response), 0});
  return last_handle_;
}

const HttpImports::Open* HttpImports::find(std::int32_t handle) const {
  auto at = open_.find(handle);
  return at == open_.end() ? nullptr : &at->second;
}

std::int32_t HttpImports::status(std::int32_t handle) const {
  const Open* open = find(handle);
  return open == nullptr ? kRefused : open->response.status;
}

std::int32_t HttpImports::body_size(std::int32_t handle) const {
  const Open* open = find(handle);
  return open == nullptr ? kRefused : static_cast<std::int32_t>(open->response.body.size());
}

std::int32_t HttpImports::read_body(std::int32_t handle, std::span<std::uint8_t> to) {
  auto at = open_.find(handle);
  if (at == open_.end())
    return kRefused;
  Open& open = at->second;
  const auto count = copy_out(std::string_view(open.response.body).substr(open.read), to);
  open.read += static_cast<std::size_t>(count);
  return count;
}

std::int32_t HttpImports::header(std::int32_t handle, std::string_view name,
                                 std::span<std::uint8_t> to) const {
  const Open* open = find(handle);
  if (open == nullptr)
    return kRefused;
  std::string value;
  bool found = false;
  for (const auto& [each, text_of] : open->response.headers) {
    if (!equal_ignoring_case(each, name))
      continue;
    value += found ? base::cat(", ", text_of) : text_of;
    found = true;
  }
  if (!found)
    return kRefused;
  copy_out(value, to);
  return static_cast<std::int32_t>(value.size());
}

std::int32_t HttpImports::close(std::int32_t handle) {
  const auto at = open_.find(handle);
  if (at == open_.end())
    return kRefused;
  held_bytes_ -= at->second.response.body.size();
  open_.erase(at);
  return 0;
}

} // namespace perch::lane
