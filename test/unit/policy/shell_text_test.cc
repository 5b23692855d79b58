#include "policy/shell_text.h"

#include <gtest/gtest.h>

#include <string>

namespace perch::policy {
namespace {

/// "program git", "builtin echo" or "unknown".
std::string head(std::string_view text) {
  const ShellHead out = shell_head(text);
  switch (out.kind) {
  case ShellHead::Kind::Program:
    return "program " + std::string(out.word);
  case ShellHead::Kind::Builtin:
    return "builtin " + std::string(out.word);
  case ShellHead::Kind::Unknown:
    EXPECT_FALSE(out.why.empty()) << text;
    EXPECT_TRUE(out.word.empty()) << text;
    return "unknown";
  }
  return "";
}

TEST(ShellText, the_head_is_the_first_plain_word) {
  EXPECT_EQ(head("git status"), "program git");
  EXPECT_EQ(head("  \n\tgit"), "program git");
  EXPECT_EQ(head("./git -v"), "program ./git");
  EXPECT_EQ(head("git;evil"), "program git");
  EXPECT_EQ(head("git|evil"), "program git");
  EXPECT_EQ(head("git>out"), "program git");
  EXPECT_EQ(head("true; ls"), "builtin true");
  EXPECT_EQ(head("[ -f x ]"), "builtin [");
  EXPECT_EQ(head(": nothing"), "builtin :");
  EXPECT_EQ(head("eval evil"), "program eval");
  EXPECT_EQ(head("env git"), "program env");
}

TEST(ShellText, assignments_before_the_head_are_skipped) {
  EXPECT_EQ(head("A=1 git"), "program git");
  EXPECT_EQ(head("lower=1 _x=2 A1=3 git"), "program git");
  EXPECT_EQ(head("A='x y; z' git"), "program git");
  EXPECT_EQ(head("A=\"x y $HOME \\\" z\" git"), "program git");
  EXPECT_EQ(head("A=a\\ b git"), "program git");
  EXPECT_EQ(head("A+=1 git"), "program git");
  EXPECT_EQ(head("A= git"), "program git");
  EXPECT_EQ(head("A=1\ngit"), "program git");
}

TEST(ShellText, an_assignment_that_runs_something_hides_the_head) {
  for (const std::string_view text :
       {"A=$(id) git", "A=`id` git", "A=\"$(id)\" git", "A=\"`id`\" git", "A=<(id) git",
        "A=1;id git", "A=1|id git", "A='x git", "A=\"x git", "A=1", "", "   "}) {
    EXPECT_EQ(head(text), "unknown") << text;
  }
}

TEST(ShellText, a_value_whose_end_cannot_be_told_hides_the_head) {
  // To the shell each of these runs `evil` with a value that holds `git`.
  for (const std::string_view text : {"A=$'\\' git \\'' evil", "A=${x:- git } evil",
                                      "A=\"${x:-\" git \"}\" evil", "A=$\"a\\\" git \" evil"}) {
    EXPECT_NE(head(text), "program git") << text;
  }
  EXPECT_NE(head("A=1\rgit evil"), "program git");
  EXPECT_EQ(head("git\rx"), "unknown");
}

TEST(ShellText, an_assignment_that_changes_what_the_head_means_hides_it) {
  for (const std::string_view text :
       {"PATH=./evil git", "PATH+=:./evil git", "A=1 LD_PRELOAD=./x.so git", "LD_AUDIT=x git",
        "DYLD_INSERT_LIBRARIES=x git", "BASH_ENV=x git", "ENV=x sh", "IFS=x git",
        "BASH_FUNC_git=x git", "PYTHONPATH=x python3", "NODE_OPTIONS=x node",
        "GIT_EXEC_PATH=x git"}) {
    EXPECT_EQ(head(text), "unknown") << text;
  }
  EXPECT_EQ(head("MYPATH=x git"), "program git");
}

TEST(ShellText, what_is_no_plain_word_is_unknown) {
  for (const std::string_view text : {"\"git\" x",
                                      "'git'",
                                      "g\\it",
                                      "$GIT x",
                                      "`id`",
                                      "$(id)",
                                      "g*t",
                                      "gi?",
                                      "~/git",
                                      "{ git; }",
                                      "(git)",
                                      "! git",
                                      "if git; then x; fi",
                                      "for x in y; do git; done",
                                      "while git; do :; done",
                                      ">out git",
                                      "2>out git",
                                      "<in git",
                                      "&& git",
                                      "| git",
                                      "; git",
                                      "# git\nevil",
                                      "git() { x; }",
                                      "a[0]=$(id) git",
                                      "function git { evil; }",
                                      "time evil"}) {
    EXPECT_EQ(head(text), "unknown") << text;
  }
}

TEST(ShellText, metacharacters_are_found_wherever_they_stand) {
  for (const std::string_view text :
       {"a|b", "a&b", "a;b", "a<b", "a>b", "$(a)", "`a`", "a\nb", "a\rb", "echo 'a;b'", "(a)"}) {
    EXPECT_TRUE(has_shell_metachars(text)) << text;
  }
  EXPECT_FALSE(has_shell_metachars("git commit -m \"a b\" $HOME --x=1"));
}

} // namespace
} // namespace perch::policy
