#pragma once
// The lane with more imports than guests get, for tests that prove the second wall.

#include "lane/lane.h"
#include "lane/wasm/handles.h"

#include <memory>
#include <vector>

namespace perch::lane {

[[nodiscard]] std::unique_ptr<WasmLane> make_wasm_lane_with(WasmOptions options,
                                                            std::vector<perch_import_t> more);

} // namespace perch::lane
