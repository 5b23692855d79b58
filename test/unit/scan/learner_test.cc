#include "scan/learner.h"

#include <gtest/gtest.h>

namespace perch::scan {
namespace {

using op::Cap;
using policy::Request;

class LearnerTest : public testing::Test {
protected:
  void ask(const Request& request) { learner_.add(request, {}); }
  std::string manifest() {
    return learner_.manifest("/p", [](std::string_view name) { return name != "UNSET"; });
  }
  Learner learner_;
};

TEST_F(LearnerTest, nothing_makes_an_empty_block) { EXPECT_EQ(manifest(), "requires\nend\n"); }

TEST_F(LearnerTest, a_root_stands_for_what_is_below_it) {
  ask({.cap = Cap::Read, .subject = "/p/src"});
  ask({.cap = Cap::Read, .subject = "/p/src/a"});
  ask({.cap = Cap::Read, .subject = "/p/srcs"});
  ask({.cap = Cap::Write, .subject = "/p/out/x"});
  ask({.cap = Cap::Write, .subject = "/p/out"});
  ask({.cap = Cap::Read, .subject = "/p/out/x"});
  EXPECT_EQ(manifest(),
            "requires\n    read \"./src\"\n    read \"./srcs\"\n    write \"./out\"\nend\n");
}

TEST_F(LearnerTest, paths_beside_the_file_are_absolute) {
  ask({.cap = Cap::Read, .subject = "/etc/hosts"});
  ask({.cap = Cap::Read, .subject = "/p"});
  EXPECT_EQ(manifest(), "requires\n    read \"/etc/hosts\"\n    read \".\"\nend\n");
}

TEST_F(LearnerTest, programs_are_named_as_they_were) {
  ask({.cap = Cap::Exec, .subject = "git", .resolved = "/usr/bin/git", .known_as = "git"});
  ask({.cap = Cap::Exec, .subject = "./t", .resolved = "/p/t"});
  ask({.cap = Cap::Exec, .subject = "g", .resolved = "/usr/bin/git", .known_as = "git"});
  ask({.cap = Cap::Exec, .subject = "echo", .shell = true, .shell_builtin = true});
  EXPECT_EQ(manifest(), "requires\n    bin \"./t\"\n    bin \"git\" as g\n    bin \"git\"\nend\n");
}

TEST_F(LearnerTest, programs_that_the_file_names_elsewhere_are_optional) {
  ask({.cap = Cap::Exec, .subject = "git", .resolved = "/usr/bin/git", .known_as = "git"});
  learner_.add_named("git", "git");
  learner_.add_named("make", "make");
  learner_.add_named("./tools/lint", "check");
  EXPECT_EQ(manifest(), "requires\n    bin \"git\"\n    bin \"./tools/lint\" as check optional\n"
                        "    bin \"make\" optional\nend\n");
}

TEST_F(LearnerTest, variables_that_every_program_has_need_no_line) {
  ask({.cap = Cap::Env, .subject = "HOME"});
  ask({.cap = Cap::Env, .subject = "TOKEN"});
  ask({.cap = Cap::Env, .subject = "UNSET"});
  EXPECT_EQ(manifest(), "requires\n    env \"TOKEN\"\n    env \"UNSET\" optional\nend\n");
}

TEST_F(LearnerTest, ports_are_named_but_for_the_usual_ones) {
  ask({.cap = Cap::Net, .subject = "x.org", .port = 443});
  ask({.cap = Cap::Net, .subject = "x.org", .port = 8080});
  ask({.cap = Cap::Net, .subject = "::1", .port = 9});
  EXPECT_EQ(manifest(),
            "requires\n    host \"[::1]:9\"\n    host \"x.org\"\n    host \"x.org:8080\"\nend\n");
}

TEST_F(LearnerTest, the_network_as_such_needs_some_host) {
  ask({.cap = Cap::Net});
  EXPECT_EQ(manifest(), "requires\n    host \"localhost\"\nend\n");
}

TEST_F(LearnerTest, a_guest_is_no_matter_of_the_manifest) {
  diag::SourceMap sources;
  const auto id = sources.add("a.perch", "wasm_run \"./x.wasm\"\n").id;
  const diag::Span at{.source = id, .begin = 0, .end = 19};
  learner_.add({.cap = Cap::Env, .subject = "MODE", .guest = true}, at);
  learner_.add_variables_seen(at);
  using Use = LearnedMount::Use;
  learner_.add({.cap = Cap::Read, .subject = "/p/in", .guest = true}, at);
  learner_.add({.cap = Cap::Write, .subject = "/p/out", .guest = true}, at);
  learner_.add_mount({"/p/in", "/ro/in", false, Use::None}, at);
  learner_.add_mount({"/p/in", "/ro/in", false, Use::Read}, at);
  learner_.add_mount({"/p/out", "/rw/out", true, Use::Written}, at);
  learner_.add_mount({"/p/only", "/rw/only", true, Use::Read}, at);
  learner_.add_mount({"/p/else", "/data", false, Use::Written}, at);
  learner_.add_mount({"/p/idle", "/ro/idle", false, Use::None}, at);
  learner_.add_mount({"/p/dark", "/ro/dark", false, Use::Unknown}, at);
  learner_.add({.cap = Cap::Net, .subject = "x.org", .port = 443, .guest = true}, at);
  EXPECT_EQ(manifest(), "requires\nend\n");
  EXPECT_EQ(
      learner_.guests("/p", sources),
      "# a.perch:1: wasm_run \"./x.wasm\"\n"
      "#     wasm_env \"MODE\"  # declared; whether it is read cannot be seen\n"
      "#     wasm_mount_read \"./in\"\n"
      "#     wasm_mount_write \"./out\"\n"
      "#     wasm_mount_read \"./only\" at:\"/rw/only\"\n"
      "#     wasm_mount_read \"./else\" at:\"/data\"\n"
      "#     wasm_mount_read \"./dark\"  # declared; this kernel does not tell whether it is used\n"
      "#     wasm_allow_host \"x.org\"\n");
}

TEST_F(LearnerTest, a_text_whose_head_cannot_be_told_is_said_to_be_impossible) {
  ask({.cap = Cap::Exec, .subject = "", .shell = true});
  EXPECT_EQ(learner_.impossible().size(), 1U);
}

} // namespace
} // namespace perch::scan
