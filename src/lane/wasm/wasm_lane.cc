#include "lane/wasm/wasm_lane.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/code_store.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/guest_job.h"
#include "lane/wasm/module.h"
#include "lane/wasm/module_bytes.h"
#include "lane/wasm/wall.h"
#include "sys/digest.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

namespace perch::lane {

namespace {

using ModulePointer = std::shared_ptr<const CompiledModule>;
using ModuleKey = std::pair<std::string, Metering>; ///< digest and variant

/// The modules of this process. Whoever comes first for a module makes it; the others wait for the
/// same result. A module that failed is forgotten, so that a later try tells again why.
class ModuleTable {
public:
  template <class Make>
  Result<ModulePointer> get(const ModuleKey& key, const Make& make) {
    std::shared_ptr<Entry> entry;
    bool mine = false;
    {
      const std::lock_guard lock(mutex_);
      auto& slot = entries_[key];
      if (slot == nullptr) {
        slot = std::make_shared<Entry>();
        mine = true;
      }
      entry = slot;
    }
    if (mine) {
      Result<ModulePointer> made = make();
      const std::lock_guard lock(mutex_);
      if (!made)
        entries_.erase(key);
      entry->result = std::move(made);
      made_.notify_all();
    }
    std::unique_lock lock(mutex_);
    made_.wait(lock, [&] { return entry->result.has_value(); });
    return *entry->result;
  }

private:
  struct Entry {
    std::optional<Result<ModulePointer>> result;
  };
  std::mutex mutex_;
  std::condition_variable made_;
  std::map<ModuleKey, std::shared_ptr<Entry>> entries_;
};

class RealWasmLane final : public WasmLane {
public:
  RealWasmLane(WasmOptions options, std::vector<perch_import_t> more)
      : store_(std::move(options)),
        imports_(HttpImports::table().begin(), HttpImports::table().end()) {
    imports_.insert(imports_.end(), more.begin(), more.end());
  }

  Result<std::shared_ptr<const Module>> load(std::string_view name, std::string_view bytes,
                                             std::string_view pin, Metering metering) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
    PERCH_TRY(check_pin(name, sha256, pin));
    PERCH_TRY_ASSIGN(ModulePointer module, modules_.get({sha256, metering}, [&] {
      return make({.name = name, .bytes = bytes, .sha256 = sha256, .metering = metering});
    }));
    return module;
  }

  Status warm(std::string_view name, std::string_view bytes) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    PERCH_TRY_ASSIGN(const auto engine, this->engine(Metering::None));
    const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
    return store_.warm(*engine, {.name = name, .bytes = bytes, .sha256 = sha256});
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
  Result<ModulePointer> make(const CodeWanted& wanted) {
    PERCH_TRY_ASSIGN(auto engine, this->engine(wanted.metering));
    PERCH_TRY_ASSIGN(Code code, store_.get(*engine, wanted));
    return std::make_shared<const CompiledModule>(
        std::move(engine), std::move(code.module), std::string(wanted.name),
        std::string(wanted.sha256), wanted.bytes.size(), code.from);
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

  Keepers& keepers() {
    const std::lock_guard lock(mutex_);
    if (keepers_ == nullptr)
      keepers_ = std::make_unique<Keepers>();
    return *keepers_;
  }

  CodeStore store_;
  std::vector<perch_import_t> imports_;
  ModuleTable modules_;
  std::mutex mutex_;
  std::shared_ptr<const RunEngine> engines_[2];
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
