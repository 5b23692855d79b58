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
/// Guests of one pool that can exist at one time; the others have memory of their own.
inline constexpr std::uint32_t kMaxPooled = 500;
/// What one of them finds there: a memory, and room for its objects, which is one more.
inline constexpr std::uint64_t kPooledMemoryBytes = 4ull << 30;
/// From the next one on, guests of a module come from the pool. Making it takes as long as it saves
/// on some twenty short runs, and a run or two is what most modules get.
inline constexpr std::uint32_t kGuestsBeforePool = 8;

/// How much work the compiler puts into the code.
enum class Quality : std::uint8_t {
  Quick,    ///< soon there, half the speed
  Full,     ///< optimised
  Portable, ///< optimised, for other machines than this one too
};

/// Where a guest's memories and tables come from.
enum class MemoryFrom : std::uint8_t {
  Mappings, ///< of its own: nothing to set up, and least for a few runs
  Pool,     ///< slots that stay mapped from guest to guest
};

/// An engine that guests run on. All load each other's code, of either quality.
/// Errors: wasm_compile_failed, when the machine cannot run any; with a pool also where address
/// space is rationed (ulimit -v).
[[nodiscard]] Result<EngineHandle> make_run_engine(Metering metering,
                                                   MemoryFrom memory = MemoryFrom::Mappings);

/// An engine that only compiles.
[[nodiscard]] Result<EngineHandle> make_compile_engine(Metering metering, Quality quality);

/// What the code of an engine depends on besides the module, as 16 hex digits: Wasmtime's version,
/// the settings, the processor.
[[nodiscard]] std::string code_identity(const wasm_engine_t& engine);

/// Compiles a module. Errors: wasm_compile_failed with the compiler's words.
[[nodiscard]] Result<ModuleHandle> compile(const wasm_engine_t& engine, std::string_view bytes);
/// Machine code in the form that files and memory hold it.
[[nodiscard]] Result<std::string> serialize(const wasmtime_module_t& module);
/// Writes it to `fd`. Errors also: file_error.
[[nodiscard]] Status write_code(const wasmtime_module_t& module, int fd);
[[nodiscard]] Result<ModuleHandle> deserialize(const wasm_engine_t& engine, std::string_view code);
/// Code in a file, which may be closed afterwards; what follows it there is ignored. Mapped, or
/// copied where the file system lets nothing be executed.
/// Errors: wasm_compile_failed, file_error.
[[nodiscard]] Result<ModuleHandle> map_code(const wasm_engine_t& engine, int fd);
/// Code from elsewhere, which is sound: mapped, or copied where pages are larger than what it is
/// aligned to. Errors: wasm_compile_failed.
[[nodiscard]] Result<ModuleHandle> take_code(const wasm_engine_t& engine, const AheadCode& code);

} // namespace perch::lane
