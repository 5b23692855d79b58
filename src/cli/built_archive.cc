#include "cli/built_archive.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "bundle/unpack.h"
#include "cli/directories.h"
#include "run/remote_module.h"

#include <memory>

namespace perch::cli {

namespace {

using base::cat;

/// Whether native code is sound, found out once: by another thread, or by the one that needs to
/// know when the other has not begun.
class CodeCheck {
public:
  CodeCheck(const bundle::Reader& reader, bundle::Entry entry)
      : reader_(reader), entry_(std::move(entry)) {}
  [[nodiscard]] const bundle::Entry& entry() const { return entry_; }
  [[nodiscard]] Status result() {
    std::call_once(once_, [this] { result_ = reader_.check_code(entry_); });
    return result_;
  }

private:
  const bundle::Reader& reader_;
  const bundle::Entry entry_;
  std::once_flag once_;
  Status result_;
};

} // namespace

std::vector<std::string> BuiltArchive::paths(std::string_view within) const {
  std::vector<std::string> paths;
  const auto add = [&](const bundle::Entry& entry) {
    paths.push_back(entry.name.substr(bundle::kFilesPrefix.size()));
  };
  const bundle::EntryList& entries = reader_.manifest().entries;
  if (const auto itself = entries.find(cat(bundle::kFilesPrefix, within)))
    add(*itself);
  entries.each_below(cat(bundle::kFilesPrefix, within, within.empty() ? "" : "/"), add);
  return paths;
}

Result<bundle::Entry> BuiltArchive::file(std::string_view path) const {
  const bundle::Manifest& manifest = reader_.manifest();
  if (auto entry = manifest.entries.find(cat(bundle::kFilesPrefix, path)))
    return std::move(*entry);
  if (path.starts_with(run::kRemoteModule)) {
    for (const auto& [address, name] : manifest.aliases) {
      if (address != path)
        continue;
      if (auto entry = manifest.entries.find(name))
        return std::move(*entry);
    }
  }
  constexpr std::size_t kShown = 10;
  std::vector<std::string> known = paths({});
  const std::size_t more = known.size() > kShown ? known.size() - kShown : 0;
  known.resize(known.size() - more);
  return fail(kind::kFileNotFound, cat("`", path, "` is not in the bundle"), std::string(path),
              known.empty() ? "include it in a `bundle` block"
                            : cat("the bundle holds ", base::join(known, ", "),
                                  more == 0 ? "" : cat(" and ", more, " more")));
}

Result<std::string> BuiltArchive::read(std::string_view path) {
  PERCH_TRY_ASSIGN(const bundle::Entry entry, file(path));
  return reader_.read(entry);
}

Status BuiltArchive::stream(std::string_view path,
                            const std::function<Status(std::string_view)>& sink) {
  PERCH_TRY_ASSIGN(const bundle::Entry entry, file(path));
  return reader_.stream(entry, sink);
}

Result<std::uint32_t> BuiltArchive::mode(std::string_view path) {
  PERCH_TRY_ASSIGN(const bundle::Entry entry, file(path));
  return entry.mode;
}

Result<std::optional<lane::AheadCode>> BuiltArchive::code(std::string_view path,
                                                          lane::Metering metering) {
  PERCH_TRY_ASSIGN(const bundle::Entry module, file(path));
  auto native = reader_.manifest().entries.find(
      bundle::native_entry(module.sha256, metering == lane::Metering::Fuel));
  if (!native)
    return std::nullopt;
  auto check = std::make_shared<CodeCheck>(reader_, std::move(*native));
  // Beside what has to be done before the code is needed.
  const std::lock_guard lock(mutex_);
  checks_.push_back(
      std::async(std::launch::async | std::launch::deferred, [check] { (void)check->result(); }));
  return lane::AheadCode{.bytes = reader_.code(check->entry()),
                         .file = reader_.file(),
                         .offset = check->entry().content,
                         .check = [check] { return check->result(); },
                         .sha256 = module.sha256,
                         .size = module.size};
}

Result<std::string> BuiltArchive::directory() {
  const std::string parent = bundles_directory(world_);
  if (parent.empty())
    return fail(kind::kFileNotFound, "there is no cache directory to unpack the bundle into", {},
                "set HOME or XDG_CACHE_HOME, or use `bundle_extract`");
  auto made = bundle::unpack(world_, reader_, parent);
  if (made) {
    const std::lock_guard lock(mutex_);
    in_use_ = std::move(made->use);
    return std::move(made->directory);
  }
  Error error = std::move(made).error();
  if (error.kind != kind::kBundleError) {
    error.message = cat("the bundle cannot be unpacked: ", error.message);
    if (error.help.empty())
      error.help = "set XDG_CACHE_HOME to a directory that can be written, or use `bundle_extract`";
  }
  return std::unexpected(std::move(error));
}

} // namespace perch::cli
