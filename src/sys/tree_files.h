#pragma once
// All files at or below a place, for what takes a directory with everything in it.

#include "base/result.h"
#include "sys/fs.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::sys {

struct TreeFile {
  std::string path;  ///< absolute, as reached
  std::string below; ///< relative to where the walk began; empty for a file that it began at
  NodeInfo info;
};

struct TreeWalk {
  std::string from;   ///< absolute
  std::string within; ///< absolute: links may lead to files below here, nowhere else
  /// Which files are wanted, by their absolute path; null: all.
  std::function<bool(std::string_view path)> wanted;
  int max_depth = 1 << 20; ///< levels of directories below `from` that are entered
};

/// The files, sorted by path. A wanted link is the file it leads to; one that leads to a directory,
/// nowhere or out of `within` is an error, and so is what is neither file nor directory: nobody is
/// to get less or more than there is to see, and no loop is walked. A `from` that is missing gives
/// no files. Errors: file_error; those of reading directories.
[[nodiscard]] Result<std::vector<TreeFile>> files_below(Fs& fs, const TreeWalk& walk);

} // namespace perch::sys
