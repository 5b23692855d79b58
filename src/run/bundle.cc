#include "run/bundle.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "program/bundle_paths.h"
#include "run/gated_files.h"
#include "run/shared_run.h"
#include "sys/fs.h"
#include "sys/mapped_file.h"
#include "sys/tree_files.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using program::plain_include;

/// One file of a bundle is held in memory while it is read.
constexpr std::uint64_t kLargestEntry = 1ull << 30;

Result<std::string> read_beside_script(State& state, const std::string& path) {
  sys::Fs& fs = state.run.setting().world.fs;
  PERCH_TRY_ASSIGN(const auto spot, fs.locate(path, sys::Final::Follow));
  PERCH_TRY_ASSIGN(const auto file, fs.open(spot, sys::Access::Read, 0));
  return sys::read_all(file.get(), kLargestEntry, path);
}

/// One file to extract: where it goes below the destination (empty: it is the destination), and
/// where its bytes are.
struct Extract {
  std::string below, from;
};

std::vector<Extract> extracts_from(const Archive& archive, std::string_view wanted) {
  std::vector<Extract> all;
  for (const std::string& path : archive.paths(wanted)) {
    const std::size_t above = wanted.empty() ? 0 : std::min(wanted.size() + 1, path.size());
    all.push_back({.below = path.substr(above), .from = path});
  }
  return all;
}

/// As building an executable collects them.
Result<std::vector<Extract>> extracts_beside_script(State& state, std::string_view wanted) {
  const program::Program& program = state.run.program();
  const std::string& directory = program.root().directory;
  std::vector<sys::TreeWalk> walks;
  if (!wanted.empty()) {
    PERCH_TRY_ASSIGN(const std::string path, included_file(state, wanted));
    walks.push_back({.from = path, .within = directory});
  } else {
    for (const program::BundleEntry& entry : program.bundle) {
      const std::string path = sys::absolute_path(directory, plain_include(entry.path));
      sys::TreeWalk walk{.from = path, .within = directory};
      if (program::is_include_pattern(path)) {
        walk.from = std::string(program::fixed_part(path));
        walk.wanted = [path](std::string_view file) {
          return program::matches_include(path, file);
        };
        walk.max_depth = program::depth_of(path);
      }
      walks.push_back(std::move(walk));
    }
  }
  std::vector<Extract> files;
  for (const sys::TreeWalk& walk : walks) {
    PERCH_TRY_ASSIGN(const auto found, sys::files_below(state.run.setting().world.fs, walk));
    for (const sys::TreeFile& file : found) {
      const std::size_t above = directory == "/" ? 1 : directory.size() + 1;
      files.push_back(
          {.below = wanted.empty() ? file.path.substr(above) : file.below, .from = file.path});
    }
  }
  return files;
}

/// Writes one file as it is packed, with its mode.
Status write_extract(State& state, GatedFiles& target, const Extract& file,
                     const std::string& path) {
  Archive* archive = state.run.setting().archive;
  std::uint32_t mode = 0;
  if (archive != nullptr) {
    PERCH_TRY_ASSIGN(mode, archive->mode(file.from));
    PERCH_TRY_ASSIGN(const auto out, target.create(path, mode));
    PERCH_TRY(
        archive->stream(file.from, [&](std::string_view piece) { return out->write(piece); }));
    return out->commit();
  }
  sys::Fs& fs = state.run.setting().world.fs;
  PERCH_TRY_ASSIGN(const auto spot, fs.locate(file.from, sys::Final::Follow));
  PERCH_TRY_ASSIGN(const auto from, fs.open(spot, sys::Access::Read, 0));
  PERCH_TRY_ASSIGN(const auto out, target.create(path, spot.info.mode & 0777));
  PERCH_TRY(sys::read_pieces(from.get(), file.from,
                             [&](std::string_view piece) { return out->write(piece); }));
  return out->commit();
}

/// Where one of several is damaged, none is written.
Status check_extracts(State& state, Archive& archive, const std::vector<Extract>& files) {
  if (files.size() < 2)
    return {};
  for (const Extract& file : files) {
    PERCH_TRY(archive.stream(file.from,
                             [&](std::string_view) -> Status { return state.cancel->check(); }));
  }
  return {};
}

} // namespace

// Only what the program declares is part of it: this is no way around `read` roots.
Result<std::string> included_file(State& state, std::string_view path) {
  const program::Program& program = state.run.program();
  const std::string_view wanted = plain_include(path);
  const std::string& directory = program.root().directory;
  std::string whole = sys::absolute_path(directory, wanted);
  std::string known;
  for (const program::BundleEntry& entry : program.bundle) {
    const std::string included = sys::absolute_path(directory, plain_include(entry.path));
    if (sys::is_within(included, whole) || program::matches_include(included, whole))
      return whole;
    known += cat(known.empty() ? "" : ", ", entry.path);
  }
  return fail(kind::kFileNotFound, cat("`", path, "` is not in the bundle"), std::string(path),
              known.empty() ? "include it in a `bundle` block"
                            : cat("the bundle includes ", known));
}

std::string archive_path(std::string_view path) {
  constexpr std::string_view kRoot = "/bundle";
  const std::string whole = sys::absolute_path(kRoot, plain_include(path));
  if (whole == kRoot)
    return {};
  return sys::is_within(kRoot, whole) ? whole.substr(kRoot.size() + 1) : std::string(path);
}

Result<std::string> bundle_entry(State& state, std::string_view path) {
  if (Archive* archive = state.run.setting().archive)
    return archive->read(archive_path(path));
  PERCH_TRY_ASSIGN(const std::string file, included_file(state, path));
  return read_beside_script(state, file);
}

Result<std::string> bundle_digest(State& state) {
  if (const Archive* archive = state.run.setting().archive)
    return archive->sha256();
  return fail(kind::kRequirementUnmet,
              "this program runs from its source, which has no bundle digest", {},
              "build an executable with `perch --build`");
}

Result<std::string> bundle_directory(State& state) {
  if (Archive* archive = state.run.setting().archive)
    return archive->directory();
  return state.run.program().root().directory;
}

Status bundle_extract(State& state, Actor actor, std::string_view entry, std::string_view to) {
  Archive* archive = state.run.setting().archive;
  std::vector<Extract> files;
  if (archive != nullptr) {
    files = extracts_from(*archive, archive_path(entry));
  } else {
    PERCH_TRY_ASSIGN(files, extracts_beside_script(state, plain_include(entry)));
  }
  if (files.empty() && archive != nullptr && !entry.empty())
    PERCH_TRY(archive->mode(archive_path(entry))); // says what there is
  if (files.empty()) {
    return fail(kind::kFileNotFound,
                entry.empty() ? std::string("the bundle is empty")
                              : cat("`", entry, "` is not in the bundle"),
                std::string(entry));
  }
  if (archive != nullptr)
    PERCH_TRY(check_extracts(state, *archive, files));
  GatedFiles target(state.run.gate(), state.scope(), actor);
  for (const Extract& file : files) {
    std::string path(to);
    if (!file.below.empty()) {
      path = cat(to, '/', file.below);
      PERCH_TRY(target.make_directories(path.substr(0, path.rfind('/'))));
    }
    PERCH_TRY(write_extract(state, target, file, path));
  }
  return {};
}

} // namespace perch::run
