#include "run/private_store.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>
#include <vector>

namespace perch::run {

namespace {

using base::cat;

constexpr std::uint32_t kDirectoryMode = 0700, kFileMode = 0600, kOthers = 0077;

} // namespace

std::string block_directory(std::string_view cache_directory) {
  return cat(cache_directory, "/blocks");
}

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
  PERCH_TRY_ASSIGN(auto spot, fs.locate(cat(directory_, '/', name), sys::Final::NoFollow));
  // One that could not be used would give the new file its mode, and a pipe would take the bytes.
  if (spot.info.type != sys::NodeType::Missing &&
      (spot.info.type != sys::NodeType::Regular || !is_private(spot.info))) {
    PERCH_TRY(fs.remove_tree(spot));
    PERCH_TRY_ASSIGN(spot, fs.locate(cat(directory_, '/', name), sys::Final::NoFollow));
  }
  PERCH_TRY_ASSIGN(const auto file, fs.replace(spot, kFileMode));
  PERCH_TRY(file->write(bytes));
  return file->commit();
}

void PrivateStore::touch(std::string_view name) const {
  const auto spot = world_.fs.locate(cat(directory_, '/', name), sys::Final::NoFollow);
  if (spot && spot->info.type == sys::NodeType::Regular)
    (void)world_.fs.touch(*spot); // where that fails, the file is merely the first to go
}

void PrivateStore::trim(std::uint64_t limit_bytes) const {
  const auto directory = world_.fs.locate(directory_, sys::Final::NoFollow);
  if (!directory || directory->info.type != sys::NodeType::Directory)
    return;
  const auto names = world_.fs.list(*directory);
  if (!names)
    return;
  std::vector<sys::Spot> files;
  std::uint64_t total = 0;
  for (const auto& [name, type] : *names) {
    auto spot = world_.fs.locate(cat(directory_, '/', name), sys::Final::NoFollow);
    if (!spot || spot->info.type != sys::NodeType::Regular)
      continue;
    total += spot->info.size;
    files.push_back(std::move(*spot));
  }
  std::ranges::sort(files, {}, [](const sys::Spot& spot) { return spot.info.mtime_ns; });
  for (const sys::Spot& oldest : files) {
    if (total <= limit_bytes)
      return;
    if (world_.fs.remove_tree(oldest))
      total -= oldest.info.size;
  }
}

} // namespace perch::run
