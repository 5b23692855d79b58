// `perch cache info|clear`: the compiled modules on disk, the fetched ones, what `cache` blocks
// remember, and what built executables have unpacked.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/directories.h"
#include "cli/verbs.h"
#include "lane/lane.h"
#include "run/module_store.h"
#include "run/private_store.h"
#include "sys/directory_lock.h"

#include <optional>
#include <vector>

namespace perch::cli {

namespace {

using base::cat;
using lane::CodeCacheInfo;
using sys::Final;
using sys::NodeType;

/// Adds what is at and below `path`. What cannot be seen does not count.
void add_files(sys::Fs& fs, const std::string& path, CodeCacheInfo& sum) {
  const auto spot = fs.locate(path, Final::NoFollow);
  if (!spot || spot->info.type == NodeType::Missing)
    return;
  if (spot->info.type != NodeType::Directory) {
    sum.files += 1;
    sum.bytes += spot->info.size;
    return;
  }
  const auto entries = fs.list(*spot);
  if (!entries)
    return;
  for (const auto& [name, type] : *entries)
    add_files(fs, cat(path, '/', name), sum);
}

/// What was done to one kind of files; only what built executables have unpacked may be in use.
struct Cleared {
  CodeCacheInfo removed;
  std::vector<std::string> kept; ///< directories in use, by name
};

/// Removes one of them, or what lies beside, unless it is in use. Errors: the file_* kinds.
Status clear_one(sys::Fs& fs, const std::string& path, NodeType type, Cleared& cleared) {
  std::optional<sys::Fd> alone; // held until nothing is left
  if (type == NodeType::Directory) {
    alone = sys::lock_directory(path, sys::Holders::One);
    if (!alone) {
      cleared.kept.push_back(path);
      return {};
    }
  }
  add_files(fs, path, cleared.removed);
  PERCH_TRY_ASSIGN(const sys::Spot spot, fs.locate(path, Final::NoFollow));
  return spot.info.type == NodeType::Missing ? Status() : fs.remove_tree(spot);
}

/// Removes all in the directory but what is in use. Errors: the file_* kinds.
Result<Cleared> clear_directory(sys::Fs& fs, const std::string& directory) {
  Cleared cleared;
  PERCH_TRY_ASSIGN(const sys::Spot spot, fs.locate(directory, Final::NoFollow));
  if (spot.info.type == NodeType::Missing)
    return cleared;
  if (spot.info.type != NodeType::Directory) {
    PERCH_TRY(clear_one(fs, directory, spot.info.type, cleared));
    return cleared;
  }
  PERCH_TRY_ASSIGN(const auto entries, fs.list(spot));
  for (const auto& [name, type] : entries)
    PERCH_TRY(clear_one(fs, cat(directory, '/', name), type, cleared));
  return cleared; // the directory itself stays: somebody may begin to unpack in it right now
}

/// One kind of files, besides compiled code.
struct Kept {
  std::string_view label;
  std::string directory;
  std::string_view removed; ///< what was removed, behind its number and size
  std::string_view limit;   ///< a line of its own; empty: none
};

std::vector<Kept> kept(const Context& context) {
  const std::string cache = cache_directory(context.world);
  return {{.label = "fetched    ",
           .directory = run::module_directory(cache),
           .removed = " of fetched modules",
           .limit = "limit      1048576 KiB\n"},
          {.label = "results    ",
           .directory = run::block_directory(cache),
           .removed = " that `cache` blocks had kept",
           .limit = ""},
          {.label = "unpacked   ",
           .directory = bundles_directory(context.world),
           .removed = " that built executables had unpacked",
           .limit = ""}};
}

std::string size_text(const CodeCacheInfo& sum) { return cat(sum.bytes / 1024, " KiB"); }

std::string removed_text(const CodeCacheInfo& sum, std::string_view what) {
  return cat("removed ", base::plural(static_cast<std::int64_t>(sum.files), "file"), ", ",
             size_text(sum), what, '\n');
}

Result<std::string> clear(const Context& context) {
  PERCH_TRY_ASSIGN(const CodeCacheInfo code, lane::clear_code_cache(code_directory(context.world)));
  std::string out = removed_text(code, "");
  for (const Kept& each : kept(context)) {
    PERCH_TRY_ASSIGN(const Cleared files, clear_directory(context.world.fs, each.directory));
    if (files.removed.files > 0)
      out += removed_text(files.removed, each.removed);
    for (const std::string& path : files.kept)
      out += cat("kept ", path, ": a built executable that runs uses it\n");
  }
  return out;
}

std::string count_text(const CodeCacheInfo& sum) {
  return cat("files      ", sum.files, "\nsize       ", size_text(sum), '\n');
}

Result<std::string> info(const Context& context) {
  const std::string directory = code_directory(context.world);
  PERCH_TRY_ASSIGN(const CodeCacheInfo code, lane::code_cache_info(directory));
  std::string out =
      cat("directory  ", directory, '\n', count_text(code), "limit      1048576 KiB\n");
  for (const Kept& each : kept(context)) {
    CodeCacheInfo files;
    add_files(context.world.fs, each.directory, files);
    out += cat(each.label, each.directory, '\n', count_text(files), each.limit);
  }
  return out;
}

} // namespace

int cache(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  if (words.size() != 1 || (words[0] != "info" && words[0] != "clear")) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "`perch cache` needs one of: info, clear",
                         .help = "usage: perch cache info|clear"});
    return kUsage;
  }
  if (cache_directory(context.world).empty()) {
    context.report(Error{.kind = kind::kCacheError,
                         .message = "there is no cache directory: HOME is not set",
                         .help = "set HOME or XDG_CACHE_HOME"});
    return kFailure;
  }
  const Result<std::string> text = words[0] == "clear" ? clear(context) : info(context);
  if (!text) {
    context.report(text.error());
    return kFailure;
  }
  context.out(*text);
  return kOk;
}

} // namespace perch::cli
