#pragma once
// Machine code of a module, made now: in a process of its own, for a module may be made such that
// compiling it takes all memory there is.

#include "base/result.h"
#include "lane/wasm/engine.h"
#include "sys/cancel.h"
#include "sys/mapped_file.h"

#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::lane {

struct Compilation {
  std::string_view name; ///< for messages
  std::string_view bytes;
  Metering metering = Metering::None;
  Quality quality = Quality::Full;
};

/// Threads: safe from several threads.
class Compiler {
public:
  /// `program`: argv of perch as a compiler, to which words are added. Empty: compiling happens in
  /// this process and nothing bounds it.
  explicit Compiler(std::vector<std::string> program) : program_(std::move(program)) {}

  /// The code in the form that files hold it. Ends early when `wanted`, which may be null, stops.
  /// Errors: wasm_compile_failed, also when compiling takes more than it may.
  [[nodiscard]] Result<sys::MappedFile> compile(const Compilation& what, sys::CancelToken* wanted);

private:
  [[nodiscard]] Status compile_apart(const Compilation& what, int out, sys::CancelToken* wanted);

  /// Each takes all processors, so more than these at once just take more memory.
  static constexpr int kAtOnce = 2;
  const std::vector<std::string> program_;
  std::counting_semaphore<kAtOnce> places_{kAtOnce};
};

/// The process that Compiler starts. Returns the exit status.
[[nodiscard]] int compile_for_parent(std::span<const std::string> words);

} // namespace perch::lane
