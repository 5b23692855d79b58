#include "gate_fixture.h"
#include "run/gate_env.h"
#include "run/gate_exec.h"
#include "run/gate_programs.h"
#include "sys/digest.h"

#include <filesystem>

namespace perch::run {
namespace {

using test::make_directory;
using test::make_link;
using test::write_file;

constexpr Actor kExec{.name = "exec"};

/// Two directories with programs: `bin` is on the PATH perch is started with, `evil` is not.
class GateExecTest : public GateTest {
protected:
  void SetUp() override {
    for (const char* dir : {"bin", "evil", "tools"})
      make_directory(top / dir);
    for (const char* file : {"bin/git", "bin/make", "evil/git", "tools/x", "git"})
      write_file(top / file, "#!/bin/sh\n", 0755);
    env.table["PATH"] = top / "bin";
  }

  Result<lane::ChildSpec> start(std::string head, std::vector<std::string> args = {}) {
    return child(gate(), scope(), kExec, {.head = std::move(head), .args = std::move(args)});
  }
  Result<lane::ChildSpec> shell(std::string text) {
    return child(gate(), scope(), {.name = "shell"}, {.head = std::move(text), .shell = true});
  }
  /// The path of the program that would start, or the kind of the error.
  template <class T>
  static std::string program(const Result<T>& spec) {
    return spec ? spec->program : std::string(spec.error().kind);
  }
  std::string sha256_of(const std::string& file) {
    return sys::hex_digest(sys::DigestKind::Sha256, test::read_file(file));
  }
};

// ---- finding ----------------------------------------------------------------------------------

TEST_F(GateExecTest, a_name_is_looked_for_on_the_path_the_child_gets) {
  EXPECT_EQ(program(start("git")), top / "bin/git");
  overlay.set("PATH", (top / "evil") + ":" + (top / "bin"));
  EXPECT_EQ(program(start("git")), top / "evil/git");
  EXPECT_EQ(program(start("make")), top / "bin/make");
}

TEST_F(GateExecTest, a_path_starts_at_the_current_directory) {
  EXPECT_EQ(program(start("./git")), top / "git");
  EXPECT_EQ(program(start("tools/x")), top / "tools/x");
  EXPECT_EQ(program(start("bin/../evil/git")), top / "evil/git");
}

TEST_F(GateExecTest, a_missing_program_is_an_error_with_similar_names) {
  const auto spec = start("gti");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().kind, kind::kBinNotFound);
  EXPECT_EQ(spec.error().message, "exec: there is no program `gti` on PATH");
  EXPECT_EQ(spec.error().help, "did you mean `git`?");
  EXPECT_EQ(program(start("./none")), kind::kBinNotFound);
  EXPECT_EQ(program(start("")), kind::kBadArgument);
  EXPECT_EQ(start("zzzzzz").error().help, "install it, or name it by its path");
}

TEST_F(GateExecTest, directories_and_files_without_the_x_bit_are_no_programs) {
  write_file(top / "bin/data", "x");
  make_directory(top / "bin/dir");
  make_link("none", top / "bin/dangling");
  for (const char* name : {"data", "dir", "dangling", ".", ".."})
    EXPECT_EQ(program(start(name)), kind::kBinNotFound) << name;
}

TEST_F(GateExecTest, argv_and_directory_are_as_asked) {
  const auto spec = child(gate(), scope(), kExec,
                          {.head = "git", .args = {"a b", "", "*"}, .directory = "tools"});
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->argv, (std::vector<std::string>{"git", "a b", "", "*"}));
  EXPECT_EQ(spec->directory, top / "tools");
  EXPECT_EQ(kind_of(child(gate(), scope(), kExec, {.head = "git", .directory = "none"})),
            kind::kFileNotFound);
  EXPECT_EQ(program(start("git", {std::string("a\0b", 3)})), kind::kBadArgument);
}

// ---- binary tricks ----------------------------------------------------------------------------

TEST_F(GateExecTest, an_allowed_name_is_the_program_of_perchs_own_path_alone) {
  push_flags({.allow_bin = {{"git"}}});
  make_link("../bin/git", top / "evil/link");
  make_link("../bin/make", top / "evil/make");
  EXPECT_EQ(program(start("git")), top / "bin/git");
  EXPECT_EQ(program(start(top / "bin/git")), top / "bin/git");
  for (const std::string& head :
       {std::string("./git"), std::string("evil/git"), top / "evil/git", std::string("make"),
        std::string("bin/make"), std::string("evil/link"), std::string("GIT"), std::string("git "),
        std::string("none")})
    EXPECT_EQ(program(start(head)), kind::kCapabilityDenied) << head;
}

TEST_F(GateExecTest, a_changed_path_does_not_change_what_an_allowed_name_means) {
  push_flags({.allow_bin = {{"git"}}});
  for (const std::string& path : {top / "evil", (top / "evil") + ":" + (top / "bin")}) {
    overlay.set("PATH", path);
    const auto spec = start("git");
    ASSERT_FALSE(spec) << path;
    EXPECT_EQ(spec.error().kind, kind::kCapabilityDenied) << path;
    EXPECT_TRUE(spec.error().message.find("which is not the `git` on the PATH that perch was "
                                          "started with") != std::string::npos)
        << spec.error().message;
  }
  for (const char* relative : {"evil", ".", ":"}) {
    overlay.set("PATH", relative);
    EXPECT_EQ(program(start("git")), kind::kBinNotFound) << relative;
  }
}

TEST_F(GateExecTest, relative_entries_of_perchs_own_path_do_not_count) {
  env.table["PATH"] = "evil:.::" + (top / "bin");
  push_flags({.allow_bin = {{"git"}}});
  EXPECT_EQ(program(start("git")), top / "bin/git");
  EXPECT_EQ(gate().on_own_path("git"), top / "bin/git");
}

TEST_F(GateExecTest, an_allowed_path_is_that_file_whatever_its_spelling) {
  push_flags({.allow_bin = {{"./tools/x"}}});
  make_link("tools", top / "alias");
  EXPECT_EQ(program(start("tools/x")), top / "tools/x");
  EXPECT_EQ(program(start("alias/x")), top / "tools/x");
  EXPECT_EQ(program(start("alias/../tools/./x")), top / "tools/x");
  EXPECT_EQ(program(start("x")), kind::kCapabilityDenied);
  directory = top / "tools";
  EXPECT_EQ(program(start("./x")), top / "tools/x");
  EXPECT_EQ(program(start("tools/x")), kind::kCapabilityDenied);
}

TEST_F(GateExecTest, what_an_allowed_link_points_to_is_another_program) {
  make_link("../tools/x", top / "bin/tool");
  push_flags({.allow_bin = {{"tool"}}});
  EXPECT_EQ(program(start("tool")), top / "bin/tool");
  EXPECT_EQ(program(start("tools/x")), kind::kCapabilityDenied);
}

TEST_F(GateExecTest, a_refused_program_is_refused_whether_it_exists_or_not) {
  push_requires({.bins = {"git"}});
  EXPECT_EQ(program(start("make")), kind::kBinNotDeclared);
  EXPECT_EQ(program(start("none")), kind::kBinNotDeclared);
  EXPECT_EQ(start("make").error().help, "to allow it, add: bin \"make\"");
}

TEST_F(GateExecTest, no_subprocess_stops_every_way_to_start_one) {
  push_sandbox("no_subprocess");
  for (const char* head : {"git", "./git", "tools/x", "none"})
    EXPECT_EQ(program(start(head)), kind::kCapabilityDenied) << head;
  EXPECT_EQ(program(shell("true")), kind::kCapabilityDenied);
}

// ---- declared bins ----------------------------------------------------------------------------

TEST_F(GateExecTest, a_declared_bin_is_the_program_of_perchs_own_path) {
  push_requires({.bins = {"git"}});
  gate().declare_bins({{.name = "git", .directory = top.path()}});
  overlay.set("PATH", (top / "evil") + ":" + (top / "bin"));
  EXPECT_EQ(program(start("git")), top / "bin/git");
}

TEST_F(GateExecTest, a_declared_path_starts_at_the_declaring_file) {
  push_requires({.bins = {"./tools/x"}});
  gate().declare_bins({{.name = "./tools/x", .alias = "tool", .directory = top.path()}});
  directory = top / "evil";
  EXPECT_EQ(program(start("tool")), top / "tools/x");
  EXPECT_EQ(program(start("./tools/x")), top / "tools/x");
}

TEST_F(GateExecTest, a_declared_name_that_only_a_changed_path_finds_says_so) {
  push_requires({.bins = {"only"}});
  gate().declare_bins({{.name = "only", .directory = top.path()}});
  write_file(top / "evil/only", "", 0755);
  overlay.set("PATH", top / "evil");
  const auto spec = start("only");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().message,
            "exec: there is no program `only` on the PATH that perch was started with");
  EXPECT_EQ(spec.error().help, "declare it by its path: bin \"" + (top / "evil/only") + '"');
}

TEST_F(GateExecTest, a_pinned_bin_runs_by_the_handle_that_was_hashed) {
  const std::string digest = sha256_of(top / "bin/git");
  push_requires({.bins = {"git"}});
  gate().declare_bins({{.name = "git", .directory = top.path(), .sha256 = digest}});
  EXPECT_TRUE(check_bin(gate(), gate().bins()[0]));
  for (const std::string& head : {std::string("git"), top / "bin/git", std::string("bin/git")}) {
    const auto spec = start(head);
    ASSERT_TRUE(spec) << head << spec.error().message;
    ASSERT_GE(spec->program_fd, 0) << head;
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(spec->program_fd)),
              top / "bin/git");
  }
  // Somebody puts another file in its place: the handle still is the old one.
  std::filesystem::rename(top / "evil/git", top / "bin/git");
  const auto spec = start("git");
  ASSERT_TRUE(spec);
  EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(spec->program_fd)),
            (top / "bin/git") + " (deleted)");
}

TEST_F(GateExecTest, a_pin_that_does_not_match_refuses_every_name_of_the_program) {
  push_requires({.bins = {"git"}});
  gate().declare_bins(
      {{.name = "git", .alias = "g", .directory = top.path(), .sha256 = std::string(64, '0')}});
  for (const std::string& head : {std::string("git"), std::string("g"), top / "bin/git"})
    EXPECT_EQ(program(start(head)), kind::kRequirementUnmet) << head;
  EXPECT_EQ(program(shell("git status")), kind::kRequirementUnmet);
  const auto checked = check_bin(gate(), gate().bins()[0]);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "`" + (top / "bin/git") + "` is not the pinned file: its digest is sha256:" +
                sha256_of(top / "bin/git") + ", the pin is sha256:" + std::string(64, '0'));
}

TEST_F(GateExecTest, preflight_finds_what_is_missing) {
  write_file(top / "tools/data", "x");
  EXPECT_EQ(kind_of(check_bin(gate(), {.name = "none"})), kind::kBinNotFound);
  EXPECT_EQ(kind_of(check_bin(gate(), {.name = "./none", .directory = top.path()})),
            kind::kBinNotFound);
  EXPECT_EQ(kind_of(check_bin(gate(), {.name = "./tools/data", .directory = top.path()})),
            kind::kRequirementUnmet);
  EXPECT_EQ(kind_of(check_bin(gate(), {.name = "./tools", .directory = top.path()})),
            kind::kRequirementUnmet);
  EXPECT_TRUE(check_bin(gate(), {.name = "git"}));
}

// ---- shell texts ------------------------------------------------------------------------------

TEST_F(GateExecTest, a_shell_text_runs_in_bash_of_perchs_own_path) {
  write_file(top / "bin/bash", "", 0755);
  write_file(top / "evil/bash", "", 0755);
  overlay.set("PATH", top / "evil");
  const auto spec = shell("git status; ls");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->program, top / "bin/bash");
  EXPECT_EQ(spec->argv, (std::vector<std::string>{"bash", "-c", "git status; ls"}));
}

TEST_F(GateExecTest, without_bash_there_is_sh) {
  write_file(top / "bin/sh", "", 0755);
  env.table["PATH"] = top / "bin";
  const auto spec = shell("true");
  ASSERT_TRUE(spec);
  // Debian has /bin/bash, which is taken although PATH does not name it.
  EXPECT_TRUE(spec->program == top / "bin/sh" || spec->program.ends_with("/bash")) << spec->program;
}

TEST_F(GateExecTest, the_first_word_of_a_shell_text_must_be_allowed) {
  push_requires({.bins = {"git"}});
  for (const char* text : {"git status", "A=1 git", "echo hi", "true && git", "cd x; git"})
    EXPECT_TRUE(shell(text)) << text;
  for (const char* text :
       {"make", "./git", "env git", "eval git", "A=$(make) git", "PATH=./evil git",
        "LD_PRELOAD=./x.so git", "\"git\"", "$X", "(git)", "if git; then make; fi", ">x git",
        "sudo git", "evil/git", "command git", ". ./script", "exec make"})
    EXPECT_EQ(program(shell(text)), kind::kBinNotDeclared) << text;
}

TEST_F(GateExecTest, a_shell_text_cannot_be_led_to_another_program_by_a_changed_path) {
  push_requires({.bins = {"git"}});
  overlay.set("PATH", (top / "evil") + ":" + (top / "bin"));
  EXPECT_EQ(program(shell("git status")), kind::kBinNotDeclared);
}

TEST_F(GateExecTest, a_denial_of_an_unknown_head_says_why_it_is_unknown) {
  push_requires({.bins = {"git"}});
  const auto spec = shell("A=$(id) git");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().note, "denied by: requires (a.perch:1), which declares bin git; the first "
                               "word counts, and an assignment before its first word may run a "
                               "command");
}

TEST_F(GateExecTest, no_shell_leaves_other_programs_alone) {
  push_flags({.no_shell = true});
  EXPECT_EQ(program(shell("git")), kind::kCapabilityDenied);
  EXPECT_EQ(program(start("git")), top / "bin/git");
}

TEST_F(GateExecTest, metacharacters_are_refused_where_a_flag_says_so) {
  push_flags({.no_shell_metachars = true});
  EXPECT_TRUE(shell("git status"));
  for (const char* text : {"git; x", "git|x", "git\nx", "git $(x)", "git `x`", "git >x", "git & x"})
    EXPECT_EQ(program(shell(text)), kind::kShellMetacharsDenied) << text;
}

// ---- confinement ------------------------------------------------------------------------------

TEST_F(GateExecTest, a_child_is_confined_by_the_layers_it_starts_under) {
  EXPECT_FALSE(start("git")->confinement.any());
  push_sandbox("no_network,write=tools");
  const auto spec = start("git");
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->confinement.no_network);
  EXPECT_EQ(spec->confinement.write_roots, std::vector<std::string>{top / "tools"});
}

TEST_F(GateExecTest, confine_off_is_the_explicit_way_out) {
  setup.confine_off = true;
  push_sandbox("no_network");
  EXPECT_FALSE(start("git")->confinement.any());
}

TEST_F(GateExecTest, which_looks_on_the_path_children_get) {
  EXPECT_EQ(which(gate(), scope(), "git"), top / "bin/git");
  EXPECT_EQ(which(gate(), scope(), "none"), std::nullopt);
  overlay.set("PATH", top / "evil");
  EXPECT_EQ(which(gate(), scope(), "git"), top / "evil/git");
}

} // namespace
} // namespace perch::run
