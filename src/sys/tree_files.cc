#include "sys/tree_files.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>

namespace perch::sys {

namespace {

using base::cat;

class Walk {
public:
  Walk(Fs& fs, const TreeWalk& what) : fs_(fs), what_(what) {}

  Status visit(const std::string& path, const std::string& below, int depth) {
    PERCH_TRY_ASSIGN(const Spot spot, fs_.locate(path, Final::NoFollow));
    switch (spot.info.type) {
    case NodeType::Missing:
      return {};
    case NodeType::Directory:
      return depth > what_.max_depth ? Status() : enter(spot, path, below, depth);
    case NodeType::Regular:
      return take(spot, path, below);
    case NodeType::Symlink:
      return follow(path, below);
    case NodeType::Other:
      break;
    }
    if (!is_wanted(path))
      return {};
    return fail(kind::kFileError, cat('`', path, "` is neither a file nor a directory"), path);
  }

  std::vector<TreeFile> files;

private:
  [[nodiscard]] bool is_wanted(const std::string& path) const {
    return !what_.wanted || what_.wanted(path);
  }

  Status enter(const Spot& spot, const std::string& path, const std::string& below, int depth) {
    PERCH_TRY_ASSIGN(const auto entries, fs_.list(spot));
    for (const auto& [name, type] : entries) {
      PERCH_TRY(
          visit(cat(path, '/', name), below.empty() ? name : cat(below, '/', name), depth + 1));
    }
    return {};
  }

  Status take(const Spot& spot, const std::string& path, const std::string& below) {
    if (is_wanted(path))
      files.push_back({.path = path, .below = below, .info = spot.info});
    return {};
  }

  Status follow(const std::string& path, const std::string& below) {
    if (!is_wanted(path))
      return {};
    const auto spot = fs_.locate(path, Final::Follow);
    const auto refuse = [&](std::string_view why) {
      return fail(kind::kFileError, cat('`', path, "` is a link ", why), path,
                  "put the file itself there, or leave the link out");
    };
    if (!spot)
      return refuse(cat("that leads nowhere: ", spot.error().message));
    if (spot->info.type == NodeType::Missing)
      return refuse("that leads nowhere");
    if (spot->info.type != NodeType::Regular)
      return refuse("to a directory or a device");
    PERCH_TRY_ASSIGN(const Spot root, fs_.locate(what_.within, Final::Follow));
    if (!is_within(root.real, spot->real))
      return refuse(cat("that leads out of ", what_.within));
    files.push_back({.path = path, .below = below, .info = spot->info});
    return {};
  }

  Fs& fs_;
  const TreeWalk& what_;
};

} // namespace

Result<std::vector<TreeFile>> files_below(Fs& fs, const TreeWalk& what) {
  Walk walk(fs, what);
  PERCH_TRY(walk.visit(what.from, {}, 0));
  std::ranges::sort(walk.files, {}, &TreeFile::path);
  return std::move(walk.files);
}

} // namespace perch::sys
