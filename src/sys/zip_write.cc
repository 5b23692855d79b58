#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"
#include "sys/zip.h"

#include <zlib.h>

#include <algorithm>

namespace perch::sys {

namespace {

void put16(std::string& out, std::uint64_t value) {
  out += static_cast<char>(value & 0xff);
  out += static_cast<char>(value >> 8 & 0xff);
}

void put32(std::string& out, std::uint64_t value) {
  put16(out, value);
  put16(out, value >> 16);
}

void put64(std::string& out, std::uint64_t value) {
  put32(out, value);
  put32(out, value >> 32);
}

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEndRecord = 0x06054b50;
constexpr std::uint32_t kEnd64Record = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::size_t kLocalHeaderBytes = 30;
constexpr std::uint32_t kVersionNeeded = 20;
constexpr std::uint32_t kVersionWide = 45; // for what has 64-bit records
constexpr std::uint32_t kUnix = 3u << 8;
constexpr std::uint32_t kUtf8Name = 1u << 11;
constexpr std::uint32_t kFirstDay = 1u << 5 | 1; // 1980-01-01
constexpr std::uint32_t kWideTag = 1;
constexpr std::uint32_t kPaddingTag = 0xd935;  // what zipalign calls its padding
constexpr std::uint32_t kDirectoryFlag = 0x10; // of MS-DOS, for readers that know no modes
constexpr std::uint64_t kMax16 = 0xffff;
constexpr std::uint64_t kMax32 = 0xffffffff;

/// An extra field of a size that moves the content, which would start at `content`, to a multiple
/// of `align`. A field takes at least four bytes, so none is added where none is needed.
std::string padding(std::uint64_t content, std::uint64_t align) {
  if (content % align == 0)
    return {};
  constexpr std::uint64_t kFieldHeader = 4;
  const std::uint64_t fill = (align - (content + kFieldHeader) % align) % align;
  std::string field;
  put16(field, kPaddingTag);
  put16(field, fill);
  return field.append(fill, '\0');
}

std::uint32_t crc_of(std::uint32_t before, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Result<std::string> deflate_all(std::string_view bytes) {
  std::string packed;
  const ByteSink append = [&](std::string_view piece) -> Status {
    packed += piece;
    return {};
  };
  Deflater deflater(Framing::Raw);
  PERCH_TRY(deflater.write(bytes, append));
  PERCH_TRY(deflater.finish(append));
  return packed;
}

Status check_name(const std::string& name) {
  if (name.empty() || name.size() > kMax16)
    return fail(kind::kBadArgument, "the name of a ZIP entry is empty or too long", name);
  return {};
}

} // namespace

ZipWriter::ZipWriter(ByteSink sink, std::uint64_t offset, BytePatch patch)
    : sink_(std::move(sink)), offset_(offset), patch_(std::move(patch)) {}

Status ZipWriter::emit(std::string_view bytes) {
  offset_ += bytes.size();
  return sink_(bytes);
}

/// What local and central header share.
static void put_common(std::string& out, const ZipNew& what, bool wide, bool stored,
                       std::uint32_t crc, std::uint64_t packed, std::uint64_t size) {
  const bool other_encoding = base::find_ill_formed(what.name) != std::string_view::npos;
  put16(out, wide ? kVersionWide : kVersionNeeded);
  put16(out, other_encoding ? 0 : kUtf8Name);
  put16(out, stored ? 0 : Z_DEFLATED);
  put16(out, 0);
  put16(out, kFirstDay);
  put32(out, crc);
  put32(out, packed);
  put32(out, size);
  put16(out, what.name.size());
}

std::string ZipWriter::local_header(const Entry& entry) const {
  std::string extra;
  if (entry.wide) {
    put16(extra, kWideTag);
    put16(extra, 16);
    put64(extra, entry.size);
    put64(extra, entry.packed);
  }
  extra += padding(entry.header + kLocalHeaderBytes + entry.what.name.size() + extra.size(),
                   entry.what.store ? entry.what.align : 1);
  std::string header;
  put32(header, kLocalHeader);
  put_common(header, entry.what, entry.wide, entry.stored, entry.crc,
             entry.wide ? kMax32 : entry.packed, entry.wide ? kMax32 : entry.size);
  put16(header, extra.size());
  return header + entry.what.name + extra;
}

/// Adds the entry to the directory.
void ZipWriter::list(const Entry& entry) {
  std::string extra; // holds what does not fit its field, in this order
  for (const std::uint64_t value : {entry.size, entry.packed, entry.header}) {
    if (value >= kMax32)
      put64(extra, value);
  }
  const bool wide = !extra.empty();
  const bool directory = entry.what.name.ends_with('/');
  constexpr std::uint32_t kDirectoryType = 0040000;
  constexpr std::uint32_t kRegularType = 0100000;
  const std::uint32_t mode = (directory ? kDirectoryType : kRegularType) | entry.what.mode;
  put32(directory_, kCentralHeader);
  put16(directory_, kUnix | kVersionNeeded);
  put_common(directory_, entry.what, wide, entry.stored, entry.crc, std::min(entry.packed, kMax32),
             std::min(entry.size, kMax32));
  put16(directory_, wide ? extra.size() + 4 : 0);
  put16(directory_, 0); // comment
  put16(directory_, 0); // part
  put16(directory_, 0); // internal attributes
  put32(directory_, mode << 16 | (directory ? kDirectoryFlag : 0));
  put32(directory_, std::min(entry.header, kMax32));
  directory_ += entry.what.name;
  if (wide) {
    put16(directory_, kWideTag);
    put16(directory_, extra.size());
    directory_ += extra;
  }
  ++entries_;
}

void ZipWriter::place(const Entry& entry, const std::string& header) {
  placed_ = {.header = entry.header,
             .content = entry.header + header.size(),
             .packed = entry.packed,
             .stored = entry.stored,
             .frame_crc = crc_of(0, header)};
  if (!entry.stored) {
    placed_.frame_crc = static_cast<std::uint32_t>(
        crc32_combine(placed_.frame_crc, entry.packed_crc, static_cast<z_off_t>(entry.packed)));
  }
}

Status ZipWriter::add(const ZipNew& what, std::string_view bytes) {
  PERCH_TRY(check_name(what.name));
  std::string packed;
  if (!what.store && !bytes.empty()) {
    PERCH_TRY_ASSIGN(packed, deflate_all(bytes));
  }
  const bool stored = what.store || packed.size() >= bytes.size();
  const std::string_view content = stored ? bytes : packed;
  const Entry entry{.what = what,
                    .header = offset_,
                    .size = bytes.size(),
                    .packed = content.size(),
                    .crc = crc_of(0, bytes),
                    .packed_crc = stored ? 0 : crc_of(0, content),
                    .stored = stored,
                    .wide = bytes.size() >= kMax32 || content.size() >= kMax32};
  const std::string header = local_header(entry);
  PERCH_TRY(emit(header));
  PERCH_TRY(emit(content));
  list(entry);
  place(entry, header);
  return {};
}

Status ZipWriter::begin(const ZipNew& what, std::uint64_t size_hint) {
  PERCH_TRY(check_name(what.name));
  // Deflate makes what cannot be compressed a little larger.
  constexpr std::uint64_t kRoom = 64u << 20;
  open_ = {
      .what = what, .header = offset_, .stored = what.store, .wide = size_hint >= kMax32 - kRoom};
  deflater_.reset();
  if (!what.store)
    deflater_.emplace(Framing::Raw);
  return emit(local_header(open_));
}

Status ZipWriter::write(std::string_view bytes) {
  open_.size += bytes.size();
  open_.crc = crc_of(open_.crc, bytes);
  const ByteSink packed = [this](std::string_view piece) {
    open_.packed += piece.size();
    if (!open_.stored)
      open_.packed_crc = crc_of(open_.packed_crc, piece);
    return emit(piece);
  };
  return deflater_ ? deflater_->write(bytes, packed) : packed(bytes);
}

Status ZipWriter::end() {
  if (deflater_) {
    PERCH_TRY(deflater_->finish([this](std::string_view piece) {
      open_.packed += piece.size();
      open_.packed_crc = crc_of(open_.packed_crc, piece);
      return emit(piece);
    }));
    deflater_.reset();
  }
  if (!open_.wide && std::max(open_.size, open_.packed) >= kMax32)
    return fail(kind::kBadArgument, base::cat("`", open_.what.name, "` grew while it was read"),
                open_.what.name);
  const std::string header = local_header(open_);
  PERCH_TRY(patch_(open_.header, header));
  list(open_);
  place(open_, header);
  return {};
}

Status ZipWriter::finish() {
  const std::uint64_t start = offset_;
  const std::uint64_t size = directory_.size();
  PERCH_TRY(emit(directory_));
  std::string end;
  if (entries_ >= kMax16 || size >= kMax32 || start >= kMax32) {
    put32(end, kEnd64Record);
    put64(end, 44); // what follows of this record
    put16(end, kUnix | kVersionWide);
    put16(end, kVersionWide);
    put32(end, 0); // this part
    put32(end, 0); // the directory's part
    put64(end, entries_);
    put64(end, entries_);
    put64(end, size);
    put64(end, start);
    put32(end, kEnd64Locator);
    put32(end, 0); // the part with the record
    put64(end, start + size);
    put32(end, 1); // parts
  }
  put32(end, kEndRecord);
  put16(end, 0); // this part
  put16(end, 0); // the directory's part
  put16(end, std::min(entries_, kMax16));
  put16(end, std::min(entries_, kMax16));
  put32(end, std::min(size, kMax32));
  put32(end, std::min(start, kMax32));
  put16(end, 0); // comment
  return emit(end);
}

} // namespace perch::sys
