#include "op_fixture.h"

namespace perch::ops {
namespace {

using LineOps = Ops;

TEST_F(LineOps, count_the_lines_one_sees) {
  EXPECT_EQ(text("count_lines", {"a\nb"}), "2");
  EXPECT_EQ(text("count_lines", {"a\nb\n"}), "2");
  EXPECT_EQ(text("count_lines", {"a\n\n"}), "1");
  EXPECT_EQ(text("count_lines", {"a\n\nb"}), "3");
  EXPECT_EQ(text("count_lines", {"\n\n"}), "0");
  EXPECT_EQ(text("count_lines", {""}), "0");
  EXPECT_EQ(text("count_lines", {list_of({"", "a\nb"})}), "2");
  EXPECT_EQ(value("count_lines", {"a"}).type(), op::Type::Int);
}

TEST_F(LineOps, grep_searches_anywhere_in_a_line) {
  EXPECT_EQ(items("grep", {"l[ua]", "plum\npear\nflan\n"}), (Items{"plum", "flan"}));
  EXPECT_EQ(items("grep", {"^p", "plum\npear\nfig"}), (Items{"plum", "pear"}));
  EXPECT_EQ(items("grep", {"x", "plum"}), Items{});
  EXPECT_EQ(text("grep", {"x", "plum"}), "");
  EXPECT_EQ(items("grep", {"", "a\n\nb"}), (Items{"a", "", "b"}));
}

TEST_F(LineOps, reject_keeps_the_other_lines) {
  EXPECT_EQ(items("reject", {"^#", "# note\nsoup\n#\n\nbread"}), (Items{"soup", "", "bread"}));
}

TEST_F(LineOps, a_pattern_that_is_none_is_named_with_its_fault) {
  const Error broken = error("grep", {"a(", "x"});
  EXPECT_EQ(broken.kind, kind::kBadArgument);
  EXPECT_NE(broken.message.find("`a(`"), std::string::npos) << broken.message;
  EXPECT_EQ(kind("reject", {"(?=x)", "x"}), kind::kBadArgument);
}

TEST_F(LineOps, cut_takes_a_field_between_blanks) {
  EXPECT_EQ(items("cut", {2, "a b  c\n\td\te\nf"}), (Items{"b", "e", ""}));
  EXPECT_EQ(items("cut", {1, "  a b"}), (Items{"a"}));
  EXPECT_EQ(items("cut", {0, "a b"}), (Items{"a"}));
  EXPECT_EQ(items("cut", {-3, "a b"}), (Items{"a"}));
  EXPECT_EQ(kind("cut", {"x", "a b"}), kind::kBadArgument);
}

TEST_F(LineOps, cut_takes_a_field_between_separators) {
  EXPECT_EQ(items("cut", {3, "a::b\nc:d", named("separator", ":")}), (Items{"b", ""}));
  EXPECT_EQ(items("cut", {2, "a, b, c", named("separator", ", ")}), (Items{"b"}));
}

TEST_F(LineOps, head_and_tail_take_what_there_is) {
  const char* lines = "a\nb\nc\n";
  EXPECT_EQ(items("head", {2, lines}), (Items{"a", "b"}));
  EXPECT_EQ(items("head", {9, lines}), (Items{"a", "b", "c"}));
  EXPECT_EQ(items("head", {0, lines}), Items{});
  EXPECT_EQ(items("head", {-1, lines}), Items{});
  EXPECT_EQ(items("tail", {2, lines}), (Items{"b", "c"}));
  EXPECT_EQ(items("tail", {9, lines}), (Items{"a", "b", "c"}));
  EXPECT_EQ(items("tail", {-9, lines}), Items{});
  EXPECT_EQ(kind("head", {"many", lines}), kind::kBadArgument);
}

TEST_F(LineOps, sort_lines_goes_by_bytes) {
  EXPECT_EQ(items("sort_lines", {"b\na\nB\n\xc3\xa9\n10\n9\na"}),
            (Items{"10", "9", "B", "a", "a", "b", "\xc3\xa9"}));
  EXPECT_EQ(items("sort_lines", {""}), Items{});
}

TEST_F(LineOps, uniq_lines_drops_neighbours_only) {
  EXPECT_EQ(items("uniq_lines", {"a\na\nb\na\n\n\nc"}), (Items{"a", "b", "a", "", "c"}));
}

TEST_F(LineOps, results_are_lists_for_the_next_op) {
  const op::Value fields = value("cut", {2, "x 1\ny 2\nz 1"});
  EXPECT_EQ(items("uniq_lines", {value("sort_lines", {fields})}), (Items{"1", "2"}));
}

} // namespace
} // namespace perch::ops
