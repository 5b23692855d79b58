#include "lane/wasm/wasm_lane.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/code_store.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/guest_job.h"
#include "lane/wasm/module.h"
#include "lane/wasm/module_bytes.h"
#include "lane/wasm/module_table.h"
#include "lane/wasm/wall.h"
#include "sys/digest.h"

#include <mutex>
#include <utility>

namespace perch::lane {

namespace {

/// What making a module needs. Shared with the threads that make them, which may outlive the lane.
class Workshop {
public:
  Workshop(WasmOptions options, std::vector<perch_import_t> more)
      : store_(std::move(options)),
        imports_(HttpImports::table().begin(), HttpImports::table().end()) {
    imports_.insert(imports_.end(), more.begin(), more.end());
  }

  CodeStore& store() { return store_; }

  /// The module, when its code is on disk.
  std::optional<Result<ModulePointer>> find(const CodeWanted& wanted) {
    auto engine = this->engine(wanted.metering);
    if (!engine)
      return std::unexpected(std::move(engine).error());
    auto code = store_.find(**engine, wanted);
    if (!code)
      return std::nullopt;
    return module(std::move(*engine), std::move(*code), wanted);
  }

  Result<ModulePointer> make(const CodeWanted& wanted) {
    PERCH_TRY_ASSIGN(auto engine, this->engine(wanted.metering));
    PERCH_TRY_ASSIGN(Code code, store_.get(*engine, wanted));
    return module(std::move(engine), std::move(code), wanted);
  }

  /// The module with code from elsewhere.
  Result<ModulePointer> take(std::string_view name, const AheadCode& ahead, Metering metering) {
    PERCH_TRY_ASSIGN(auto engine, this->engine(metering));
    PERCH_TRY_ASSIGN(ModuleHandle made, deserialize(*engine->engine, ahead.code));
    return std::make_shared<const CompiledModule>(std::move(engine), std::move(made),
                                                  std::string(name), std::string(ahead.sha256),
                                                  ahead.size, Module::From::Bundle, Quality::Full);
  }

  Result<std::shared_ptr<const RunEngine>> engine(Metering metering) {
    const std::lock_guard lock(mutex_);
    auto& engine = engines_[metering == Metering::Fuel ? 1 : 0];
    if (engine != nullptr)
      return engine;
    RunEngine made;
    PERCH_TRY_ASSIGN(made.engine, make_run_engine(metering));
    perch_linker_t* linker = nullptr;
    if (auto* error =
            perch_linker_new(made.engine.get(), imports_.data(), imports_.size(), &linker))
      return fail(kind::kWasmCompileFailed, error_text(error));
    made.linker.reset(linker);
    made.identity = code_identity(*made.engine);
    engine = std::make_shared<const RunEngine>(std::move(made));
    return engine;
  }

private:
  static ModulePointer module(std::shared_ptr<const RunEngine> engine, Code code,
                              const CodeWanted& wanted) {
    return std::make_shared<const CompiledModule>(
        std::move(engine), std::move(code.module), std::string(wanted.name),
        std::string(wanted.sha256), wanted.bytes.size(), code.from, code.quality);
  }

  CodeStore store_;
  std::vector<perch_import_t> imports_;
  std::mutex mutex_;
  std::shared_ptr<const RunEngine> engines_[2];
};

class RealWasmLane final : public WasmLane {
public:
  RealWasmLane(WasmOptions options, std::vector<perch_import_t> more)
      : workshop_(std::make_shared<Workshop>(std::move(options), std::move(more))) {}
  ~RealWasmLane() override { workshop_->store().fall_silent(); }
  RealWasmLane(const RealWasmLane&) = delete;
  RealWasmLane& operator=(const RealWasmLane&) = delete;

  Result<std::shared_ptr<const Module>> load(std::string_view name, std::string_view bytes,
                                             std::string_view pin, Metering metering,
                                             sys::CancelToken* cancel) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
    PERCH_TRY(check_pin(name, sha256, pin));
    const auto find = [&] {
      return workshop_->find(
          {.name = name, .bytes = bytes, .sha256 = sha256, .metering = metering});
    };
    const auto make = [&]() -> ModuleTable::Make {
      return [workshop = workshop_, name = std::string(name),
              bytes = std::make_shared<const std::string>(bytes), sha256, metering] {
        return workshop->make(
            {.name = name, .bytes = *bytes, .sha256 = sha256, .metering = metering});
      };
    };
    PERCH_TRY_ASSIGN(ModulePointer module, modules_->get({sha256, metering}, find, make, cancel));
    return module;
  }

  Result<std::string> compile_ahead(std::string_view name, std::string_view bytes,
                                    Metering metering) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    PERCH_TRY_ASSIGN(const EngineHandle engine, make_portable_engine(metering));
    PERCH_TRY_ASSIGN(const ModuleHandle module, compile(*engine, name, bytes));
    return serialize(*module);
  }

  Result<std::shared_ptr<const Module>> load_ahead(std::string_view name, const AheadCode& ahead,
                                                   std::string_view pin,
                                                   Metering metering) override {
    PERCH_TRY(check_pin(name, ahead.sha256, pin));
    // Nothing is ever made here: the code is there, or it is none this engine can run.
    const auto find = [&]() -> std::optional<Result<ModulePointer>> {
      return workshop_->take(name, ahead, metering);
    };
    const auto make = [] { return ModuleTable::Make(); };
    PERCH_TRY_ASSIGN(ModulePointer module,
                     modules_->get({std::string(ahead.sha256), metering}, find, make, nullptr));
    return module;
  }

  Status warm(std::string_view name, std::string_view bytes) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    PERCH_TRY_ASSIGN(const auto engine, workshop_->engine(Metering::None));
    const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
    return workshop_->store().warm(*engine, {.name = name, .bytes = bytes, .sha256 = sha256});
  }

  Result<std::unique_ptr<Job>> start(std::shared_ptr<const Module> module,
                                     const GuestSpec& spec) override {
    auto compiled = std::static_pointer_cast<const CompiledModule>(std::move(module));
    auto run = std::make_shared<GuestRun>(std::move(compiled), keepers(), spec);
    PERCH_TRY(run->start(spec));
    return std::make_unique<GuestJob>(std::move(run));
  }

  KernelWall kernel_wall() override { return lane::kernel_wall(); }

private:
  Keepers& keepers() {
    const std::lock_guard lock(mutex_);
    if (keepers_ == nullptr)
      keepers_ = std::make_unique<Keepers>();
    return *keepers_;
  }

  const std::shared_ptr<Workshop> workshop_;
  const std::shared_ptr<ModuleTable> modules_ = std::make_shared<ModuleTable>();
  std::mutex mutex_;
  std::unique_ptr<Keepers> keepers_;
};

} // namespace

std::unique_ptr<WasmLane> make_wasm_lane_with(WasmOptions options,
                                              std::vector<perch_import_t> more) {
  return std::make_unique<RealWasmLane>(std::move(options), std::move(more));
}

std::unique_ptr<WasmLane> make_wasm_lane(WasmOptions options) {
  return make_wasm_lane_with(std::move(options), {});
}

} // namespace perch::lane
