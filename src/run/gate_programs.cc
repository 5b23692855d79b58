#include "run/gate_programs.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <span>

namespace perch::run {

using base::cat;

namespace {

/// The real path of `directory` with `name`, when following it ends at a program.
std::string program_in(sys::Fs& fs, std::string_view directory, std::string_view name) {
  const std::string path = cat(directory, '/', name);
  if (!fs.leads_to_program(path))
    return {};
  const Result<sys::Spot> place = fs.locate(path, sys::Final::NoFollow);
  return place ? place->real : std::string();
}

} // namespace

std::string find_on_path(sys::Fs& fs, std::string_view name, std::string_view search_path,
                         std::string_view directory) {
  if (name.empty() || name.find('/') != std::string_view::npos || name == "." || name == "..")
    return {};
  for (const std::string_view entry : base::split(search_path, ':')) {
    const bool relative = !entry.starts_with('/');
    if (relative && directory.empty())
      continue;
    const std::string where = relative ? cat(directory, '/', entry) : std::string(entry);
    if (std::string found = program_in(fs, where, name); !found.empty())
      return found;
  }
  return {};
}

std::vector<std::string> similar_programs(sys::Fs& fs, std::string_view name,
                                          std::string_view search_path) {
  std::vector<std::string> names;
  for (const std::string_view entry : base::split(search_path, ':')) {
    if (!entry.starts_with('/'))
      continue;
    const Result<sys::Spot> spot = fs.locate(entry, sys::Final::Follow);
    if (!spot)
      continue;
    const auto entries = fs.list(*spot);
    if (!entries)
      continue;
    for (const auto& [file, type] : *entries) {
      if (type != sys::NodeType::Directory)
        names.push_back(file);
    }
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());

  std::vector<std::string> out;
  std::vector<std::string_view> candidates(names.begin(), names.end());
  // Short names are near to everything: two letters out of three is no misspelling.
  const int distance = name.size() < 4 ? 1 : 2;
  while (out.size() < 3) {
    const auto near = base::nearest(name, candidates, distance);
    if (!near)
      break;
    out.emplace_back(*near);
    std::erase(candidates, *near);
  }
  return out;
}

Result<PinnedFile> open_and_hash(sys::Fs& fs, const sys::Spot& spot) {
  if (spot.info.type == sys::NodeType::Missing)
    return fail(kind::kFileNotFound, cat("`", spot.real, "` does not exist"), spot.real);
  if (spot.info.type != sys::NodeType::Regular)
    return fail(kind::kFileError, cat("`", spot.real, "` is not a regular file"), spot.real);
  PERCH_TRY_ASSIGN(sys::Fd fd, fs.open(spot, sys::Access::Read, 0));
  PERCH_TRY_ASSIGN(sys::FileDigest digest, sys::digest_file(fd.get(), spot.real));
  return PinnedFile{.handle = std::move(fd), .digest = std::move(digest)};
}

} // namespace perch::run
