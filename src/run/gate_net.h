#pragma once
// The network but for HTTP: names, ports, interfaces; and processes of the host.

#include "base/result.h"
#include "op/call.h"
#include "run/gate.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// Asks for a host (name or address, as written) and port (0: none). Errors: bad_argument for what
/// is no host; the denial.
[[nodiscard]] Status may_reach(const Gate& gate, const Scope& scope, Actor actor,
                               std::string_view host, int port);

/// The addresses of a host as text, in the resolver's order. Errors: as may_reach; dns_failed.
[[nodiscard]] Result<std::vector<std::string>> resolve(const Gate& gate, const Scope& scope,
                                                       Actor actor, std::string_view host);

/// Whether a TCP connection can be made within `limit`, to any of the host's addresses, loopback
/// included: nothing is sent or received. An unknown name is false. Errors: as may_reach.
[[nodiscard]] Result<bool> connects(const Gate& gate, const Scope& scope, Actor actor,
                                    std::string_view host, int port, op::Duration limit);

/// These ask for the network as such. Errors: the denial; file_error.
[[nodiscard]] Result<std::optional<int>> free_port(const Gate& gate, const Scope& scope,
                                                   Actor actor, int port);
[[nodiscard]] Result<op::LocalNetwork> local_network(const Gate& gate, const Scope& scope,
                                                     Actor actor);

/// Whether a process other than perch runs an executable of that base name. Asks as for running it.
[[nodiscard]] Result<bool> process_runs(const Gate& gate, const Scope& scope, Actor actor,
                                        std::string_view name);

} // namespace perch::run
