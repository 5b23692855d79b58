#include "run/bundle.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/gated_files.h"
#include "run/shared_run.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;

/// One file of a bundle is held in memory while it is read.
constexpr std::uint64_t kLargestEntry = 1ull << 30;

std::string_view without_dot(std::string_view path) {
  while (path.starts_with("./"))
    path.remove_prefix(2);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return path;
}

/// `*` is any text without a slash, `**` any text.
bool matches(std::string_view pattern, std::string_view text) {
  while (!pattern.empty() && pattern[0] != '*') {
    if (text.empty() || text[0] != pattern[0])
      return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (pattern.empty())
    return text.empty();
  const bool deep = pattern.starts_with("**");
  const std::string_view rest = pattern.substr(deep ? 2 : 1);
  for (std::size_t taken = 0; taken <= text.size(); ++taken) {
    if (matches(rest, text.substr(taken)))
      return true;
    if (taken < text.size() && text[taken] == '/' && !deep)
      break;
  }
  return false;
}

/// The absolute path of an included file beside the script, or why the program does not include it.
/// Only what the program declares is part of it: this is no way around `read` roots.
Result<std::string> included_path(State& state, std::string_view path) {
  const program::Program& program = state.run.program();
  const std::string_view wanted = without_dot(path);
  const std::string& directory = program.root().directory;
  const std::string whole = sys::absolute_path(directory, wanted);
  std::string known;
  for (const program::BundleEntry& entry : program.bundle) {
    const std::string included = sys::absolute_path(directory, without_dot(entry.path));
    if (sys::is_within(included, whole) || matches(included, whole))
      return whole;
    known += cat(known.empty() ? "" : ", ", entry.path);
  }
  return fail(kind::kBundleError, cat("`", path, "` is not in the bundle"), std::string(path),
              known.empty() ? "include it in a `bundle` block"
                            : cat("the bundle includes ", known));
}

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
  for (const std::string& path : archive.paths()) {
    if (path == wanted)
      all.push_back({.below = {}, .from = path});
    else if (wanted.empty())
      all.push_back({.below = path, .from = path});
    else if (path.starts_with(cat(wanted, '/')))
      all.push_back({.below = path.substr(wanted.size() + 1), .from = path});
  }
  return all;
}

/// All files at or below `path`, but those that a pattern leaves out.
Status collect_files(State& state, const std::string& path, const std::string& below,
                     std::string_view pattern, std::vector<Extract>& files) {
  sys::Fs& fs = state.run.setting().world.fs;
  PERCH_TRY_ASSIGN(const auto spot, fs.locate(path, sys::Final::Follow));
  if (spot.info.type != sys::NodeType::Directory) {
    if (pattern.empty() || matches(pattern, path))
      files.push_back({.below = below, .from = path});
    return {};
  }
  PERCH_TRY_ASSIGN(const auto names, fs.list(spot));
  for (const auto& [name, type] : names) {
    PERCH_TRY(collect_files(state, cat(path, '/', name),
                            below.empty() ? name : cat(below, '/', name), pattern, files));
  }
  return {};
}

Result<std::vector<Extract>> extracts_beside_script(State& state, std::string_view wanted) {
  std::vector<Extract> files;
  if (!wanted.empty()) {
    PERCH_TRY_ASSIGN(const std::string path, included_path(state, wanted));
    PERCH_TRY(collect_files(state, path, {}, {}, files));
    return files;
  }
  const program::Program& program = state.run.program();
  for (const program::BundleEntry& entry : program.bundle) {
    std::string_view fixed = without_dot(entry.path);
    const std::string pattern = sys::absolute_path(program.root().directory, fixed);
    const bool is_pattern = fixed.contains('*');
    if (is_pattern)
      fixed = fixed.substr(0, fixed.substr(0, fixed.find('*')).rfind('/') + 1);
    fixed = without_dot(fixed);
    PERCH_TRY(collect_files(state, sys::absolute_path(program.root().directory, fixed),
                            std::string(fixed), is_pattern ? pattern : std::string(), files));
  }
  return files;
}

} // namespace

Result<std::string> bundle_entry(State& state, std::string_view path) {
  if (Archive* archive = state.run.setting().archive)
    return archive->read(without_dot(path));
  PERCH_TRY_ASSIGN(const std::string file, included_path(state, path));
  return read_beside_script(state, file);
}

Result<std::string> bundle_digest(State& state) {
  if (const Archive* archive = state.run.setting().archive)
    return archive->sha256();
  return fail(kind::kBundleError, "this program runs from its source, which has no bundle digest",
              {}, "build an executable with `perch --build`");
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
    files = extracts_from(*archive, without_dot(entry));
  } else {
    PERCH_TRY_ASSIGN(files, extracts_beside_script(state, without_dot(entry)));
  }
  if (files.empty()) {
    return fail(kind::kBundleError,
                entry.empty() ? std::string("the bundle is empty")
                              : cat("`", entry, "` is not in the bundle"),
                std::string(entry),
                archive != nullptr ? cat("it holds ", base::join(archive->paths(), ", "))
                                   : std::string());
  }
  GatedFiles target(state.run.gate(), state.scope(), actor);
  for (const Extract& file : files) {
    PERCH_TRY_ASSIGN(const std::string bytes, archive != nullptr
                                                  ? archive->read(file.from)
                                                  : read_beside_script(state, file.from));
    std::string path(to);
    if (!file.below.empty()) {
      path = cat(to, '/', file.below);
      PERCH_TRY(target.make_directories(path.substr(0, path.rfind('/'))));
    }
    PERCH_TRY(target.write(path, bytes));
  }
  return {};
}

} // namespace perch::run
