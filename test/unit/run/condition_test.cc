// Conditions: truth, comparison, and the order in which parts are asked.

#include "run/condition.h"
#include "run_fixture.h"

namespace perch::run {
namespace {

using lang::CompareOp;

std::string ordered(std::string_view a, std::string_view b) {
  const auto less = compare(CompareOp::Lt, a, b);
  const auto more = compare(CompareOp::Gt, a, b);
  if (!less || !more)
    return "none";
  return *less ? "<" : *more ? ">" : "=";
}

TEST(Compare, numbers_are_compared_as_numbers) {
  EXPECT_EQ(ordered("9", "10"), "<");
  EXPECT_EQ(ordered("0.25", "0.5"), "<");
  EXPECT_EQ(ordered("1.10", "1.9"), "<");
  EXPECT_EQ(ordered("1e3", "999"), ">");
  EXPECT_EQ(ordered("9223372036854775807", "9223372036854775806"), ">");
  EXPECT_EQ(ordered("1.0", "1"), "=");
}

TEST(Compare, two_dots_or_a_v_make_a_version) {
  EXPECT_EQ(ordered("1.2.10", "1.2.9"), ">");
  EXPECT_EQ(ordered("v1.10", "1.9"), ">");
  EXPECT_EQ(ordered("1.0.0-rc.10", "1.0.0-rc.2"), ">");
  EXPECT_EQ(ordered("1.0.0-rc.1", "1.0.0"), "<");
}

TEST(Compare, other_texts_have_no_order_but_equality) {
  EXPECT_EQ(ordered("abc", "xyz"), "none");
  EXPECT_EQ(ordered("1", "x"), "none");
  EXPECT_EQ(compare(CompareOp::Eq, "1.0", "1"), false);
  EXPECT_EQ(compare(CompareOp::Ne, "a", "b"), true);
}

using ConditionTest = RunTest;

TEST_F(ConditionTest, four_values_are_false) {
  EXPECT_EQ(out("for_each v in \"x\\nfalse\\n0\\nFalse\\n0.0\\nnull\"\n"
                "if v\nprint \"${v}\"\nend\nend\n"
                "e = \"\"\nif e\nprint \"never\"\nend"),
            "x\nFalse\n0.0\nnull\n");
}

TEST_F(ConditionTest, and_binds_tighter_than_or_and_not_tightest) {
  EXPECT_EQ(out("y = true\nn = false\n"
                "if y or n and n\nprint \"1\"\nend\n"
                "if (y or n) and n\nprint \"2\"\nend\n"
                "if not n and y\nprint \"3\"\nend\n"
                "if not (y and n)\nprint \"4\"\nend"),
            "1\n3\n4\n");
}

TEST_F(ConditionTest, the_right_side_is_asked_only_when_it_counts) {
  EXPECT_EQ(out("if same a b and same \"${NOWHERE}\" x\nprint \"never\"\nend\n"
                "if same a a or same \"${NOWHERE}\" x\nprint \"yes\"\nend"),
            "yes\n");
}

TEST_F(ConditionTest, an_error_of_a_predicate_is_an_error) {
  const Ran ran = run_body("if same \"${NOWHERE}\" x\nprint \"never\"\nend");
  EXPECT_EQ(ran.ended, kind::kUnknownName);
  EXPECT_EQ(run_body("a = \"x\"\nif a >= \"y\"\nprint \"never\"\nend").ended, kind::kBadArgument);
}

} // namespace
} // namespace perch::run
