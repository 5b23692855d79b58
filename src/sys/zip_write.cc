#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"
#include "sys/zip.h"

#include <zlib.h>

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

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEndRecord = 0x06054b50;
constexpr std::size_t kLocalHeaderBytes = 30;
constexpr std::uint32_t kVersionNeeded = 20;
constexpr std::uint32_t kMadeByUnix = 3u << 8 | kVersionNeeded;
constexpr std::uint32_t kUtf8Name = 1u << 11;
constexpr std::uint32_t kFirstDay = 1u << 5 | 1; // 1980-01-01
constexpr std::uint32_t kPaddingTag = 0xd935;    // what zipalign calls its padding
constexpr std::uint32_t kDirectoryFlag = 0x10;   // of MS-DOS, for readers that know no modes
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

} // namespace

ZipWriter::ZipWriter(ByteSink sink, std::uint64_t offset)
    : sink_(std::move(sink)), offset_(offset) {}

Status ZipWriter::emit(std::string_view bytes) {
  offset_ += bytes.size();
  return sink_(bytes);
}

Status ZipWriter::add(const ZipNew& entry, std::string_view bytes) {
  if (entry.name.empty() || entry.name.size() > 0xffff)
    return fail(kind::kBadArgument, "the name of a ZIP entry is empty or too long", entry.name);
  std::string packed;
  if (!entry.store && !bytes.empty()) {
    PERCH_TRY_ASSIGN(packed, deflate_all(bytes));
  }
  const bool stored = entry.store || packed.size() >= bytes.size();
  const std::string_view content = stored ? bytes : packed;
  if (entries_ == 0xffff || bytes.size() > kMax32 || offset_ + content.size() > kMax32)
    return fail(kind::kOutputTooLarge, "a ZIP archive holds at most 65,535 entries and 4 GiB",
                entry.name);

  const bool directory = entry.name.ends_with('/');
  const bool other_encoding = base::find_ill_formed(entry.name) != std::string_view::npos;
  std::string common; // what local and central header share
  put16(common, kVersionNeeded);
  put16(common, other_encoding ? 0 : kUtf8Name);
  put16(common, stored ? 0 : Z_DEFLATED);
  put16(common, 0);
  put16(common, kFirstDay);
  put32(common, crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  put32(common, content.size());
  put32(common, bytes.size());
  put16(common, entry.name.size());

  constexpr std::uint32_t kDirectoryType = 0040000;
  constexpr std::uint32_t kRegularType = 0100000;
  const std::uint32_t mode = (directory ? kDirectoryType : kRegularType) | entry.mode;
  put32(directory_, kCentralHeader);
  put16(directory_, kMadeByUnix);
  directory_ += common;
  put16(directory_, 0); // extra
  put16(directory_, 0); // comment
  put16(directory_, 0); // part
  put16(directory_, 0); // internal attributes
  put32(directory_, mode << 16 | (directory ? kDirectoryFlag : 0));
  put32(directory_, offset_);
  directory_ += entry.name;
  ++entries_;

  const std::string extra =
      padding(offset_ + kLocalHeaderBytes + entry.name.size(), entry.store ? entry.align : 1);
  std::string header;
  put32(header, kLocalHeader);
  header += common;
  put16(header, extra.size());
  header += entry.name;
  header += extra;
  PERCH_TRY(emit(header));
  return emit(content);
}

Status ZipWriter::finish() {
  const std::uint64_t start = offset_;
  PERCH_TRY(emit(directory_));
  std::string end;
  put32(end, kEndRecord);
  put16(end, 0); // this part
  put16(end, 0); // the directory's part
  put16(end, entries_);
  put16(end, entries_);
  put32(end, directory_.size());
  put32(end, start);
  put16(end, 0); // comment
  return emit(end);
}

} // namespace perch::sys
