#include "bundle/writer.h"

#include "base/error_kinds.h"
#include "bundle/marker.h"
#include "sys/digest.h"
#include "sys/mapped_file.h"
#include "sys/xxh3.h"
#include "sys/zip.h"

#include <algorithm>
#include <functional>

namespace perch::bundle {

namespace {

using sys::DigestKind;

/// Up to here a file is packed in memory, and kept as it is when packing does not help.
constexpr std::uint64_t kWhole = 16u << 20;
/// Modules are compiled whole.
constexpr std::uint64_t kLargestModule = 1u << 30;
/// What code is aligned to in the file, so that it can be mapped.
constexpr std::uint32_t kPage = 4096;

bool contains(const std::vector<std::string>& sorted, const std::string& entry) {
  return std::ranges::binary_search(sorted, entry);
}

class Writer {
public:
  Writer(sys::Fs& fs, Plan& plan, std::string_view perch, const CompileAhead& compile,
         sys::NewExecutable& out);

  Result<Written> write(std::size_t marker_at);

private:
  Status emit(std::string_view bytes);
  Status copy_perch(std::size_t marker_at);
  Status add(Entry entry, std::string_view bytes, const sys::ZipNew& how);
  Status add_file(const IncludedFile& file);
  Status add_streamed(const IncludedFile& file, int fd);
  /// What is known before its content.
  struct NewFile {
    const std::string& entry;
    std::uint32_t mode = 0644;
  };
  Status add_whole(const NewFile& file, std::string_view bytes);
  Status add_module(const NewFile& file, std::string_view shown, std::string_view module);
  /// Code that is being made.
  struct NewCode {
    std::string entry;
    Compiling code;
  };
  void begin_code(std::string_view shown, std::string_view module, const std::string& sha256,
                  bool metered, std::vector<NewCode>& begun);
  void list(Entry entry);
  Result<Marker> add_manifest();

  sys::Fs& fs_;
  Plan& plan_;
  std::string_view perch_;
  const CompileAhead& compile_;
  sys::NewExecutable& out_;
  sys::ZipWriter zip_;
  sys::Digest tail_{DigestKind::Sha256};
  bool in_tail_ = false;
  std::vector<Entry> entries_;
  Written written_;
};

Writer::Writer(sys::Fs& fs, Plan& plan, std::string_view perch, const CompileAhead& compile,
               sys::NewExecutable& out)
    : fs_(fs), plan_(plan), perch_(perch), compile_(compile), out_(out),
      zip_(std::bind_front(&Writer::emit, this), perch.size(),
           std::bind_front(&sys::NewExecutable::write_at, &out)) {}

Status Writer::emit(std::string_view bytes) {
  if (in_tail_)
    tail_.update(bytes);
  written_.bytes += bytes.size();
  return out_.write(bytes);
}

void Writer::list(Entry entry) {
  const sys::ZipPlace& place = zip_.placed();
  entry.header = place.header;
  entry.content = place.content;
  entry.packed = place.packed;
  entry.stored = place.stored;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 28; shift >= 0; shift -= 4)
    entry.frame += kDigits[place.frame_crc >> shift & 15];
  entries_.push_back(std::move(entry));
}

Status Writer::add(Entry entry, std::string_view bytes, const sys::ZipNew& how) {
  PERCH_TRY(zip_.add(how, bytes));
  entry.size = bytes.size();
  entry.sha256 = sys::hex_digest(DigestKind::Sha256, bytes);
  list(std::move(entry));
  return {};
}

Status Writer::add_streamed(const IncludedFile& file, int fd) {
  Entry entry{.name = file.entry, .mode = file.info.mode & 0777};
  sys::Digest digest(DigestKind::Sha256);
  PERCH_TRY(zip_.begin({.name = entry.name, .mode = entry.mode}, file.info.size));
  PERCH_TRY(sys::read_pieces(fd, file.path, [&](std::string_view piece) {
    entry.size += piece.size();
    digest.update(piece);
    return zip_.write(piece);
  }));
  PERCH_TRY(zip_.end());
  entry.sha256 = digest.hex();
  list(std::move(entry));
  return {};
}

/// Begins to compile a module that is not compiled already: one may be included under two names.
void Writer::begin_code(std::string_view shown, std::string_view module, const std::string& sha256,
                        bool metered, std::vector<NewCode>& begun) {
  std::string name = native_entry(sha256, metered);
  if (std::ranges::find(entries_, name, &Entry::name) == entries_.end())
    begun.push_back({.entry = std::move(name), .code = compile_(shown, module, metered)});
}

/// The module is packed while it is compiled.
Status Writer::add_module(const NewFile& file, std::string_view shown, std::string_view module) {
  const std::string sha256 = sys::hex_digest(DigestKind::Sha256, module);
  const bool metered = contains(plan_.metered, file.entry);
  std::vector<NewCode> begun;
  if (metered)
    begin_code(shown, module, sha256, true, begun);
  if (!metered || contains(plan_.unmetered, file.entry))
    begin_code(shown, module, sha256, false, begun);
  PERCH_TRY(add_whole(file, module));
  for (const NewCode& made : begun) {
    PERCH_TRY_ASSIGN(const std::string code, made.code());
    ++written_.modules;
    PERCH_TRY(add({.name = made.entry, .xxh3 = sys::xxh3_hex(code)}, code,
                  {.name = made.entry, .store = true, .align = kPage}));
  }
  return {};
}

Status Writer::add_whole(const NewFile& file, std::string_view bytes) {
  return add({.name = file.entry, .mode = file.mode}, bytes,
             {.name = file.entry, .mode = file.mode});
}

Status Writer::add_file(const IncludedFile& file) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, fs_.locate(file.path, sys::Final::Follow));
  PERCH_TRY_ASSIGN(const sys::Fd fd, fs_.open(spot, sys::Access::Read, 0));
  // What an alias names is a module whatever its name is; the compiler says when it is none.
  const bool module = file.entry.ends_with(".wasm") || contains(plan_.metered, file.entry) ||
                      contains(plan_.unmetered, file.entry);
  ++written_.files;
  if (!module && file.info.size > kWhole)
    return add_streamed(file, fd.get());
  PERCH_TRY_ASSIGN(const std::string bytes, sys::read_all(fd.get(), kLargestModule, file.path));
  const NewFile added{.entry = file.entry, .mode = file.info.mode & 0777};
  if (!module)
    return add_whole(added, bytes);
  return add_module(added, std::string_view(file.entry).substr(kFilesPrefix.size()), bytes);
}

Status Writer::copy_perch(std::size_t marker_at) {
  const PerchPart part = perch_part(perch_, marker_at, perch_.size());
  sys::Digest digest(DigestKind::Sha256);
  constexpr std::size_t kPiece = 4u << 20;
  for (std::string_view piece : {part.before, std::string_view(part.zeros), part.after}) {
    for (; !piece.empty(); piece.remove_prefix(std::min(kPiece, piece.size()))) {
      digest.update(piece.substr(0, kPiece));
      PERCH_TRY(out_.write(piece.substr(0, kPiece)));
    }
  }
  plan_.manifest.perch_sha256 = digest.hex();
  written_.bytes = perch_.size();
  return {};
}

Result<Marker> Writer::add_manifest() {
  std::ranges::sort(entries_, {}, &Entry::name);
  const std::string json = to_json(plan_.manifest, entries_);
  Marker marker{.tail_begin = zip_.offset(), .manifest_size = json.size()};
  in_tail_ = true;
  PERCH_TRY(zip_.add({.name = std::string(kManifestEntry), .store = true}, json));
  marker.manifest_begin = zip_.placed().content;
  PERCH_TRY(zip_.finish());
  marker.archive_end = zip_.offset();
  marker.sha256 = sys::hex_digest(DigestKind::Sha256, json);
  marker.tail_sha256 = tail_.hex();
  return marker;
}

Result<Written> Writer::write(std::size_t marker_at) {
  PERCH_TRY(copy_perch(marker_at));
  for (const SourceText& source : plan_.sources)
    PERCH_TRY(add({.name = source.entry}, source.text, {.name = source.entry}));
  for (const IncludedFile& file : plan_.files)
    PERCH_TRY(add_file(file));
  for (const FetchedModule& module : plan_.fetched)
    PERCH_TRY(add_module({.entry = module.entry}, module.shown, module.bytes));
  PERCH_TRY_ASSIGN(Marker marker, add_manifest());
  marker.archive_begin = perch_.size();
  PERCH_TRY(out_.write_at(marker_at, marker_bytes(marker)));
  written_.sha256 = marker.sha256;
  return written_;
}

} // namespace

Result<Written> write_executable(sys::Fs& fs, Plan plan, std::string_view perch,
                                 const CompileAhead& compile, sys::NewExecutable& out) {
  const auto marker_at = find_marker(perch);
  if (!marker_at)
    return fail(kind::kBundleError, "this perch cannot build executables: its file was packed or "
                                    "changed after it was made");
  return Writer(fs, plan, perch, compile, out).write(*marker_at);
}

} // namespace perch::bundle
