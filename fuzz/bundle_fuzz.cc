// The reader of built executables, fed with manifests and archives that lie. What vouches for them
// is made right, as somebody who wants to lead `perch inspect` astray would: what is left are the
// checks of what they say. It may refuse, but neither crash nor read outside the file.

#include "bundle/manifest.h"
#include "bundle/marker.h"
#include "bundle/reader.h"
#include "sys/digest.h"
#include "sys/fd.h"
#include "sys/fs.h"

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>

using namespace perch;

namespace {

/// A file in memory with these bytes.
Result<sys::MappedFile> file_of(std::string_view bytes) {
  const sys::Fd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  PERCH_ASSERT(fd);
  PERCH_TRY(sys::write_all(fd.get(), bytes, "fuzz"));
  return sys::MappedFile::map(fd.get(), "fuzz");
}

/// An executable whose archive is `content` and whose manifest is `json`.
std::string executable(std::string_view content, std::string_view json) {
  const std::string front = "\x7f"
                            "ELF" +
                            std::string(60, 'p');
  bundle::Marker marker{.sha256 = sys::hex_digest(sys::DigestKind::Sha256, json),
                        .tail_sha256 = sys::hex_digest(sys::DigestKind::Sha256, json)};
  marker.archive_begin = front.size() + bundle::marker_bytes(marker).size();
  marker.tail_begin = marker.manifest_begin = marker.archive_begin + content.size();
  marker.manifest_size = json.size();
  marker.archive_end = marker.manifest_begin + json.size();
  return front + bundle::marker_bytes(marker) + std::string(content) + std::string(json);
}

std::string json_of(const bundle::Manifest& manifest) {
  std::vector<bundle::Entry> entries;
  static_cast<void>(manifest.entries.each([&](const bundle::Entry& entry) {
    entries.push_back(entry);
    return true;
  }));
  return bundle::to_json(manifest, entries);
}

void read(std::string_view bytes) {
  auto file = file_of(bytes);
  if (!file)
    return;
  const auto reader = bundle::Reader::open(std::move(*file), "fuzz");
  if (!reader || *reader == nullptr)
    return;
  static_cast<void>((*reader)->verify());
  const bundle::EntryList& entries = (*reader)->manifest().entries;
  const bool sound = entries.each([&](const bundle::Entry& entry) {
    PERCH_ASSERT(bundle::is_safe_name(entry.name));
    const auto found = entries.find(entry.name);
    PERCH_ASSERT(found && found->sha256 == entry.sha256);
    const auto content = (*reader)->read(entry);
    PERCH_ASSERT(!content || content->size() == entry.size);
    static_cast<void>((*reader)->check_code(entry));
    return true;
  });
  PERCH_ASSERT(sound);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  // The first byte says where the archive ends and the manifest begins.
  const std::size_t at = size == 0 ? 0 : data[0] % size;
  read(executable(bytes.substr(0, at), bytes.substr(at)));
  if (const auto manifest = bundle::parse_manifest(bytes)) {
    const std::string again = json_of(*manifest);
    const auto twice = bundle::parse_manifest(again);
    PERCH_ASSERT(twice && json_of(*twice) == again);
  }
  return 0;
}
