// Which texts are values of an argument.

#include "program/argument_text.h"

#include <gtest/gtest.h>

#include <array>

namespace perch::program {
namespace {

TEST(ArgumentText, integers_have_a_base_and_underscores_and_no_octal_by_a_zero_in_front) {
  EXPECT_EQ(argument_integer("010"), 10);
  EXPECT_EQ(argument_integer("-0x1F"), -31);
  EXPECT_EQ(argument_integer("0o17"), 15);
  EXPECT_EQ(argument_integer("+0b101"), 5);
  EXPECT_EQ(argument_integer("1_000"), 1000);
  for (const std::string_view text : {"", "-", "1_", "_1", "1__0", "0x", "1.0", "a", "--1"})
    EXPECT_EQ(argument_integer(text), std::nullopt) << text;
}

TEST(ArgumentText, a_value_is_of_the_type_and_one_of_the_choices) {
  Arg arg{.name = "n", .type = op::Type::Int};
  EXPECT_EQ(type_missed(arg, "7"), "");
  EXPECT_EQ(type_missed(arg, "seven"), "an integer");
  arg.type = op::Type::Float;
  EXPECT_EQ(type_missed(arg, "1e3"), "");
  EXPECT_EQ(type_missed(arg, "0x1p4"), "a number");
  arg.type = op::Type::Bool;
  EXPECT_EQ(type_missed(arg, "F"), "");
  EXPECT_EQ(type_missed(arg, "no"), "true or false");
  arg.type = op::Type::Text;
  EXPECT_TRUE(is_choice(arg, "anything"));
  constexpr std::array<std::string_view, 2> kChoices = {"low", "high"};
  arg.choices = kChoices;
  EXPECT_TRUE(is_choice(arg, "low"));
  EXPECT_FALSE(is_choice(arg, "mid"));
  EXPECT_EQ(choices_text(arg), "low, high");
}

} // namespace
} // namespace perch::program
