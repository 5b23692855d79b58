#include "cli/built_archive.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "bundle/unpack.h"
#include "cli/directories.h"

namespace perch::cli {

using base::cat;

std::vector<std::string> BuiltArchive::paths() const {
  std::vector<std::string> paths;
  for (const bundle::Entry& entry : reader_.manifest().entries) {
    if (entry.name.starts_with(bundle::kFilesPrefix))
      paths.push_back(entry.name.substr(bundle::kFilesPrefix.size()));
  }
  return paths;
}

Result<const bundle::Entry*> BuiltArchive::file(std::string_view path) const {
  if (const bundle::Entry* entry = reader_.manifest().find(cat(bundle::kFilesPrefix, path)))
    return entry;
  constexpr std::size_t kShown = 10;
  std::vector<std::string> known = paths();
  const std::size_t more = known.size() > kShown ? known.size() - kShown : 0;
  known.resize(known.size() - more);
  return fail(kind::kFileNotFound, cat("`", path, "` is not in the bundle"), std::string(path),
              known.empty() ? "include it in a `bundle` block"
                            : cat("the bundle holds ", base::join(known, ", "),
                                  more == 0 ? "" : cat(" and ", more, " more")));
}

Result<std::string> BuiltArchive::read(std::string_view path) {
  PERCH_TRY_ASSIGN(const bundle::Entry* entry, file(path));
  return reader_.read(*entry);
}

Status BuiltArchive::stream(std::string_view path,
                            const std::function<Status(std::string_view)>& sink) {
  PERCH_TRY_ASSIGN(const bundle::Entry* entry, file(path));
  return reader_.stream(*entry, sink);
}

Result<std::uint32_t> BuiltArchive::mode(std::string_view path) {
  PERCH_TRY_ASSIGN(const bundle::Entry* entry, file(path));
  return entry->mode;
}

Result<std::optional<lane::AheadCode>> BuiltArchive::code(std::string_view path,
                                                          lane::Metering metering) {
  PERCH_TRY_ASSIGN(const bundle::Entry* module, file(path));
  const bundle::Entry* native = reader_.manifest().find(
      bundle::native_entry(module->sha256, metering == lane::Metering::Fuel));
  if (native == nullptr)
    return std::nullopt;
  PERCH_TRY_ASSIGN(const std::string_view code, reader_.code(*native));
  return lane::AheadCode{.code = code, .sha256 = module->sha256, .size = module->size};
}

Result<std::string> BuiltArchive::directory() {
  const std::string parent = bundles_directory(world_);
  if (parent.empty())
    return fail(kind::kFileNotFound, "there is no cache directory to unpack the bundle into", {},
                "set HOME or XDG_CACHE_HOME, or use `bundle_extract`");
  auto made = bundle::unpack(world_, reader_, parent);
  if (!made && made.error().kind != kind::kBundleError) {
    Error error = std::move(made).error();
    error.message = cat("the bundle cannot be unpacked: ", error.message);
    if (error.help.empty())
      error.help = "set XDG_CACHE_HOME to a directory that can be written, or use `bundle_extract`";
    return std::unexpected(std::move(error));
  }
  return made;
}

} // namespace perch::cli
