#include "op_fixture.h"

namespace perch::ops {
namespace {

using ControlOps = Ops;

TEST_F(ControlOps, fail_raises_its_message) {
  const Error failed = error("fail", {"no flour"});
  EXPECT_EQ(failed.kind, kind::kUserFail);
  EXPECT_EQ(failed.message, "no flour");
  EXPECT_EQ(error("throw", {"no salt"}).message, "no salt");
}

TEST_F(ControlOps, fail_without_a_message_says_so) {
  EXPECT_EQ(error("fail", {}).message, "(no message)");
  EXPECT_EQ(error("fail", {""}).message, "(no message)");
}

TEST_F(ControlOps, exit_travels_as_an_ending_with_its_status) {
  const std::pair<std::vector<Arg>, int> cases[] = {
      {{}, 0}, {{3}, 3}, {{256}, 0}, {{-1}, 255}, {{"1000000000000"}, 0}, {{300}, 44},
  };
  for (const auto& [args, status] : cases) {
    const Error ending = error("exit", args);
    EXPECT_EQ(ending.kind, op::kExitKind);
    EXPECT_EQ(ending.code, status);
  }
  EXPECT_EQ(kind("exit", {"three"}), kind::kBadArgument);
}

TEST_F(ControlOps, sleep_takes_durations_and_seconds) {
  text("sleep", {"10ms"});
  EXPECT_EQ(world.slept_ns, 10'000'000);
  text("sleep", {"0.5"});
  EXPECT_EQ(world.slept_ns, 510'000'000);
  text("sleep", {"0"});
  EXPECT_EQ(world.slept_ns, 510'000'000);
}

TEST_F(ControlOps, sleep_refuses_what_is_no_time) {
  EXPECT_EQ(kind("sleep", {"soon"}), kind::kBadArgument);
  EXPECT_EQ(kind("sleep", {"-1s"}), kind::kBadArgument);
  EXPECT_EQ(kind("sleep", {}), kind::kBadArgument);
}

TEST_F(ControlOps, sleep_ends_with_the_run) {
  world.stops_after = 0;
  EXPECT_EQ(kind("sleep", {"1h"}), kind::kTimeoutExceeded);
}

TEST_F(ControlOps, cd_changes_the_directory) {
  text("mkdir", {"kitchen"});
  text("cd", {"kitchen"});
  EXPECT_EQ(text("cwd", {}), "/work/kitchen");
  text("cd", {".."});
  EXPECT_EQ(text("cwd", {}), "/work");
}

TEST_F(ControlOps, cd_refuses_what_is_no_directory) {
  world.files.put("menu", "soup");
  EXPECT_EQ(kind("cd", {"nowhere"}), kind::kFileNotFound);
  EXPECT_EQ(kind("cd", {"menu"}), kind::kFileError);
  EXPECT_EQ(kind("cd", {""}), kind::kBadArgument);
  world.denied = {op::Cap::Read};
  EXPECT_EQ(kind("cd", {"/tmp"}), kind::kCapabilityDenied);
}

} // namespace
} // namespace perch::ops
