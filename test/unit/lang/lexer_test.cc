#include "base/text.h"
#include "lang/lexer.h"
#include "unit/lang/support.h"

#include <gtest/gtest.h>

namespace perch::lang {
namespace {

using namespace std::string_literals;

// The tokens of a text that must be faultless.
std::string tokens_of(std::string text) {
  TestFile file(std::move(text));
  std::string out = file.tokens();
  EXPECT_EQ(file.diagnostics(), "");
  return out;
}

// The one word of a text that must be faultless.
std::string word_of(std::string text) {
  const std::string line = tokens_of(std::move(text));
  return line.substr(5, line.size() - 6); // without "1+0: " and the line end
}

TEST(Lexer, splits_lines_at_blanks_and_measures_their_columns) {
  EXPECT_EQ(tokens_of("name \"x\"\n\n    do\n\tprint  a\t\tb   \n"), "1+0: name \"x\"\n"
                                                                     "3+4: do\n"
                                                                     "4+4: print a b\n");
}

TEST(Lexer, reads_lf_and_cr_lf_alike_and_needs_no_last_line_end) {
  EXPECT_EQ(tokens_of("a b\r\nc d\ne"), "1+0: a b\n2+0: c d\n3+0: e\n");
}

TEST(Lexer, skips_a_byte_order_mark) {
  EXPECT_EQ(tokens_of("\xEF\xBB\xBFname x"), "1+0: name x\n");
}

TEST(Lexer, an_empty_file_has_no_lines) {
  EXPECT_EQ(tokens_of(""), "");
  EXPECT_EQ(tokens_of("\n \n\t\r\n"), "");
}

TEST(Lexer, a_comment_starts_at_the_line_or_behind_a_blank_only) {
  EXPECT_EQ(tokens_of("#!/usr/bin/env perch\n  # own line  \nrun a # trailing `tick\n"
                      "curl https://h/p#frag k=#v /#x \"# no\"\n"),
            "1+0: #!/usr/bin/env perch\n"
            "2+2: # own line\n"
            "3+0: run a # trailing `tick\n"
            "4+0: curl https://h/p#frag k=#v /#x \"# no\"\n");
}

TEST(Lexer, bare_words_are_taken_as_they_are) {
  for (const std::string word :
       {"--flag", "-f", "k=v", "./p/q", "*.md", "{{.Name}}", "a,b", "1.5", "-3", "@me", "name=^x$",
        "foo)", "(foo", "$name", "$$", "{name}", "a$", "größe", "日本"}) {
    EXPECT_EQ(word_of(word), word);
  }
}

TEST(Lexer, all_quotes_decode_alike) {
  for (const std::string quote : {"\"", "'", "`"}) {
    EXPECT_EQ(word_of(quote + "a\\n\\t\\r\\\\\\\"\\'\\`\\$b" + quote), R"("a\n\t\x0d\\\"'`$b")");
    EXPECT_EQ(word_of(quote + "\\x41\\u00e9\\U0001F600" + quote), "\"Aé😀\"");
    EXPECT_EQ(word_of(quote + quote), "\"\"");
  }
}

TEST(Lexer, exactly_the_delimiters_are_stripped) {
  EXPECT_EQ(word_of(R"('"hi"')"), R"("\"hi\"")");
  EXPECT_EQ(word_of(R"("'a' and 'b'")"), R"("'a' and 'b'")");
  EXPECT_EQ(word_of("`a 'b' \"c\"`"), R"("a 'b' \"c\"")");
}

TEST(Lexer, quoted_segments_are_glued_to_their_neighbours) {
  EXPECT_EQ(word_of("--title=\"two words\""), "~\"--title=two words\"");
  EXPECT_EQ(word_of("pre\"mid dle\"post"), "~\"premid dlepost\"");
  EXPECT_EQ(word_of("\"a\"'b'"), "~\"ab\"");
}

TEST(Lexer, backticks_span_lines_and_keep_them) {
  EXPECT_EQ(tokens_of("x `a\r\n    b\n` y\nz"), "1+0: x \"a\\n    b\\n\" y\n4+0: z\n");
  EXPECT_EQ(tokens_of("x \"a ` b\" # `\ny"), "1+0: x \"a ` b\" # `\n2+0: y\n");
}

TEST(Lexer, raw_strings_decode_nothing) {
  EXPECT_EQ(word_of(R"(r"\d+${x}\")"), R"("\\d+\${x}\\")");
  EXPECT_EQ(word_of(R"(r'a"b')"), R"("a\"b")");
  EXPECT_EQ(word_of("r`a\\\nb`"), R"("a\\\nb")");
  EXPECT_EQ(word_of(R"(--re=r"\d")"), R"(~"--re=\\d")");
  EXPECT_EQ(word_of(R"(key:r"\d")"), R"(~"key:\\d")");
  EXPECT_EQ(word_of(R"(bar"x")"), R"(~"barx")") << "an r inside a word is a letter";
  EXPECT_EQ(word_of(R"("="r"x")"), R"(~"=rx")") << "so is one behind a quoted =";
}

TEST(Lexer, outside_quotes_a_backslash_makes_the_next_character_literal) {
  EXPECT_EQ(word_of("\\;"), "~\";\"");
  EXPECT_EQ(word_of("a\\ b\\\"c\\\\"), R"(~"a b\"c\\")");
  EXPECT_EQ(word_of("\\${x}"), R"(~"\${x}")");
}

TEST(Lexer, placeholders_are_told_from_text) {
  EXPECT_EQ(word_of("${x}"), "${x}");
  EXPECT_EQ(word_of("a/${ x }/b${err.kind}"), "a/${x}/b${err.kind}");
  EXPECT_EQ(word_of("\"${x}\""), "\"${x}\"");
  EXPECT_EQ(word_of("pre\"${x} y\""), "~\"pre${x} y\"");
  EXPECT_EQ(word_of(R"("\${x} \\${y} $${z} $ {")"), R"("\${x} \\${y} $${z} $ {")");
  EXPECT_EQ(word_of(R"("\$\x7bx}")"), R"("\${x}")");
}

TEST(Lexer, placeholders_may_call_an_op) {
  EXPECT_EQ(word_of(R"("x-${sha256_file('go.sum')}")"), R"("x-${sha256_file("go.sum")}")");
  EXPECT_EQ(word_of("${f(a.b,-1.5, r'\\d' ,\"${g( )}\")}"), R"(${f(a.b, -1.5, "\\d", "${g()}")})");
  EXPECT_EQ(word_of(R"("${f("same quote")}")"), R"("${f("same quote")}")");
}

TEST(Lexer, a_large_line_is_read_in_linear_time) {
  for (const std::string piece : {"word ", "'a\\'b'", "${x}", "\\${", "`x` ", "\"${f('a')}\" "}) {
    std::string text;
    while (text.size() < 200'000)
      text += piece;
    EXPECT_FALSE(tokens_of(std::move(text)).empty());
  }
}

} // namespace
} // namespace perch::lang
