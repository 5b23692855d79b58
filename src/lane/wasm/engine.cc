#include "lane/wasm/engine.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/late_relocations.h"
#include "sys/mapped_file.h"
#include "sys/os_error.h"

#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::lane {

namespace {

/// Wasmtime describes an error as its outermost message, then the causes below a head line. One
/// line of it reads better in a diagnostic.
std::string one_line(std::string_view text) {
  std::string out;
  bool numbered = false;
  for (auto line : base::split(text, '\n')) {
    line = base::trim(line);
    if (line.empty())
      continue;
    if (line == "Caused by:") {
      numbered = true;
      continue;
    }
    if (auto colon = line.find(": ");
        numbered && colon != std::string_view::npos && base::parse_int(line.substr(0, colon)))
      line.remove_prefix(colon + 2);
    if (!out.empty())
      out += ": ";
    out += line;
  }
  return out;
}

/// What code is made for. Everything here changes the code or what may load it, so code_identity()
/// covers it.
wasm_config_t* common_config(Metering metering) {
  sys::relocate_late(sys::LatePart::Engine);
  wasm_config_t* config = wasm_config_new();
  perch_config_set_lean(config);
  // No guest has threads (Preview 1 cannot start any), and shared memories escape the limits.
  wasmtime_config_wasm_threads_set(config, false);
  wasmtime_config_consume_fuel_set(config, metering == Metering::Fuel);
  wasmtime_config_max_wasm_stack_set(config, kGuestStackBytes);
  // A reservation that covers all 32-bit addresses plus a guard: no bounds checks, no moves.
  wasmtime_config_memory_reservation_set(config, 4ull << 30);
  wasmtime_config_memory_guard_size_set(config, 32ull << 20);
  return config;
}

/// Slots that stay mapped from guest to guest, so that many short runs on several threads do not
/// queue for the address space. The numbers are room, not memory: nothing is touched before use.
void use_pool(wasm_config_t* config) {
  auto* pool = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, kMaxPooled);
  wasmtime_pooling_allocation_config_total_memories_set(pool, 2 * kMaxPooled);
  wasmtime_pooling_allocation_config_total_tables_set(pool, 2 * kMaxPooled);
  wasmtime_pooling_allocation_config_total_stacks_set(pool, 1);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(pool, kMaxPooled);
  // A module that has more cannot be loaded for the pool, whose places would not be enough for all.
  wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, 1);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, 2);
  wasmtime_pooling_allocation_config_table_elements_set(pool, kMaxTableElements);
  wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, 16 << 20);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool, kPooledMemoryBytes);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, 1 << 20);
  wasmtime_pooling_allocation_config_table_keep_resident_set(pool, 64 << 10);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
}

Result<EngineHandle> make_engine(wasm_config_t* config) {
  wasm_engine_t* engine = nullptr;
  if (auto* error = perch_engine_new(config, &engine))
    return fail(kind::kWasmCompileFailed,
                base::cat("this machine cannot run modules: ", error_text(error)));
  return EngineHandle(engine);
}

Result<EngineHandle> make_portable_engine(wasm_config_t* config) {
#if defined(__x86_64__)
  // With a target that is named, nothing is taken from this machine's processor. What is enabled
  // instead every processor since 2009 has; without it rounding and vectors need calls.
  wasmtime_error_t* error = wasmtime_config_target_set(config, "x86_64-unknown-linux-gnu");
  for (const char* flag : {"has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"})
    wasmtime_config_cranelift_flag_enable(config, flag);
#elif defined(__aarch64__)
  wasmtime_error_t* error = wasmtime_config_target_set(config, "aarch64-unknown-linux-gnu");
#else
  wasmtime_error_t* error = nullptr; // code for the machine that made it
#endif
  if (error != nullptr) {
    wasm_config_delete(config);
    return fail(kind::kWasmCompileFailed, error_text(error));
  }
  return make_engine(config);
}

} // namespace

std::string error_text(wasmtime_error_t* error) {
  ErrorHandle owner(error);
  Bytes message;
  wasmtime_error_message(error, &message.vec);
  return one_line(message.view());
}

Result<EngineHandle> make_run_engine(Metering metering, MemoryFrom memory) {
  wasm_config_t* config = common_config(metering);
  if (memory == MemoryFrom::Pool)
    use_pool(config);
  return make_engine(config);
}

Result<EngineHandle> make_compile_engine(Metering metering, Quality quality) {
  wasm_config_t* config = common_config(metering);
  if (quality == Quality::Portable)
    return make_portable_engine(config);
  if (quality == Quality::Quick) {
    wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_NONE);
    wasmtime_config_cranelift_regalloc_algorithm_set(config, WASMTIME_REGALLOC_SINGLE_PASS);
  }
  return make_engine(config);
}

std::string code_identity(const wasm_engine_t& engine) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(perch_engine_compatibility(&engine)));
  return text;
}

std::string_view engine_version() { return "wasmtime " WASMTIME_VERSION; }

Result<ModuleHandle> compile(const wasm_engine_t& engine, std::string_view bytes) {
  wasmtime_module_t* module = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (auto* error =
          wasmtime_module_new(const_cast<wasm_engine_t*>(&engine), data, bytes.size(), &module))
    return fail(kind::kWasmCompileFailed, error_text(error));
  return ModuleHandle(module);
}

namespace {

Status serialize_into(const wasmtime_module_t& module, Bytes& code) {
  if (auto* error = wasmtime_module_serialize(const_cast<wasmtime_module_t*>(&module), &code.vec))
    return fail(kind::kWasmCompileFailed, error_text(error));
  return {};
}

} // namespace

Result<std::string> serialize(const wasmtime_module_t& module) {
  Bytes code;
  PERCH_TRY(serialize_into(module, code));
  return std::string(code.view());
}

Status write_code(const wasmtime_module_t& module, int fd) {
  Bytes code;
  PERCH_TRY(serialize_into(module, code));
  return sys::write_all(fd, code.view(), "compiled code");
}

namespace {

Result<ModuleHandle> loaded(wasmtime_error_t* error, wasmtime_module_t* module) {
  if (error != nullptr)
    return fail(kind::kWasmCompileFailed,
                base::cat("the module cannot be loaded: ", error_text(error)));
  return ModuleHandle(module);
}

} // namespace

Result<ModuleHandle> deserialize(const wasm_engine_t& engine, std::string_view code) {
  wasmtime_module_t* module = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(code.data());
  auto* error =
      wasmtime_module_deserialize(const_cast<wasm_engine_t*>(&engine), data, code.size(), &module);
  return loaded(error, module);
}

Result<ModuleHandle> map_code(const wasm_engine_t& engine, int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0)
    return sys::os_fail(errno, "read", "compiled code");
  wasmtime_module_t* module = nullptr;
  auto* error = perch_module_map(&engine, fd, 0, static_cast<std::size_t>(info.st_size), &module);
  auto mapped = loaded(error, module);
  if (mapped)
    return mapped;
  // Nothing on a file system that is mounted noexec may be executed where it lies; a copy may.
  PERCH_TRY_ASSIGN(const sys::MappedFile file, sys::MappedFile::map(fd, "compiled code"));
  return deserialize(engine, file.bytes());
}

Result<ModuleHandle> take_code(const wasm_engine_t& engine, const AheadCode& code) {
  if (code.offset % static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) != 0)
    return deserialize(engine, code.bytes);
  wasmtime_module_t* module = nullptr;
  auto* error = perch_module_map(&engine, code.file, code.offset, code.bytes.size(), &module);
  return loaded(error, module);
}

} // namespace perch::lane
