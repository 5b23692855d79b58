#pragma once
// What a wasm_run block asks of the gate: its module, its mounts and its variables.

#include "base/result.h"
#include "lane/lane.h"
#include "run/gate.h"
#include "sys/fs.h"

#include <optional>
#include <string>
#include <string_view>

namespace perch::run {

/// The file of a module, to be read. No layer bounds that: what the module may do is bounded.
/// Errors: bad_argument for an empty path; file_*, also when it is no regular file.
[[nodiscard]] Result<sys::Spot> locate_module(const Gate& gate, const Scope& scope, Actor actor,
                                              std::string_view path);

/// A mount and the directory that was decided on. The handle must be held until the guest has
/// started, and is what is mounted: the path is for messages.
struct GuestMount {
  lane::Mount mount;
  sys::Fd handle;
};

/// A mount of `host_path` (as written) at `guest_path` (absolute), its host side real. A writable
/// one asks for reading too, which it also allows.
/// Errors: wasm_capability_denied from flags and sandboxes (`requires` does not bound a guest) and
/// for what overlaps perch's own directories; file_not_found; bad_argument when it is no directory.
[[nodiscard]] Result<GuestMount> mount(const Gate& gate, const Scope& scope, Actor actor,
                                       std::string_view host_path, std::string guest_path,
                                       bool writable);

/// A variable of `wasm_env`: as run::variable, with the guest's bounds. nullopt: not set.
[[nodiscard]] Result<std::optional<std::string>>
guest_variable(const Gate& gate, const Scope& scope, Actor actor, std::string_view name);

/// Whether the module with this digest may run at all (`--no-wasm`).
[[nodiscard]] Status may_run_module(const Gate& gate, const Scope& scope, Actor actor,
                                    std::string_view sha256);

} // namespace perch::run
