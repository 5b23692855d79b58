#include "unit/lang/support.h"

#include <gtest/gtest.h>

// What the lexer reports, exactly as a user sees it.

namespace perch::lang {
namespace {

using namespace std::string_literals;

std::string lexed(std::string text) {
  TestFile file(std::move(text));
  (void)file.tokens();
  return file.diagnostics();
}

TEST(LexerDiagnostics, a_string_that_is_not_closed_is_reported_where_it_opens) {
  EXPECT_EQ(lexed(R"(print "abc
next
)"),
            R"(error[unterminated-string]: this string is not closed on its line
  --> a.perch:1:7
   |
 1 | print "abc
   |       ^
   = help: close it with "; text over several lines stands in backticks
)");
}

TEST(LexerDiagnostics, an_apostrophe_inside_a_word_opens_a_string_and_says_so) {
  EXPECT_EQ(lexed(R"(print don't
)"),
            R"(error[unterminated-string]: this string is not closed on its line
  --> a.perch:1:10
   |
 1 | print don't
   |          ^
   = help: an apostrophe opens a string: write \', or put the word in double quotes
)");
}

TEST(LexerDiagnostics, a_backtick_that_is_never_closed_does_not_swallow_the_file) {
  EXPECT_EQ(lexed(R"(print `abc
next "x
more y
)"),
            R"(error[unterminated-string]: this backtick string is never closed
  --> a.perch:1:7
   |
 1 | print `abc
   |       ^
   = help: close it with `; a backtick that is meant as one is written \`
error[unterminated-string]: this string is not closed on its line
  --> a.perch:2:6
   |
 2 | next "x
   |      ^
   = help: close it with "; text over several lines stands in backticks
)");
}

TEST(LexerDiagnostics, malformed_escapes_are_reported_each_at_its_place) {
  EXPECT_EQ(lexed(R"(print "\x4g \u12 \U0011ffff \ud800"
)"),
            R"(error[bad-escape]: `\x4` needs two hexadecimal digits
  --> a.perch:1:8
   |
 1 | print "\x4g \u12 \U0011ffff \ud800"
   |        ^^^
   = help: the forms are \xHH for a byte, \uHHHH and \UHHHHHHHH for a character; \\ is a backslash
error[bad-escape]: `\u12` needs four hexadecimal digits
  --> a.perch:1:13
   |
 1 | print "\x4g \u12 \U0011ffff \ud800"
   |             ^^^^
   = help: the forms are \xHH for a byte, \uHHHH and \UHHHHHHHH for a character; \\ is a backslash
error[bad-escape]: `\U0011ffff` is beyond the last character, \U0010FFFF
  --> a.perch:1:18
   |
 1 | print "\x4g \u12 \U0011ffff \ud800"
   |                  ^^^^^^^^^^
   = help: the forms are \xHH for a byte, \uHHHH and \UHHHHHHHH for a character; \\ is a backslash
error[bad-escape]: `\ud800` is half of a surrogate pair, no character
  --> a.perch:1:29
   |
 1 | print "\x4g \u12 \U0011ffff \ud800"
   |                             ^^^^^^
   = help: the forms are \xHH for a byte, \uHHHH and \UHHHHHHHH for a character; \\ is a backslash
)");
}

TEST(LexerDiagnostics, an_unknown_escape_is_a_warning_that_shows_both_ways_out) {
  EXPECT_EQ(lexed(R"(print "\d"
)"),
            R"(warning[unknown-escape]: `\d` is no escape here and means just `d`
  --> a.perch:1:8
   |
 1 | print "\d"
   |        ^^
   = help: write \\d for the backslash itself, or a raw string: r"\d"
)");
}

TEST(LexerDiagnostics, a_backslash_in_front_of_a_letter_outside_quotes_is_a_warning) {
  EXPECT_EQ(lexed(R"(print C:\new \; \"
)"),
            R"(warning[unknown-escape]: `\n` is no escape here and means just `n`
  --> a.perch:1:9
   |
 1 | print C:\new \; \"
   |         ^^
   = help: write \\n for the backslash itself, or a raw string: r"\n"
)");
}

TEST(LexerDiagnostics, a_backslash_does_not_join_lines_of_a_backtick_string) {
  EXPECT_EQ(
      lexed(R"(print `a \
 b`
)"),
      R"(warning[escaped-line-end]: a backslash does not join lines: this one disappears and the line end stays
  --> a.perch:1:10
   |
 1 | print `a \
   |          ^
   = help: write \\ for a backslash at the end of the line, or use a raw string: r`…`
)");
}

TEST(LexerDiagnostics, placeholders_that_are_never_closed_are_reported_where_they_open) {
  EXPECT_EQ(lexed(R"(print "${" "${x" ${y
)"),
            R"(error[unterminated-placeholder]: this `${` has no `}`
  --> a.perch:1:8
   |
 1 | print "${" "${x" ${y
   |        ^^
   = help: close it with `}`, or write \${ for the two characters themselves
error[unterminated-placeholder]: this `${` has no `}`
  --> a.perch:1:13
   |
 1 | print "${" "${x" ${y
   |             ^^
   = help: close it with `}`, or write \${ for the two characters themselves
error[unterminated-placeholder]: this `${` has no `}`
  --> a.perch:1:18
   |
 1 | print "${" "${x" ${y
   |                  ^^
   = help: close it with `}`, or write \${ for the two characters themselves
)");
}

TEST(LexerDiagnostics, what_is_no_placeholder_is_reported_as_a_whole) {
  EXPECT_EQ(lexed(R"(print "${a-b}" "${}" "${X:-default}" "${f(a b)}" ${f.g(x)}
)"),
            R"(error[bad-placeholder]: `${a-b}` is no placeholder
  --> a.perch:1:8
   |
 1 | print "${a-b}" "${}" "${X:-default}" "${f(a b)}" ${f.g(x)}
   |        ^^^^^^
   = help: the forms are ${name}, ${a.b} and ${op('text', name)}; write \${ for the two characters themselves
error[bad-placeholder]: `${}` is no placeholder
  --> a.perch:1:17
   |
 1 | print "${a-b}" "${}" "${X:-default}" "${f(a b)}" ${f.g(x)}
   |                 ^^^
   = help: the forms are ${name}, ${a.b} and ${op('text', name)}; write \${ for the two characters themselves
error[bad-placeholder]: `${X:-default}` is no placeholder
  --> a.perch:1:23
   |
 1 | print "${a-b}" "${}" "${X:-default}" "${f(a b)}" ${f.g(x)}
   |                       ^^^^^^^^^^^^^
   = help: the forms are ${name}, ${a.b} and ${op('text', name)}; write \${ for the two characters themselves
error[bad-placeholder]: `${f(a b)}` is no placeholder
  --> a.perch:1:39
   |
 1 | print "${a-b}" "${}" "${X:-default}" "${f(a b)}" ${f.g(x)}
   |                                       ^^^^^^^^^
   = help: the forms are ${name}, ${a.b} and ${op('text', name)}; write \${ for the two characters themselves
error[bad-placeholder]: `${f.g(x)}` is no placeholder
  --> a.perch:1:50
   |
 1 | print "${a-b}" "${}" "${X:-default}" "${f(a b)}" ${f.g(x)}
   |                                                  ^^^^^^^^^
   = help: the forms are ${name}, ${a.b} and ${op('text', name)}; write \${ for the two characters themselves
)");
}

TEST(LexerDiagnostics, an_open_string_inside_a_placeholder_is_one_mistake) {
  EXPECT_EQ(lexed(R"(print "x-${f('a)} more"
print "${f("abc)}"
)"),
            R"(error[unterminated-string]: this string is not closed on its line
  --> a.perch:1:14
   |
 1 | print "x-${f('a)} more"
   |              ^
   = help: close it with '; text over several lines stands in backticks
error[unterminated-placeholder]: this `${` has no `}`
  --> a.perch:2:8
   |
 2 | print "${f("abc)}"
   |        ^^
   = help: close it with `}`, or write \${ for the two characters themselves
)");
}

TEST(LexerDiagnostics, placeholders_nested_too_deep_are_one_mistake) {
  EXPECT_EQ(
      lexed(R"(print "${a('${b('${c('${d('${e('${f('${g('${h('${i('x')}')}')}')}')}')}')}')}')}"
)"),
      R"(error[placeholder-too-deep]: placeholders are nested more than 8 deep
  --> a.perch:1:51
   |
 1 | print "${a('${b('${c('${d('${e('${f('${g('${h('${i('x')}')}')}')}')}')}')}')}')}"
   |                                                   ^
   = help: give the inner results names first
)");
}

TEST(LexerDiagnostics, a_backslash_at_the_end_of_a_line_is_reported_once_and_the_lines_are_joined) {
  EXPECT_EQ(lexed(R"(docker run \
    --rm \
    image
)"),
            R"(error[line-continuation]: a line cannot be continued with `\`
  --> a.perch:1:12
   |
 1 | docker run \
   |            ^
   = help: put all words on one line; a string in backticks may span lines
)");
}

TEST(LexerDiagnostics, an_apostrophe_may_stand_in_other_quotes_and_comments) {
  EXPECT_EQ(lexed(R"(print "don't" # don't
)"),
            "");
}

// ---- characters ------------------------------------------------------------------------------

TEST(LexerDiagnostics, bytes_that_are_no_utf8_reject_the_file_once) {
  EXPECT_EQ(lexed("name x\nab\xff\"\xfe\n"),
            R"(error[invalid-utf8]: the file is not UTF-8: byte 0xFF cannot stand here
  --> a.perch:2:3
   |
 2 | ab�"�
   |   ^
   = help: save the file as UTF-8; write \xHH in a string for a byte that is no text
)");
}

TEST(LexerDiagnostics, a_nul_byte_rejects_the_file_once) {
  EXPECT_EQ(lexed("ab\0\"\0\n"s), R"(error[nul-byte]: the file holds a NUL byte
  --> a.perch:1:3
   |
 1 | ab�"�
   |   ^
   = help: perch files are text; is this the file you meant?
)");
}

TEST(LexerDiagnostics, control_characters_and_bidirectional_overrides_are_deceptive) {
  EXPECT_EQ(
      lexed("print \"a\x1b[31m\"\n# \u202e\n"),
      R"(error[deceptive-character]: the invisible character U+001B makes the file look other than it is
  --> a.perch:1:9
   |
 1 | print "a�[31m"
   |         ^
   = help: delete it, or write \x1B in a string
error[deceptive-character]: the invisible character U+202E makes the file look other than it is
  --> a.perch:2:3
   |
 2 | # �
   |   ^
   = help: delete it, or write \u202E in a string
)");
}

TEST(LexerDiagnostics, a_file_with_old_line_ends_is_one_mistake) {
  EXPECT_EQ(lexed("a\rb\rc\n"),
            R"(error[stray-carriage-return]: a carriage return without a line feed
  --> a.perch:1:2
   |
 1 | a�b�c
   |  ^
   = help: end lines with LF or CR LF; write \r in a string for the character itself
)");
}

TEST(LexerDiagnostics, what_only_looks_like_a_blank_is_no_part_of_a_word) {
  TestFile file("print\u00a0\"a\u00a0b\"\n");
  EXPECT_EQ(file.tokens(), "1+0: print \"a\u00a0b\"\n");
  EXPECT_EQ(file.diagnostics(),
            "error[false-blank]: this character looks like a blank, but is none\n"
            "  --> a.perch:1:6\n"
            "   |\n"
            " 1 | print\u00a0\"a\u00a0b\"\n"
            "   |      ^\n"
            "   = help: type an ordinary space, or quote the word\n");
}

TEST(LexerDiagnostics, a_file_beyond_all_measure_is_refused) {
  EXPECT_EQ(lexed(std::string(kMaxSourceBytes + 1, ' ')).substr(0, 88),
            "error[source-too-long]: the file has 268435457 bytes; a perch file has at most "
            "268435456");
}

TEST(LexerDiagnostics, hopeless_input_is_reported_in_bounded_time_and_space) {
  for (const std::string piece :
       {"'", "\"${", "\"${f('", "`", "${", "\\q", "${!", "\"${f(\"${f('"}) {
    std::string line;
    while (line.size() < 200'000)
      line += piece;
    for (const char* end : {"\n", " "}) {
      TestFile file(line + end + line);
      (void)file.tokens();
      EXPECT_LE(file.diags.all().size(), 2 * diag::Diags::kMaxKept);
    }
  }
}

} // namespace
} // namespace perch::lang
