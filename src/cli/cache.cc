// `perch cache info|clear`: the compiled modules on disk.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/directories.h"
#include "cli/verbs.h"
#include "lane/lane.h"

namespace perch::cli {

int cache(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  if (words.size() != 1 || (words[0] != "info" && words[0] != "clear")) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "`perch cache` needs one of: info, clear",
                         .help = "usage: perch cache info|clear"});
    return kUsage;
  }
  const std::string directory = code_directory(context.world);
  if (directory.empty()) {
    context.report(Error{.kind = kind::kCacheError,
                         .message = "there is no cache directory: HOME is not set",
                         .help = "set HOME or XDG_CACHE_HOME"});
    return kFailure;
  }
  const bool clear = words[0] == "clear";
  const Result<lane::CodeCacheInfo> info =
      clear ? lane::clear_code_cache(directory) : lane::code_cache_info(directory);
  if (!info) {
    context.report(info.error());
    return kFailure;
  }
  const std::string size = base::cat(info->bytes / 1024, " KiB");
  const std::string files = base::plural(static_cast<std::int64_t>(info->files), "file");
  context.out(clear ? base::cat("removed ", files, ", ", size, '\n')
                    : base::cat("directory  ", directory, "\nfiles      ", info->files,
                                "\nsize       ", size, "\nlimit      1048576 KiB\n"));
  return kOk;
}

} // namespace perch::cli
