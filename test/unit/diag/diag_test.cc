#include "base/text.h"
#include "diag/diag.h"

#include <gtest/gtest.h>

namespace perch::diag {
namespace {

struct UnknownOp {
  static constexpr std::string_view id = "unknown-op";
  std::string_view name;
  [[nodiscard]] std::string message() const { return base::cat("unknown op `", name, "`"); }
  [[nodiscard]] std::string help() const { return "did you mean `print`?"; }
};

struct At {
  SourceMap sources;
  std::string operator()(std::string text, std::uint32_t begin, std::uint32_t end,
                         std::string label = {}) {
    const Source& source = sources.add("hello.perch", std::move(text));
    Diag diag = make(UnknownOp{"prnt"}, {source.id, begin, end});
    diag.label = std::move(label);
    diag.help.clear();
    return render(diag, sources, Color::Off);
  }
};

std::string lines(std::string_view third_and_fourth, std::string_view position = "1:1") {
  return base::cat("error[unknown-op]: unknown op `prnt`\n  --> hello.perch:", position, "\n   |\n",
                   third_and_fourth);
}

TEST(Render, draws_place_label_notes_and_help) {
  SourceMap sources;
  const Source& source = sources.add("hello.perch", "command a\n    do\n        prnt \"hi\"\n");
  Diag diag = make(UnknownOp{"prnt"}, {source.id, 25, 29});
  diag.label = "no such op";
  diag.notes = {"first note", "second note\nwith two lines"};
  EXPECT_EQ(render(diag, sources, Color::Off), R"(error[unknown-op]: unknown op `prnt`
  --> hello.perch:3:9
   |
 3 |         prnt "hi"
   |         ^^^^ no such op
   = first note
   = second note
     with two lines
   = help: did you mean `print`?
)");
}

TEST(Render, draws_related_places_below_and_widens_the_gutter_for_all) {
  SourceMap sources;
  const Source& source = sources.add("a.perch", std::string(999, '\n') + "prnt\n");
  const Source& other = sources.add("b.perch", "first\n");
  Diag diag = make(UnknownOp{"prnt"}, {source.id, 999, 1003}, Severity::Warning);
  diag.related.push_back({.span = {other.id, 0, 5}, .text = "declared here"});
  EXPECT_EQ(render(diag, sources, Color::Off), R"(warning[unknown-op]: unknown op `prnt`
    --> a.perch:1000:1
     |
1000 | prnt
     | ^^^^
    ::: b.perch:1:1
     |
   1 | first
     | ----- declared here
     = help: did you mean `print`?
)");
}

TEST(Render, a_diagnostic_without_a_place_has_no_excerpt) {
  const SourceMap sources;
  EXPECT_EQ(render(make(UnknownOp{"prnt"}, {}, Severity::Note), sources, Color::Off),
            "note[unknown-op]: unknown op `prnt`\n   = help: did you mean `print`?\n");
}

TEST(Render, measures_tabs_and_wide_characters_before_the_span) {
  EXPECT_EQ(At()("\t日é\u0301 prnt x", 9, 13), lines(" 1 |     日é\u0301 prnt x\n"
                                                     "   |         ^^^^\n",
                                                     "1:6"));
  EXPECT_EQ(At()("日本", 0, 6), lines(" 1 | 日本\n   | ^^^^\n"));
}

TEST(Render, an_empty_span_and_the_end_of_the_file_have_one_caret) {
  EXPECT_EQ(At()("ab", 1, 1), lines(" 1 | ab\n   |  ^\n", "1:2"));
  EXPECT_EQ(At()("ab\n", 3, 3), lines(" 2 |\n   | ^\n", "2:1"));
  EXPECT_EQ(At()("", 0, 0, "here"), lines(" 1 |\n   | ^ here\n"));
}

TEST(Render, a_span_over_several_lines_is_underlined_in_its_first) {
  EXPECT_EQ(At()("ab cd\nef\n", 3, 8, "this"), lines(" 1 | ab cd\n   |    ^^ this\n", "1:4"));
}

TEST(Render, cuts_a_long_line_behind_a_span_near_its_start) {
  EXPECT_EQ(At()("prnt " + std::string(1'000'000, 'x'), 0, 4),
            lines(base::cat(" 1 | prnt ", std::string(114, 'x'), "…\n   | ^^^^\n")));
}

TEST(Render, cuts_a_long_line_on_both_sides_of_a_span_in_its_middle) {
  EXPECT_EQ(At()(std::string(500, 'x') + "prnt" + std::string(500, 'y'), 500, 504),
            lines(base::cat(" 1 | …", std::string(40, 'x'), "prnt", std::string(74, 'y'),
                            "…\n   | ", std::string(41, ' '), "^^^^\n"),
                  "1:501"));
}

TEST(Render, cuts_a_long_line_before_a_span_at_its_end) {
  EXPECT_EQ(At()(std::string(500, 'x') + "prnt", 500, 504),
            lines(base::cat(" 1 | …", std::string(115, 'x'), "prnt\n   | ", std::string(116, ' '),
                            "^^^^\n"),
                  "1:501"));
}

TEST(Render, clips_the_underline_of_a_span_longer_than_the_line_may_be) {
  EXPECT_EQ(
      At()(std::string(500, 'x'), 0, 500),
      lines(base::cat(" 1 | ", std::string(119, 'x'), "…\n   | ", std::string(119, '^'), "\n")));
  EXPECT_EQ(At()("ab " + std::string(500, 'x'), 3, 503),
            lines(base::cat(" 1 | ab ", std::string(116, 'x'), "…\n   |    ", std::string(116, '^'),
                            "\n"),
                  "1:4"));
}

TEST(Render, nothing_in_a_file_or_a_message_steers_the_terminal) {
  SourceMap sources;
  const Source& source = sources.add("a\x1b[2J.perch", "x\x1b[31m\xFF\u202E\n");
  Diag diag = make(UnknownOp{"a\x1b]0;x\nb"}, {source.id, 0, 1});
  diag.label = "l\x07";
  diag.help = "h\x1b";
  EXPECT_EQ(render(diag, sources, Color::Off),
            "error[unknown-op]: unknown op `a\uFFFD]0;x\uFFFDb`\n"
            "  --> a\uFFFD[2J.perch:1:1\n   |\n"
            " 1 | x\uFFFD[31m\uFFFD\uFFFD\n   | ^ l\uFFFD\n"
            "   = help: h\uFFFD\n");
}

TEST(Render, colours_severity_gutter_and_carets) {
  SourceMap sources;
  const Source& source = sources.add("a.perch", "x\n");
  EXPECT_EQ(render(make(UnknownOp{"x"}, {source.id, 0, 1}), sources, Color::On),
            "\x1b[1;31merror[unknown-op]\x1b[0m\x1b[1m: unknown op `x`\x1b[0m\n"
            "\x1b[1;34m  --> \x1b[0ma.perch:1:1\n"
            "\x1b[1;34m   |\x1b[0m\n"
            "\x1b[1;34m 1 |\x1b[0m x\n"
            "\x1b[1;34m   |\x1b[0m \x1b[1;31m^\x1b[0m\n"
            "   \x1b[1;34m=\x1b[0m \x1b[1mhelp: \x1b[0mdid you mean `print`?\n");
}

TEST(Diags, sort_puts_errors_first_and_then_follows_the_file) {
  Diags diags;
  diags.warn(UnknownOp{"w"}, {0, 1, 2});
  diags.error(UnknownOp{"b"}, {0, 9, 10});
  diags.error(UnknownOp{"a"}, {0, 3, 4});
  EXPECT_TRUE(diags.has_errors());
  EXPECT_EQ(diags.errors(), 2u);
  EXPECT_EQ(diags.warnings(), 1u);
  diags.sort();
  EXPECT_EQ(diags.all()[0].message, "unknown op `a`");
  EXPECT_EQ(diags.all()[1].message, "unknown op `b`");
  EXPECT_EQ(diags.all()[2].message, "unknown op `w`");
}

TEST(Diags, counts_what_it_no_longer_keeps) {
  Diags diags;
  for (std::size_t i = 0; i < Diags::kMaxKept + 5; ++i)
    diags.warn(UnknownOp{"w"}, {});
  diags.error(UnknownOp{"e"}, {});
  EXPECT_EQ(diags.all().size(), Diags::kMaxKept + 1) << "warnings leave room for errors";
  EXPECT_EQ(diags.dropped(), 5u);
  EXPECT_EQ(diags.warnings(), Diags::kMaxKept + 5);
}

} // namespace
} // namespace perch::diag
