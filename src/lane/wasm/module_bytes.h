#pragma once
// What can be said about a module before it is compiled. Pure.

#include "base/result.h"

#include <string_view>

namespace perch::lane {

/// Refuses what is no binary module by its first bytes, and says what it is instead: nothing, text
/// (WAT), a component, a truncated or foreign file. Errors: wasm_compile_failed.
[[nodiscard]] Status check_first_bytes(std::string_view name, std::string_view bytes);

/// Refuses a module whose digest is not `pin` (64 hex digits in any case, `sha256:` before them or
/// not; empty: anything goes). Errors: wasm_hash_mismatch, which shows both.
[[nodiscard]] Status check_pin(std::string_view name, std::string_view sha256,
                               std::string_view pin);

} // namespace perch::lane
