#include "op_fixture.h"

namespace perch::ops {
namespace {

using HashOps = Ops;

constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(HashOps, texts_have_their_published_digests) {
  EXPECT_EQ(text("sha256", {"abc"}), kAbc);
  EXPECT_EQ(text("sha256", {""}),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(text("sha1", {"abc"}), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(text("md5", {"abc"}), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(text("crc32", {"123456789"}), "cbf43926");
  EXPECT_EQ(text("crc32", {""}), "00000000");
  EXPECT_EQ(text("sha512", {"abc"}),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_F(HashOps, a_file_has_the_digest_of_its_bytes) {
  const std::string bytes = std::string(1000, 'x') + std::string("\0\xff", 2);
  world.files.put("data", bytes);
  for (const char* name : {"sha256", "sha512", "sha1", "md5"})
    EXPECT_EQ(text(std::string(name) + "_file", {"data"}), text(name, {bytes})) << name;
}

TEST_F(HashOps, a_missing_file_is_an_error) {
  for (const char* name : {"sha256_file", "sha512_file", "sha1_file", "md5_file"})
    EXPECT_EQ(kind(name, {"nothing"}), kind::kFileNotFound) << name;
  EXPECT_EQ(kind("verify_sha256", {"nothing", kAbc}), kind::kFileNotFound);
}

TEST_F(HashOps, a_digest_may_be_written_in_any_case_and_with_its_name) {
  world.files.put("a", "abc");
  std::string upper = kAbc;
  for (char& c : upper)
    c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(text("verify_sha256", {"a", kAbc}), "true");
  EXPECT_EQ(text("verify_sha256", {"a", upper}), "true");
  EXPECT_EQ(text("verify_sha256", {"a", "sha256:" + upper}), "true");
  EXPECT_EQ(text("verify_sha256", {"a", std::string(64, '0')}), "false");
}

TEST_F(HashOps, what_is_no_digest_is_an_error_not_a_mismatch) {
  world.files.put("a", "abc");
  for (const char* written : {"", "abc", "sha256:", "md5:900150983cd24fb0d6963f7d28e17f72"})
    EXPECT_EQ(kind("verify_sha256", {"a", written}), kind::kBadArgument) << written;
  EXPECT_EQ(kind("verify_sha256", {"a", std::string(63, '0') + 'g'}), kind::kBadArgument);
}

TEST_F(HashOps, assert_sha256_says_both_digests) {
  world.files.put("a", "abc");
  EXPECT_EQ(text("assert_sha256", {"a", kAbc}), "");
  const Error wrong = error("assert_sha256", {"a", std::string(64, '0')});
  EXPECT_EQ(wrong.kind, kind::kAssertFailed);
  EXPECT_EQ(wrong.detail, std::string("actual ") + kAbc + ", expected " + std::string(64, '0'));
}

TEST_F(HashOps, hashing_stops_when_the_run_is_stopped) {
  world.files.put("data", std::string(100, 'x'));
  world.stops_after = 3;
  EXPECT_EQ(kind("sha256_file", {"data"}), kind::kTimeoutExceeded);
}

} // namespace
} // namespace perch::ops
