// Names, ports and interfaces.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"

#include <functional>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using std::chrono::milliseconds;

Status check_port(std::string_view text) {
  const auto port = base::parse_int(text);
  if (port && *port >= 1 && *port <= 65535)
    return {};
  return fail(kind::kBadArgument, base::cat("`", text, "` is not a port"), std::string(text),
              "ports go from 1 to 65535");
}

Result<int> port_of(Call& call, std::size_t param) {
  PERCH_TRY(check_port(call.text(param)));
  return static_cast<int>(call.integer(param));
}

Result<Value> dns_lookup(Call& call) {
  PERCH_TRY_ASSIGN(auto addresses, call.resolve(call.text(0)));
  return Value::list(std::move(addresses));
}

Result<Value> port_check(Call& call) {
  PERCH_TRY_ASSIGN(const int port, port_of(call, 1));
  PERCH_TRY_ASSIGN(const bool open, call.connects(call.text(0), port, std::chrono::seconds(2)));
  return Value::boolean(open);
}

Result<Value> port_free(Call& call) {
  PERCH_TRY_ASSIGN(const int port, port_of(call, 0));
  PERCH_TRY_ASSIGN(const auto free, call.free_port(port));
  return Value::boolean(free.has_value());
}

Result<Value> find_free_port(Call& call) {
  PERCH_TRY_ASSIGN(const auto port, call.free_port(0));
  if (!port)
    return fail(kind::kFileError, "no port is free");
  return Value::integer(*port);
}

/// Asks until the answer is yes or the time is over; asks at least once.
Result<Value> wait_until(Call& call, op::Duration limit, op::Duration pause,
                         const std::function<Result<bool>()>& ask) {
  const std::int64_t end = call.now_unix_ns() + limit.count();
  while (true) {
    PERCH_TRY_ASSIGN(const bool yes, ask());
    if (yes)
      return Value::boolean(true);
    if (call.now_unix_ns() + pause.count() > end)
      return Value::boolean(false);
    PERCH_TRY(call.sleep(pause));
  }
}

Result<Value> wait_for_port(Call& call) {
  PERCH_TRY_ASSIGN(const int port, port_of(call, 1));
  return wait_until(call, call.duration(2), milliseconds(250),
                    [&] { return call.connects(call.text(0), port, milliseconds(500)); });
}

/// Whether the page answers well now. No answer is a no; what the policy refuses stays an error.
Result<bool> answers(Call& call, std::string_view url) {
  op::HttpRequest request;
  request.url = url;
  request.timeout = std::chrono::seconds(2);
  request.sink = [](std::string_view) { return Status(); };
  const auto response = call.fetch(request);
  if (response)
    return response->status >= 200 && response->status < 300;
  const auto kind = response.error().kind;
  if (kind == kind::kHttpDnsFailed || kind == kind::kHttpTimeout || kind == kind::kHttpError)
    return false;
  return std::unexpected(response.error());
}

Result<Value> wait_for_url(Call& call) {
  return wait_until(call, call.duration(1), milliseconds(500),
                    [&] { return answers(call, call.text(0)); });
}

Result<Value> local_ip(Call& call) {
  PERCH_TRY_ASSIGN(auto network, call.local_network());
  return Value(std::move(network.address));
}

Result<Value> interfaces(Call& call) {
  PERCH_TRY_ASSIGN(auto network, call.local_network());
  return Value::list(std::move(network.interfaces));
}

using Needs = std::array<op::Need, 3>;

constexpr op::Param kHost = {.name = "host", .type = Type::Text};
constexpr op::Param kPort = {.name = "port", .type = Type::Int, .check = check_port};
constexpr op::Param kTimeout = {
    .name = "timeout", .type = Type::Duration, .arity = Arity::Optional, .fallback = "30s"};
constexpr Needs kNetHost = {{{.cap = Cap::Net, .subject = "host"}}};
constexpr Needs kAnyNet = {{{.cap = Cap::Net}}};

constexpr OpDecl kTable[] = {
    {.name = "dns_lookup",
     .family = op::Family::Network,
     .summary = "The addresses of a host.",
     .params = {{kHost}},
     .returns = Type::List,
     .needs = kNetHost,
     .example = R"(addresses = dns_lookup "localhost")",
     .run = dns_lookup},
    {.name = "port_check",
     .family = op::Family::Network,
     .summary = "Whether a TCP connection to the port can be made within two seconds.",
     .params = {{kHost, kPort}},
     .returns = Type::Bool,
     .needs = kNetHost,
     .example = R"(open = port_check "localhost" 5432)",
     .run = port_check},
    {.name = "port_free",
     .family = op::Family::Network,
     .summary = "Whether a server could listen on the port now.",
     .params = {{kPort}},
     .returns = Type::Bool,
     .needs = kAnyNet,
     .example = R"(free = port_free 8080)",
     .run = port_free},
    {.name = "find_free_port",
     .family = op::Family::Network,
     .summary = "A port on which a server could listen now.",
     .returns = Type::Int,
     .needs = kAnyNet,
     .example = R"(port = find_free_port)",
     .run = find_free_port},
    {.name = "wait_for_port",
     .family = op::Family::Network,
     .summary = "Waits until a TCP connection can be made; false when the time is over.",
     .params = {{kHost, kPort, kTimeout}},
     .returns = Type::Bool,
     .needs = kNetHost,
     .example = R"(up = wait_for_port "localhost" 5432 1ms)",
     .run = wait_for_port},
    {.name = "wait_for_url",
     .family = op::Family::Network,
     .summary =
         "Waits until a page answers with a status from 200 to 299; false when the time is over.",
     .params = {{{.name = "url", .type = Type::Text}, kTimeout}},
     .returns = Type::Bool,
     .needs = {{{.cap = Cap::Net, .subject = "url"}}},
     .example = R"(up = wait_for_url "http://localhost:8080/health" 1ms)",
     .run = wait_for_url},
    {.name = "local_ip",
     .family = op::Family::Network,
     .summary = "The address this machine has towards the internet; nothing without a network.",
     .returns = Type::Text,
     .needs = kAnyNet,
     .example = R"(address = local_ip)",
     .run = local_ip},
    {.name = "interfaces",
     .family = op::Family::Network,
     .summary = "The names of the network interfaces that are up.",
     .returns = Type::List,
     .needs = kAnyNet,
     .example = R"(names = interfaces)",
     .run = interfaces},
};

} // namespace

extern const std::span<const OpDecl> kNetworkOps;
const std::span<const OpDecl> kNetworkOps{kTable};

} // namespace perch::ops
