#include "base/error_kinds.h"
#include "policy/layers.h"
#include "policy/policy.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace perch::policy {
namespace {

using op::Cap;
using Mode = Rule::Mode;

/// The denial as its reader sees it, after the kind and the detail.
std::string denied(const Layer& layer, const Request& request, std::string_view who) {
  const Policy policy = Policy().with(std::make_shared<Layer>(layer));
  const Decision decision = decide(policy, request);
  if (decision.allowed())
    return "allowed";
  const Error error = denial(decision, request, who);
  return std::string(error.kind) + " (" + error.detail + ")\n" + error.message + "\n" + error.note +
         "\n" + error.help;
}

Layer declared() {
  return *requires_layer({.bins = {"git"},
                          .hosts = {"api.github.com"},
                          .read_roots = {"a", "b", "c", "d", "e"},
                          .directory = "/proj",
                          .origin = "requires (deploy.perch:4)"});
}

Layer flag(FlagRules rules) {
  rules.directory = "/proj";
  return flag_layers(rules)->front();
}

Layer boxed(std::string word) {
  return *sandbox_layer(std::span(&word, 1), "/proj", "sandbox (deploy.perch:9)");
}

TEST(Denial, of_requires_names_the_line_to_add) {
  EXPECT_EQ(
      denied(declared(), {.cap = Cap::Net, .subject = "tracker.example", .port = 443}, "http_get"),
      "host_not_declared (tracker.example)\n"
      "http_get may not reach tracker.example:443\n"
      "denied by: requires (deploy.perch:4), which declares host api.github.com\n"
      "to allow it, add: host \"tracker.example\"");
  EXPECT_EQ(denied(declared(), {.cap = Cap::Read, .subject = "/etc/passwd"}, "read_file"),
            "read_not_declared (/etc/passwd)\n"
            "read_file may not read /etc/passwd\n"
            "denied by: requires (deploy.perch:4), which declares roots /proj/a, /proj/b, /proj/c, "
            "/proj/d and 1 more\n"
            "to allow it, add: read \"/etc/passwd\"");
  EXPECT_EQ(denied(declared(), {.cap = Cap::Write, .subject = "/proj/x"}, "mkdir"),
            "write_not_declared (/proj/x)\n"
            "mkdir may not write /proj/x\n"
            "denied by: requires (deploy.perch:4), which declares no root\n"
            "to allow it, add: write \"/proj/x\"");
  EXPECT_EQ(denied(declared(), {.cap = Cap::Env, .subject = "TOKEN"}, "get_env"),
            "env_not_declared (TOKEN)\n"
            "get_env may not see TOKEN\n"
            "denied by: requires (deploy.perch:4), which declares no env\n"
            "to allow it, add: env \"TOKEN\"");
  EXPECT_EQ(
      denied(declared(),
             {.cap = Cap::Exec, .subject = "make", .resolved = "/usr/bin/make", .known_as = "make"},
             "exec"),
      "bin_not_declared (make)\n"
      "exec may not run make\n"
      "denied by: requires (deploy.perch:4), which declares bin git\n"
      "to allow it, add: bin \"make\"");
}

TEST(Denial, of_a_program_by_path_names_the_path_to_declare) {
  EXPECT_EQ(
      denied(declared(), {.cap = Cap::Exec, .subject = "./git", .resolved = "/proj/git"}, "exec"),
      "bin_not_declared (./git)\n"
      "exec may not run ./git\n"
      "denied by: requires (deploy.perch:4), which declares bin git\n"
      "to allow it, add: bin \"/proj/git\"");
}

TEST(Denial, of_a_shadowed_name_says_which_program_was_found) {
  EXPECT_EQ(
      denied(declared(), {.cap = Cap::Exec, .subject = "git", .resolved = "/evil/git"}, "exec"),
      "bin_not_declared (git)\n"
      "exec may not run /evil/git, which is not the `git` on the PATH that perch was started "
      "with\n"
      "denied by: requires (deploy.perch:4), which declares bin git\n"
      "to allow it, add: bin \"/evil/git\"");
}

TEST(Denial, of_a_closing_flag_says_to_leave_it_out) {
  EXPECT_EQ(denied(flag({.no_write = true}), {.cap = Cap::Write, .subject = "/proj/x"}, "mkdir"),
            "capability_denied (--no-write)\n"
            "mkdir may not write /proj/x\n"
            "denied by: --no-write\n"
            "to allow it, run without --no-write");
  EXPECT_EQ(
      denied(flag({.no_shell = true}), {.cap = Cap::Exec, .subject = "ls", .shell = true}, "shell"),
      "capability_denied (--no-shell)\n"
      "shell may not use a shell\n"
      "denied by: --no-shell\n"
      "to allow it, run without --no-shell");
}

TEST(Denial, of_a_list_flag_says_what_to_add) {
  EXPECT_EQ(denied(flag({.allow_host = {{"x.org"}}}),
                   {.cap = Cap::Net, .subject = "2001:db8::1", .port = 80}, "http_get"),
            "capability_denied (--allow-host)\n"
            "http_get may not reach [2001:db8::1]:80\n"
            "denied by: --allow-host, which allows host x.org\n"
            "to allow it, run with --allow-host '[2001:db8::1]'");
  EXPECT_EQ(denied(flag({.env = {{}}}), {.cap = Cap::Env, .subject = "HOME"}, "get_env"),
            "capability_denied (--env)\n"
            "get_env may not see HOME\n"
            "denied by: --env, which allows no env\n"
            "to allow it, run with --env HOME");
  EXPECT_EQ(denied(flag({.allow_host = {{}}}), {.cap = Cap::Net}, "find_free_port"),
            "capability_denied (--allow-host)\n"
            "find_free_port may not reach the network\n"
            "denied by: --allow-host, which allows no host\n"
            "to allow it, run without --allow-host");
}

TEST(Denial, of_shell_texts_by_flags_has_kinds_of_its_own) {
  EXPECT_EQ(denied(flag({.allow_bin = {{"git"}}}),
                   {.cap = Cap::Exec,
                    .subject = "ls",
                    .resolved = "/bin/ls",
                    .known_as = "ls",
                    .shell = true},
                   "shell"),
            "shell_bin_not_allowed (--allow-bin)\n"
            "shell may not run ls\n"
            "denied by: --allow-bin, which allows bin git\n"
            "to allow it, run with --allow-bin ls");
  EXPECT_EQ(denied(flag({.allow_bin = {{"git"}}}), {.cap = Cap::Exec, .shell = true}, "shell"),
            "shell_bin_not_allowed (--allow-bin)\n"
            "shell may not run this shell text: its first word cannot be told\n"
            "denied by: --allow-bin, which allows bin git\n"
            "to allow it, run without --allow-bin");
  EXPECT_EQ(denied(flag({.no_shell_metachars = true}),
                   {.cap = Cap::Exec, .subject = "ls", .shell = true, .shell_metachars = true},
                   "shell"),
            "shell_metachars_denied (--no-shell-metachars)\n"
            "shell may not run a shell text that holds any of | & ; < > ( ) ` or a line break\n"
            "denied by: --no-shell-metachars\n"
            "to allow it, run without --no-shell-metachars");
}

TEST(Denial, of_stdin_names_the_smallest_flag) {
  const Layer layer = *stdin_layer({.directory = "/proj"});
  const auto last_line = [&](const Request& request) {
    const std::string text = denied(layer, request, "op");
    return text.substr(text.rfind('\n') + 1);
  };
  EXPECT_EQ(denied(layer, {.cap = Cap::Write, .subject = "/x"}, "mkdir"),
            "capability_denied (stdin (not trusted))\n"
            "mkdir may not write /x\n"
            "denied by: stdin (not trusted)\n"
            "to allow it, run with --allow-write-path /x");
  EXPECT_EQ(last_line({.cap = Cap::Net, .subject = "x.org"}),
            "to allow it, run with --allow-host x.org");
  EXPECT_EQ(last_line({.cap = Cap::Net}), "to allow it, run with --allow-network");
  EXPECT_EQ(last_line({.cap = Cap::Env, .subject = "A"}), "to allow it, run with --env A");
  EXPECT_EQ(last_line({.cap = Cap::Exec, .subject = "ls", .resolved = "/bin/ls", .known_as = "ls"}),
            "to allow it, run with --allow-bin ls");
  EXPECT_EQ(last_line({.cap = Cap::Exec, .subject = "ls", .shell = true}),
            "to allow it, run with --allow-shell");
  EXPECT_EQ(last_line({.cap = Cap::Wasm, .subject = "00ff"}), "to allow it, run with --allow-wasm");
}

TEST(Denial, of_a_sandbox_names_the_word_in_its_head) {
  EXPECT_EQ(denied(boxed("no_network"), {.cap = Cap::Net, .subject = "x.org"}, "http_get"),
            "capability_denied (sandbox (deploy.perch:9))\n"
            "http_get may not reach x.org\n"
            "denied by: sandbox (deploy.perch:9)\n"
            "to allow it, take no_network off the sandbox");
  EXPECT_EQ(denied(boxed("write=./out"), {.cap = Cap::Write, .subject = "/proj/outer"}, "touch"),
            "capability_denied (sandbox (deploy.perch:9))\n"
            "touch may not write /proj/outer\n"
            "denied by: sandbox (deploy.perch:9), which allows root /proj/out\n"
            "to allow it, add write=/proj/outer to the sandbox");
}

TEST(Denial, of_a_guest_is_of_the_wasm_lane) {
  EXPECT_EQ(denied(flag({.no_read = true}), {.cap = Cap::Read, .subject = "/data", .guest = true},
                   "wasm_run"),
            "wasm_capability_denied (--no-read)\n"
            "wasm_run may not read /data\n"
            "denied by: --no-read\n"
            "to allow it, run without --no-read");
}

TEST(Denial, every_kind_is_one_of_the_closed_list) {
  for (int cap = 1; cap < 7; ++cap) {
    for (const Layer& layer : {declared(), *stdin_layer({}),
                               boxed("no_write,no_read,no_env,"
                                     "no_network,no_subprocess,no_wasm")}) {
      const Policy policy = Policy().with(std::make_shared<Layer>(layer));
      const Request request{.cap = static_cast<Cap>(cap), .subject = "x"};
      const Decision decision = decide(policy, request);
      if (decision.allowed())
        continue;
      const Error error = denial(decision, request, "op");
      EXPECT_NE(std::ranges::find(kind::kAll, error.kind), kind::kAll.end()) << error.kind;
      EXPECT_FALSE(error.help.empty());
    }
  }
}

} // namespace
} // namespace perch::policy
