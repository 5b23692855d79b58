#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/content_coding.h"
#include "sys/http.h"
#include "sys/late_relocations.h"
#include "sys/real.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

namespace perch::sys {

using base::cat;

namespace {

struct EasyEnd {
  void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
struct MultiEnd {
  void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
};
struct ListEnd {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyEnd>;
using Multi = std::unique_ptr<CURLM, MultiEnd>;
using List = std::unique_ptr<curl_slist, ListEnd>;

void append(List& list, const std::string& text) {
  curl_slist* longer = ::curl_slist_append(list.get(), text.c_str());
  PERCH_ASSERT(longer != nullptr);
  (void)list.release();
  list.reset(longer);
}

std::string address_text(const Address& address) {
  const auto& b = address.data;
  if (!address.v6)
    return cat(int{b[0]}, '.', int{b[1]}, '.', int{b[2]}, '.', int{b[3]});
  std::string out = "[";
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i > 0 && i % 2 == 0)
      out += ':';
    out += {kDigits[b[i] >> 4], kDigits[b[i] & 15]};
  }
  return out + ']';
}

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return (x | 0x20) == (y | 0x20); // header names are letters and dashes
  });
}

bool has_header(const HttpExchange& exchange, std::string_view name) {
  return std::ranges::any_of(exchange.headers,
                             [&](const auto& header) { return equal_names(header.first, name); });
}

/// One exchange while it runs: what curl's callbacks write to.
struct Running {
  const HttpExchange& exchange;
  HttpReply reply;
  std::uint64_t received = 0;
  bool body_begun = false;
  bool body_unwanted = false; ///< ended on purpose: the reply is complete without its body
  bool decompresses = false;  ///< the compression was perch's wish
  std::optional<ContentDecoder> decoder; ///< from the first byte of a body on
  std::optional<Error> error;            ///< of the sink or of a limit
};

/// Also called for interim responses, each of which starts anew, and for trailers, which are left
/// out.
std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& running = *static_cast<Running*>(context);
  const std::string_view line = base::trim({bytes, count});
  if (running.body_begun || line.empty())
    return count;
  if (line.starts_with("HTTP/")) {
    running.reply.headers.clear();
    return count;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos)
    running.reply.headers.emplace_back(std::string(line.substr(0, colon)),
                                       std::string(base::trim(line.substr(colon + 1))));
  return count;
}

std::string_view header_of(const HttpReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (equal_names(key, name))
      return value;
  }
  return {};
}

Status check_size(const HttpExchange& exchange, std::uint64_t bytes) {
  if (bytes <= exchange.max_body_bytes)
    return {};
  return fail(
      kind::kOutputTooLarge,
      cat("the answer of ", exchange.host, " has more than ", exchange.max_body_bytes, " bytes"),
      exchange.url);
}

/// What the server says about its body, before any of it is received.
Status check_announced_size(const Running& running) {
  const auto announced = base::parse_int(header_of(running.reply, "Content-Length"));
  return announced && *announced > 0
             ? check_size(running.exchange, static_cast<std::uint64_t>(*announced))
             : Status();
}

/// Every byte of the body, as the caller gets it, comes by here.
Status take(Running& running, std::string_view bytes) {
  const HttpExchange& exchange = running.exchange;
  running.received += bytes.size();
  PERCH_TRY(check_size(exchange, running.received));
  if (exchange.sink)
    return exchange.sink(bytes);
  running.reply.body += bytes;
  return {};
}

Error damaged(const HttpExchange& exchange, const Error& why) {
  return {.kind = kind::kHttpError,
          .message = cat("the answer of ", exchange.host, " cannot be used: ", why.message),
          .detail = exchange.url};
}

/// Through the decoder, if the body is one that needs it.
Status decode(Running& running, std::string_view bytes) {
  if (!running.decompresses)
    return take(running, bytes);
  if (!running.decoder) {
    auto decoder = ContentDecoder::make(header_of(running.reply, "Content-Encoding"));
    if (!decoder)
      return std::unexpected(damaged(running.exchange, decoder.error()));
    running.decoder.emplace(std::move(*decoder));
  }
  std::optional<Error> of_taker;
  const Status done = running.decoder->write(bytes, [&](std::string_view piece) {
    Status taken = take(running, piece);
    if (!taken)
      of_taker = taken.error();
    return taken;
  });
  if (done)
    return {};
  return std::unexpected(of_taker ? std::move(*of_taker) : damaged(running.exchange, done.error()));
}

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& running = *static_cast<Running*>(context);
  const HttpExchange& exchange = running.exchange;
  if (!running.body_begun && exchange.wants_body && !exchange.wants_body(running.reply.status)) {
    running.body_unwanted = true;
    return CURL_WRITEFUNC_ERROR;
  }
  Status taken = running.body_begun ? Status() : check_announced_size(running);
  running.body_begun = true;
  if (taken)
    taken = decode(running, {bytes, count});
  if (taken)
    return count;
  running.error = std::move(taken).error();
  return CURL_WRITEFUNC_ERROR;
}

/// Whether an answer has a body at all, be it empty: not to HEAD, and not with these statuses.
bool has_body(const Running& running) {
  constexpr int kFirstFinal = 200, kNoContent = 204, kNotModified = 304;
  const int status = running.reply.status;
  const auto& wanted = running.exchange.wants_body;
  return running.exchange.method != "HEAD" && status >= kFirstFinal && status != kNoContent &&
         status != kNotModified && (!wanted || wanted(status));
}

/// A connection that closes is the end of a body without a length, whoever closed it: only the
/// compressed data itself knows whether all of it came.
Status check_end(const Running& running) {
  if (!running.decompresses || !has_body(running))
    return {};
  Status ended;
  if (running.decoder) {
    ended = running.decoder->finish();
  } else if (header_of(running.reply, "Content-Length") != "0") {
    // Some servers name a coding for nothing at all, and say that it is nothing.
    PERCH_TRY_ASSIGN(const ContentDecoder decoder,
                     ContentDecoder::make(header_of(running.reply, "Content-Encoding")));
    ended = decoder.finish();
  }
  return ended;
}

/// The status is known to curl before the first byte of the body is ours.
std::size_t on_body_with_status(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& [easy, running] = *static_cast<std::pair<CURL*, Running*>*>(context);
  long status = 0;
  (void)::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  running->reply.status = static_cast<int>(status);
  return on_body(bytes, size, count, running);
}

bool same_address(const curl_sockaddr& given, const Address& vetted) {
  if (given.family == AF_INET && !vetted.v6) {
    sockaddr_in v4{};
    std::memcpy(&v4, &given.addr, sizeof v4);
    return std::memcmp(&v4.sin_addr, vetted.data.data(), 4) == 0;
  }
  if (given.family == AF_INET6 && vetted.v6) {
    // curl keeps the address in its generic sockaddr, which is long enough for both families.
    sockaddr_in6 v6{};
    std::memcpy(&v6, reinterpret_cast<const char*>(&given.addr), sizeof v6);
    return std::memcmp(&v6.sin6_addr, vetted.data.data(), 16) == 0;
  }
  return false;
}

/// The last check: whatever curl was told and made of it, no socket is opened to an address that
/// was not vetted.
curl_socket_t on_open_socket(void* context, curlsocktype, curl_sockaddr* address) {
  const auto& exchange = *static_cast<const HttpExchange*>(context);
  const bool vetted = !exchange.proxy.empty() ||
                      std::ranges::any_of(exchange.addresses, [&](const Address& candidate) {
                        return same_address(*address, candidate);
                      });
  if (!vetted)
    return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  PERCH_ASSERT(::curl_easy_setopt(easy, option, value) == CURLE_OK);
}

void set_method(CURL* easy, const HttpExchange& exchange) {
  if (exchange.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool has_body =
      !exchange.body.empty() || (exchange.method != "GET" && exchange.method != "DELETE");
  if (has_body) {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.body.size()));
    set(easy, CURLOPT_POSTFIELDS, exchange.body.data());
  }
  set(easy, CURLOPT_CUSTOMREQUEST, exchange.method.c_str());
}

List header_list(const HttpExchange& exchange, bool decompresses) {
  List out;
  // Not by CURLOPT_ACCEPT_ENCODING: curl takes compressed data that is cut off for a whole body.
  if (decompresses)
    append(out, cat("Accept-Encoding: ", kAcceptedCodings));
  for (const auto& [name, value] : exchange.headers)
    append(out, value.empty() ? cat(name, ';') : cat(name, ": ", value));
  // What curl would add by itself.
  for (const std::string_view name : {"Expect", "Content-Type", "Accept"}) {
    if (!has_header(exchange, name))
      append(out, cat(name, ':'));
  }
  return out;
}

/// `host:port:address,address`: curl asks no resolver for this name.
List address_list(const HttpExchange& exchange) {
  List out;
  if (exchange.addresses.empty())
    return out;
  std::string entry = cat(exchange.host, ':', exchange.port, ':');
  for (const Address& address : exchange.addresses)
    entry += cat(entry.ends_with(':') ? "" : ",", address_text(address));
  append(out, entry);
  return out;
}

std::unexpected<Error> failed(const HttpExchange& exchange, CURLcode code, const char* details) {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return fail(kind::kHttpTimeout, cat(exchange.host, " did not answer in time"), exchange.url,
                "give it more time with a longer timeout");
  }
  const std::string why = details[0] != '\0' ? details : ::curl_easy_strerror(code);
  std::string help;
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    help = "name the authorities to trust in SSL_CERT_FILE";
  if (code == CURLE_SSL_CACERT_BADFILE)
    help = "install the system's certificates (ca-certificates), or name a file in SSL_CERT_FILE";
  return fail(kind::kHttpError, cat("cannot talk to ", exchange.host, ": ", why), exchange.url,
              std::move(help));
}

class CurlTransport final : public HttpTransport {
public:
  explicit CurlTransport(const Env& env) : env_(env) {}
  Result<HttpReply> exchange(const HttpExchange& exchange, CancelToken& cancel) override;

private:
  void set_trust(CURL* easy) const;
  static Result<CURLcode> perform(CURL* easy, CancelToken& cancel);

  const Env& env_;
};

void CurlTransport::set_trust(CURL* easy) const {
  constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem"};
  const auto file = env_.get("SSL_CERT_FILE");
  const auto directory = env_.get("SSL_CERT_DIR");
  if (file && !file->empty())
    set(easy, CURLOPT_CAINFO, std::string(*file).c_str());
  if (directory && !directory->empty())
    set(easy, CURLOPT_CAPATH, std::string(*directory).c_str());
  if ((file && !file->empty()) || (directory && !directory->empty()))
    return;
  for (const char* bundle : kBundles) {
    if (::access(bundle, R_OK) != 0)
      continue;
    set(easy, CURLOPT_CAINFO, bundle);
    return;
  }
}

/// Runs the exchange; it waits on the cancel token together with its sockets.
Result<CURLcode> CurlTransport::perform(CURL* easy, CancelToken& cancel) {
  const Multi multi(::curl_multi_init());
  PERCH_ASSERT(multi != nullptr);
  PERCH_ASSERT(::curl_multi_add_handle(multi.get(), easy) == CURLM_OK);
  struct Remove {
    CURLM* from;
    CURL* what;
    ~Remove() { ::curl_multi_remove_handle(from, what); }
  } const remove{multi.get(), easy};
  while (true) {
    PERCH_TRY(cancel.check());
    int running = 0;
    PERCH_ASSERT(::curl_multi_perform(multi.get(), &running) == CURLM_OK);
    int waiting = 0;
    if (const CURLMsg* message = ::curl_multi_info_read(multi.get(), &waiting))
      return message->data.result;
    constexpr int kLongestMs = 1000;
    const int until_stop = cancel.poll_timeout_ms();
    curl_waitfd stop{.fd = cancel.fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
    (void)::curl_multi_poll(multi.get(), &stop, stop.fd >= 0 ? 1 : 0,
                            until_stop < 0 ? kLongestMs : std::min(until_stop, kLongestMs),
                            nullptr);
  }
}

/// Leaves out what no longer holds once a body was decompressed.
void drop_encoding(HttpReply& reply) {
  if (header_of(reply, "Content-Encoding").empty())
    return;
  std::erase_if(reply.headers, [](const auto& header) {
    return equal_names(header.first, "Content-Encoding") ||
           equal_names(header.first, "Content-Length");
  });
}

/// What holds for every exchange: nothing is followed, resolved, proxied or shared behind the
/// caller's back.
void set_limits(CURL* easy, const HttpExchange& exchange) {
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // An empty text, unlike none, also rules out the proxies of the environment.
  set(easy, CURLOPT_PROXY, exchange.proxy.c_str());
  if (exchange.proxy.empty())
    set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, const_cast<HttpExchange*>(&exchange));
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(exchange.timeout).count();
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(ms, 1)));
}

Result<HttpReply> CurlTransport::exchange(const HttpExchange& exchange, CancelToken& cancel) {
  relocate_late(LatePart::Http);
  const Easy owner(::curl_easy_init());
  PERCH_ASSERT(owner != nullptr);
  CURL* easy = owner.get();
  Running running{.exchange = exchange,
                  .decompresses =
                      !has_header(exchange, "Accept-Encoding") && !has_header(exchange, "Range")};
  std::pair<CURL*, Running*> body_context(easy, &running);
  std::array<char, CURL_ERROR_SIZE> details = {};
  const List headers = header_list(exchange, running.decompresses),
             addresses = address_list(exchange);

  set_limits(easy, exchange);
  set_trust(easy);
  set_method(easy, exchange);
  set(easy, CURLOPT_URL, exchange.url.c_str());
  set(easy, CURLOPT_RESOLVE, addresses.get());
  set(easy, CURLOPT_HTTPHEADER, headers.get());
  set(easy, CURLOPT_ERRORBUFFER, details.data());
  set(easy, CURLOPT_HEADERFUNCTION, on_header);
  set(easy, CURLOPT_HEADERDATA, &running);
  set(easy, CURLOPT_WRITEFUNCTION, on_body_with_status);
  set(easy, CURLOPT_WRITEDATA, &body_context);

  PERCH_TRY_ASSIGN(const CURLcode code, perform(easy, cancel));
  if (running.error)
    return std::unexpected(std::move(*running.error));
  if (code != CURLE_OK && !running.body_unwanted)
    return failed(exchange, code, details.data());
  long status = 0;
  (void)::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  running.reply.status = static_cast<int>(status);
  if (const Status ended = check_end(running); !ended)
    return std::unexpected(damaged(exchange, ended.error()));
  if (running.decompresses)
    drop_encoding(running.reply);
  return std::move(running.reply);
}

} // namespace

std::unique_ptr<HttpTransport> curl_transport(const Env& env) {
  return std::make_unique<CurlTransport>(env);
}

} // namespace perch::sys
