#include "lane/wasm/wasm_lane.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/background.h"
#include "lane/wasm/code_store.h"
#include "lane/wasm/compiler.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/guest_job.h"
#include "lane/wasm/module.h"
#include "lane/wasm/module_bytes.h"
#include "lane/wasm/module_table.h"
#include "lane/wasm/wall.h"
#include "sys/digest.h"
#include "sys/file_digest.h"
#include "sys/fs.h"
#include "sys/os_error.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace perch::lane {

namespace {

constexpr std::uint64_t kLargestModuleBytes = 1ull << 30;

/// What making a module needs. Shared with the threads that make them, which may outlive the lane,
/// and with the modules.
class Workshop : public std::enable_shared_from_this<Workshop> {
public:
  Workshop(WasmOptions options, std::vector<perch_import_t> more)
      : store_(std::move(options)),
        imports_(HttpImports::table().begin(), HttpImports::table().end()) {
    imports_.insert(imports_.end(), more.begin(), more.end());
  }

  CodeStore& store() { return store_; }

  /// The module, when its code is on disk.
  std::optional<Result<ModulePointer>> find(const CodeWanted& wanted, std::uint64_t size) {
    auto engine = this->engine(wanted.metering);
    if (!engine)
      return std::unexpected(std::move(engine).error());
    auto code = store_.find(**engine, wanted);
    if (!code)
      return std::nullopt;
    return module(std::move(*engine), std::move(*code), wanted, size);
  }

  Result<ModulePointer> make(const CodeWanted& wanted) {
    PERCH_TRY_ASSIGN(auto engine, this->engine(wanted.metering));
    PERCH_TRY_ASSIGN(Code code, store_.get(*engine, wanted));
    return module(std::move(engine), std::move(code), wanted, wanted.bytes.size());
  }

  /// The module with code from elsewhere.
  Result<ModulePointer> take(std::string_view name, const AheadCode& ahead, Metering metering) {
    CompiledModule::Facts facts{.name = std::string(name),
                                .sha256 = ahead.sha256,
                                .size = ahead.size,
                                .from = Module::From::Bundle};
    LoadedCode loaded;
    PERCH_TRY_ASSIGN(loaded.engine, engine(metering));
    PERCH_TRY(ahead.check()); // from here on the code is sound
    PERCH_TRY_ASSIGN(loaded.module, take_code(*loaded.engine->engine, ahead));
    return std::make_shared<const CompiledModule>(
        std::move(facts), std::move(loaded),
        [self = shared_from_this(), code = ahead, metering]() -> Result<LoadedCode> {
          PERCH_TRY_ASSIGN(auto pool, self->engine(metering, MemoryFrom::Pool));
          PERCH_TRY_ASSIGN(auto module, take_code(*pool->engine, code));
          return LoadedCode{std::move(pool), std::move(module)};
        });
  }

  Result<std::shared_ptr<const RunEngine>> engine(Metering metering,
                                                  MemoryFrom memory = MemoryFrom::Mappings) {
    const std::lock_guard lock(mutex_);
    auto& engine = engines_[{metering, memory}];
    if (engine != nullptr)
      return engine;
    RunEngine made;
    PERCH_TRY_ASSIGN(made.engine, make_run_engine(metering, memory));
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
  ModulePointer module(std::shared_ptr<const RunEngine> engine, Code code, const CodeWanted& wanted,
                       std::uint64_t size) {
    CompiledModule::Facts facts{.name = std::string(wanted.name),
                                .sha256 = std::string(wanted.sha256),
                                .size = size,
                                .from = code.from,
                                .quality = code.quality};
    // A function has to be copyable, so what it owns is shared.
    auto file = std::make_shared<const sys::Fd>(std::move(code.file));
    const wasmtime_module_t* loaded = code.module.get();
    return std::make_shared<const CompiledModule>(
        std::move(facts), LoadedCode{std::move(engine), std::move(code.module)},
        [self = shared_from_this(), file, loaded,
         metering = wanted.metering]() -> Result<LoadedCode> {
          PERCH_TRY_ASSIGN(auto pool, self->engine(metering, MemoryFrom::Pool));
          if (*file) {
            PERCH_TRY_ASSIGN(auto module, map_code(*pool->engine, file->get()));
            return LoadedCode{std::move(pool), std::move(module)};
          }
          PERCH_TRY_ASSIGN(const std::string copied, serialize(*loaded));
          PERCH_TRY_ASSIGN(auto module, deserialize(*pool->engine, copied));
          return LoadedCode{std::move(pool), std::move(module)};
        });
  }

  CodeStore store_;
  std::vector<perch_import_t> imports_;
  std::mutex mutex_;
  std::map<std::pair<Metering, MemoryFrom>, std::shared_ptr<const RunEngine>> engines_;
};

class RealWasmLane final : public WasmLane {
public:
  RealWasmLane(WasmOptions options, std::vector<perch_import_t> more)
      : workshop_(std::make_shared<Workshop>(std::move(options), std::move(more))) {}
  ~RealWasmLane() override { workshop_->store().fall_silent(); }
  void fall_silent() override { workshop_->store().fall_silent(); }
  RealWasmLane(const RealWasmLane&) = delete;
  RealWasmLane& operator=(const RealWasmLane&) = delete;

  Result<std::shared_ptr<const Module>> load(std::string_view name, std::string_view bytes,
                                             std::string_view pin, Metering metering,
                                             sys::CancelToken* cancel) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    return load_bytes(name, bytes, pin, metering, cancel,
                      [&] { return std::make_shared<const std::string>(bytes); });
  }

  Result<std::shared_ptr<const Module>> load_file(std::string_view name, int fd,
                                                  std::string_view pin, Proof proof,
                                                  Metering metering,
                                                  sys::CancelToken* cancel) override {
    struct stat info{};
    if (::fstat(fd, &info) != 0)
      return sys::os_fail(errno, "read", name);
    const sys::FileMark mark = sys::mark_of(info);
    if (proof == Proof::Memory && pin.empty()) {
      if (auto known = find_known(name, mark, metering, cancel))
        return std::move(*known);
    }
    const std::time_t now_s = std::time(nullptr);
    PERCH_TRY(check_file(name, fd, mark.size));
    PERCH_TRY_ASSIGN(std::string bytes, sys::read_all(fd, kLargestModuleBytes, name));
    PERCH_TRY(check_first_bytes(name, bytes)); // it may have been written to in the meantime
    auto whole = std::make_shared<const std::string>(std::move(bytes));
    PERCH_TRY_ASSIGN(auto module,
                     load_bytes(name, *whole, pin, metering, cancel, [&] { return whole; }));
    workshop_->store().remember_digest(mark, now_s, module->sha256());
    return module;
  }

  Result<std::string> compile_ahead(std::string_view name, std::string_view bytes,
                                    Metering metering) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    return workshop_->store().portable(name, bytes, metering);
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

  Status warm(std::string_view name, std::string_view bytes, Metering metering) override {
    PERCH_TRY(check_first_bytes(name, bytes));
    PERCH_TRY_ASSIGN(const auto engine, workshop_->engine(metering));
    const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
    return workshop_->store().warm(
        *engine, {.name = name, .bytes = bytes, .sha256 = sha256, .metering = metering});
  }

  void expect_guest(bool require_kernel_wall) override {
    keepers().threads.expect(require_kernel_wall);
  }

  Result<std::unique_ptr<Job>> start(std::shared_ptr<const Module> module,
                                     const GuestSpec& spec) override {
    auto run = std::make_shared<GuestRun>(keepers(), spec);
    PERCH_TRY(run->start(static_cast<const CompiledModule&>(*module), spec));
    return std::make_unique<GuestJob>(std::move(run));
  }

  KernelWall kernel_wall() override { return lane::kernel_wall(); }

private:
  using Whole = std::shared_ptr<const std::string>;

  /// Says what is wrong with a large file before it is read.
  static Status check_file(std::string_view name, int fd, std::uint64_t size) {
    std::array<char, 4096> head;
    const ::ssize_t count = ::pread(fd, head.data(), head.size(), 0);
    if (count < 0)
      return sys::os_fail(errno, "read", name);
    PERCH_TRY(check_first_bytes(name, {head.data(), static_cast<std::size_t>(count)}));
    if (size <= kLargestModuleBytes)
      return {};
    return fail(kind::kOutputTooLarge,
                base::cat('`', name, "` has more than ", kLargestModuleBytes, " bytes"),
                std::string(name));
  }

  /// `whole`: the bytes for the thread that compiles them, asked for only when that is necessary.
  Result<std::shared_ptr<const Module>> load_bytes(std::string_view name, std::string_view bytes,
                                                   std::string_view pin, Metering metering,
                                                   sys::CancelToken* cancel,
                                                   const std::function<Whole()>& whole) {
    const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
    PERCH_TRY(check_pin(name, sha256, pin));
    const auto find = [&] {
      return workshop_->find({.name = name, .bytes = bytes, .sha256 = sha256, .metering = metering},
                             bytes.size());
    };
    const auto make = [&]() -> ModuleTable::Make {
      return [workshop = workshop_, name = std::string(name), bytes = whole(), sha256,
              metering](sys::CancelToken& wanted) {
        return workshop->make({.name = name,
                               .bytes = *bytes,
                               .sha256 = sha256,
                               .metering = metering,
                               .wanted = &wanted});
      };
    };
    PERCH_TRY_ASSIGN(ModulePointer module, modules_->get({sha256, metering}, find, make, cancel));
    return module;
  }

  /// The module of an unchanged file, when its digest and its code are on disk.
  std::optional<Result<ModulePointer>> find_known(std::string_view name, const sys::FileMark& file,
                                                  Metering metering, sys::CancelToken* cancel) {
    const std::string sha256 = workshop_->store().known_digest(file);
    if (sha256.empty())
      return std::nullopt;
    const auto find = [&] {
      return workshop_->find({.name = name, .bytes = {}, .sha256 = sha256, .metering = metering},
                             file.size);
    };
    return modules_->look({sha256, metering}, find, cancel);
  }

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

void leave_to_process(std::unique_ptr<WasmLane> lane) {
  lane->fall_silent();
  // Not lost: whoever looks for leaks finds it here.
  static const WasmLane* const kept = lane.release();
  std::ignore = kept;
}

std::unique_ptr<WasmLane> make_wasm_lane(WasmOptions options) {
  return make_wasm_lane_with(std::move(options), {});
}

int run_compiler(std::span<const std::string> words) {
  if (words.empty())
    return 2;
  return words[0] == "later" ? compile_in_background(words.subspan(1))
                             : compile_for_parent(words.subspan(1));
}

} // namespace perch::lane
