#include "op/value.h"

#include <gtest/gtest.h>

namespace perch::op {
namespace {

TEST(value, a_value_without_anything_is_empty_text) {
  EXPECT_EQ(Value().type(), Type::Text);
  EXPECT_EQ(Value().text(), "");
  EXPECT_FALSE(Value().is_list());
}

TEST(value, numbers_and_truths_are_text_with_a_type) {
  EXPECT_EQ(Value::integer(INT64_MIN).text(), "-9223372036854775808");
  EXPECT_EQ(Value::integer(7).type(), Type::Int);
  EXPECT_EQ(Value::number(2.0).text(), "2");
  EXPECT_EQ(Value::number(0.25).text(), "0.25");
  EXPECT_EQ(Value::boolean(true).text(), "true");
  EXPECT_EQ(Value::boolean(false).type(), Type::Bool);
}

TEST(value, a_list_keeps_empty_elements_and_newlines) {
  const Value list = Value::list({"a", "", "b\nc"});
  EXPECT_EQ(list.text(), "a\n\nb\nc");
  EXPECT_EQ(list.items(), (std::vector<std::string>{"a", "", "b\nc"}));
}

TEST(value, copies_of_a_list_share_their_elements) {
  const Value list = Value::list({"a", "b"});
  const Value copy = list;
  EXPECT_EQ(list.items().data(), copy.items().data());
}

TEST(value, an_omitted_value_spreads_into_no_word) {
  EXPECT_TRUE(Value::omitted().is_list());
  EXPECT_TRUE(Value::omitted().items().empty());
  EXPECT_FALSE(Value::omitted().truthy());
}

TEST(value, only_the_empty_text_false_and_0_are_not_true) {
  for (const char* text : {"", "false", "0"})
    EXPECT_FALSE(Value(std::string(text)).truthy()) << text;
  for (const char* text : {"no", "00", "0.0", "False", " "})
    EXPECT_TRUE(Value(std::string(text)).truthy()) << text;
  EXPECT_FALSE(Value::number(0.0).truthy());
}

TEST(value, bytes_are_kept) {
  const std::string bytes("a\0\xff", 3);
  EXPECT_EQ(Value(bytes).text(), bytes);
}

struct TypeCase {
  const char* text;
  Type type;
  bool fits;
};

TEST(value, a_text_fits_a_parameter_when_it_reads_as_its_type) {
  const TypeCase cases[] = {
      {"12", Type::Int, true},         {"-12", Type::Int, true},
      {"1.5", Type::Int, false},       {"12x", Type::Int, false},
      {"", Type::Int, false},          {"9223372036854775808", Type::Int, false},
      {"1.5", Type::Number, true},     {"12", Type::Number, true},
      {"one", Type::Number, false},    {"nan", Type::Float, false},
      {"true", Type::Bool, true},      {"yes", Type::Bool, false},
      {"500ms", Type::Duration, true}, {"1h30m", Type::Duration, true},
      {"2", Type::Duration, true},     {"0.5", Type::Duration, true},
      {"soon", Type::Duration, false}, {"1e300", Type::Duration, false},
      {"", Type::Path, false},         {"a b", Type::Path, true},
      {"", Type::Text, true},          {"x", Type::Any, true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(!mismatch(Value(std::string(c.text)), c.type).has_value(), c.fits)
        << '`' << c.text << "` as " << type_name(c.type);
}

TEST(value, a_mismatch_says_what_was_expected) {
  EXPECT_EQ(mismatch(Value(std::string("x")), Type::Int), "`x` is not an integer");
  EXPECT_EQ(mismatch(Value(std::string("a\0b", 3)), Type::Path), "a path must not hold a NUL byte");
}

} // namespace
} // namespace perch::op
