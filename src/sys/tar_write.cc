#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/tar.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace perch::sys {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMaxOctalSize = 077777777777; // 8 GiB, what eleven digits hold

struct Field {
  std::size_t at;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kOwner{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 8};
constexpr Field kPrefix{345, 155};

using Block = std::array<char, kBlock>;

void put(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.at, text.data(), std::min(text.size(), field.size));
}

void put_octal(Block& block, Field field, std::uint64_t value) {
  for (std::size_t i = field.size - 1; i-- > 0; value >>= 3)
    block[field.at + i] = static_cast<char>('0' + (value & 7));
}

void put_checksum(Block& block) {
  put(block, kChecksum, "        ");
  std::uint64_t sum = 0;
  for (const char c : block)
    sum += static_cast<unsigned char>(c);
  put_octal(block, {kChecksum.at, kChecksum.size - 1}, sum);
  block[kChecksum.at + kChecksum.size - 2] = '\0';
}

/// Splits a long name at a slash so that both parts fit; false when it cannot be.
bool put_name(Block& block, std::string_view name) {
  if (name.size() <= kName.size) {
    put(block, kName, name);
    return true;
  }
  const auto slash = name.rfind('/', std::min(name.size() - 2, kPrefix.size));
  if (slash == std::string_view::npos || slash == 0 || name.size() - slash - 1 > kName.size)
    return false;
  put(block, kPrefix, name.substr(0, slash));
  put(block, kName, name.substr(slash + 1));
  return true;
}

Block header(std::string_view name, char type, std::uint32_t mode, std::uint64_t size) {
  Block block{};
  put_name(block, name);
  put_octal(block, kMode, mode);
  put_octal(block, kOwner, 0);
  put_octal(block, kGroup, 0);
  put_octal(block, kSize, std::min(size, kMaxOctalSize));
  put_octal(block, kTime, 0);
  put(block, kType, {&type, 1});
  put(block, kMagic, std::string_view("ustar\00000", 8));
  put_checksum(block);
  return block;
}

std::string_view view(const Block& block) { return {block.data(), block.size()}; }

std::string padding(std::uint64_t size) {
  return std::string(static_cast<std::size_t>((kBlock - size % kBlock) % kBlock), '\0');
}

/// `LENGTH key=value\n`, where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (base::cat(length).size() + rest != length)
    length = base::cat(length).size() + rest;
  return base::cat(length, ' ', key, '=', value, '\n');
}

} // namespace

Status TarWriter::begin(const TarEntry& entry) {
  const bool directory = entry.kind == TarEntry::Kind::Directory;
  const std::string name = directory ? entry.name + '/' : entry.name;
  std::string pax;
  if (Block probe{}; !put_name(probe, name))
    pax += pax_record("path", name);
  if (entry.size > kMaxOctalSize)
    pax += pax_record("size", base::cat(entry.size));
  if (!pax.empty()) {
    PERCH_TRY(sink_(view(header("pax", 'x', 0644, pax.size()))));
    PERCH_TRY(sink_(pax));
    PERCH_TRY(sink_(padding(pax.size())));
  }
  name_ = entry.name;
  size_ = directory ? 0 : entry.size;
  missing_ = size_;
  too_long_ = false;
  // What does not fit is in the pax record; the header then holds the name's beginning.
  Block block = header(name, directory ? '5' : '0', entry.mode, size_);
  if (block[kName.at] == '\0') {
    put(block, kName, std::string_view(name).substr(0, kName.size));
    put_checksum(block);
  }
  return sink_(view(block));
}

Status TarWriter::content(std::string_view bytes) {
  too_long_ = too_long_ || bytes.size() > missing_;
  if (too_long_)
    return end();
  missing_ -= bytes.size();
  return sink_(bytes);
}

Status TarWriter::end() {
  if (too_long_ || missing_ > 0)
    return fail(kind::kFileError, base::cat("`", name_, "` changed while it was read"), name_);
  return sink_(padding(size_));
}

Status TarWriter::finish() { return sink_(std::string(2 * kBlock, '\0')); }

} // namespace perch::sys
