#include "op_fixture.h"

namespace perch::ops {
namespace {

using EnvironmentOps = Ops;

TEST_F(EnvironmentOps, tell_set_empty_and_unset_apart) {
  world.env = {{"OVEN", "hot"}, {"EMPTY", ""}};
  EXPECT_EQ(text("get_env", {"OVEN"}), "hot");
  EXPECT_EQ(text("get_env", {"EMPTY"}), "");
  EXPECT_EQ(text("get_env", {"NONE"}), "");
  EXPECT_EQ(text("env_has", {"OVEN"}), "true");
  EXPECT_EQ(text("env_has", {"EMPTY"}), "true");
  EXPECT_EQ(text("env_has", {"NONE"}), "false");
  EXPECT_EQ(text("env_default", {"OVEN", "cold"}), "hot");
  EXPECT_EQ(text("env_default", {"EMPTY", "cold"}), "cold");
  EXPECT_EQ(text("env_default", {"NONE", "cold"}), "cold");
  EXPECT_EQ(text("env_default", {"NONE"}), "");
}

TEST_F(EnvironmentOps, set_and_unset_under_both_names) {
  text("set_env", {"A", "1"});
  text("export", {"B", ""});
  EXPECT_EQ(world.env.at("A"), "1");
  EXPECT_EQ(world.env.at("B"), "");
  text("unset_env", {"A"});
  text("unset", {"B"});
  text("unset", {"NEVER_SET"});
  EXPECT_TRUE(world.env.empty());
}

TEST_F(EnvironmentOps, refuse_what_cannot_be_a_name) {
  for (const std::string& name : {std::string(), std::string("A=B"), std::string("A\0B", 3)}) {
    EXPECT_EQ(kind("get_env", {name}), kind::kBadArgument);
    EXPECT_EQ(kind("env_has", {name}), kind::kBadArgument);
    EXPECT_EQ(kind("env_default", {name, "x"}), kind::kBadArgument);
    EXPECT_EQ(kind("set_env", {name, "x"}), kind::kBadArgument);
    EXPECT_EQ(kind("unset_env", {name}), kind::kBadArgument);
  }
}

TEST_F(EnvironmentOps, a_refusal_is_an_error_and_no_unset_variable) {
  world.denied = {op::Cap::Env};
  for (const char* name : {"get_env", "env_has", "env_default", "unset"})
    EXPECT_EQ(kind(name, {"SECRET"}), kind::kCapabilityDenied) << name;
  EXPECT_EQ(kind("set_env", {"PATH", "/evil"}), kind::kCapabilityDenied);
}

} // namespace
} // namespace perch::ops
