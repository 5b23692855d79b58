#include "base/text.h"
#include "base/unicode.h"

#include <gtest/gtest.h>

namespace perch::base {
namespace {

using namespace std::string_view_literals;

TEST(Unicode, every_scalar_value_survives_the_round_trip) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code == 0xD800)
      code = 0xE000;
    std::string text;
    append_utf8(text, code);
    const Decoded back = decode_utf8(text);
    ASSERT_TRUE(back.valid && back.code == code && back.bytes == text.size())
        << std::uint32_t{code};
    ASSERT_TRUE(is_utf8(text));
  }
}

TEST(Unicode, ill_formed_bytes_are_found_where_they_are) {
  EXPECT_TRUE(is_utf8("plain ascii that is longer than eight bytes, größer 日本 😀"));
  EXPECT_EQ(find_ill_formed("12345678\xFF"sv), 8u);
  EXPECT_EQ(find_ill_formed("ab\xC0\xAF"sv), 2u) << "overlong";
  EXPECT_EQ(find_ill_formed("\xE0\x80\x80"sv), 0u) << "overlong";
  EXPECT_EQ(find_ill_formed("\xED\xA0\x80"sv), 0u) << "surrogate";
  EXPECT_EQ(find_ill_formed("\xF4\x90\x80\x80"sv), 0u) << "above 0x10FFFF";
  EXPECT_EQ(find_ill_formed("x\xE2\x82"sv), 1u) << "cut off";
  EXPECT_EQ(find_ill_formed("\x80"sv), 0u) << "a lone continuation";
}

TEST(Unicode, widths_are_those_of_terminals) {
  EXPECT_EQ(cell_width('a'), 1);
  EXPECT_EQ(cell_width(U'ü'), 1);
  EXPECT_EQ(cell_width(U'日'), 2);
  EXPECT_EQ(cell_width(U'😀'), 2);
  EXPECT_EQ(cell_width(0x0301), 0) << "combining acute";
  EXPECT_EQ(cell_width(0x200B), 0);
}

TEST(Unicode, deceptive_characters_are_controls_and_bidirectional_overrides) {
  for (const char32_t code : {U'\x1b', U'\x7f', U'\u202E', U'\u2066', U'\b', char32_t{0}}) {
    EXPECT_TRUE(is_deceptive(code)) << std::uint32_t{code};
  }
  for (const char32_t code : {U'\t', U'\n', U'\r', U'a', U'é', U'ע'}) {
    EXPECT_FALSE(is_deceptive(code)) << std::uint32_t{code};
  }
}

} // namespace
} // namespace perch::base
