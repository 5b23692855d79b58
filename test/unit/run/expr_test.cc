// Words to values: lookup, lists, bindings, bounds.

#include "run_fixture.h"

namespace perch::run {
namespace {

using ExprTest = RunTest;

TEST_F(ExprTest, a_name_is_looked_up_from_the_nearest_outwards) {
  env.table["X"] = "host";
  env.table["Y"] = "host";
  EXPECT_EQ(run("X = \"file\"\ncommand a\narg x\ntype string\ndefault \"arg\"\nend\ndo\n"
                "print \"${x} ${X} ${Y}\"\nwith_env Y=overlay\nprint \"${Y}\"\nend\nend\nend\n")
                .out,
            "arg file host\noverlay\n");
}

TEST_F(ExprTest, a_name_without_value_fails_where_it_stands) {
  const Ran ran = run_body("print \"x\"\nprint \"${NOWHERE}\"");
  EXPECT_EQ(ran.ended, kind::kUnknownName);
  EXPECT_EQ(ran.message, "`NOWHERE` has no value here");
  EXPECT_EQ(ran.line, 4U);
  EXPECT_EQ(ran.out, "x\n");
}

TEST_F(ExprTest, what_came_out_of_a_placeholder_is_text) {
  EXPECT_EQ(out("x = \"\\${HOME} \\\"q\\\" # no; comment\"\nprint \"${x}\"\nprint x"),
            "${HOME} \"q\" # no; comment\n${HOME} \"q\" # no; comment\n");
}

TEST_F(ExprTest, a_list_spreads_where_it_is_the_whole_word) {
  children.table["tool"] = {};
  out("xs = list \"a b\" \"\" \"c\"\nnone = list\ntool ${xs} x${xs}y ${none} end");
  ASSERT_EQ(children.calls().size(), 1U);
  EXPECT_EQ(children.calls()[0], "tool a b  c xa b\n\ncy end");
}

TEST_F(ExprTest, file_bindings_are_made_once_when_first_used) {
  env.table["N"] = "1";
  EXPECT_EQ(run("A = \"${B}!\"\nB = \"${give('b')}${N}\"\nNEVER = \"${UNSET}\"\n"
                "command a\ndo\nprint \"${A}${A}\"\nend\nend\n")
                .out,
            "b1!b1!\n");
}

TEST_F(ExprTest, bindings_that_need_each_other_are_named) {
  const Ran ran = run("A = \"${B}\"\nB = \"${C}\"\nC = \"${A}\"\n"
                      "command a\ndo\nprint \"${A}\"\nend\nend\n");
  EXPECT_EQ(ran.ended, kind::kUnknownName);
  EXPECT_EQ(ran.message, "file bindings need each other: A → B → C → A");
}

TEST_F(ExprTest, a_call_in_a_placeholder_is_gated_and_placed_like_any) {
  EXPECT_EQ(out("x = \"v\"\nprint \"<${give(x)}${give('x')}>\""), "<vx>\n");
}

TEST_F(ExprTest, literals_keep_their_spelling) {
  EXPECT_EQ(out("a = 1.10\nb = 007\nc = true\nd = 1e3\nprint \"${a} ${b} ${c} ${d}\""),
            "1.10 007 true 1e3\n");
}

TEST_F(ExprTest, a_text_has_a_largest_size) {
  const Ran ran = run_body("x = \"0123456789abcdef\"\n"
                           "for_each \"1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\" i\n"
                           "x = \"${x}${x}${x}${x}${x}${x}${x}${x}\"\nend");
  EXPECT_EQ(ran.ended, kind::kOutputTooLarge);
}

} // namespace
} // namespace perch::run
