#pragma once
// wasm_run: from the block's declarations to a started guest, and from its end to a result.

#include "lane/lane.h"
#include "program/program.h"
#include "run/gate_guest.h"
#include "run/gate_http.h"
#include "run/hooks.h"
#include "run/state.h"
#include "run/step.h"

#include <memory>
#include <string>
#include <vector>

namespace perch::run {

/// A guest with all its declarations evaluated and checked, on its way to being started.
struct Guest {
  std::string shown; ///< the module as the block names it
  std::shared_ptr<const lane::Module> module;
  lane::GuestSpec spec;
  std::vector<GuestMount> mounts;  ///< held until it has started
  std::vector<op::Need> needs;     ///< what it asks for, for hooks
  std::vector<std::string> hosts;  ///< normalized patterns
  std::shared_ptr<HttpTally> http; ///< of its requests
};

/// Reads and compiles the module, `name` being its module_name(), and asks the gate about
/// everything the block declares. Errors stop the run before one guest instruction: file_not_found
/// and the like for the module; those of lane::WasmLane::load; wasm_capability_denied; bad_argument
/// for mounts that collide, guest paths that are not absolute, sizes that are none.
[[nodiscard]] Eval<Guest> evaluate_guest(State& state, const program::WasmRunNode& node,
                                         std::string name);

/// Starts it. `stdio` must stay open until it has ended.
[[nodiscard]] Result<std::unique_ptr<lane::Job>> start_guest(State& state, Step& step, Guest& guest,
                                                             lane::Stdio stdio);

/// Why a guest that ended counts as failed: wasm_module_exited with its code, wasm_trap, ….
[[nodiscard]] Status guest_status(const Guest& guest, const lane::Ended& ended);

/// Its span; what the block came to; what is known when it has ended; and what hooks are told.
[[nodiscard]] StepInfo guest_step(const State& state, const std::string& name);
void add_guest_arguments(const State& state, Step& step, const Guest& guest);
void add_guest_facts(const State& state, Step& step, const Guest& guest, const lane::Ended& ended);
/// Its module, arguments and what its block declares, in a line.
[[nodiscard]] std::string guest_text(const Guest& guest);
[[nodiscard]] HookEvent guest_event(const Guest& guest);

} // namespace perch::run
