#pragma once
// Writes a built executable: a copy of perch, and behind it the archive.

#include "bundle/collect.h"
#include "bundle/manifest.h"
#include "sys/fs.h"
#include "sys/new_executable.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::bundle {

/// A source text: of the program or of an import.
struct SourceText {
  std::string entry;
  std::string_view text; ///< outlives the writing
};

/// A module from the network; the manifest's aliases say from where.
struct FetchedModule {
  std::string entry;
  std::string shown; ///< its address
  std::string bytes;
};

/// Begins to make the native code of a module; what it returns waits for it, or, dropped, for its
/// end. `shown` names the module in messages. Lifetime: borrows the module until then.
using Compiling = std::function<Result<std::string>()>;
using CompileAhead =
    std::function<Compiling(std::string_view shown, std::string_view module, bool metered)>;

struct Plan {
  Manifest manifest; ///< without digests, which are added
  std::vector<SourceText> sources;
  std::vector<IncludedFile> files;
  std::vector<FetchedModule> fetched; ///< each entry once
  /// Entries with modules that run with `wasm_fuel`, or without: code for what is asked for, and
  /// unmetered code for any other `.wasm`. Sorted.
  std::vector<std::string> metered, unmetered;
};

struct Written {
  std::string sha256; ///< of the archive
  std::uint64_t bytes = 0;
  std::size_t files = 0;
  std::size_t modules = 0;
};

/// Writes to `out`, which the caller commits. `perch` is the executable this process runs. Files
/// are read in pieces, so memory stays the same whatever their size; modules are held whole.
/// Errors: bundle_error; those of reading, writing and compiling.
[[nodiscard]] Result<Written> write_executable(sys::Fs& fs, Plan plan, std::string_view perch,
                                               const CompileAhead& compile,
                                               sys::NewExecutable& out);

} // namespace perch::bundle
