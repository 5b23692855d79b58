#pragma once
// A gate over a real directory: what the tests of the gate start from.

#include "base/error_kinds.h"
#include "policy/layers.h"
#include "run/gate.h"
#include "run/gated_files.h"
#include "support/recording_sink.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <map>

namespace perch::run {

/// Variables out of a table.
class TableEnv final : public sys::Env {
public:
  std::map<std::string, std::string, std::less<>> table;
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const override {
    const auto found = table.find(name);
    return found == table.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  [[nodiscard]] std::vector<std::string_view> all() const override {
    entries_.clear();
    for (const auto& [name, value] : table)
      entries_.push_back(name + "=" + value);
    return {entries_.begin(), entries_.end()};
  }

private:
  mutable std::vector<std::string> entries_;
};

class GateTest : public testing::Test {
protected:
  GateTest() {
    env.table = {{"PATH", "/usr/bin:/bin"}, {"HOME", home.path()}};
    host = sys::real_host(env);
    world.emplace(sys::World{.fs = *fs, .clock = *clock, .env = env, .host = *host});
  }

  /// The gate, made on first use, so that a test can change the setup before.
  Gate& gate() {
    if (!gate_) {
      setup.sink = &sink;
      gate_ = std::make_unique<Gate>(GateSetup{.world = *world,
                                               .sink = setup.sink,
                                               .protected_directories = setup.protected_directories,
                                               .confine_off = setup.confine_off,
                                               .allow_child_network = setup.allow_child_network,
                                               .http = setup.http});
    }
    return *gate_;
  }
  void end_run() { gate_.reset(); }

  Scope scope() {
    return {.policy = policy, .directory = directory, .env = overlay, .cancel = cancel};
  }
  GatedFiles files(Actor actor = {.name = "op"}) { return GatedFiles(gate(), scope(), actor); }

  void push(const Result<policy::Layer>& layer) {
    ASSERT_TRUE(layer) << layer.error().message;
    const auto pinned = gate().pin(*layer);
    ASSERT_TRUE(pinned) << pinned.error().message;
    policy = policy.with(*pinned);
  }
  void push_flags(policy::FlagRules rules) {
    rules.directory = directory;
    const auto layers = policy::flag_layers(rules);
    ASSERT_TRUE(layers) << layers.error().message;
    for (const policy::Layer& layer : *layers)
      push(layer);
  }
  void push_requires(policy::RequiresRules rules) {
    rules.directory = directory;
    rules.origin = "requires (a.perch:1)";
    push(policy::requires_layer(rules));
  }
  void push_sandbox(const std::string& word) {
    push(policy::sandbox_layer(std::span(&word, 1), directory, "sandbox (a.perch:9)"));
  }

  struct {
    trace::Sink* sink = nullptr;
    std::vector<std::string> protected_directories;
    bool confine_off = false, allow_child_network = false;
    HttpRules http;
  } setup;
  test::TempDir top; ///< everything of the test
  test::TempDir home;
  std::string directory = top.path(); ///< the command's
  std::unique_ptr<sys::Fs> fs = sys::real_fs();
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  TableEnv env;
  std::unique_ptr<sys::Host> host;
  std::optional<sys::World> world;
  test::RecordingSink sink;
  policy::Policy policy;
  EnvOverlay overlay;
  std::shared_ptr<sys::CancelToken> cancel = sys::CancelToken::root();

private:
  std::unique_ptr<Gate> gate_;
};

/// "ok", or the kind of the error.
template <class T>
std::string kind_of(const Result<T>& result) {
  return result ? "ok" : std::string(result.error().kind);
}

} // namespace perch::run
