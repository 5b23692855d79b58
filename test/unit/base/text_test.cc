#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace perch::base {
namespace {

TEST(Text, cat_joins_text_characters_and_integers) {
  EXPECT_EQ(cat("line ", 3, ':', -7, std::string("x")), "line 3:-7x");
}

TEST(Text, join_and_split_are_inverse) {
  const std::vector<std::string> items{"a", "", "c"};
  EXPECT_EQ(join(items, ","), "a,,c");
  EXPECT_EQ(split("a,,c", ','), (std::vector<std::string_view>{"a", "", "c"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, trim_removes_blanks_on_both_sides_only) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("   "), "");
}

TEST(Text, identifiers_are_letters_digits_underscores_and_anything_beyond_ascii) {
  for (const char* good : {"a", "_", "a1", "größe", "日本"})
    EXPECT_TRUE(is_identifier(good)) << good;
  for (const char* bad : {"", "1a", "a-b", "a.b", "a b"})
    EXPECT_FALSE(is_identifier(bad)) << bad;
}

TEST(Text, nearest_finds_the_closest_word_within_the_limit) {
  constexpr std::string_view kWords[] = {"print", "println", "sprint", "exists"};
  EXPECT_EQ(nearest("prnt", kWords), "print");
  EXPECT_EQ(nearest("pritn", kWords), "print") << "a swap of neighbours is one edit";
  EXPECT_EQ(nearest("exist", kWords, 1), "exists");
  EXPECT_EQ(nearest("frobnicate", kWords), std::nullopt);
  EXPECT_EQ(nearest("x", kWords), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), kWords), std::nullopt);
}

TEST(Text, plural_follows_the_usual_spelling) {
  EXPECT_EQ(plural(1, "file"), "1 file");
  EXPECT_EQ(plural(0, "file"), "0 files");
  EXPECT_EQ(plural(2, "branch"), "2 branches");
  EXPECT_EQ(plural(3, "capability"), "3 capabilities");
  EXPECT_EQ(plural(3, "day"), "3 days");
}

TEST(Text, integers_are_decimal_and_stand_alone) {
  EXPECT_EQ(parse_int("42"), 42);
  EXPECT_EQ(parse_int("-42"), -42);
  EXPECT_EQ(parse_int("+42"), 42);
  EXPECT_EQ(parse_int("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* bad : {"", "-", "+-1", "0x10", "1 ", " 1", "1.0", "9223372036854775808"}) {
    EXPECT_EQ(parse_int(bad), std::nullopt) << bad;
  }
}

TEST(Text, floats_are_finite_and_stand_alone) {
  EXPECT_EQ(parse_float("1.5"), 1.5);
  EXPECT_EQ(parse_float("-2e3"), -2000.0);
  EXPECT_EQ(parse_float(".5"), 0.5);
  for (const char* bad : {"", "-", "+-1", "inf", "nan", "-inf", "1.5x", "1e999"}) {
    EXPECT_EQ(parse_float(bad), std::nullopt) << bad;
  }
}

TEST(Text, float_text_is_short_and_has_no_exponent) {
  EXPECT_EQ(float_text(3.0), "3");
  EXPECT_EQ(float_text(0.1), "0.1");
  EXPECT_EQ(float_text(-0.0), "0");
  EXPECT_EQ(float_text(-2.5), "-2.5");
  EXPECT_EQ(float_text(1e21), "1000000000000000000000");
  EXPECT_EQ(parse_float(float_text(5e-324)), 5e-324);
  EXPECT_EQ(parse_float(float_text(1.7976931348623157e308)), 1.7976931348623157e308);
}

TEST(Text, durations_are_numbers_with_units) {
  EXPECT_EQ(parse_duration_ns("90s"), 90'000'000'000);
  EXPECT_EQ(parse_duration_ns("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(parse_duration_ns("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration_ns("2d"), 172'800'000'000'000);
  EXPECT_EQ(parse_duration_ns("100ms"), 100'000'000);
  EXPECT_EQ(parse_duration_ns("5µs"), 5'000);
  EXPECT_EQ(parse_duration_ns("-1m"), -60'000'000'000);
  for (const char* bad :
       {"", "5", "s", "-", "1h30", "1.s.", "1y", "1 s", "300000d", "9999999999999999999s"}) {
    EXPECT_EQ(parse_duration_ns(bad), std::nullopt) << bad;
  }
}

TEST(Text, durations_print_with_three_useful_figures) {
  EXPECT_EQ(duration_text(800), "800ns");
  EXPECT_EQ(duration_text(4'000), "4µs");
  EXPECT_EQ(duration_text(12'345'678), "12ms");
  EXPECT_EQ(duration_text(999'999'999), "999ms");
  EXPECT_EQ(duration_text(1'204'000'000), "1.20s");
  EXPECT_EQ(duration_text(59'999'000'000), "59.99s");
  EXPECT_EQ(duration_text(102'000'000'000), "1m42s");
  EXPECT_EQ(duration_text(7'380'000'000'000), "2h03m");
  EXPECT_EQ(duration_text(-4'000), "-4µs");
  EXPECT_EQ(duration_text(std::numeric_limits<std::int64_t>::min()), "-2562047h47m");
}

TEST(Text, byte_counts_take_binary_and_decimal_units) {
  EXPECT_EQ(parse_byte_count("64MiB"), 64u << 20);
  EXPECT_EQ(parse_byte_count("1GiB"), 1u << 30);
  EXPECT_EQ(parse_byte_count("512KiB"), 512u << 10);
  EXPECT_EQ(parse_byte_count("1000"), 1000u);
  EXPECT_EQ(parse_byte_count("2MB"), 2'000'000u);
  for (const char* bad : {"", "MiB", "-1", "1 MiB", "1mib", "1.5GiB", "99999999999TiB"}) {
    EXPECT_EQ(parse_byte_count(bad), std::nullopt) << bad;
  }
}

TEST(Text, shell_quote_quotes_only_what_needs_it) {
  EXPECT_EQ(shell_quote("--flag=a/b"), "--flag=a/b");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote("$HOME"), "'$HOME'");
}

} // namespace
} // namespace perch::base
