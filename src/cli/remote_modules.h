#pragma once
// The modules from the network that a program names, for those who want them before it runs.

#include "cli/load.h"
#include "run/remote_module.h"

#include <functional>
#include <string>
#include <vector>

namespace perch::cli {

/// One block.
struct RemoteUse {
  std::string url;
  std::string pin;      ///< 64 lower-case digits; empty: without
  bool metered = false; ///< it has `wasm_fuel`
  diag::Span span;
};

struct RemoteUses {
  std::vector<RemoteUse> known; ///< in the program's order
  std::size_t computed = 0;     ///< blocks whose pin is known only when they run
};
[[nodiscard]] RemoteUses remote_uses(const program::Program& program);

/// Gives `use` the module of each block, kept or fetched as the program would get it. What goes
/// wrong is in `diags`, at its block.
void use_remote_modules(
    const Context& context, const Loaded& loaded, const std::vector<RemoteUse>& uses,
    diag::Diags& diags,
    const std::function<Status(const RemoteUse&, const run::RemoteModule&)>& use);

} // namespace perch::cli
