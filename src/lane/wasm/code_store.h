#pragma once
// Where compiled code comes from: the disk cache, or the compiler now, or, better code for later,
// the compiler in the background.

#include "base/result.h"
#include "lane/lane.h"
#include "lane/wasm/background.h"
#include "lane/wasm/compiler.h"
#include "lane/wasm/disk_cache.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/module.h"
#include "sys/file_digest.h"

#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace perch::lane {

struct Code {
  ModuleHandle module;
  sys::Fd file; ///< what `module` is mapped from; none: memory
  Module::From from = Module::From::Compiled;
  Quality quality = Quality::Full;
};

/// A module, and the code wanted of it.
struct CodeWanted {
  std::string_view name;  ///< for messages
  std::string_view bytes; ///< empty: not read yet
  std::string_view sha256;
  Metering metering = Metering::None;
  /// Stops when nobody waits for it any more; null: that cannot happen.
  sys::CancelToken* wanted = nullptr;
};

/// Threads: all members are safe from several threads.
class CodeStore {
public:
  explicit CodeStore(WasmOptions options);

  /// Code that is on disk; nothing when there is none, or only what would have to be compiled again
  /// from bytes that are not at hand.
  [[nodiscard]] std::optional<Code> find(const RunEngine& engine, const CodeWanted& wanted);
  /// The digest of a file that has not changed since it was remembered; empty: not known.
  [[nodiscard]] std::string known_digest(const sys::FileMark& file);
  /// `file`: as it was before it was read, at `read_at_s` (real time).
  void remember_digest(const sys::FileMark& file, std::time_t read_at_s, const std::string& sha256);
  /// Code of the module for `engine`, as the tier wants it. Errors: wasm_compile_failed.
  [[nodiscard]] Result<Code> get(const RunEngine& engine, const CodeWanted& wanted);
  /// Optimised code for any machine of this kind. Errors: wasm_compile_failed.
  [[nodiscard]] Result<std::string> portable(std::string_view name, std::string_view bytes,
                                             Metering metering);
  /// Puts optimised code into the cache unless it is there. Errors: wasm_compile_failed,
  /// cache_error.
  [[nodiscard]] Status warm(const RunEngine& engine, const CodeWanted& wanted);
  /// From here on nobody is told anything: whom the options name may be gone.
  void fall_silent();

private:
  [[nodiscard]] const DiskCache* cache();
  [[nodiscard]] std::optional<Code> map(const RunEngine& engine, const std::string& name);
  [[nodiscard]] std::optional<Code> look(const RunEngine& engine, const CodeWanted& wanted);
  [[nodiscard]] Result<sys::MappedFile> compile_now(const CodeWanted& wanted, Quality quality);
  [[nodiscard]] Result<Code> make(const RunEngine& engine, const CodeWanted& wanted);
  [[nodiscard]] Quality first_quality() const;
  void warn(const std::string& reason);
  void tell_compiling(std::string_view sha256, bool started);
  [[nodiscard]] bool improves() const; ///< quick code in the background
  void improve_later(const RunEngine& engine, const CodeWanted& wanted);

  WasmOptions options_; ///< its callbacks under the mutex, the rest never changes
  std::mutex telling_mutex_;
  std::once_flag cache_once_, warned_;
  std::optional<DiskCache> cache_;
  Compiler compiler_;
  BackgroundCompiler background_;
};

} // namespace perch::lane
