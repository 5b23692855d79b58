// A layer narrowed to what can match a request decides as the whole layer does.

#include "scan/entry_index.h"

#include <gtest/gtest.h>

namespace perch::scan {
namespace {

using op::Cap;
using policy::Layer;
using policy::Request;
using policy::Rule;

bool allowed(Layer layer, const Request& request) {
  const policy::Policy alone =
      policy::Policy().with(std::make_shared<const Layer>(std::move(layer)));
  return policy::decide(alone, request).allowed();
}

Layer listing(Cap cap, std::vector<std::string> entries) {
  Layer layer{.source = Layer::Source::Requires};
  for (Rule& rule : layer.rules)
    rule.mode = Rule::Mode::Only;
  layer.rule(cap).allowed = std::move(entries);
  return layer;
}

void expect_same(const Layer& layer, const Request& request, bool expected) {
  const EntryIndex index(layer);
  EXPECT_EQ(allowed(layer, request), expected) << request.subject << ' ' << request.port;
  EXPECT_EQ(allowed(index.narrowed(request), request), expected)
      << request.subject << ' ' << request.port;
}

TEST(EntryIndex, hosts_match_by_name_domain_port_and_star) {
  const Layer layer = listing(Cap::Net, {"x.org", "*.y.org", "z.org:443", "[::1]:80", "[fe80::1]"});
  const auto asks = [&](std::string_view host, int port, bool expected) {
    expect_same(layer, {.cap = Cap::Net, .subject = host, .port = port}, expected);
  };
  asks("x.org", 80, true);
  asks("a.x.org", 80, false);
  asks("a.y.org", 80, true);
  asks("a.b.y.org", 80, true);
  asks("y.org", 80, false);
  asks("z.org", 443, true);
  asks("z.org", 80, false);
  asks("z.org", 0, true);
  asks("::1", 80, true);
  asks("::1", 81, false);
  asks("fe80::1", 81, true);
  asks("", 0, true);
  expect_same(listing(Cap::Net, {"*:8080"}), {.cap = Cap::Net, .subject = "a.b", .port = 8080},
              true);
  expect_same(listing(Cap::Net, {"*:8080"}), {.cap = Cap::Net, .subject = "a.b", .port = 80},
              false);
}

TEST(EntryIndex, paths_match_by_any_root_above_them) {
  const Layer layer = listing(Cap::Write, {"/a/b", "/c"});
  const auto asks = [&](Cap cap, std::string_view path, bool expected) {
    expect_same(layer, {.cap = cap, .subject = path}, expected);
  };
  for (const Cap cap : {Cap::Read, Cap::Write}) {
    asks(cap, "/a/b", true);
    asks(cap, "/a/b/c/d", true);
    asks(cap, "/a/bc", false);
    asks(cap, "/a", false);
    asks(cap, "/c/x", true);
    asks(cap, "/", false);
  }
  expect_same(listing(Cap::Read, {"/"}), {.cap = Cap::Read, .subject = "/x/y"}, true);
  expect_same(listing(Cap::Read, {"/"}), {.cap = Cap::Read, .subject = "/"}, true);
  expect_same(listing(Cap::Read, {"/x"}), {.cap = Cap::Write, .subject = "/x"}, false);
}

TEST(EntryIndex, names_match_as_they_are) {
  const Layer bins = listing(Cap::Exec, {"git", "/opt/tool"});
  expect_same(bins, {.cap = Cap::Exec, .subject = "git", .known_as = "git"}, true);
  expect_same(bins, {.cap = Cap::Exec, .subject = "ls", .known_as = "ls"}, false);
  expect_same(bins, {.cap = Cap::Exec, .subject = "tool", .resolved = "/opt/tool"}, true);
  const EntryIndex index(bins);
  EXPECT_TRUE(index.lists_program("git"));
  EXPECT_FALSE(index.lists_program("ls"));
  EXPECT_TRUE(index.lists_program_paths());
  const Layer variables = listing(Cap::Env, {"TOKEN"});
  expect_same(variables, {.cap = Cap::Env, .subject = "TOKEN"}, true);
  expect_same(variables, {.cap = Cap::Env, .subject = "OTHER"}, false);
  expect_same(variables, {.cap = Cap::Env, .subject = "PATH"}, true);
}

} // namespace
} // namespace perch::scan
