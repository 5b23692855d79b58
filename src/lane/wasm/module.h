#pragma once
// A compiled module and the engine it runs on.

#include "base/result.h"
#include "lane/lane.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/handles.h"
#include "lane/wasm/stop.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace perch::lane {

/// An engine and the functions its guests may import. One for each Metering in a lane.
struct RunEngine {
  EngineHandle engine;
  LinkerHandle linker;
  std::string identity; ///< code_identity() of the engine
};

/// Threads: all members are safe from several threads.
class CompiledModule final : public Module {
public:
  CompiledModule(std::shared_ptr<const RunEngine> engine, ModuleHandle module, std::string name,
                 std::string sha256, std::uint64_t size, From from, Quality quality);

  [[nodiscard]] const std::string& sha256() const override { return sha256_; }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] From from() const override { return from_; }
  [[nodiscard]] bool optimised() const override { return quality_ == Quality::Full; }

  [[nodiscard]] bool asks_for_variables() const override;

  /// The module with its imports resolved, done once. Errors: wasm_capability_denied with all
  /// missing imports and their types; wasm_compile_failed when there is no `_start` to call.
  [[nodiscard]] Result<const perch_linked_t*> link() const;
  /// For stopping its guests while they compute, made once; null when that cannot be done.
  [[nodiscard]] const Diversion* diversion() const;

private:
  [[nodiscard]] Result<LinkedHandle> make_link() const;
  [[nodiscard]] Status check_start() const;

  const std::shared_ptr<const RunEngine> engine_;
  const ModuleHandle module_;
  const std::string name_;
  const std::string sha256_;
  const std::uint64_t size_;
  const From from_;
  const Quality quality_;

  mutable std::once_flag link_once_;
  mutable std::optional<Result<LinkedHandle>> linked_;
  mutable std::once_flag diversion_once_;
  mutable std::unique_ptr<const Diversion> diversion_;
};

} // namespace perch::lane
