#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/tar.h"

#include <algorithm>

namespace perch::sys {

namespace {

constexpr std::size_t kBlock = 512;
/// Names and attributes of one entry; more is no honest archive.
constexpr std::uint64_t kMaxMetadata = 1u << 20;

std::unexpected<Error> malformed(std::string_view why) {
  return fail(kind::kBadArgument, base::cat("no tar archive: ", why));
}

std::string_view text_field(std::string_view block, std::size_t at, std::size_t size) {
  const auto field = block.substr(at, size);
  return field.substr(0, field.find('\0'));
}

/// Octal digits, or GNU's big-endian number behind a byte 0x80.
std::optional<std::uint64_t> number_field(std::string_view block, std::size_t at,
                                          std::size_t size) {
  auto field = block.substr(at, size);
  std::uint64_t value = 0;
  if (field.front() == '\x80') {
    for (const char c : field.substr(1)) {
      if (value >> 55 != 0)
        return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  for (const char c : field) {
    if (c == ' ' || c == '\0')
      break;
    if (c < '0' || c > '7')
      return std::nullopt;
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksum_fits(std::string_view block) {
  constexpr std::size_t kAt = 148;
  constexpr std::size_t kSize = 8;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += i >= kAt && i < kAt + kSize ? ' ' : static_cast<unsigned char>(block[i]);
  return number_field(block, kAt, kSize) == sum;
}

TarEntry::Kind kind_of(char type, std::string_view name) {
  switch (type) {
  case '0':
  case '7':
    return TarEntry::Kind::File;
  case '\0': // the old format tells directories by their names
    return name.ends_with('/') ? TarEntry::Kind::Directory : TarEntry::Kind::File;
  case '5':
    return TarEntry::Kind::Directory;
  case '1':
  case '2':
    return TarEntry::Kind::Link;
  default:
    return TarEntry::Kind::Other;
  }
}

std::string full_name(std::string_view block) {
  const auto name = text_field(block, 0, 100);
  const bool ustar = block.substr(257, 6) == std::string_view("ustar\0", 6);
  const auto prefix = ustar ? text_field(block, 345, 155) : std::string_view();
  return prefix.empty() ? std::string(name) : base::cat(prefix, '/', name);
}

} // namespace

Status TarReader::header() {
  if (block_.find_first_not_of('\0') == std::string::npos) {
    ended_ = true;
    return {};
  }
  const auto size = number_field(block_, 124, 12);
  const auto mode = number_field(block_, 100, 8);
  if (!checksum_fits(block_) || !size || !mode)
    return malformed("a header is damaged");
  const char type = block_[156];
  if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
    if (*size > kMaxMetadata)
      return malformed("an entry's name and attributes are too long");
    metadata_type_ = type;
    metadata_.clear();
    content_ = *size;
    padding_ = (kBlock - content_ % kBlock) % kBlock;
    return content_ == 0 ? take_metadata() : Status();
  }
  TarEntry entry{.name = next_name_ ? std::move(*next_name_) : full_name(block_),
                 .kind = TarEntry::Kind::File,
                 .mode = static_cast<std::uint32_t>(*mode & 0777),
                 .size = next_size_.value_or(*size)};
  next_name_.reset();
  next_size_.reset();
  entry.kind = kind_of(type, entry.name);
  if (entry.kind != TarEntry::Kind::File)
    entry.size = 0;
  content_ = entry.size;
  padding_ = (kBlock - content_ % kBlock) % kBlock;
  PERCH_TRY(visitor_.begin(entry));
  open_ = content_ > 0;
  return open_ ? Status() : visitor_.end();
}

/// Records of `LENGTH key=value\n`.
Status TarReader::parse_pax() {
  std::string_view rest = metadata_;
  while (!rest.empty()) {
    const auto blank = std::min(rest.find(' '), rest.size());
    const auto length = base::parse_int(rest.substr(0, blank));
    if (!length || *length <= static_cast<std::int64_t>(blank) + 1 ||
        static_cast<std::uint64_t>(*length) > rest.size())
      return malformed("an attribute is damaged");
    const auto record = rest.substr(blank + 1, static_cast<std::size_t>(*length) - blank - 2);
    rest.remove_prefix(static_cast<std::size_t>(*length));
    const auto equals = record.find('=');
    if (equals == std::string_view::npos)
      return malformed("an attribute is damaged");
    const auto value = record.substr(equals + 1);
    if (record.starts_with("path="))
      next_name_ = value;
    if (record.starts_with("size=")) {
      const auto size = base::parse_int(value);
      if (!size || *size < 0)
        return malformed("a size is damaged");
      next_size_ = static_cast<std::uint64_t>(*size);
    }
  }
  return {};
}

Status TarReader::take_metadata() {
  const char type = metadata_type_;
  metadata_type_ = 0;
  if (type == 'x')
    return parse_pax();
  if (type == 'L')
    next_name_ = metadata_.substr(0, metadata_.find('\0'));
  return {}; // attributes for all, and names of link targets, do not matter here
}

Status TarReader::write(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    if (content_ > 0) {
      const auto piece = bytes.substr(
          0, static_cast<std::size_t>(std::min<std::uint64_t>(content_, bytes.size())));
      if (metadata_type_ != 0) {
        metadata_ += piece;
      } else {
        PERCH_TRY(visitor_.content(piece));
      }
      content_ -= piece.size();
      bytes.remove_prefix(piece.size());
      if (content_ == 0 && metadata_type_ != 0)
        PERCH_TRY(take_metadata());
      if (content_ == 0 && open_) {
        open_ = false;
        PERCH_TRY(visitor_.end());
      }
      continue;
    }
    const std::size_t skipped = std::min<std::size_t>(padding_, bytes.size());
    padding_ -= skipped;
    bytes.remove_prefix(skipped);
    const auto piece = bytes.substr(0, kBlock - block_.size());
    block_ += piece;
    bytes.remove_prefix(piece.size());
    if (block_.size() == kBlock) {
      PERCH_TRY(header());
      block_.clear();
    }
  }
  return {};
}

Status TarReader::finish() const {
  if (ended_)
    return {};
  return malformed("its end is missing");
}

} // namespace perch::sys
