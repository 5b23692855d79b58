#pragma once
// A compiled module, and its code on the engines that guests run on.

#include "base/result.h"
#include "lane/lane.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/handles.h"
#include "lane/wasm/stop.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace perch::lane {

/// An engine and the functions its guests may import. One for each Metering and MemoryFrom in a
/// lane.
struct RunEngine {
  EngineHandle engine;
  LinkerHandle linker;
  std::string identity; ///< code_identity() of the engine
  /// Guests that have a place in its pool.
  std::shared_ptr<std::atomic<std::uint32_t>> pooled =
      std::make_shared<std::atomic<std::uint32_t>>(0);
};

/// A module's code on one engine.
struct LoadedCode {
  std::shared_ptr<const RunEngine> engine;
  ModuleHandle module;
};

/// The same with its imports resolved: what a guest runs. Threads: safe from several.
class LinkedCode {
public:
  LinkedCode(LoadedCode code, LinkedHandle linked)
      : code_(std::move(code)), linked_(std::move(linked)) {}

  [[nodiscard]] const perch_linked_t& linked() const { return *linked_; }
  /// `code`, of an engine with a pool, with a place there for as long as the result lives; null
  /// when none is free.
  [[nodiscard]] static std::shared_ptr<const LinkedCode>
  with_place(const std::shared_ptr<const LinkedCode>& code);
  /// For stopping its guests while they compute, made once; never null.
  [[nodiscard]] const Diversion* diversion() const;

private:
  const LoadedCode code_;
  const LinkedHandle linked_;
  mutable std::once_flag diversion_once_;
  mutable std::unique_ptr<const Diversion> diversion_;
};

/// Threads: all members are safe from several threads.
class CompiledModule final : public Module {
public:
  struct Facts {
    std::string name; ///< for messages
    std::string sha256;
    std::uint64_t size = 0;
    From from = From::Process;
    Quality quality = Quality::Full;
  };
  /// Loads the same code once more, on the engine with the pool.
  using LoadPooled = std::function<Result<LoadedCode>()>;

  CompiledModule(Facts facts, LoadedCode code, LoadPooled load_pooled);

  [[nodiscard]] const std::string& sha256() const override { return facts_.sha256; }
  [[nodiscard]] std::uint64_t size() const override { return facts_.size; }
  [[nodiscard]] From from() const override { return facts_.from; }
  [[nodiscard]] bool optimised() const override { return facts_.quality == Quality::Full; }
  [[nodiscard]] bool asks_for_variables() const override;
  /// Whether it imports anything of `perch`, which is HTTP.
  [[nodiscard]] bool asks_for_requests() const { return asks_for_requests_; }

  /// What the next guest is to run, which may have that much memory: with memory of its own for the
  /// first ones, from the pool for a module that is run often, where there is room for it.
  /// Errors: wasm_capability_denied with all missing imports and their types; wasm_compile_failed
  /// when there is no `_start` to call.
  [[nodiscard]] Result<std::shared_ptr<const LinkedCode>>
  for_guest(std::uint64_t memory_bytes) const;

private:
  using LinkedPointer = std::shared_ptr<const LinkedCode>;
  [[nodiscard]] Result<LinkedPointer> link_first() const;
  [[nodiscard]] LinkedPointer link_pooled() const;
  [[nodiscard]] Status check_start() const;

  const Facts facts_;
  const wasmtime_module_t* const module_; ///< in `code_`, and in `first_` once it is linked
  const bool asks_for_requests_;
  mutable LoadedCode code_;
  const LoadPooled load_pooled_;

  mutable std::atomic<std::uint32_t> guests_ = 0;
  mutable std::once_flag first_once_, pooled_once_;
  mutable std::optional<Result<LinkedPointer>> first_;
  mutable LinkedPointer pooled_; ///< null: there is no pool to be had, or it does not fit in
};

} // namespace perch::lane
