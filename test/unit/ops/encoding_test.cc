#include "op_fixture.h"

namespace perch::ops {
namespace {

using EncodingOps = Ops;

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

TEST_F(EncodingOps, base64_has_the_values_of_rfc_4648) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, code] : cases) {
    EXPECT_EQ(text("base64_encode", {plain}), code);
    EXPECT_EQ(text("base64_decode", {code}), plain);
  }
}

TEST_F(EncodingOps, every_code_gives_back_every_byte) {
  for (const char* code : {"base64", "hex", "url"}) {
    const std::string encoded = text(std::string(code) + "_encode", {all_bytes()});
    EXPECT_EQ(text(std::string(code) + "_decode", {encoded}), all_bytes()) << code;
  }
}

TEST_F(EncodingOps, base64_skips_line_ends) {
  EXPECT_EQ(text("base64_decode", {"Zm9v\r\nYmFy\n"}), "foobar");
}

TEST_F(EncodingOps, base64_is_strict) {
  for (const char* broken :
       {"Zg", "Zg=", "Z", "Z===", "Zg==Zg==", "Zm9-", "Zm9_", "Zm 9", "====", "Zg==a", "=Zg="})
    EXPECT_EQ(kind("base64_decode", {broken}), kind::kBadArgument) << broken;
}

TEST_F(EncodingOps, hex_takes_both_cases_and_whole_bytes_only) {
  EXPECT_EQ(text("hex_decode", {"6A616d"}), "jam");
  EXPECT_EQ(text("hex_encode", {"jam"}), "6a616d");
  EXPECT_EQ(kind("hex_decode", {"6a6"}), kind::kBadArgument);
  EXPECT_EQ(kind("hex_decode", {"6g"}), kind::kBadArgument);
  EXPECT_EQ(error("hex_decode", {"6ag6"}).message, "not hex at byte 2");
}

TEST_F(EncodingOps, url_codes_have_a_form_for_queries_and_one_for_paths) {
  EXPECT_EQ(text("url_encode", {"a b&c=é/~"}), "a+b%26c%3D%C3%A9%2F~");
  EXPECT_EQ(text("url_encode", {"a b", named("form", "path")}), "a%20b");
  EXPECT_EQ(text("url_decode", {"a+b%2f%2F"}), "a b//");
  EXPECT_EQ(text("url_decode", {"a+b", named("form", "path")}), "a+b");
  EXPECT_EQ(kind("url_encode", {"a", named("form", "host")}), kind::kBadArgument);
}

TEST_F(EncodingOps, url_decode_refuses_half_a_code) {
  for (const char* broken : {"%", "%4", "%zz", "a%2"})
    EXPECT_EQ(kind("url_decode", {broken}), kind::kBadArgument) << broken;
}

} // namespace
} // namespace perch::ops
