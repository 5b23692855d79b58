#include "gate_fixture.h"
#include "run/gate_env.h"

namespace perch::run {
namespace {

constexpr Actor kActor{.name = "get_env"};

class GateEnvTest : public GateTest {
protected:
  void SetUp() override {
    env.table = {{"PATH", "/bin"}, {"HOME", home.path()},   {"LC_ALL", "C"}, {"TOKEN", "s3cret"},
                 {"OTHER", "x"},   {"LD_PRELOAD", "/x.so"}, {"EMPTY", ""}};
  }
  std::string child() {
    const auto all = child_environment(gate(), scope(), {.name = "exec"});
    if (!all)
      return std::string(all.error().kind) + ": " + all.error().message;
    std::string out;
    for (const std::string& entry : *all) {
      const std::string text = entry.starts_with("HOME=") ? "HOME" : entry;
      out += (out.empty() ? "" : " ") + text;
    }
    return out;
  }
  std::string get(std::string_view name) {
    const auto value = variable(gate(), scope(), kActor, name);
    return !value ? std::string(value.error().kind) : value->value_or("(unset)");
  }
  std::string change(std::string_view name) {
    const auto status = may_change(gate(), scope(), {.name = "export"}, name);
    return status ? "ok" : std::string(status.error().kind);
  }
};

TEST_F(GateEnvTest, without_a_layer_a_child_gets_the_whole_environment) {
  EXPECT_EQ(child(), "EMPTY= HOME LC_ALL=C LD_PRELOAD=/x.so OTHER=x PATH=/bin TOKEN=s3cret");
  EXPECT_EQ(get("TOKEN"), "s3cret");
  EXPECT_EQ(get("EMPTY"), "");
  EXPECT_EQ(get("NONE"), "(unset)");
}

TEST_F(GateEnvTest, requires_leaves_the_operational_and_the_declared_ones) {
  push_requires({.envs = {"TOKEN", "NONE"}});
  EXPECT_EQ(child(), "HOME LC_ALL=C PATH=/bin TOKEN=s3cret");
  EXPECT_EQ(get("TOKEN"), "s3cret");
  EXPECT_EQ(get("OTHER"), kind::kEnvNotDeclared);
  EXPECT_EQ(get("HOME"), home.path());
}

TEST_F(GateEnvTest, the_flag_limits_what_is_declared_and_adds_nothing) {
  push_requires({.envs = {"TOKEN"}});
  push_flags({.env = {{"OTHER"}}});
  EXPECT_EQ(child(), "HOME LC_ALL=C PATH=/bin");
  EXPECT_EQ(get("TOKEN"), kind::kCapabilityDenied);
  EXPECT_EQ(get("OTHER"), kind::kEnvNotDeclared);
}

TEST_F(GateEnvTest, an_empty_flag_leaves_the_operational_ones) {
  push_flags({.env = {{}}});
  EXPECT_EQ(child(), "HOME LC_ALL=C PATH=/bin");
  EXPECT_EQ(get("TOKEN"), kind::kCapabilityDenied);
}

TEST_F(GateEnvTest, a_sandbox_narrows_children_too) {
  push_sandbox("env=TOKEN");
  EXPECT_EQ(child(), "HOME LC_ALL=C PATH=/bin TOKEN=s3cret");
  push_sandbox("no_env");
  EXPECT_EQ(child(), "HOME LC_ALL=C PATH=/bin");
}

TEST_F(GateEnvTest, what_the_program_set_reaches_its_children_and_itself) {
  push_requires({});
  overlay.set("MINE", "1");
  overlay.set_exported("EXPORTED", "2");
  overlay.set_exported("HOME", std::nullopt);
  EXPECT_EQ(child(), "EXPORTED=2 LC_ALL=C MINE=1 PATH=/bin");
  EXPECT_EQ(get("MINE"), "1");
  EXPECT_EQ(get("HOME"), "(unset)");
}

TEST_F(GateEnvTest, names_and_values_that_no_environment_holds_are_refused) {
  EXPECT_EQ(get(""), kind::kBadArgument);
  EXPECT_EQ(get("A=B"), kind::kBadArgument);
  EXPECT_EQ(get(std::string_view("A\0B", 3)), kind::kBadArgument);
  EXPECT_EQ(change("A=B"), kind::kBadArgument);
  overlay.set("A", std::string("x\0y", 3));
  EXPECT_EQ(child(), "bad_argument: exec: the value of A holds a NUL byte");
}

TEST_F(GateEnvTest, variables_that_decide_what_a_bin_is_cannot_be_changed_where_bins_are_listed) {
  EXPECT_EQ(change("PATH"), "ok");
  EXPECT_EQ(change("LD_PRELOAD"), "ok");
  push_requires({.bins = {"git"}, .envs = {"TOKEN", "PYTHONPATH"}});
  EXPECT_EQ(change("TOKEN"), "ok");
  EXPECT_EQ(change("HOME"), "ok");
  EXPECT_EQ(change("OTHER"), kind::kEnvNotDeclared);
  for (const char* name : {"PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES",
                           "BASH_ENV", "ENV", "BASH_FUNC_git%%", "NODE_OPTIONS"})
    EXPECT_EQ(change(name), kind::kCapabilityDenied) << name;
  EXPECT_EQ(change("PYTHONPATH"), "ok");
  const auto refused = may_change(gate(), scope(), {.name = "export"}, "PATH");
  EXPECT_EQ(refused.error().help, "to allow it, add: env \"PATH\"");
}

TEST_F(GateEnvTest, with_env_cannot_load_code_into_a_listed_bin) {
  push_flags({.allow_bin = {{"git"}}});
  overlay.set("PATH", "/elsewhere");
  EXPECT_EQ(child().substr(0, 5),
            "EMPTY"); // PATH may be set: it changes no program that perch starts
  overlay.set("LD_PRELOAD", "./x.so");
  EXPECT_EQ(child(), "capability_denied: exec may not set LD_PRELOAD, which decides what the bins "
                     "that may run really are");
}

TEST_F(GateEnvTest, the_search_path_is_the_one_children_get) {
  EXPECT_EQ(search_path(gate(), scope()), "/bin");
  overlay.set("PATH", "/x");
  EXPECT_EQ(search_path(gate(), scope()), "/x");
}

} // namespace
} // namespace perch::run
