#include "op_fixture.h"

namespace perch::ops {
namespace {

using RegexOps = Ops;

TEST_F(RegexOps, regex_match_searches_anywhere) {
  EXPECT_EQ(text("regex_match", {"b+", "abbbc"}), "true");
  EXPECT_EQ(text("regex_match", {"^b", "abbbc"}), "false");
  EXPECT_EQ(text("regex_match", {"", ""}), "true");
  EXPECT_EQ(text("regex_match", {"é", "café"}), "true");
}

TEST_F(RegexOps, regex_find_all_gives_whole_matches) {
  EXPECT_EQ(items("regex_find_all", {"[a-z]([0-9])", "a1 b2 33 c4"}), (Items{"a1", "b2", "c4"}));
  EXPECT_EQ(items("regex_find_all", {"x", "abc"}), Items{});
  EXPECT_EQ(items("regex_find_all", {"a*", "baac"}), (Items{"", "aa", ""}));
  EXPECT_EQ(items("regex_find_all", {"(?m)^.*$", "a\nb"}), (Items{"a", "b"}));
  EXPECT_EQ(items("regex_find_all", {"", "é"}), (Items{"", ""}));
}

struct ReplaceCase {
  const char* pattern;
  const char* text;
  const char* replacement;
  const char* expected;
};

TEST_F(RegexOps, regex_replace_replaces_every_match) {
  const ReplaceCase cases[] = {
      {"a", "banana", "o", "bonono"},
      {"([a-z]+)=([0-9]+)", "jars=3 lids=4", "$2 $1", "3 jars 4 lids"},
      {"([a-z]+)=([0-9]+)", "jars=3", R"(\2 \1)", "3 jars"},
      {"(?P<what>[a-z]+)", "jars", "<$what>", "<jars>"},
      {"(j)", "jars", "${1}1", "j1ars"},
      {"(j)", "jars", "$1-", "j-ars"},
      {"(j)(x)?", "jars", "[$2]", "[]ars"},
      {"a", "jars", "$$1", "j$1rs"},
      {"a", "jars", "$0$0", "jaars"},
      {"a", "jars", R"(\\)", R"(j\rs)"},
      {"a", "jars", R"(\n$)", R"(j\n$rs)"},
      {"x*", "abc", "-", "-a-b-c-"},
      {"b*", "abc", "-", "-a-c-"},
      {"", "é", "|", "|é|"},
      {"x", "abc", "-", "abc"},
      {"^", "abc", ">", ">abc"},
      {"a", "", "b", ""},
  };
  for (const auto& c : cases)
    EXPECT_EQ(text("regex_replace", {c.pattern, c.text, c.replacement}), c.expected)
        << c.pattern << ' ' << c.replacement;
}

TEST_F(RegexOps, a_group_the_pattern_lacks_is_an_error) {
  for (const char* replacement :
       {"$2", "$name", R"(\2)", "${oops}", "$1st", "$99999999999999999999"})
    EXPECT_EQ(kind("regex_replace", {"(a)", "a", replacement}), kind::kBadArgument) << replacement;
}

TEST_F(RegexOps, a_pattern_that_is_none_is_an_error) {
  for (const char* name : {"regex_match", "regex_find_all"})
    EXPECT_EQ(kind(name, {"[", "a"}), kind::kBadArgument);
  EXPECT_EQ(kind("regex_replace", {"*", "a", "b"}), kind::kBadArgument);
}

TEST_F(RegexOps, a_hostile_pattern_takes_linear_time) {
  EXPECT_EQ(text("regex_match", {"(a*)*b", std::string(100'000, 'a')}), "false");
}

TEST_F(RegexOps, nul_bytes_are_bytes) {
  EXPECT_EQ(text("regex_replace", {"b", std::string("a\0b", 3), "c"}), std::string("a\0c", 3));
}

} // namespace
} // namespace perch::ops
