// Flow: bodies, branches, loops, calls, errors on their way out.

#include "run_fixture.h"
#include "sys/real.h"

namespace perch::run {
namespace {

using FlowTest = RunTest;

TEST_F(FlowTest, a_body_ends_at_its_first_error) {
  const Ran ran = run_body("print \"one\"\nfail \"no\"\nprint \"never\"");
  EXPECT_EQ(ran.out, "one\n");
  EXPECT_EQ(ran.ended, kind::kUserFail);
  EXPECT_EQ(ran.message, "no");
  EXPECT_EQ(ran.line, 4U);
  EXPECT_EQ(ran.chain, std::vector<std::string>{"command a"});
}

TEST_F(FlowTest, match_takes_the_first_equal_arm_or_the_fallback_wherever_it_stands) {
  const std::string body =
      "two = \"2\"\nfor_each v in \"1\\n2\\n3\"\nmatch v\nelse\nprint \"other\"\n"
      "case 1\nprint \"one\"\ncase ${two}\nprint \"two\"\ncase 2\nprint \"never\"\n"
      "end\nend";
  EXPECT_EQ(out(body), "one\ntwo\nother\n");
}

TEST_F(FlowTest, for_each_skips_empty_lines_and_carriage_returns) {
  EXPECT_EQ(out("for_each \"a\\r\\n\\nb\" x\nprint \"[${x}]\"\nend"), "[a]\n[b]\n");
  EXPECT_EQ(out("xs = list \"a\\nb\" \"\" \"c\"\nfor_each xs x\nprint \"[${x}]\"\nend"),
            "[a\nb]\n[c]\n");
}

TEST_F(FlowTest, the_loop_variable_ends_with_its_loop) {
  EXPECT_EQ(out("x = \"before\"\nfor_each \"a\" x\ny = \"${x}\"\nend\nprint \"${x} ${y}\""),
            "before a\n");
}

TEST_F(FlowTest, a_call_has_a_scope_of_its_own) {
  const std::string program = "command b\narg x\ntype string\ndefault \"none\"\nindex 0\nend\n"
                              "do\ny = \"callee\"\nprint x\nend\nend\n"
                              "command a\ndo\ny = \"caller\"\nb \"given\"\nb\nprint y\nend\nend\n";
  EXPECT_EQ(run(program).out, "given\nnone\ncaller\n");
}

TEST_F(FlowTest, a_captured_call_gives_what_it_printed) {
  const std::string program = "command b\ndo\nprint \"x\"\nprint \"\"\nend\nend\n"
                              "command a\ndo\ny = b\nprint \"[${y}]\"\nend\nend\n";
  EXPECT_EQ(run(program).out, "[x]\n");
}

TEST_F(FlowTest, calls_and_blocks_have_a_depth) {
  const Ran ran = run("command a\ndo\na\nend\nend\n");
  EXPECT_EQ(ran.ended, kind::kRecursionLimit);
  EXPECT_EQ(ran.message, "commands call each other more than 200 deep");
  EXPECT_GT(ran.chain.size(), 190U);
}

TEST_F(FlowTest, no_stage_of_a_pipe_starts_after_an_earlier_one_was_interrupted) {
  const sys::SignalGuard guard(*cancel);
  children.table = {{"one", {.interrupted_by = 2}}, {"two", {}}, {"three", {}}};
  EXPECT_EQ(run_body("pipe\nexec one\nexec two\nexec three\nend").ended, kind::kSignalReceived);
  EXPECT_EQ(children.calls(), std::vector<std::string>{"one"});
}

TEST_F(FlowTest, rescue_sees_the_error_and_ends_it) {
  EXPECT_EQ(
      out("try\nfailing http_timeout\nrescue\n"
          "print \"${err} ${err.kind} ${err.message} ${err.code} ${err.op} ${err.detail}\"\nend"),
      "made to fail http_timeout made to fail 9 failing the detail\n");
  EXPECT_EQ(out("try\nfail \"x\"\nrescue oops\nprint \"${oops.kind}\"\nend"), "user_fail\n");
}

TEST_F(FlowTest, an_empty_rescue_swallows_nothing) {
  EXPECT_EQ(run_body("try\nfail \"x\"\nrescue\nend").ended, kind::kUserFail);
}

TEST_F(FlowTest, finally_runs_on_every_way_out) {
  EXPECT_EQ(out("try\nprint \"b\"\nfinally\nprint \"f\"\nend"), "b\nf\n");
  Ran ran = run_body("try\nfail \"x\"\nfinally\nprint \"f\"\nend");
  EXPECT_EQ(ran.out + ran.ended, "f\nuser_fail");
  ran = run_body("try\nexit 3\nrescue\nprint \"never\"\nfinally\nprint \"f\"\nend");
  EXPECT_EQ(ran.out + ran.ended, "f\nexit 3");
  ran = run_body("try\nfail \"x\"\nfinally\nfailing http_timeout\nend");
  EXPECT_EQ(ran.ended, kind::kHttpTimeout);
}

TEST_F(FlowTest, bare_throw_goes_on_with_the_error_unchanged) {
  const Ran ran = run_body("try\nfailing http_timeout\nrescue\nthrow\nend");
  EXPECT_EQ(ran.ended, kind::kHttpTimeout);
  EXPECT_EQ(ran.line, 4U);
}

TEST_F(FlowTest, chains_run_what_the_clause_before_says) {
  EXPECT_EQ(out("print \"1\" && print \"2\""), "1\n2\n");
  EXPECT_EQ(out("fail \"x\" || print \"2\""), "2\n");
  EXPECT_EQ(out("print \"1\" || print \"2\" && print \"3\""), "1\n3\n");
  EXPECT_EQ(out("fail \"x\" ; print \"2\""), "2\n");
  EXPECT_EQ(run_body("print \"1\" && fail \"x\"").ended, kind::kUserFail);
  EXPECT_EQ(run_body("exit 4 || print \"never\"").ended, "exit 4");
}

TEST_F(FlowTest, a_program_that_fails_is_an_error_with_its_status) {
  children.table["good"] = {.output = "fine\n\n"};
  children.table["bad"] = {.status = 9};
  EXPECT_EQ(out("x = good\nprint \"[${x}]\""), "[fine]\n");
  const Ran ran = run_body("bad one 'two words'");
  EXPECT_EQ(ran.ended, kind::kShellExitNonzero);
  EXPECT_EQ(ran.detail, "bad one 'two words'");
  EXPECT_EQ(run_body("exec nothing-of-the-kind").ended, kind::kBinNotFound);
}

TEST_F(FlowTest, every_branch_of_parallel_has_its_own_variables) {
  EXPECT_EQ(out("x = \"outer\"\nparallel\nx = \"one\"\nend\nprint x"), "outer\n");
  const Ran ran = run_body("parallel\nfail \"one\"\nfail \"two\"\nend");
  EXPECT_EQ(ran.ended, kind::kUserFail);
  EXPECT_NE(ran.detail.find("branch 1: user_fail: one"), std::string::npos) << ran.detail;
  EXPECT_NE(ran.detail.find("branch 2: user_fail: two"), std::string::npos) << ran.detail;
}

TEST_F(FlowTest, a_failing_branch_can_stop_the_others) {
  const Ran ran = run_body("parallel fail_fast=true\nsleep 1h\nfail \"x\"\nend");
  EXPECT_EQ(ran.ended, kind::kUserFail);
}

} // namespace
} // namespace perch::run
