#include "op_fixture.h"

namespace perch::ops {
namespace {

class InstallOps : public Ops {
protected:
  InstallOps() {
    world.executables = {{"jq", "/usr/bin/jq"}};
    world.programs = {{"jq --version", {.output = "jq-1.7\n"}},
                      {"jq -V", {.output = " 1.7 \n"}},
                      {"broken --version", {.status = 2, .output = "usage"}}};
  }
};

TEST_F(InstallOps, which_and_has_bin_look_on_the_path) {
  EXPECT_EQ(text("which", {"jq"}), "/usr/bin/jq");
  EXPECT_EQ(text("which", {"yq"}), "");
  EXPECT_EQ(text("which", {""}), "");
  EXPECT_EQ(text("has_bin", {"jq"}), "true");
  EXPECT_EQ(text("has_bin", {"yq"}), "false");
  EXPECT_EQ(text("has_bin", {""}), "false");
}

TEST_F(InstallOps, bin_version_gives_what_the_program_says) {
  EXPECT_EQ(text("bin_version", {"jq"}), "jq-1.7");
  EXPECT_EQ(text("bin_version", {"jq", "-V"}), "1.7");
  EXPECT_TRUE(world.launched[0].capture_errors);
  EXPECT_FALSE(world.launched[0].stdin_inherited);
}

TEST_F(InstallOps, bin_version_is_empty_for_what_fails_but_not_for_a_refusal) {
  EXPECT_EQ(text("bin_version", {"broken"}), "");
  EXPECT_EQ(text("bin_version", {"missing"}), "");
  world.denied = {op::Cap::Exec};
  EXPECT_EQ(kind("bin_version", {"jq"}), kind::kCapabilityDenied);
}

TEST_F(InstallOps, on_path_compares_whole_directories) {
  world.search_path = "/usr/bin:/opt/jam/:./tools:";
  for (const char* there : {"/usr/bin", "/usr/bin/", "/opt/jam", "/work/tools", "tools", "/work"})
    EXPECT_EQ(text("on_path", {there}), "true") << there;
  for (const char* other : {"/usr", "/usr/bin/x", "/opt"})
    EXPECT_EQ(text("on_path", {other}), "false") << other;
  EXPECT_EQ(text("path_contains", {"/usr/bin"}), "true");
}

TEST_F(InstallOps, shell_rc_path_follows_the_shell) {
  const std::pair<const char*, const char*> cases[] = {
      {"/bin/zsh", "/home/cook/.zshrc"},
      {"/bin/bash", "/home/cook/.bashrc"},
      {"/usr/bin/fish", "/home/cook/.config/fish/config.fish"},
      {"/bin/sh", "/home/cook/.profile"},
      {"", "/home/cook/.profile"},
  };
  for (const auto& [shell, file] : cases) {
    world.env["SHELL"] = shell;
    EXPECT_EQ(text("shell_rc_path", {}), file) << shell;
  }
  world.env.clear();
  EXPECT_EQ(text("shell_rc_path", {}), "/home/cook/.profile");
  world.env["SHELL"] = "/bin/bash";
  world.host.os = "darwin";
  EXPECT_EQ(text("shell_rc_path", {}), "/home/cook/.bash_profile");
  world.host.home.clear();
  EXPECT_EQ(text("shell_rc_path", {}), "");
}

TEST_F(InstallOps, detect_pkg_mgr_takes_the_first_of_this_system) {
  EXPECT_EQ(text("detect_pkg_mgr", {}), "");
  world.executables["apk"] = "/sbin/apk";
  world.executables["brew"] = "/opt/brew";
  EXPECT_EQ(text("detect_pkg_mgr", {}), "apk");
  world.executables["apt"] = "/usr/bin/apt";
  EXPECT_EQ(text("detect_pkg_mgr", {}), "apt");
  world.host.os = "darwin";
  EXPECT_EQ(text("detect_pkg_mgr", {}), "brew");
}

TEST_F(InstallOps, pkg_install_runs_the_manager) {
  world.executables["apt"] = "/usr/bin/apt";
  world.programs.push_back({"sudo apt-get install -y jq", {.output = {}}});
  text("pkg_install", {"jq"});
  EXPECT_EQ(world.launched.back().program, "sudo");
  world.host.is_admin = true;
  world.programs.push_back({"apt-get install -y jq", {.status = 100, .output = {}}});
  const Error failed = error("pkg_install", {"jq"});
  EXPECT_EQ(failed.kind, kind::kShellExitNonzero);
  EXPECT_EQ(failed.code, 100);
}

TEST_F(InstallOps, pkg_install_takes_names_not_options) {
  world.executables["apt"] = "/usr/bin/apt";
  EXPECT_EQ(kind("pkg_install", {"--reinstall"}), kind::kBadArgument);
  EXPECT_EQ(kind("pkg_install", {""}), kind::kBadArgument);
  world.executables.clear();
  EXPECT_EQ(kind("pkg_install", {"jq"}), kind::kBinNotFound);
}

} // namespace
} // namespace perch::ops
