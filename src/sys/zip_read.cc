#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/zip.h"

#include <zlib.h>

#include <algorithm>
#include <optional>

namespace perch::sys {

namespace {

/// Little-endian numbers at an offset. The caller has checked that they are there.
std::uint64_t get(std::string_view bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

std::uint32_t get16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(get(bytes, at, 2));
}
std::uint64_t get32(std::string_view bytes, std::size_t at) { return get(bytes, at, 4); }
std::uint64_t get64(std::string_view bytes, std::size_t at) { return get(bytes, at, 8); }

constexpr std::string_view kLocalHeader = "PK\x03\x04";
constexpr std::string_view kCentralHeader = "PK\x01\x02";
constexpr std::string_view kEndRecord = "PK\x05\x06";
constexpr std::string_view kEnd64Record = "PK\x06\x06";
constexpr std::string_view kEnd64Locator = "PK\x06\x07";
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::uint64_t kMax32 = 0xffffffff;

struct Directory {
  std::string_view bytes;
  std::uint64_t entries = 0;
  std::uint64_t shift = 0; ///< bytes in front of the archive that its offsets do not count
};

/// Where the end record starts: the last place that has its signature and a comment that ends with
/// the archive.
std::optional<std::size_t> find_end(std::string_view archive) {
  if (archive.size() < kEndBytes)
    return std::nullopt;
  const std::size_t last = archive.size() - kEndBytes;
  const std::size_t first = last > 0xffff ? last - 0xffff : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (archive.substr(at).starts_with(kEndRecord) &&
        at + kEndBytes + get16(archive, at + 20) == archive.size())
      return at;
  }
  return std::nullopt;
}

std::optional<Directory> find_directory(std::string_view archive) {
  const auto end = find_end(archive);
  if (!end || get16(archive, *end + 4) != 0 || get16(archive, *end + 6) != 0)
    return std::nullopt;
  std::uint64_t entries = get16(archive, *end + 10);
  std::uint64_t size = get32(archive, *end + 12);
  std::uint64_t offset = get32(archive, *end + 16);
  std::size_t directory_end = *end;
  const bool located = *end >= kLocatorBytes + kEnd64Bytes &&
                       archive.substr(*end - kLocatorBytes).starts_with(kEnd64Locator);
  if (located) {
    // The 64-bit record stands right in front of its locator unless it was extended, which nobody
    // does; the locator's offset would be wrong for an archive behind other bytes.
    directory_end = *end - kLocatorBytes - kEnd64Bytes;
    if (!archive.substr(directory_end).starts_with(kEnd64Record))
      return std::nullopt;
    entries = get64(archive, directory_end + 32);
    size = get64(archive, directory_end + 40);
    offset = get64(archive, directory_end + 48);
  }
  if (size > directory_end || offset > directory_end - size)
    return std::nullopt;
  const std::size_t start = directory_end - size;
  return Directory{
      .bytes = archive.substr(start, size), .entries = entries, .shift = start - offset};
}

/// The sizes and offset of a central header, from its 64-bit field where 32 bits do not do.
struct Place {
  std::uint64_t size;
  std::uint64_t packed;
  std::uint64_t offset;
};

bool widen(Place& place, std::string_view extra) {
  while (extra.size() >= 4) {
    const auto tag = get16(extra, 0);
    const std::size_t size = get16(extra, 2);
    if (size > extra.size() - 4)
      return false;
    auto field = extra.substr(4, size);
    extra.remove_prefix(4 + size);
    if (tag != 1)
      continue;
    for (std::uint64_t* value : {&place.size, &place.packed, &place.offset}) {
      if (*value != kMax32)
        continue;
      if (field.size() < 8)
        return false;
      *value = get64(field, 0);
      field.remove_prefix(8);
    }
  }
  return true;
}

/// The content's bytes: behind the local header, whose own sizes do not count.
std::optional<std::string_view> content_at(std::string_view archive, std::uint64_t at,
                                           std::uint64_t size) {
  if (at > archive.size() || archive.size() - at < kLocalBytes ||
      !archive.substr(at).starts_with(kLocalHeader))
    return std::nullopt;
  const std::uint64_t start = at + kLocalBytes + get16(archive, at + 26) + get16(archive, at + 28);
  if (start > archive.size() || size > archive.size() - start)
    return std::nullopt;
  return archive.substr(start, size);
}

ZipEntry::Kind kind_of(std::string_view name, std::uint32_t unix_mode) {
  switch (unix_mode & 0170000) {
  case 0040000:
    return ZipEntry::Kind::Directory;
  case 0120000:
    return ZipEntry::Kind::Link;
  case 0100000:
  case 0:
    return name.ends_with('/') ? ZipEntry::Kind::Directory : ZipEntry::Kind::File;
  default:
    return ZipEntry::Kind::Other;
  }
}

std::unexpected<Error> damaged(std::string_view path, std::string_view why) {
  return fail(kind::kBadArgument, base::cat("`", path, "` is no readable ZIP archive: ", why),
              std::string(path));
}

/// Takes one header off the front of the directory.
Result<ZipEntry> take_entry(std::string_view archive, Directory& directory, std::string_view path) {
  auto& bytes = directory.bytes;
  if (bytes.size() < kCentralBytes || !bytes.starts_with(kCentralHeader))
    return damaged(path, "its directory is damaged");
  const std::size_t name_size = get16(bytes, 28);
  const std::size_t extra_size = get16(bytes, 30);
  const std::size_t whole = kCentralBytes + name_size + extra_size + get16(bytes, 32);
  if (whole > bytes.size())
    return damaged(path, "its directory is damaged");
  const auto name = bytes.substr(kCentralBytes, name_size);
  Place place{.size = get32(bytes, 24), .packed = get32(bytes, 20), .offset = get32(bytes, 42)};
  if (!widen(place, bytes.substr(kCentralBytes + name_size, extra_size)))
    return damaged(path, "an entry's sizes are damaged");
  const auto content = content_at(archive, place.offset + directory.shift, place.packed);
  if (!content)
    return damaged(path, "an entry lies outside it");
  const auto method = get16(bytes, 10);
  constexpr std::uint32_t kEncrypted = 1;
  if ((get16(bytes, 8) & kEncrypted) != 0)
    return damaged(path, "it is encrypted");
  if (method != 0 && method != Z_DEFLATED)
    return damaged(path, base::cat("compression method ", method, " is not known"));
  constexpr std::uint32_t kUnix = 3;
  const bool by_unix = get16(bytes, 4) >> 8 == kUnix;
  const auto unix_mode = by_unix ? static_cast<std::uint32_t>(get32(bytes, 38) >> 16) : 0;
  ZipEntry entry{.name = name,
                 .mode = unix_mode & 0777,
                 .kind = kind_of(name, unix_mode),
                 .stored = method == 0,
                 .size = place.size,
                 .crc = static_cast<std::uint32_t>(get32(bytes, 16)),
                 .packed = *content};
  bytes.remove_prefix(whole);
  return entry;
}

} // namespace

Result<std::vector<ZipEntry>> read_zip(std::string_view archive, std::string_view path) {
  auto directory = find_directory(archive);
  if (!directory)
    return damaged(path, "it has no directory");
  if (directory->entries > directory->bytes.size() / kCentralBytes)
    return damaged(path, "its directory is damaged");
  std::vector<ZipEntry> entries;
  entries.reserve(directory->entries);
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    PERCH_TRY_ASSIGN(entries.emplace_back(), take_entry(archive, *directory, path));
  }
  return entries;
}

Status extract_zip(const ZipEntry& entry, const ByteSink& sink) {
  const auto mismatch = [&] {
    return fail(kind::kBadArgument, base::cat("the entry `", entry.name, "` is damaged"),
                std::string(entry.name));
  };
  std::uint64_t size = 0;
  uLong crc = 0;
  const ByteSink count = [&](std::string_view bytes) -> Status {
    if (bytes.size() > entry.size - size)
      return mismatch();
    size += bytes.size();
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    return sink(bytes);
  };
  if (entry.stored) {
    PERCH_TRY(count(entry.packed));
  } else {
    Inflater inflater(Framing::Raw);
    PERCH_TRY(inflater.write(entry.packed, count));
    PERCH_TRY(inflater.finish());
  }
  if (size != entry.size || crc != entry.crc)
    return mismatch();
  return {};
}

} // namespace perch::sys
