#include "op_fixture.h"

namespace perch::ops {
namespace {

class ProcessOps : public Ops {
protected:
  ProcessOps() {
    world.programs = {
        {"echo soup", {.output = "soup\n\n"}},
        {"false", {.status = 3, .output = "half"}},
        {"kill me", {.signal = 15, .output = {}}},
        {"serve", {.pid = 99, .output = {}}},
    };
  }
};

TEST_F(ProcessOps, shell_lets_the_command_write_to_stdout) {
  EXPECT_EQ(text("shell", {"echo soup"}), "");
  EXPECT_EQ(world.out, "soup\n\n");
  EXPECT_TRUE(world.launched[0].shell);
  EXPECT_TRUE(world.launched[0].stdin_inherited);
}

TEST_F(ProcessOps, shell_output_keeps_what_the_command_writes) {
  EXPECT_EQ(text("shell_output", {"echo soup"}), "soup");
  EXPECT_EQ(world.out, "");
  EXPECT_FALSE(world.launched[0].stdin_inherited);
}

TEST_F(ProcessOps, a_failing_command_is_an_error_with_its_status) {
  for (const char* name : {"shell", "shell_output"}) {
    const Error failed = error(name, {"false"});
    EXPECT_EQ(failed.kind, kind::kShellExitNonzero) << name;
    EXPECT_EQ(failed.code, 3);
    EXPECT_EQ(failed.detail, "false");
  }
}

TEST_F(ProcessOps, a_killed_command_is_an_error_with_its_signal) {
  const Error killed = error("shell", {"kill me"});
  EXPECT_EQ(killed.kind, kind::kShellSignalKilled);
  EXPECT_EQ(killed.code_name, "SIGTERM");
  EXPECT_EQ(killed.code, 143);
}

TEST_F(ProcessOps, try_shell_answers_and_is_silent) {
  EXPECT_EQ(text("try_shell", {"echo soup"}), "true");
  EXPECT_EQ(text("try_shell", {"false"}), "false");
  EXPECT_EQ(text("try_shell", {"kill me"}), "false");
  EXPECT_EQ(world.out, "");
  EXPECT_TRUE(world.launched[0].discard_output && world.launched[0].capture_errors);
}

TEST_F(ProcessOps, a_shell_that_cannot_start_is_never_a_no) {
  EXPECT_EQ(kind("try_shell", {"unknown"}), kind::kBinNotFound);
  world.denied = {op::Cap::Exec};
  for (const char* name : {"try_shell", "shell", "shell_output", "shell_detached"})
    EXPECT_EQ(kind(name, {"echo soup"}), kind::kCapabilityDenied) << name;
}

TEST_F(ProcessOps, shell_in_runs_in_the_commands_directory) {
  world.files.directory = "/work/kitchen";
  text("shell_in", {"jars", "echo soup"});
  EXPECT_EQ(world.launched[0].directory, "/work/kitchen/jars");
  EXPECT_EQ(kind("shell_in", {"jars", "false"}), kind::kShellExitNonzero);
  EXPECT_EQ(kind("shell_in", {"", "echo soup"}), kind::kBadArgument);
}

TEST_F(ProcessOps, shell_detached_returns_the_process_id) {
  EXPECT_EQ(text("shell_detached", {"serve"}), "99");
  EXPECT_TRUE(world.launched[0].detached);
}

TEST_F(ProcessOps, process_running_compares_names) {
  world.processes = {"postgres"};
  EXPECT_EQ(text("process_running", {"postgres"}), "true");
  EXPECT_EQ(text("process_running", {"post"}), "false");
  EXPECT_EQ(text("process_running", {""}), "false");
}

} // namespace
} // namespace perch::ops
