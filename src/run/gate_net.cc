#include "run/gate_net.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/addresses.h"
#include "policy/hosts.h"
#include "run/gate_exec.h"
#include "sys/net.h"
#include "sys/processes.h"

namespace perch::run {

using base::cat;
using op::Cap;

namespace {

/// The host in normal form when it may be reached.
Result<std::string> admitted(const Gate& gate, const Scope& scope, Actor actor,
                             std::string_view host, int port) {
  PERCH_TRY_ASSIGN(std::string name, policy::normalize_host(host));
  PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Net, .subject = name, .port = port}));
  return name;
}

Result<sys::Net*> network(const Gate& gate, Actor actor) {
  if (gate.world().net != nullptr)
    return gate.world().net;
  return fail(kind::kDnsFailed, cat(actor.name, ": there is no network here"));
}

Result<std::vector<sys::Address>> addresses_of(const Gate& gate, const Scope& scope, Actor actor,
                                               const std::string& name) {
  if (const auto ip = policy::parse_ip(name))
    return std::vector<sys::Address>{{.data = ip->data, .v6 = ip->v6}};
  PERCH_TRY_ASSIGN(sys::Net * net, network(gate, actor));
  return net->resolve(name, *scope.cancel);
}

std::string text_of(const sys::Address& address) {
  return policy::ip_text({.data = address.data, .v6 = address.v6});
}

} // namespace

Status may_reach(const Gate& gate, const Scope& scope, Actor actor, std::string_view host,
                 int port) {
  PERCH_TRY(admitted(gate, scope, actor, host, port));
  return {};
}

Result<std::vector<std::string>> resolve(const Gate& gate, const Scope& scope, Actor actor,
                                         std::string_view host) {
  PERCH_TRY_ASSIGN(const std::string name, admitted(gate, scope, actor, host, 0));
  PERCH_TRY_ASSIGN(const auto addresses, addresses_of(gate, scope, actor, name));
  std::vector<std::string> out;
  for (const sys::Address& address : addresses)
    out.push_back(text_of(address));
  return out;
}

Result<bool> connects(const Gate& gate, const Scope& scope, Actor actor, std::string_view host,
                      int port, op::Duration limit) {
  if (port < 1 || port > 65535) {
    return fail(kind::kBadArgument, cat(actor.name, ": the port must be from 1 to 65535"),
                cat(port));
  }
  PERCH_TRY_ASSIGN(const std::string name, admitted(gate, scope, actor, host, port));
  const auto addresses = addresses_of(gate, scope, actor, name);
  if (!addresses && addresses.error().kind == kind::kDnsFailed)
    return false;
  if (!addresses)
    return std::unexpected(addresses.error());
  PERCH_TRY_ASSIGN(sys::Net * net, network(gate, actor));
  for (const sys::Address& address : *addresses) {
    PERCH_TRY_ASSIGN(const bool made, net->connects(address, port, limit, *scope.cancel));
    if (made)
      return true;
  }
  return false;
}

Result<std::optional<int>> free_port(const Gate& gate, const Scope& scope, Actor actor, int port) {
  if (port < 0 || port > 65535) {
    return fail(kind::kBadArgument, cat(actor.name, ": the port must be from 0 to 65535"),
                cat(port));
  }
  PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Net}));
  PERCH_TRY_ASSIGN(sys::Net * net, network(gate, actor));
  return net->free_port(port);
}

Result<op::LocalNetwork> local_network(const Gate& gate, const Scope& scope, Actor actor) {
  PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Net}));
  PERCH_TRY_ASSIGN(sys::Net * net, network(gate, actor));
  PERCH_TRY_ASSIGN(sys::Interfaces found, net->interfaces());
  return op::LocalNetwork{.interfaces = std::move(found.up),
                          .address = found.address ? text_of(*found.address) : std::string()};
}

Result<bool> process_runs(const Gate& gate, const Scope& scope, Actor actor,
                          std::string_view name) {
  PERCH_TRY(ask_for_program(gate, scope, actor, name));
  return sys::runs_elsewhere(name);
}

} // namespace perch::run
