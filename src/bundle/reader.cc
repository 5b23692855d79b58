#include "bundle/reader.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/digest.h"
#include "sys/xxh3.h"
#include "sys/zip.h"

#include <algorithm>

namespace perch::bundle {

namespace {

using base::cat;
using sys::DigestKind;

std::unexpected<Error> damaged(std::string message, std::string detail = {}) {
  return fail(kind::kBundleError, std::move(message), std::move(detail),
              "get the executable again from where it came from");
}

/// A manifest may be long, and so may the ZIP directory: of what was read no more than this stays
/// in memory.
constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kEntriesOfPiece = 1u << 12;

std::unexpected<Error> damaged_entry(const Entry& entry) {
  return damaged(cat("the entry `", entry.name, "` of the archive is damaged"), entry.name);
}

} // namespace

Result<std::unique_ptr<Reader>> Reader::open_own() {
  PERCH_TRY_ASSIGN(Marker marker, own_marker());
  PERCH_TRY_ASSIGN(sys::MappedFile file, sys::MappedFile::own_executable());
  auto own = make(std::move(file), std::move(marker));
  if (own)
    return own;
  // Only now: looking for the marker reads the whole file.
  PERCH_TRY_ASSIGN(const sys::MappedFile running, sys::MappedFile::own_executable());
  if (find_marker(running.bytes()))
    return own;
  return fail(kind::kBundleError,
              "the file that the system runs is not this executable: it was packed, or started "
              "through another program such as ld.so",
              {}, "start it directly");
}

Result<std::unique_ptr<Reader>> Reader::open(sys::MappedFile file, std::string_view shown) {
  const auto at = find_marker(file.bytes());
  if (!at)
    return fail(kind::kBundleError, cat("`", shown, "` is no executable that perch has built"),
                std::string(shown));
  PERCH_TRY_ASSIGN(auto marker, read_marker(file.bytes(), *at));
  if (!marker)
    return std::unique_ptr<Reader>();
  return make(std::move(file), std::move(*marker));
}

Result<std::unique_ptr<Reader>> Reader::make(sys::MappedFile file, Marker marker) {
  std::unique_ptr<Reader> reader(new Reader(std::move(file), std::move(marker)));
  PERCH_TRY(reader->check_tail());
  const Marker& known = reader->marker_;
  const std::string_view json =
      reader->file_.bytes().substr(known.manifest_begin, known.manifest_size);
  if (reader->digest_of(json) != known.sha256)
    return damaged("the archive's manifest is damaged");
  bool within = true;
  std::size_t count = 0;
  auto manifest = parse_manifest(json, [&](const Entry& entry) {
    within = reader->is_within_archive(entry);
    if (++count % kEntriesOfPiece == 0)
      reader->file_.let_go(json);
    return within;
  });
  if (!within)
    return damaged("the archive's manifest names places outside the archive");
  if (!manifest)
    return std::unexpected(std::move(manifest).error());
  reader->manifest_ = std::move(*manifest);
  return reader;
}

std::string Reader::digest_of(std::string_view bytes) const {
  sys::Digest digest(DigestKind::Sha256);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    digest.update(piece);
    if (piece.size() == kPiece)
      file_.let_go(piece);
    bytes.remove_prefix(piece.size());
  }
  return digest.hex();
}

Status Reader::check_tail() const {
  const std::uint64_t size = file_.bytes().size();
  const Marker& m = marker_;
  if (size <= m.archive_begin) {
    return damaged("this executable was built with an archive that is not there any more: it was "
                   "stripped, packed or cut off");
  }
  if (size < m.archive_end) {
    return damaged(cat("this executable is cut off: ", m.archive_end - size, " of ", m.archive_end,
                       " bytes are missing"));
  }
  const bool in_order = m.archive_begin <= m.tail_begin && m.tail_begin <= m.manifest_begin &&
                        m.manifest_begin <= m.archive_end &&
                        m.manifest_size <= m.archive_end - m.manifest_begin;
  const std::string_view tail =
      in_order ? file_.bytes().substr(m.tail_begin, m.archive_end - m.tail_begin)
               : std::string_view();
  if (digest_of(tail) != m.tail_sha256)
    return damaged("the archive's manifest or directory is damaged");
  return {};
}

bool Reader::is_within_archive(const Entry& e) const {
  return marker_.archive_begin <= e.header && e.header <= e.content &&
         e.content <= marker_.tail_begin && e.packed <= marker_.tail_begin - e.content;
}

std::uint64_t Reader::bytes_behind() const { return file_.bytes().size() - marker_.archive_end; }

std::uint64_t Reader::archive_bytes() const { return marker_.archive_end - marker_.archive_begin; }

Result<Entry> Reader::entry(std::string_view name) const {
  if (auto found = manifest_.entries.find(name))
    return std::move(*found);
  return fail(kind::kBundleError, cat("`", name, "` is not in the bundle"), std::string(name));
}

Status Reader::check_frame(const Entry& entry) const {
  const std::uint64_t end = entry.content + (entry.stored ? 0 : entry.packed);
  const std::string_view frame = file_.bytes().substr(entry.header, end - entry.header);
  if (sys::hex_digest(DigestKind::Crc32, frame) != entry.frame)
    return damaged_entry(entry);
  return {};
}

Status Reader::stream(const Entry& entry, const sys::ByteSink& sink) const {
  PERCH_TRY(check_frame(entry));
  sys::Digest digest(DigestKind::Sha256);
  std::uint64_t size = 0;
  bool refused = false; // by the sink
  const sys::ByteSink checked = [&](std::string_view piece) -> Status {
    if (piece.size() > entry.size - size)
      return damaged_entry(entry);
    size += piece.size();
    digest.update(piece);
    auto taken = sink(piece);
    refused = !taken;
    return taken;
  };
  const std::string_view packed = file_.bytes().substr(entry.content, entry.packed);
  if (entry.stored) {
    PERCH_TRY(checked(packed));
  } else {
    sys::Inflater inflater(sys::Framing::Raw);
    if (auto done = inflater.write(packed, checked); !done)
      return refused ? done : damaged_entry(entry);
    if (!inflater.finish())
      return damaged_entry(entry);
  }
  if (size != entry.size || digest.hex() != entry.sha256)
    return damaged_entry(entry);
  return {};
}

Result<std::string> Reader::read(const Entry& entry) const {
  std::string bytes;
  // The size is the manifest's word; a stream that holds less should not cost its memory.
  bytes.reserve(std::min<std::uint64_t>(entry.size, 64 * entry.packed + 64));
  PERCH_TRY(stream(entry, [&](std::string_view piece) -> Status {
    bytes += piece;
    return {};
  }));
  return bytes;
}

std::string_view Reader::code(const Entry& entry) const {
  return file_.bytes().substr(entry.content, entry.packed);
}

Status Reader::check_code(const Entry& entry) const {
  PERCH_TRY(check_frame(entry));
  if (!entry.stored || entry.xxh3.empty())
    return damaged_entry(entry);
  file_.will_need(code(entry));
  if (sys::xxh3_hex(code(entry)) != entry.xxh3)
    return damaged_entry(entry);
  return {};
}

std::vector<std::string> Reader::verify() const {
  std::vector<std::string> problems;
  const std::string_view bytes = file_.bytes();
  const auto at = find_marker(bytes.substr(0, marker_.archive_begin));
  sys::Digest perch(DigestKind::Sha256);
  if (at) {
    const PerchPart part = perch_part(bytes, *at, marker_.archive_begin);
    for (const std::string_view piece : {part.before, std::string_view(part.zeros), part.after})
      perch.update(piece);
  }
  if (perch.hex() != manifest_.perch_sha256)
    problems.emplace_back("the perch in front of the archive is damaged");
  (void)manifest_.entries.each([&](const Entry& entry) {
    const auto ignore = [](std::string_view) -> Status { return {}; };
    Status sound = stream(entry, ignore);
    if (sound && !entry.xxh3.empty())
      sound = check_code(entry);
    if (!sound)
      problems.push_back(sound.error().message);
    return true;
  });
  return problems;
}

} // namespace perch::bundle
