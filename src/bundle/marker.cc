#include "bundle/marker.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/digest.h"

#include <array>
#include <cstring>

namespace perch::bundle {

namespace {

constexpr std::size_t kMagicBytes = 32, kDigestBytes = 32, kCheckBytes = 8;
constexpr std::size_t kNumbers = 5;
constexpr std::size_t kCheckedBytes = kNumbers * sizeof(std::uint64_t) + 2 * kDigestBytes;
constexpr std::size_t kContentBytes = kCheckedBytes + kCheckBytes;

struct Image {
  unsigned char magic[kMagicBytes];
  unsigned char content[kContentBytes];
};

/// Volatile, because a built executable differs from what the compiler saw here. The first bytes
/// were drawn by lot, and exist in the file of a perch only once: here.
[[gnu::used]] const volatile Image kImage = {{0xd7, 0x91, 0x0e, 0xb3, 0x5c, 0xf8, 0x26, 0x4a,
                                              0xe1, 0x7d, 0x98, 0x03, 0xbf, 0x62, 0xc4, 0x2b,
                                              0x85, 0xf1, 0x3a, 0xd0, 0x6e, 0x17, 0xab, 0x9c,
                                              0x40, 0xe7, 0x5b, 0x12, 0xfa, 0x8d, 0x33, 0xc9},
                                             {}};

std::string copy_of(const volatile unsigned char* bytes, std::size_t size) {
  std::string copy;
  for (std::size_t i = 0; i < size; ++i)
    copy += static_cast<char>(bytes[i]);
  return copy;
}

std::string magic() { return copy_of(kImage.magic, kMagicBytes); }

bool is_empty(std::string_view content) {
  return content.find_first_not_of('\0') == std::string_view::npos;
}

void put(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(number >> 8 * i & 0xff);
}

std::uint64_t get(std::string_view bytes, std::size_t index) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i-- > 0;)
    number = number << 8 | static_cast<unsigned char>(bytes[index * 8 + i]);
  return number;
}

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

std::string check_of(std::string_view checked) {
  return from_hex(sys::hex_digest(sys::DigestKind::Sha256, checked)).substr(0, kCheckBytes);
}

Result<std::optional<Marker>> decode(std::string_view content) {
  if (is_empty(content))
    return std::nullopt;
  const std::string_view checked = content.substr(0, kCheckedBytes);
  if (check_of(checked) != content.substr(kCheckedBytes))
    return fail(kind::kBundleError, "what this executable knows about its archive is damaged");
  const std::string_view digests = checked.substr(kNumbers * sizeof(std::uint64_t));
  return Marker{.archive_begin = get(checked, 0),
                .archive_end = get(checked, 1),
                .tail_begin = get(checked, 2),
                .manifest_begin = get(checked, 3),
                .manifest_size = get(checked, 4),
                .sha256 = base::hex(digests.substr(0, kDigestBytes)),
                .tail_sha256 = base::hex(digests.substr(kDigestBytes, kDigestBytes))};
}

} // namespace

bool in_built_executable() {
  for (const volatile unsigned char& byte : kImage.content) {
    if (byte != 0)
      return true;
  }
  return false;
}

Result<Marker> own_marker() {
  PERCH_TRY_ASSIGN(auto marker, decode(copy_of(kImage.content, kContentBytes)));
  if (!marker)
    return fail(kind::kBundleError, "this is no built executable");
  return *marker;
}

std::optional<std::size_t> find_marker(std::string_view executable) {
  if (!executable.starts_with("\x7f"
                              "ELF"))
    return std::nullopt;
  const std::string wanted = magic();
  const void* at = ::memmem(executable.data(), executable.size(), wanted.data(), wanted.size());
  if (at == nullptr)
    return std::nullopt;
  const auto offset = static_cast<std::size_t>(static_cast<const char*>(at) - executable.data());
  if (executable.size() - offset < sizeof(Image))
    return std::nullopt;
  return offset;
}

Result<std::optional<Marker>> read_marker(std::string_view executable, std::size_t at) {
  return decode(executable.substr(at + kMagicBytes, kContentBytes));
}

std::string marker_bytes(const Marker& marker) {
  std::string content;
  for (const std::uint64_t number : {marker.archive_begin, marker.archive_end, marker.tail_begin,
                                     marker.manifest_begin, marker.manifest_size})
    put(content, number);
  content += from_hex(marker.sha256) + from_hex(marker.tail_sha256);
  return magic() + content + check_of(content);
}

PerchPart perch_part(std::string_view executable, std::size_t marker_at, std::uint64_t size) {
  const std::size_t content = marker_at + kMagicBytes;
  return {.before = executable.substr(0, content),
          .zeros = std::string(kContentBytes, '\0'),
          .after = executable.substr(content + kContentBytes, size - content - kContentBytes)};
}

} // namespace perch::bundle
