// Blocks that change what holds for their body: environment, directory, policy, deadline, attempts.

#include "run_fixture.h"

namespace perch::run {
namespace {

using ContextsTest = RunTest;

TEST_F(ContextsTest, with_env_holds_for_its_body) {
  EXPECT_EQ(out("with_env A=1 B=2 \"C=x,y\" \"D=3,E=4\"\nprint \"${A} ${B} ${C} ${D} ${E}\"\nend\n"
                "if A\nprint \"kept\"\nend"),
            "1 2 x,y 3 4\n");
}

TEST_F(ContextsTest, a_comma_out_of_a_placeholder_belongs_to_the_value) {
  EXPECT_EQ(out("v = \"1,B=2\"\nwith_env \"A=${v}\"\nprint \"${A}\"\nend"), "1,B=2\n");
}

TEST_F(ContextsTest, exports_outlive_blocks_and_calls) {
  const std::string program = "command b\ndo\nexport X \"called\"\nend\nend\n"
                              "command a\ndo\nwith_env X=inner\nb\nprint \"${X}\"\nend\n"
                              "print \"${X}\"\nend\nend\n";
  EXPECT_EQ(run(program).out, "inner\ncalled\n"); // with_env holds for its whole body
}

TEST_F(ContextsTest, with_cwd_needs_a_directory) {
  const Ran ran = run_body("with_cwd nowhere\nprint \"x\"\nend");
  EXPECT_EQ(ran.ended, kind::kFileNotFound);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(out("with_cwd sub\nprint \"in\"\nend"), "in\n");
}

TEST_F(ContextsTest, a_sandbox_stops_every_way_to_start_a_program) {
  children.table["tool"] = {.output = "ran\n"};
  EXPECT_EQ(out("tool"), "ran\n");
  for (const char* body : {"tool", "tool && tool", "x = tool", "pipe\ntool\ntool\nend"}) {
    const Ran ran = run_body(std::string("sandbox no_subprocess\n") + body + "\nend");
    EXPECT_EQ(ran.ended, kind::kCapabilityDenied) << body;
    EXPECT_EQ(ran.out, "") << body;
  }
}

TEST_F(ContextsTest, a_deadline_is_an_error_of_its_block_only) {
  EXPECT_EQ(out("try\ntimeout 10ms\nsleep 1h\nend\nrescue\nprint \"${err.kind}\"\nend\n"
                "print \"after\""),
            "timeout_exceeded\nafter\n");
  const Ran ran = run_body("timeout 10ms\ntry\nsleep 1h\nrescue\nprint \"never\"\nfinally\n"
                           "print \"cleaned\"\nend\nend");
  EXPECT_EQ(ran.out + ran.ended, "cleaned\ntimeout_exceeded");
}

TEST_F(ContextsTest, the_nearest_deadline_counts) {
  EXPECT_EQ(run_body("timeout 10ms\ntimeout 1h\nsleep 1h\nend\nend").ended, kind::kTimeoutExceeded);
}

TEST_F(ContextsTest, retry_repeats_until_it_succeeds_or_gives_up) {
  EXPECT_EQ(run_body("retry 3 base=1ms\nprint \"try\"\nfail \"x\"\nend").out, "try\ntry\ntry\n");
  EXPECT_EQ(out("n = \"\"\nretry 5 base=1ms\nn = \"${n}x\"\nif not same \"${n}\" xxx\n"
                "fail \"again\"\nend\nend\nprint n"),
            "xxx\n");
  const Ran ran = run_body("retry 2 base=1ms\nfailing http_timeout\nend");
  EXPECT_EQ(ran.ended, kind::kHttpTimeout);
}

TEST_F(ContextsTest, retry_can_be_told_which_errors_count) {
  EXPECT_EQ(run_body("retry 3 base=1ms on:\"http_timeout\"\nprint \"try\"\nfail \"x\"\nend").out,
            "try\n");
  EXPECT_EQ(run_body("retry 3 base=1ms on:\"user_fail\"\nprint \"try\"\nfail \"x\"\nend").out,
            "try\ntry\ntry\n");
}

TEST_F(ContextsTest, exit_is_no_error_to_retry) {
  const Ran ran = run_body("retry 3 base=1ms\nprint \"try\"\nexit 5\nend");
  EXPECT_EQ(ran.out + ran.ended, "try\nexit 5");
}

TEST_F(ContextsTest, a_stopped_run_stops_between_statements) {
  cancel->stop(sys::StopReason::Client);
  const Ran ran = run_body("print \"never\"");
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.ended, kind::kSignalReceived);
}

} // namespace
} // namespace perch::run
