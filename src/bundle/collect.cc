#include "bundle/collect.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "bundle/manifest.h"
#include "program/bundle_paths.h"
#include "sys/tree_files.h"

#include <algorithm>
#include <map>

namespace perch::bundle {

namespace {

using base::cat;
using diag::Span;

class Collector {
public:
  Collector(sys::Fs& fs, const program::Program& program, const sys::Spot& output,
            diag::Diags& diags)
      : fs_(fs), directory_(program.root().directory), output_(output), diags_(diags) {}

  void include(const program::BundleEntry& line);
  void include(const Extra& extra);
  Collected result() &&;

private:
  void error(Span span, std::string message, std::string help = {});
  std::optional<std::vector<sys::TreeFile>> walk(const sys::TreeWalk& what, Span span);
  void add(const std::string& entry, const sys::TreeFile& file, Span span);
  void name_alias(const program::BundleEntry& line, const std::vector<sys::TreeFile>& files);
  [[nodiscard]] std::string entry_of(std::string_view absolute) const;
  [[nodiscard]] bool is_output(const sys::NodeInfo& info) const;

  sys::Fs& fs_;
  const std::string& directory_;
  const sys::Spot& output_;
  diag::Diags& diags_;
  std::map<std::string, IncludedFile> files_;
  std::map<std::string, std::string> aliases_;
};

void Collector::error(Span span, std::string message, std::string help) {
  diags_.add({.severity = diag::Severity::Error,
              .id = kind::kBundleError,
              .message = std::move(message),
              .span = span,
              .help = std::move(help)});
}

std::optional<std::vector<sys::TreeFile>> Collector::walk(const sys::TreeWalk& what, Span span) {
  auto files = sys::files_below(fs_, what);
  if (!files) {
    error(span, files.error().message, files.error().help);
    return std::nullopt;
  }
  std::erase_if(*files, [&](const sys::TreeFile& file) { return is_output(file.info); });
  return std::move(*files);
}

bool Collector::is_output(const sys::NodeInfo& info) const {
  return output_.info.type == sys::NodeType::Regular && info.device == output_.info.device &&
         info.inode == output_.info.inode;
}

std::string Collector::entry_of(std::string_view absolute) const {
  const std::size_t prefix = directory_ == "/" ? 1 : directory_.size() + 1;
  return cat(kFilesPrefix, absolute.substr(prefix));
}

void Collector::add(const std::string& entry, const sys::TreeFile& file, Span span) {
  if (!is_safe_name(entry)) {
    error(span, cat("the name of `", file.path, "` cannot be kept in a bundle"),
          "names in a bundle are UTF-8 without backslashes: rename the file");
    return;
  }
  const auto [at, added] =
      files_.emplace(entry, IncludedFile{.entry = entry, .path = file.path, .info = file.info});
  const IncludedFile& first = at->second;
  if (!added && (first.info.device != file.info.device || first.info.inode != file.info.inode)) {
    error(span,
          cat("two files would be `", entry.substr(kFilesPrefix.size()),
              "` in the bundle: ", first.path, " and ", file.path),
          "rename one of them");
  }
}

void Collector::name_alias(const program::BundleEntry& line,
                           const std::vector<sys::TreeFile>& files) {
  if (line.alias.empty())
    return;
  if (program::is_include_pattern(line.path) || files.size() != 1 || !files[0].below.empty()) {
    error(line.span, cat("the alias `", line.alias, "` must name one file"),
          "include that file by a line of its own");
    return;
  }
  aliases_.emplace(line.alias, entry_of(files[0].path));
}

void Collector::include(const program::BundleEntry& line) {
  const std::string_view written = program::plain_include(line.path);
  const std::string absolute = sys::absolute_path(directory_, written);
  if (!sys::is_within(directory_, absolute)) {
    error(line.span, cat("`", line.path, "` lies outside the directory of the program"),
          cat("move it there, or build with --include ", line.path));
    return;
  }
  sys::TreeWalk what{.from = absolute, .within = directory_};
  if (program::is_include_pattern(absolute)) {
    what.from = std::string(program::fixed_part(absolute));
    what.wanted = [&](std::string_view path) { return program::matches_include(absolute, path); };
    what.max_depth = program::depth_of(absolute);
  }
  const auto files = walk(what, line.span);
  if (!files)
    return;
  if (files->empty()) {
    error(line.span, cat("`", line.path, "` matches no file"),
          cat("it is looked for in ", directory_));
    return;
  }
  for (const sys::TreeFile& file : *files)
    add(entry_of(file.path), file, line.span);
  name_alias(line, *files);
}

void Collector::include(const Extra& extra) {
  const auto files = walk({.from = extra.absolute, .within = extra.absolute}, Span());
  if (!files)
    return;
  if (files->empty())
    error(Span(), cat("--include ", extra.shown, " names no file"));
  // Below the program's directory a file has the name it has there; any other that of its own.
  const bool here = sys::is_within(directory_, extra.absolute);
  const std::string_view own =
      std::string_view(extra.absolute).substr(extra.absolute.rfind('/') + 1);
  for (const sys::TreeFile& file : *files) {
    const std::string entry =
        here ? entry_of(file.path)
             : cat(kFilesPrefix, own, file.below.empty() ? "" : "/", file.below);
    add(entry, file, Span());
  }
}

Collected Collector::result() && {
  Collected all;
  for (auto& [entry, file] : files_)
    all.files.push_back(std::move(file));
  for (const auto& [alias, entry] : aliases_)
    all.aliases.emplace_back(alias, entry);
  return all;
}

} // namespace

std::optional<Collected> collect(sys::Fs& fs, const program::Program& program,
                                 std::span<const Extra> extras, const sys::Spot& output,
                                 diag::Diags& diags) {
  const std::size_t before = diags.errors();
  Collector collector(fs, program, output, diags);
  for (const program::BundleEntry& line : program.bundle)
    collector.include(line);
  for (const Extra& extra : extras)
    collector.include(extra);
  if (diags.errors() != before)
    return std::nullopt;
  return std::move(collector).result();
}

} // namespace perch::bundle
