#pragma once
// Modules of wasm_run: found, read, pinned and compiled.

#include "lane/lane.h"
#include "program/program.h"
#include "run/state.h"

#include <memory>
#include <string>

namespace perch::run {

struct LoadedModule {
  std::shared_ptr<const lane::Module> module;
  std::string base_name; ///< argv[0]
};

/// The module as the block names it: the alias, or the path after interpolation.
[[nodiscard]] Eval<std::string> module_name(State& state, const program::WasmRunNode& node);

/// The module of a block, `name` being its module_name(): a file, an entry of the bundle, or
/// `https://` with a pin. A file that has not changed since it was last loaded in this run is not
/// read again. Errors: file_*; bundle_error; wasm_hash_mismatch; those of lane::WasmLane::load; of
/// fetching.
[[nodiscard]] Eval<LoadedModule> load_module(State& state, const program::WasmRunNode& node,
                                             const std::string& name);

} // namespace perch::run
