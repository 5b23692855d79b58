#include "base/error_kinds.h"
#include "sys/digest.h"
#include "sys/xxh3.h"
#include "sys/xxh3_avx2.h"

#include <gtest/gtest.h>

#include <cstring>
#include <xxhash.h>

namespace perch::sys {
namespace {

TEST(digest, pieces_give_what_the_whole_gives) {
  std::string bytes;
  for (int i = 0; i < 10'000; ++i)
    bytes += static_cast<char>(i * 7);
  for (const auto kind : {DigestKind::Sha256, DigestKind::Sha512, DigestKind::Sha1, DigestKind::Md5,
                          DigestKind::Crc32}) {
    Digest digest(kind);
    for (std::size_t at = 0, size = 1; at < bytes.size(); at += size, size = size * 2 + 1)
      digest.update(std::string_view(bytes).substr(at, size));
    EXPECT_EQ(digest.hex(), hex_digest(kind, bytes)) << static_cast<int>(kind);
  }
}

TEST(digest, has_the_published_values) {
  EXPECT_EQ(hex_digest(DigestKind::Sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_digest(DigestKind::Crc32, "123456789"), "cbf43926");
  EXPECT_EQ(xxh3_hex(""), "99aa06d3014798d86001c324468d497f");
}

#if defined(__x86_64__)
TEST(digest, wide_registers_give_what_the_library_gives) {
  if (!__builtin_cpu_supports("avx2"))
    GTEST_SKIP() << "this processor has no AVX2";
  std::string bytes;
  for (int i = 0; i < 100'000; ++i)
    bytes += static_cast<char>(i * 7 + i / 251);
  for (const std::size_t size : {0u, 1u, 16u, 129u, 240u, 241u, 1024u, 4097u, 100'000u}) {
    const Xxh3Sum sum = xxh3_avx2(bytes.data(), size);
    XXH128_canonical_t expected;
    XXH128_canonicalFromHash(&expected, XXH3_128bits(bytes.data(), size));
    EXPECT_EQ(0, std::memcmp(sum.bytes, expected.digest, sizeof sum.bytes)) << size;
  }
}
#endif

TEST(digest, a_digest_is_read_with_and_without_its_name) {
  const std::string digits(64, 'a');
  EXPECT_EQ(parse_sha256(digits), digits);
  EXPECT_EQ(parse_sha256("sha256:" + std::string(64, 'A')), digits);
  EXPECT_EQ(parse_sha256(" " + digits + "\n"), digits);
}

TEST(digest, what_is_no_digest_is_refused) {
  for (const std::string& text :
       {std::string(), std::string("sha256:"), std::string(63, 'a'), std::string(65, 'a'),
        std::string(63, 'a') + "g", "SHA256:" + std::string(64, 'a')}) {
    const auto parsed = parse_sha256(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, kind::kBadArgument);
  }
}

} // namespace
} // namespace perch::sys
