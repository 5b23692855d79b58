#include "base/error_kinds.h"
#include "lane/wasm/module_bytes.h"

#include <gtest/gtest.h>

namespace perch::lane {

namespace {

std::string refusal(std::string_view bytes) {
  const Status status = check_first_bytes("m.wasm", bytes);
  return status ? "" : status.error().message;
}

constexpr std::string_view kModule{"\0asm\1\0\0\0", 8};

} // namespace

TEST(ModuleBytes, a_module_passes) { EXPECT_TRUE(check_first_bytes("m.wasm", kModule)); }

TEST(ModuleBytes, each_other_thing_is_called_by_its_name) {
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal(" \n(module)").find("text format"), std::string::npos);
  EXPECT_NE(refusal(";; a comment").find("text format"), std::string::npos);
  EXPECT_NE(refusal("\x7f"
                    "ELF....")
                .find("does not begin"),
            std::string::npos);
  EXPECT_NE(refusal(kModule.substr(0, 6)).find("ends after 6 bytes"), std::string::npos);
  EXPECT_NE(refusal({"\0asm\x0d\0\1\0", 8}).find("component"), std::string::npos);
  EXPECT_NE(refusal({"\0asm\2\0\0\0", 8}).find("version"), std::string::npos);
}

TEST(ModuleBytes, every_shorter_beginning_is_refused) {
  for (std::size_t size = 0; size < kModule.size(); ++size)
    EXPECT_FALSE(check_first_bytes("m.wasm", kModule.substr(0, size))) << size;
}

TEST(ModuleBytes, a_pin_matches_in_any_case_and_form) {
  const std::string digest(64, 'a'), upper(64, 'A');
  EXPECT_TRUE(check_pin("m", digest, ""));
  EXPECT_TRUE(check_pin("m", digest, digest));
  EXPECT_TRUE(check_pin("m", digest, upper));
  EXPECT_TRUE(check_pin("m", digest, "sha256:" + upper));
}

TEST(ModuleBytes, a_wrong_pin_shows_both_digests) {
  const std::string digest(64, 'a'), other(64, 'b');
  const Status status = check_pin("m", digest, other);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, kind::kWasmHashMismatch);
  EXPECT_NE(status.error().message.find(digest), std::string::npos);
  EXPECT_NE(status.error().message.find(other), std::string::npos);
  EXPECT_FALSE(check_pin("m", digest, "sha256:"));
}

} // namespace perch::lane
