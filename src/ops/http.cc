// HTTP exchanges. An answer with a status of 400 or more is an answer, unless `strict` is set;
// a file is only ever downloaded whole.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "sys/digest.h"

#include <algorithm>
#include <limits>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// An argument by its parameter's name; empty for an op without that parameter.
std::string_view text_of(Call& call, std::string_view param) {
  const int index = call.decl().index_of(param);
  return index < 0 ? std::string_view() : call.text(static_cast<std::size_t>(index));
}

bool has_header(const op::HttpRequest& request, std::string_view lower_name) {
  return std::ranges::any_of(request.headers, [&](const auto& header) {
    return std::ranges::equal(header.first, lower_name, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  });
}

/// `Name: value` lines.
Status add_headers(Call& call, op::HttpRequest& request) {
  const int index = call.decl().index_of("headers");
  if (index < 0)
    return {};
  for (const auto line : call.lines(static_cast<std::size_t>(index))) {
    const auto colon = line.find(':');
    const auto name = base::trim(line.substr(0, colon));
    const bool broken = line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
    if (colon == std::string_view::npos || name.empty() || broken) {
      return fail(kind::kBadArgument, base::cat("`", line, "` is not a header"), std::string(line),
                  "write headers as `Name: value`, one a line or one an element of a list");
    }
    request.headers.emplace_back(name, base::trim(line.substr(colon + 1)));
  }
  return {};
}

Result<op::HttpRequest> request_of(Call& call, std::string_view method) {
  op::HttpRequest request;
  request.method = method;
  request.url = text_of(call, "url");
  request.body = text_of(call, "body");
  PERCH_TRY(add_headers(call, request));
  const auto timeout = static_cast<std::size_t>(call.decl().index_of("timeout"));
  request.timeout = call.duration(timeout);
  if (request.timeout <= op::Duration::zero()) {
    return fail(kind::kBadArgument,
                base::cat("`", call.text(timeout), "` leaves no time for an answer"));
  }
  return request;
}

std::unexpected<Error> status_error(std::string_view url, int status) {
  auto error =
      fail(kind::kHttpStatus, base::cat(url, " answered with status ", status), std::string(url));
  error.error().code = status;
  return error;
}

constexpr int kFirstErrorStatus = 400;

Result<Value> exchange(Call& call, const op::HttpRequest& request) {
  PERCH_TRY_ASSIGN(auto response, call.fetch(request));
  if (text_of(call, "strict") == "true" && response.status >= kFirstErrorStatus)
    return status_error(request.url, response.status);
  return Value(std::move(response.body));
}

Result<Value> http_get(Call& call) {
  PERCH_TRY_ASSIGN(const auto request, request_of(call, "GET"));
  return exchange(call, request);
}

/// A body is JSON unless a header says otherwise.
Result<Value> send(Call& call, std::string_view method) {
  PERCH_TRY_ASSIGN(auto request, request_of(call, method));
  if (!has_header(request, "content-type"))
    request.headers.emplace_back("Content-Type", "application/json");
  return exchange(call, request);
}

Result<Value> http_post(Call& call) { return send(call, "POST"); }
Result<Value> http_put(Call& call) { return send(call, "PUT"); }
Result<Value> http_delete(Call& call) { return send(call, "DELETE"); }

Status check_method(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                           "PATCH", "DELETE", "OPTIONS"};
  if (std::ranges::find(kMethods, method) != std::end(kMethods))
    return {};
  return fail(kind::kBadArgument, base::cat("`", method, "` is not a method"), std::string(method),
              "use one of GET HEAD POST PUT PATCH DELETE OPTIONS");
}

Result<Value> http_request(Call& call) {
  PERCH_TRY(check_method(call.text(0)));
  PERCH_TRY_ASSIGN(const auto request, request_of(call, call.text(0)));
  return exchange(call, request);
}

/// 0 when there was no answer; what the policy refuses stays an error.
Result<Value> http_status(Call& call) {
  constexpr int kMethodNotAllowed = 405;
  constexpr int kNotImplemented = 501;
  PERCH_TRY_ASSIGN(auto request, request_of(call, "HEAD"));
  auto response = call.fetch(request);
  if (response && (response->status == kMethodNotAllowed || response->status == kNotImplemented)) {
    request.method = "GET";
    request.max_body_bytes = std::numeric_limits<std::uint64_t>::max();
    request.sink = [](std::string_view) { return Status(); };
    response = call.fetch(request);
  }
  if (response)
    return Value::integer(response->status);
  const auto kind = response.error().kind;
  if (kind == kind::kHttpDnsFailed || kind == kind::kHttpTimeout || kind == kind::kHttpError)
    return Value::integer(0);
  return std::unexpected(std::move(response).error());
}

// ---- download -----------------------------------------------------------------------------------

/// The digest the content must have; empty when any will do.
Result<std::string> expected_digest(Call& call) {
  const auto written = text_of(call, "sha256");
  return written.empty() ? std::string() : sys::parse_sha256(written);
}

Status check_digest(std::string_view url, std::string_view expected, std::string_view actual) {
  if (expected.empty() || expected == actual)
    return {};
  return fail(kind::kAssertFailed,
              base::cat("what ", url, " sent has another SHA-256 digest; nothing was kept"),
              base::cat("actual ", actual, ", expected ", expected),
              "if the new content is right, write its digest");
}

Result<Value> download(Call& call) {
  PERCH_TRY_ASSIGN(const std::string expected, expected_digest(call));
  PERCH_TRY_ASSIGN(auto request, request_of(call, "GET"));
  PERCH_TRY_ASSIGN(const auto file, call.files().create(call.text(1)));
  sys::Digest digest(sys::DigestKind::Sha256);
  request.max_body_bytes = std::numeric_limits<std::uint64_t>::max();
  request.sink = [&](std::string_view bytes) -> Status {
    digest.update(bytes);
    return file->write(bytes);
  };
  PERCH_TRY_ASSIGN(const auto response, call.fetch(request));
  if (response.status >= kFirstErrorStatus)
    return status_error(request.url, response.status);
  PERCH_TRY(check_digest(request.url, expected, digest.hex()));
  PERCH_TRY(file->commit());
  return Value();
}

// ---- the table ----------------------------------------------------------------------------------

using Params = std::array<op::Param, 6>;

constexpr op::Param kUrl = {.name = "url", .type = Type::Text};
constexpr op::Param kBody = {.name = "body", .type = Type::Any, .arity = Arity::Optional};
constexpr op::Param kHeaders = {.name = "headers",
                                .type = Type::List,
                                .arity = Arity::Named,
                                .about = "`Name: value`, one a line or one an element of a list"};
constexpr op::Param kTimeout = {.name = "timeout",
                                .type = Type::Duration,
                                .arity = Arity::Named,
                                .fallback = "30s",
                                .about = "for the whole exchange"};
constexpr op::Param kStrict = {.name = "strict",
                               .type = Type::Bool,
                               .arity = Arity::Named,
                               .fallback = "false",
                               .about = "a status of 400 or more is an error"};
constexpr Params kSend = {{kUrl, kBody, kHeaders, kTimeout, kStrict}};
constexpr std::array<op::Need, 3> kNet = {{{.cap = Cap::Net, .subject = "url"}}};

constexpr OpDecl kTable[] = {
    {.name = "http_get",
     .family = op::Family::Http,
     .summary = "The body of a page, at most 32 MiB.",
     .params = {{kUrl, kHeaders, kTimeout, kStrict}},
     .returns = Type::Text,
     .needs = kNet,
     .example = R"(page = http_get "https://example.com/" timeout:5s)",
     .run = http_get},
    {.name = "http_post",
     .family = op::Family::Http,
     .summary = "Sends a body, as JSON unless a header says otherwise; returns the answer's.",
     .params = kSend,
     .returns = Type::Text,
     .needs = kNet,
     .example = R"(answer = http_post "https://example.com/jars" '{"name": "plums"}')",
     .run = http_post},
    {.name = "http_put",
     .family = op::Family::Http,
     .summary = "Does what `http_post` does, with PUT.",
     .params = kSend,
     .returns = Type::Text,
     .needs = kNet,
     .example = R"(answer = http_put "https://example.com/jars/1" '{"name": "pears"}')",
     .run = http_put},
    {.name = "http_delete",
     .family = op::Family::Http,
     .summary = "Does what `http_post` does, with DELETE.",
     .params = kSend,
     .returns = Type::Text,
     .needs = kNet,
     .example = R"(answer = http_delete "https://example.com/jars/1")",
     .run = http_delete},
    {.name = "http_request",
     .family = op::Family::Http,
     .summary = "Sends a request with any method and headers; returns the answer's body.",
     .params = {{{.name = "method", .type = Type::Text, .check = check_method},
                 kUrl,
                 kBody,
                 kHeaders,
                 kTimeout,
                 kStrict}},
     .returns = Type::Text,
     .needs = kNet,
     .example =
         R"(answer = http_request "PATCH" "https://example.com/jars/1" "plums" headers:"Content-Type: text/plain")",
     .run = http_request},
    {.name = "http_status",
     .family = op::Family::Http,
     .summary = "The status a page answers with; 0 when there is no answer.",
     .params = {{kUrl, kHeaders, kTimeout}},
     .returns = Type::Int,
     .needs = kNet,
     .example = R"(status = http_status "https://example.com/")",
     .run = http_status},
    {.name = "download",
     .family = op::Family::Http,
     .summary = "Saves a page as a file, which appears only when it is complete and right.",
     .params = {{kUrl,
                 {.name = "to", .type = Type::Path},
                 {.name = "sha256",
                  .type = Type::Text,
                  .arity = Arity::Named,
                  .about = "digest the content must have"},
                 kHeaders,
                 {.name = "timeout",
                  .type = Type::Duration,
                  .arity = Arity::Named,
                  .fallback = "30m",
                  .about = "for the whole exchange"}}},
     .needs = {{{.cap = Cap::Net, .subject = "url"}, {.cap = Cap::Write, .subject = "to"}}},
     .example = R"(download "https://example.com/jam.tar.gz" "jam.tar.gz")",
     .bare_names = false,
     .run = download},
};

} // namespace

extern const std::span<const OpDecl> kHttpOps;
const std::span<const OpDecl> kHttpOps{kTable};

} // namespace perch::ops
