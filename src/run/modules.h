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
  std::string shown;     ///< as the block names it
  std::string base_name; ///< argv[0]
};

/// The module of a block: a file, an entry of the bundle, or `https://` with a pin. A file that has
/// not changed since it was last loaded in this run is not read again.
/// Errors: file_*; bundle_error; wasm_hash_mismatch; those of lane::WasmLane::load; of fetching.
[[nodiscard]] Eval<LoadedModule> load_module(State& state, const program::WasmRunNode& node);

} // namespace perch::run
