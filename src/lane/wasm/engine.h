#pragma once
// How guests are compiled and run: the engine's configuration, one place for all of it.

#include "base/result.h"
#include "lane/lane.h"
#include "lane/wasm/handles.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace perch::lane {

/// Bounds of one guest on what the declarations do not speak of.
inline constexpr std::uint64_t kMaxTableElements = 1'000'000;
/// Stack for guest code; running out of it is a trap.
inline constexpr std::size_t kGuestStackBytes = 1 << 20;
/// Guests that can exist at one time in one process.
inline constexpr std::uint32_t kMaxGuests = 1000;

/// How much work the compiler puts into the code.
enum class Quality : std::uint8_t {
  Quick, ///< soon there, half the speed
  Full,  ///< optimised
};

/// The engine that guests run on: one for metered code and one for code that is not. Loads code of
/// either quality. Errors: wasm_compile_failed, when the machine cannot run any.
[[nodiscard]] Result<EngineHandle> make_run_engine(Metering metering);

/// An engine that only compiles.
[[nodiscard]] Result<EngineHandle> make_compile_engine(Metering metering, Quality quality);

/// An engine that only compiles, at full quality, for other machines than this one too.
[[nodiscard]] Result<EngineHandle> make_portable_engine(Metering metering);

/// What the code of an engine depends on besides the module, as 16 hex digits: Wasmtime's version,
/// the settings, the processor.
[[nodiscard]] std::string code_identity(const wasm_engine_t& engine);

/// Compiles a module. Errors: wasm_compile_failed with the compiler's words about `name`.
[[nodiscard]] Result<ModuleHandle> compile(const wasm_engine_t& engine, std::string_view name,
                                           std::string_view bytes);
/// Machine code in the form that files and memory hold it.
[[nodiscard]] Result<std::string> serialize(const wasmtime_module_t& module);
[[nodiscard]] Result<ModuleHandle> deserialize(const wasm_engine_t& engine, std::string_view code);

} // namespace perch::lane
