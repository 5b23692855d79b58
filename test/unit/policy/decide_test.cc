#include "policy/hosts.h"
#include "policy/policy.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace perch::policy {
namespace {

using op::Cap;
using Mode = Rule::Mode;
using Source = Layer::Source;

// ---- the slow, obvious second implementation ---------------------------------------------------

std::vector<std::string> pieces(std::string_view text, char separator) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

/// A path is in a root when the root's components are the path's first ones.
bool twin_in_root(const std::string& root, const std::string& path) {
  std::vector<std::string> r = pieces(root, '/'), p = pieces(path, '/');
  std::erase(r, "");
  std::erase(p, "");
  for (std::size_t i = 0; i < r.size(); ++i) {
    if (i >= p.size() || r[i] != p[i])
      return false;
  }
  return true;
}

/// Compares label by label from the end.
bool twin_host(std::string pattern, const std::string& host, int port) {
  const std::size_t colon = pattern.find(':');
  if (colon != std::string::npos) {
    if (port != 0 && pattern.substr(colon + 1) != std::to_string(port))
      return false;
    pattern.resize(colon);
  }
  if (pattern == "*")
    return true;
  std::vector<std::string> p = pieces(pattern, '.'), h = pieces(host, '.');
  while (!p.empty() && !h.empty() && p.back() == h.back()) {
    p.pop_back();
    h.pop_back();
  }
  return (p.empty() && h.empty()) || (p.size() == 1 && p[0] == "*" && !h.empty());
}

bool twin_entry(Cap cap, const std::string& entry, const Request& r) {
  const std::string subject(r.subject);
  if (cap == Cap::Read || cap == Cap::Write)
    return twin_in_root(entry, subject);
  if (cap == Cap::Net)
    return subject.empty() || twin_host(entry, subject, r.port);
  if (cap == Cap::Exec)
    return entry[0] == '/' ? entry == r.resolved : entry == r.known_as;
  return entry == subject;
}

bool twin_allows(const Layer& layer, const Request& r) {
  const bool from_file = layer.source == Source::Requires;
  if (r.guest && from_file)
    return true;
  if (r.shell && !layer.shell_allowed)
    return false;
  if (r.shell && r.shell_metachars && !layer.shell_metachars)
    return false;
  const Rule& rule = layer.rule(r.cap);
  if (rule.mode == Mode::Any)
    return true;
  if (rule.mode == Mode::None)
    return false;
  if (r.cap == Cap::Exec && r.shell && r.shell_builtin)
    return true;
  if (r.cap == Cap::Env && from_file && is_operational_variable(r.subject))
    return true;
  std::vector<std::string> list = rule.allowed;
  if (r.cap == Cap::Read && layer.rule(Cap::Write).mode == Mode::Only) {
    for (const std::string& root : layer.rule(Cap::Write).allowed)
      list.push_back(root);
  }
  for (const std::string& entry : list) {
    if (twin_entry(r.cap, entry, r))
      return true;
  }
  return false;
}

const Layer* twin_denied_by(const std::vector<Layer>& layers, const Request& r) {
  for (const Layer& layer : layers) {
    if (!twin_allows(layer, r))
      return &layer;
  }
  return nullptr;
}

// ---- random policies and requests --------------------------------------------------------------

const std::vector<std::string> kSubjects[] = {
    {},
    {"git", "sh", "./git", "/usr/bin/git", "make"},
    {"/", "/srv", "/srv/app", "/srv/app/x", "/srv/application", "/srv/ap", "/etc/passwd"},
    {"/", "/srv", "/srv/app", "/srv/app/x", "/srv/application", "/srv/ap", "/etc/passwd"},
    {"", "x.org", "a.x.org", "b.a.x.org", "ax.org", "org", "x.org.evil.net"},
    {"HOME", "TOKEN", "PATH", "LC_ALL", "TOKEN2"},
    {"abc", "def"}};
const std::vector<std::string> kEntries[] = {
    {},
    {"git", "make", "/usr/bin/git", "/opt/git", "/usr/bin/gi"},
    {"/", "/srv", "/srv/app", "/srv/ap", "/etc", "/etc/passwd"},
    {"/", "/srv/app", "/srv/app/x", "/tmp"},
    {"*", "x.org", "*.x.org", "*.org", "x.org:443", "*.x.org:80", "*:8080"},
    {"TOKEN", "HOME", "TOKE"},
    {"abc"}};

class Random {
public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }
  bool chance(int percent) { return below(100) < percent; }
  const std::string& of(const std::vector<std::string>& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(list.size())))];
  }

  Layer layer() {
    Layer out{.origin = "layer", .source = static_cast<Source>(below(4))};
    for (std::size_t cap = 1; cap < 7; ++cap) {
      out.rules[cap].mode = static_cast<Mode>(chance(60) ? 0 : chance(80) ? 1 : 2);
      for (int n = below(4); n > 0; --n)
        out.rules[cap].allowed.push_back(of(kEntries[cap]));
    }
    out.shell_allowed = chance(80);
    out.shell_metachars = chance(80);
    return out;
  }

  Request request() {
    const auto cap = static_cast<std::size_t>(1 + below(6));
    Request out{.cap = static_cast<Cap>(cap), .subject = of(kSubjects[cap])};
    if (out.cap == Cap::Exec) {
      static const std::vector<std::string> kResolved = {"", "/usr/bin/git", "/opt/git", "/x/make"};
      out.resolved = of(kResolved);
      if (chance(60))
        out.known_as = out.subject;
      out.shell = chance(40);
      out.shell_builtin = chance(30);
      out.shell_metachars = chance(40);
    }
    if (out.cap == Cap::Net && chance(70))
      out.port = chance(50) ? 443 : 80;
    out.guest = chance(30);
    return out;
  }

private:
  std::mt19937 engine_;
};

TEST(Decide, agrees_with_brute_force_on_random_policies) {
  Random random(20240607);
  int denied = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<Layer> layers;
    Policy policy;
    for (int n = random.below(5); n > 0; --n) {
      layers.push_back(random.layer());
      policy = policy.with(std::make_shared<Layer>(layers.back()));
    }
    for (int i = 0; i < 10; ++i) {
      const Request request = random.request();
      const Layer* expected = twin_denied_by(layers, request);
      const Decision decision = decide(policy, request);
      ASSERT_EQ(decision.allowed(), expected == nullptr)
          << op::cap_name(request.cap) << " " << request.subject << " port " << request.port;
      if (expected == nullptr)
        continue;
      ++denied;
      ASSERT_EQ(decision.denied_by,
                policy.layers()[static_cast<std::size_t>(expected - layers.data())].get());
    }
  }
  // Both answers must have been tried often for the comparison to mean anything.
  EXPECT_GT(denied, 50000);
  EXPECT_LT(denied, 150000);
}

TEST(Decide, a_layer_on_top_never_allows_what_was_denied) {
  Random random(7);
  for (int round = 0; round < 20000; ++round) {
    const Policy below = Policy().with(std::make_shared<Layer>(random.layer()));
    const Policy above = below.with(std::make_shared<Layer>(random.layer()));
    const Request request = random.request();
    if (!decide(below, request).allowed()) {
      ASSERT_FALSE(decide(above, request).allowed());
    }
  }
}

TEST(Decide, pushing_a_layer_leaves_the_policy_below_as_it_was) {
  auto deny = std::make_shared<Layer>();
  deny->rule(Cap::Write).mode = Mode::None;
  const Policy empty;
  const Policy closed = empty.with(deny);
  const Request request{.cap = Cap::Write, .subject = "/x"};
  EXPECT_TRUE(decide(empty, request).allowed());
  EXPECT_FALSE(decide(closed, request).allowed());
  EXPECT_EQ(closed.layers().size(), 1u);
}

Policy with_rule(Cap cap, std::vector<std::string> allowed, Source source = Source::CommandLine) {
  auto layer = std::make_shared<Layer>();
  layer->source = source;
  layer->rule(cap) = {.mode = Mode::Only, .allowed = std::move(allowed)};
  return Policy().with(layer);
}

TEST(Decide, an_empty_list_denies_everything) {
  for (int cap = 1; cap < 7; ++cap) {
    const Policy policy = with_rule(static_cast<Cap>(cap), {});
    EXPECT_FALSE(
        decide(policy,
               {.cap = static_cast<Cap>(cap), .subject = "/x", .resolved = "/x", .known_as = "x"})
            .allowed());
  }
}

TEST(Decide, a_root_matches_by_component) {
  const Policy policy = with_rule(Cap::Write, {"/srv/app"});
  EXPECT_TRUE(decide(policy, {.cap = Cap::Write, .subject = "/srv/app"}).allowed());
  EXPECT_TRUE(decide(policy, {.cap = Cap::Write, .subject = "/srv/app/a/b"}).allowed());
  EXPECT_FALSE(decide(policy, {.cap = Cap::Write, .subject = "/srv/application"}).allowed());
  EXPECT_FALSE(decide(policy, {.cap = Cap::Write, .subject = "/srv/App/a"}).allowed());
  EXPECT_FALSE(decide(policy, {.cap = Cap::Write, .subject = "/srv"}).allowed());
  EXPECT_FALSE(decide(policy, {.cap = Cap::Write, .subject = ""}).allowed());
}

TEST(Decide, the_root_directory_as_root_matches_every_path) {
  EXPECT_TRUE(decide(with_rule(Cap::Read, {"/"}), {.cap = Cap::Read, .subject = "/a"}).allowed());
  EXPECT_TRUE(decide(with_rule(Cap::Read, {"/"}), {.cap = Cap::Read, .subject = "/"}).allowed());
}

TEST(Decide, a_name_does_not_allow_a_path_of_that_name) {
  const Policy policy = with_rule(Cap::Exec, {"git"});
  EXPECT_TRUE(
      decide(policy,
             {.cap = Cap::Exec, .subject = "git", .resolved = "/usr/bin/git", .known_as = "git"})
          .allowed());
  EXPECT_TRUE(decide(policy, {.cap = Cap::Exec,
                              .subject = "/usr/bin/git",
                              .resolved = "/usr/bin/git",
                              .known_as = "git"})
                  .allowed());
  EXPECT_FALSE(
      decide(policy, {.cap = Cap::Exec, .subject = "./git", .resolved = "/home/me/git"}).allowed());
  EXPECT_FALSE(
      decide(policy, {.cap = Cap::Exec, .subject = "git", .resolved = "/evil/git"}).allowed());
  EXPECT_FALSE(
      decide(policy,
             {.cap = Cap::Exec, .subject = "GIT", .resolved = "/usr/bin/GIT", .known_as = "GIT"})
          .allowed());
}

TEST(Decide, a_path_does_not_allow_another_program_of_that_name) {
  const Policy policy = with_rule(Cap::Exec, {"/opt/git"});
  EXPECT_FALSE(
      decide(policy,
             {.cap = Cap::Exec, .subject = "git", .resolved = "/usr/bin/git", .known_as = "git"})
          .allowed());
  EXPECT_TRUE(
      decide(policy,
             {.cap = Cap::Exec, .subject = "git", .resolved = "/opt/git", .known_as = "git"})
          .allowed());
}

TEST(Decide, requires_does_not_bound_a_guest_but_flags_do) {
  const Request guest{.cap = Cap::Read, .subject = "/data", .guest = true};
  EXPECT_TRUE(decide(with_rule(Cap::Read, {}, Source::Requires), guest).allowed());
  EXPECT_FALSE(decide(with_rule(Cap::Read, {}, Source::CommandLine), guest).allowed());
  EXPECT_FALSE(decide(with_rule(Cap::Read, {}, Source::Sandbox), guest).allowed());
}

TEST(Decide, operational_variables_need_no_declaration_but_obey_flags) {
  const Request home{.cap = Cap::Env, .subject = "HOME"};
  EXPECT_TRUE(decide(with_rule(Cap::Env, {}, Source::Requires), home).allowed());
  EXPECT_FALSE(decide(with_rule(Cap::Env, {}, Source::CommandLine), home).allowed());
}

} // namespace
} // namespace perch::policy
