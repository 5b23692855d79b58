#include "policy/layers.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/entries.h"

#include <algorithm>
#include <utility>

namespace perch::policy {
namespace {

using op::Cap;
using Mode = Rule::Mode;
using Source = Layer::Source;

Layer flag_layer(std::string_view flag) {
  return Layer{
      .origin = std::string(flag), .source = Source::CommandLine, .confine_children = true};
}

struct ListFlag {
  std::string_view flag;
  Cap cap;
  const FlagRules::List& list;
};

std::vector<ListFlag> list_flags(const FlagRules& rules) {
  return {{"--env", Cap::Env, rules.env},
          {"--allow-bin", Cap::Exec, rules.allow_bin},
          {"--allow-host", Cap::Net, rules.allow_host},
          {"--allow-read-path", Cap::Read, rules.allow_read_path},
          {"--allow-write-path", Cap::Write, rules.allow_write_path}};
}

} // namespace

Result<std::vector<Layer>> flag_layers(const FlagRules& rules) {
  std::vector<Layer> out;
  const std::pair<bool, std::pair<std::string_view, Cap>> closed[] = {
      {rules.no_subprocess, {"--no-subprocess", Cap::Exec}},
      {rules.no_network, {"--no-network", Cap::Net}},
      {rules.no_write, {"--no-write", Cap::Write}},
      {rules.no_read, {"--no-read", Cap::Read}},
      {rules.no_env, {"--no-env", Cap::Env}},
      {rules.no_wasm, {"--no-wasm", Cap::Wasm}}};
  if (rules.no_shell) {
    out.push_back(flag_layer("--no-shell"));
    out.back().shell_allowed = false;
  }
  if (rules.no_shell_metachars) {
    out.push_back(flag_layer("--no-shell-metachars"));
    out.back().shell_metachars = false;
  }
  for (const auto& [given, what] : closed) {
    if (!given)
      continue;
    out.push_back(flag_layer(what.first));
    out.back().rule(what.second).mode = Mode::None;
  }
  for (const ListFlag& flag : list_flags(rules)) {
    if (!flag.list)
      continue;
    out.push_back(flag_layer(flag.flag));
    Rule& rule = out.back().rule(flag.cap);
    rule.mode = Mode::Only;
    PERCH_TRY_ASSIGN(rule.allowed, entries(flag.cap, *flag.list, rules.directory, flag.flag));
    out.back().child_network = flag.cap != Cap::Net || rules.allow_child_network;
  }
  return out;
}

Result<std::vector<Layer>> test_layers(const FlagRules& rules) {
  PERCH_TRY_ASSIGN(std::vector<Layer> layers, flag_layers(rules));
  for (Layer& layer : layers) {
    layer.origin = "perch test";
    layer.source = Source::Test;
  }
  return layers;
}

Result<Layer> stdin_layer(const FlagRules& rules) {
  Layer out{.origin = "stdin (not trusted)", .source = Source::Stdin, .confine_children = true};
  out.child_network = rules.allow_child_network;
  for (Rule& rule : out.rules)
    rule.mode = Mode::None;
  out.rule(Cap::None).mode = Mode::Any;
  out.shell_allowed = rules.allow_shell;
  for (const ListFlag& flag : list_flags(rules)) {
    if (!flag.list)
      continue;
    Rule& rule = out.rule(flag.cap);
    rule.mode = Mode::Only;
    PERCH_TRY_ASSIGN(rule.allowed, entries(flag.cap, *flag.list, rules.directory, flag.flag));
  }
  // A list beside the flag that opens its whole class is a layer of its own (flag_layers).
  const std::pair<bool, Cap> opened[] = {{rules.allow_subprocess || rules.allow_shell, Cap::Exec},
                                         {rules.allow_network, Cap::Net},
                                         {rules.allow_write, Cap::Write},
                                         {rules.allow_read, Cap::Read},
                                         {rules.allow_wasm, Cap::Wasm}};
  for (const auto& [given, cap] : opened) {
    if (given)
      out.rule(cap) = Rule{};
  }
  return out;
}

Result<Layer> requires_layer(const RequiresRules& rules) {
  Layer out{.origin = rules.origin,
            .span = rules.span,
            .source = Source::Requires,
            .confine_children = rules.confine};
  const std::pair<Cap, const std::vector<std::string>&> lists[] = {{Cap::Exec, rules.bins},
                                                                   {Cap::Read, rules.read_roots},
                                                                   {Cap::Write, rules.write_roots},
                                                                   {Cap::Net, rules.hosts},
                                                                   {Cap::Env, rules.envs}};
  for (const auto& [cap, list] : lists) {
    out.rule(cap).mode = Mode::Only;
    PERCH_TRY_ASSIGN(out.rule(cap).allowed, entries(cap, list, rules.directory, rules.origin));
  }
  return out;
}

} // namespace perch::policy
