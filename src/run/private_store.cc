#include "run/private_store.h"

#include "base/error_kinds.h"
#include "base/text.h"

namespace perch::run {

namespace {

using base::cat;

constexpr std::uint32_t kDirectoryMode = 0700, kFileMode = 0600, kOthers = 0077;

} // namespace

bool PrivateStore::is_private(const sys::NodeInfo& info) const {
  return info.uid == world_.host.uid() && (info.mode & kOthers) == 0;
}

std::optional<std::string> PrivateStore::read(std::string_view name,
                                              std::uint64_t limit_bytes) const {
  const auto directory = world_.fs.locate(directory_, sys::Final::NoFollow);
  if (!directory || directory->info.type != sys::NodeType::Directory ||
      !is_private(directory->info))
    return std::nullopt;
  const auto spot = world_.fs.locate(cat(directory_, '/', name), sys::Final::NoFollow);
  if (!spot || spot->info.type != sys::NodeType::Regular || !is_private(spot->info))
    return std::nullopt;
  const auto file = world_.fs.open(*spot, sys::Access::Read, 0);
  if (!file)
    return std::nullopt;
  auto bytes = sys::read_all(file->get(), limit_bytes, name);
  if (!bytes)
    return std::nullopt;
  return std::move(*bytes);
}

Status PrivateStore::write(std::string_view name, std::string_view bytes) const {
  sys::Fs& fs = world_.fs;
  PERCH_TRY_ASSIGN(auto directory, fs.locate(directory_, sys::Final::NoFollow));
  if (directory.info.type == sys::NodeType::Missing) {
    PERCH_TRY(fs.make_directories(directory, kDirectoryMode));
    PERCH_TRY_ASSIGN(directory, fs.locate(directory_, sys::Final::NoFollow));
  }
  if (directory.info.type != sys::NodeType::Directory || !is_private(directory.info)) {
    return fail(kind::kCacheError, cat(directory_, " is not a directory of yours alone"),
                directory_, cat("chmod 700 ", base::shell_quote(directory_)));
  }
  PERCH_TRY_ASSIGN(const auto spot, fs.locate(cat(directory_, '/', name), sys::Final::NoFollow));
  PERCH_TRY_ASSIGN(const auto file, fs.replace(spot, kFileMode));
  PERCH_TRY(file->write(bytes));
  return file->commit();
}

} // namespace perch::run
