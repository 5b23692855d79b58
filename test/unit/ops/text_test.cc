#include "op_fixture.h"

namespace perch::ops {
namespace {

using TextOps = Ops;

struct TextCase {
  const char* op;
  std::vector<Arg> args;
  std::string expected;
};

TEST_F(TextOps, give_what_their_summaries_say) {
  const TextCase cases[] = {
      {"trim", {"\t\n soup \r\n"}, "soup"},
      {"trim", {"\u00a0\u3000soup\u2028"}, "soup"},
      {"trim", {" \t "}, ""},
      {"trim", {""}, ""},
      {"trim", {"\x80 a \x80"}, "\x80 a \x80"},
      {"upper", {"straße λ ñ"}, "STRAßE Λ Ñ"},
      {"lower", {"CRÈME Σ"}, "crème σ"},
      {"upper", {"a\xff z\xc3"}, "A\xff Z\xc3"},
      {"capitalize", {"éclair au chocolat"}, "Éclair au chocolat"},
      {"capitalize", {""}, ""},
      {"length", {"crème"}, "6"},
      {"length", {""}, "0"},
      {"char_count", {"crème"}, "5"},
      {"char_count", {"\xff\xfe"}, "2"},
      {"replace", {"aaa", "a", "bb"}, "bbbbbb"},
      {"replace", {"aaa", "aa", "b"}, "ba"},
      {"replace", {"abc", "x", "y"}, "abc"},
      {"replace", {"a,b", ",", ""}, "ab"},
      {"contains", {"plum", ""}, "true"},
      {"contains", {"plum", "lu"}, "true"},
      {"contains", {"plum", "LU"}, "false"},
      {"has_prefix", {"plum", "pl"}, "true"},
      {"has_prefix", {"plum", "plums"}, "false"},
      {"has_suffix", {"plum", "um"}, "true"},
      {"repeat", {"ab", 3}, "ababab"},
      {"repeat", {"ab", 0}, ""},
      {"repeat", {"", "9223372036854775807"}, ""},
      {"slice", {"marmalade", 0, 3}, "mar"},
      {"slice", {"marmalade", 3}, "malade"},
      {"slice", {"marmalade", -4, -1}, "lad"},
      {"slice", {"crème", 2, 3}, "è"},
      {"slice", {"jam", 1, 99}, "am"},
      {"slice", {"jam", -99, 1}, "j"},
      {"slice", {"jam", 2, 1}, ""},
      {"slice", {"jam", 5}, ""},
      {"pad_left", {"7", 3, "0"}, "007"},
      {"pad_left", {"1234", 3, "0"}, "1234"},
      {"pad_left", {"è", 3}, "  è"},
      {"pad_right", {"jam", 5, "é"}, "jaméé"},
      {"pad_right", {"jam", -5}, "jam"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(text(c.op, c.args), c.expected) << c.op << ' ' << c.args[0].value.text();
}

TEST_F(TextOps, keep_nul_bytes) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(text("upper", {bytes}), std::string("A\0B", 3));
  EXPECT_EQ(text("length", {bytes}), "3");
  EXPECT_EQ(text("replace", {bytes, "b", "c"}), std::string("a\0c", 3));
}

TEST_F(TextOps, split_keeps_empty_pieces) {
  EXPECT_EQ(items("split", {"a,b,,c", ","}), (Items{"a", "b", "", "c"}));
  EXPECT_EQ(items("split", {",", ","}), (Items{"", ""}));
  EXPECT_EQ(items("split", {"", ","}), (Items{""}));
  EXPECT_EQ(items("split", {"a--b", "--"}), (Items{"a", "b"}));
  EXPECT_EQ(items("split", {"a\nb,c", ","}), (Items{"a\nb", "c"}));
}

TEST_F(TextOps, split_without_a_separator_gives_the_characters) {
  EXPECT_EQ(items("split", {"crème\xff", ""}), (Items{"c", "r", "è", "m", "e", "\xff"}));
  EXPECT_EQ(items("split", {"", ""}), (Items{""}));
}

TEST_F(TextOps, join_takes_lists_and_lines) {
  EXPECT_EQ(text("join", {list_of({"a", "", "b c"}), ", "}), "a, , b c");
  EXPECT_EQ(text("join", {"a\nb\n", "+"}), "a+b");
  EXPECT_EQ(text("join", {"", "+"}), "");
  EXPECT_EQ(text("join", {value("split", {"1.2.3", "."}), "-"}), "1-2-3");
}

TEST_F(TextOps, list_keeps_its_words_apart) {
  EXPECT_EQ(items("list", {"a b", "", "c\nd"}), (Items{"a b", "", "c\nd"}));
  EXPECT_EQ(items("list", {}), Items{});
}

TEST_F(TextOps, refuse_what_makes_no_sense) {
  EXPECT_EQ(kind("replace", {"abc", "", "x"}), kind::kBadArgument);
  EXPECT_EQ(kind("repeat", {"a", -1}), kind::kBadArgument);
  EXPECT_EQ(kind("repeat", {"a", "three"}), kind::kBadArgument);
  EXPECT_EQ(kind("slice", {"a", "x"}), kind::kBadArgument);
  EXPECT_EQ(kind("pad_left", {"a", 5, "ab"}), kind::kBadArgument);
  EXPECT_EQ(kind("pad_left", {"a", 5, ""}), kind::kBadArgument);
  EXPECT_EQ(kind("upper", {}), kind::kBadArgument);
  EXPECT_EQ(kind("upper", {"a", "b"}), kind::kBadArgument);
}

TEST_F(TextOps, refuse_to_make_texts_beyond_all_measure) {
  EXPECT_EQ(kind("repeat", {"ab", "9223372036854775807"}), kind::kOutputTooLarge);
  EXPECT_EQ(kind("pad_right", {"ab", "9223372036854775807"}), kind::kOutputTooLarge);
  EXPECT_EQ(kind("replace", {std::string(1 << 16, 'a'), "a", std::string(1 << 16, 'b')}),
            kind::kOutputTooLarge);
}

} // namespace
} // namespace perch::ops
