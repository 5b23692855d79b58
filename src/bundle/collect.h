#pragma once
// Which files go into an archive, and under which names.

#include "diag/diag.h"
#include "program/program.h"
#include "sys/fs.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace perch::bundle {

struct IncludedFile {
  std::string entry; ///< `files/…`
  std::string path;  ///< absolute
  sys::NodeInfo info;
};

struct Collected {
  std::vector<IncludedFile> files;                          ///< sorted by entry, each once
  std::vector<std::pair<std::string, std::string>> aliases; ///< alias, entry; sorted
};

/// An `--include PATH` of the command line.
struct Extra {
  std::string shown;    ///< as typed
  std::string absolute; ///< file or directory
};

/// What the program's `include` lines and `extras` name, all mistakes reported; nullopt when there
/// were some. `output` is left out: it is what is being made.
[[nodiscard]] std::optional<Collected> collect(sys::Fs& fs, const program::Program& program,
                                               std::span<const Extra> extras,
                                               const sys::Spot& output, diag::Diags& diags);

} // namespace perch::bundle
