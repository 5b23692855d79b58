#pragma once
// Owners of what Wasmtime's C interface hands out.

#include <perch_engine.h>

#include <memory>
#include <string>
#include <string_view>

namespace perch::lane {

template <auto destroy>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    destroy(object);
  }
};

using EngineHandle = std::unique_ptr<wasm_engine_t, Deleter<wasm_engine_delete>>;
using ErrorHandle = std::unique_ptr<wasmtime_error_t, Deleter<wasmtime_error_delete>>;
using ModuleHandle = std::unique_ptr<wasmtime_module_t, Deleter<wasmtime_module_delete>>;
using LinkerHandle = std::unique_ptr<perch_linker_t, Deleter<perch_linker_delete>>;
using LinkedHandle = std::unique_ptr<perch_linked_t, Deleter<perch_linked_delete>>;
using GuestHandle = std::unique_ptr<perch_guest_t, Deleter<perch_guest_delete>>;

/// A byte vector of theirs, freed when it goes.
struct Bytes {
  wasm_byte_vec_t vec{0, nullptr};
  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { wasm_byte_vec_delete(&vec); }
  [[nodiscard]] std::string_view view() const { return {vec.data, vec.size}; }
};

/// What an error says, as one line. Takes the error.
[[nodiscard]] std::string error_text(wasmtime_error_t* error);

[[nodiscard]] inline perch_slice_t slice(std::string_view text) {
  return {text.data(), text.size()};
}

} // namespace perch::lane
