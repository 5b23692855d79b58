#include "gate_fixture.h"
#include "run/gate_glob.h"

namespace perch::run {
namespace {

using test::make_directory;
using test::make_link;
using test::write_file;

TEST(GlobPattern, stars_question_marks_and_sets_match_within_a_component) {
  const struct {
    std::string_view pattern, name;
    bool matches;
  } kCases[] = {
      {"a", "a", true},
      {"a", "b", false},
      {"*", "", true},
      {"*", "abc", true},
      {"a*c", "abc", true},
      {"a*c", "ab", false},
      {"a*b*c", "axbyc", true},
      {"*a*", "bab", true},
      {"*.txt", "x.txt", true},
      {"*.txt", "x.txt.bak", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"?", "ä", true},
      {"??", "ä", false},
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},
      {"[^a-c]x", "ax", false},
      {"[]]", "]", true},
      {"[a-]", "-", true},
      {"[ä-ü]", "ö", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"[\\]]", "]", true},
      {"*", ".hidden", false},
      {".*", ".hidden", true},
      {"?hidden", ".hidden", false},
      {"[.]hidden", ".hidden", false},
      {"\\.h*", ".hidden", true},
      {"?", "\xff", true},
      {"*a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(matches_component(c.pattern, c.name), c.matches) << c.pattern << " " << c.name;
}

TEST(GlobPattern, many_stars_take_no_exponential_time) {
  std::string pattern;
  for (int i = 0; i < 50; ++i)
    pattern += "a*";
  EXPECT_FALSE(matches_component(pattern + "b", std::string(250, 'a')));
}

TEST(GlobPattern, a_broken_pattern_is_an_error) {
  for (const std::string_view pattern : {"[", "a[b", "[z-a]", "a\\", "a/[/b", "**a", "a**", "[!"})
    EXPECT_FALSE(check_glob(pattern)) << pattern;
  for (const std::string_view pattern : {"a", "**/x", "x/**", "[a]", "\\[", "*?", "[]]"})
    EXPECT_TRUE(check_glob(pattern)) << pattern;
}

class GlobTest : public GateTest {
protected:
  void SetUp() override {
    for (const char* dir : {"a", "a/b", "a/b/c", ".dot", "out"})
      make_directory(top / dir);
    for (const char* file : {"x.txt", "y.md", "a/x.txt", "a/b/x.txt", "a/b/c/x.txt", ".dot/x.txt",
                             "a/.hid.txt", "out/s.txt"})
      write_file(top / file, "");
  }
  std::string found(std::string_view pattern) {
    const auto paths = files().glob(pattern);
    return paths ? base_join(*paths) : std::string(paths.error().kind);
  }
  static std::string base_join(const std::vector<std::string>& paths) {
    std::string out;
    for (const std::string& path : paths)
      out += (out.empty() ? "" : " ") + path;
    return out;
  }
};

TEST_F(GlobTest, results_are_sorted_and_relative_where_the_pattern_is) {
  EXPECT_EQ(found("*"), "a out x.txt y.md");
  EXPECT_EQ(found("*.txt"), "x.txt");
  EXPECT_EQ(found("a/*.txt"), "a/x.txt");
  EXPECT_EQ(found("./a/*"), "a/b a/x.txt");
  EXPECT_EQ(found("a"), "a");
  EXPECT_EQ(found("none*"), "");
  EXPECT_EQ(found("none/*"), "");
  EXPECT_EQ(found("none"), "");
  EXPECT_EQ(found(top / "a/*.txt"), top / "a/x.txt");
  EXPECT_EQ(found("a/../*.md"), "a/../y.md");
}

TEST_F(GlobTest, two_stars_cross_components_but_not_hidden_ones) {
  EXPECT_EQ(found("**/x.txt"), "a/b/c/x.txt a/b/x.txt a/x.txt x.txt");
  EXPECT_EQ(found("a/**/x.txt"), "a/b/c/x.txt a/b/x.txt a/x.txt");
  EXPECT_EQ(found("a/**"), "a/b a/b/c a/b/c/x.txt a/b/x.txt a/x.txt");
  EXPECT_EQ(found("**/**/x.txt"), "a/b/c/x.txt a/b/x.txt a/x.txt x.txt");
  EXPECT_EQ(found(".dot/*"), ".dot/x.txt");
  EXPECT_EQ(found("a/.*"), "a/.hid.txt");
}

TEST_F(GlobTest, two_stars_do_not_follow_links) {
  make_link("..", top / "a/b/up");
  EXPECT_EQ(found("a/**/x.txt"), "a/b/c/x.txt a/b/x.txt a/x.txt");
  EXPECT_EQ(found("a/b/up/x.txt"), "a/b/up/x.txt");
}

TEST_F(GlobTest, what_is_denied_is_not_found) {
  push_flags({.allow_read_path = {{"a"}}});
  make_link("../out", top / "a/esc");
  EXPECT_EQ(found("a/*.txt"), "a/x.txt");
  EXPECT_EQ(found("a/*/s.txt"), "");
  EXPECT_EQ(sink.lines().size(), 1u); // a/esc/s.txt
  EXPECT_EQ(found("*.txt"), kind::kCapabilityDenied);
  EXPECT_EQ(found("out/*"), kind::kCapabilityDenied);
  EXPECT_EQ(found("a/esc/*"), kind::kCapabilityDenied);
}

TEST_F(GlobTest, a_stopped_run_stops_searching) {
  cancel->stop(sys::StopReason::Client);
  EXPECT_FALSE(files().glob("**/x.txt"));
}

} // namespace
} // namespace perch::run
