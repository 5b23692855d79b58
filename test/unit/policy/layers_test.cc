#include "base/error_kinds.h"
#include "policy/layers.h"

#include <gtest/gtest.h>

namespace perch::policy {
namespace {

using op::Cap;
using Mode = Rule::Mode;

/// A layer on one line: what it restricts, in the order of Cap.
std::string dump(const Layer& layer) {
  std::string out = layer.origin + ":";
  for (std::size_t cap = 1; cap < layer.rules.size(); ++cap) {
    const Rule& rule = layer.rules[cap];
    if (rule.mode == Mode::Any)
      continue;
    out += " " + std::string(op::cap_name(static_cast<Cap>(cap))) + "=";
    if (rule.mode == Mode::None)
      out += "none";
    for (std::size_t i = 0; i < rule.allowed.size(); ++i)
      out += (i ? "," : "") + rule.allowed[i];
  }
  if (!layer.shell_allowed)
    out += " no-shell";
  if (!layer.shell_metachars)
    out += " no-metachars";
  if (!layer.child_network)
    out += " no-child-network";
  if (layer.confine_children)
    out += " confined";
  return out;
}

std::string flags(FlagRules rules) {
  if (rules.directory.empty())
    rules.directory = "/work";
  const auto layers = flag_layers(rules);
  if (!layers)
    return layers.error().message;
  std::string out;
  for (const Layer& layer : *layers)
    out += (out.empty() ? "" : "\n") + dump(layer);
  return out;
}

std::string sandbox(std::vector<std::string> words) {
  const auto layer = sandbox_layer(words, "/work", "sandbox (a.perch:9)");
  return layer ? dump(*layer) : layer.error().message + " | " + layer.error().help;
}

TEST(Layers, no_flags_make_no_layer) { EXPECT_EQ(flags({}), ""); }

TEST(Layers, each_flag_is_a_layer_of_its_own) {
  EXPECT_EQ(flags({.no_shell = true,
                   .no_subprocess = true,
                   .no_network = true,
                   .no_write = true,
                   .no_read = true,
                   .no_env = true,
                   .no_wasm = true,
                   .no_shell_metachars = true}),
            "--no-shell: no-shell confined\n"
            "--no-shell-metachars: no-metachars confined\n"
            "--no-subprocess: exec=none confined\n"
            "--no-network: net=none confined\n"
            "--no-write: write=none confined\n"
            "--no-read: read=none confined\n"
            "--no-env: env=none confined\n"
            "--no-wasm: wasm=none confined");
}

TEST(Layers, list_flags_normalize_their_entries) {
  EXPECT_EQ(flags({.env = {{"HOME", "TOKEN"}},
                   .allow_bin = {{"git", "./tools/x", "/usr/bin/make"}},
                   .allow_host = {{"API.X.org.", "*.bücher.example:443"}},
                   .allow_read_path = {{"./src/", "."}},
                   .allow_write_path = {{"/tmp//out"}}}),
            "--env: env=HOME,TOKEN confined\n"
            "--allow-bin: exec=git,/work/tools/x,/usr/bin/make confined\n"
            "--allow-host: net=api.x.org,*.xn--bcher-kva.example:443 no-child-network confined\n"
            "--allow-read-path: read=/work/src,/work confined\n"
            "--allow-write-path: write=/tmp/out confined");
  EXPECT_EQ(flags({.allow_host = {{"x.org"}}, .allow_child_network = true}),
            "--allow-host: net=x.org confined");
}

TEST(Layers, an_empty_list_is_kept_as_one_that_allows_nothing) {
  EXPECT_EQ(flags({.env = {{}}, .allow_bin = {{}}}),
            "--env: env= confined\n--allow-bin: exec= confined");
}

TEST(Layers, an_entry_that_can_match_nothing_is_an_error_that_names_the_flag) {
  EXPECT_EQ(flags({.allow_bin = {{"git", ""}}}), "--allow-bin: `` is empty and can match nothing");
  EXPECT_EQ(flags({.env = {{"A=1"}}}), "--env: `A=1` is no name of a variable: write each name as "
                                       "it is, without a value");
  EXPECT_EQ(flags({.allow_host = {{"http://x.org"}}}),
            "--allow-host: `http://x.org` is no host pattern: a pattern has no scheme and no path");
}

std::string stdin_dump(FlagRules rules) {
  rules.directory = "/work";
  const auto layer = stdin_layer(rules);
  return layer ? dump(*layer) : layer.error().message;
}

TEST(Layers, a_script_from_stdin_starts_with_nothing) {
  EXPECT_EQ(stdin_dump({}), "stdin (not trusted): exec=none read=none write=none net=none env=none "
                            "wasm=none no-shell no-child-network confined");
}

TEST(Layers, stdin_opens_one_capability_at_a_time) {
  EXPECT_EQ(stdin_dump({.allow_write = true, .allow_read = true}),
            "stdin (not trusted): exec=none net=none env=none wasm=none no-shell no-child-network "
            "confined");
  EXPECT_EQ(stdin_dump({.env = {{"HOME"}}, .allow_host = {{"x.org"}}, .allow_read_path = {{"d"}}}),
            "stdin (not trusted): exec=none read=/work/d write=none net=x.org env=HOME wasm=none "
            "no-shell no-child-network confined");
  EXPECT_EQ(stdin_dump({.allow_subprocess = true}),
            "stdin (not trusted): read=none write=none net=none env=none wasm=none no-shell "
            "no-child-network confined");
  EXPECT_EQ(stdin_dump({.allow_shell = true}),
            "stdin (not trusted): read=none write=none net=none env=none wasm=none "
            "no-child-network confined");
}

TEST(Layers, an_explicit_no_flag_wins_over_what_stdin_opens) {
  const FlagRules rules{.no_write = true, .allow_write = true, .directory = "/work"};
  Policy policy;
  policy = policy.with(std::make_shared<Layer>(*stdin_layer(rules)));
  const auto flagged = flag_layers(rules);
  ASSERT_TRUE(flagged);
  for (const Layer& layer : *flagged)
    policy = policy.with(std::make_shared<Layer>(layer));
  const Decision decision = decide(policy, {.cap = Cap::Write, .subject = "/work/x"});
  ASSERT_FALSE(decision.allowed());
  EXPECT_EQ(decision.denied_by->origin, "--no-write");
}

TEST(Layers, requires_lists_are_strict_even_when_empty) {
  const auto layer = requires_layer({.bins = {"git", "tools/x"},
                                     .envs = {"TOKEN"},
                                     .hosts = {"API.github.com"},
                                     .read_roots = {"./src"},
                                     .directory = "/proj",
                                     .origin = "requires (deploy.perch:4)"});
  ASSERT_TRUE(layer);
  EXPECT_EQ(dump(*layer), "requires (deploy.perch:4): exec=git,/proj/tools/x read=/proj/src write= "
                          "net=api.github.com env=TOKEN");
}

TEST(Layers, requires_confines_children_only_when_it_says_so) {
  const auto layer = requires_layer({.confine = true, .directory = "/", .origin = "requires"});
  EXPECT_TRUE(layer->confine_children);
}

TEST(Layers, sandbox_words_may_be_joined_by_commas) {
  EXPECT_EQ(sandbox({"no_shell,no_network", " no_write , no_env "}),
            "sandbox (a.perch:9): write=none net=none env=none no-shell confined");
  EXPECT_EQ(sandbox({"read=./src,read=/etc/ssl", "host=x.org", "env=A,env=B", "bin=git"}),
            "sandbox (a.perch:9): exec=git read=/work/src,/etc/ssl net=x.org env=A,B "
            "no-child-network confined");
}

TEST(Layers, an_unknown_sandbox_flag_is_an_error_with_the_nearest_known_one) {
  EXPECT_EQ(sandbox({"no_netwrok"}),
            "unknown sandbox flag `no_netwrok` | did you mean `no_network`?");
  EXPECT_EQ(sandbox({"reed=./x"}), "unknown sandbox flag `reed=./x` | did you mean `read=`?");
  EXPECT_EQ(sandbox({"read"}), "unknown sandbox flag `read` | did you mean `read=`?");
  EXPECT_EQ(sandbox({"no_shell=1"}),
            "unknown sandbox flag `no_shell=1` | did you mean `no_shell`?");
  EXPECT_EQ(
      sandbox({"everything"}),
      "unknown sandbox flag `everything` | the flags are no_shell, no_subprocess, no_network, "
      "no_write, no_read, no_env, no_wasm, read=PATH, write=PATH, host=PATTERN, env=NAME, "
      "bin=NAME");
}

TEST(Layers, a_sandbox_without_flags_is_an_error) {
  for (const char* word : {"", " ", ",", ",,"}) {
    EXPECT_EQ(sandbox({word}), "this sandbox forbids nothing: it has no flags | write for example: "
                               "sandbox \"no_network,no_write\"");
  }
  EXPECT_FALSE(sandbox_layer({}, "/", "sandbox"));
}

TEST(Layers, a_sandbox_that_contradicts_itself_is_an_error) {
  EXPECT_EQ(sandbox({"no_write,write=./x"}),
            "`write=./x` contradicts the flag before it that allows none | keep one of the two");
  EXPECT_EQ(sandbox({"write=./x,no_write"}),
            "`no_write` contradicts the list before it | keep one of `no_write` and the list");
  EXPECT_EQ(sandbox({"read="}), "read=: `` is empty and can match nothing | ");
}

} // namespace
} // namespace perch::policy
