#include "op/call.h"
#include "support/fake_call.h"

#include <gtest/gtest.h>

namespace perch::op {
namespace {

constexpr OpDecl kDecl = {
    .name = "probe", .summary = "", .params = {{{.name = "value"}}}, .example = ""};

class Argument {
public:
  explicit Argument(Value value) : call_(kDecl, world_, {std::move(value)}, {true}, {}) {}
  explicit Argument(const char* text) : Argument(Value(std::string(text))) {}
  Call& operator*() { return call_; }

private:
  test::FakeWorld world_;
  test::FakeCall call_;
};

using Lines = std::vector<std::string_view>;

TEST(call, numbers_are_read_from_their_text) {
  EXPECT_EQ((*Argument("-42")).integer(0), -42);
  EXPECT_EQ((*Argument("0.5")).number(0), 0.5);
  EXPECT_TRUE((*Argument("true")).flag(0));
  EXPECT_FALSE((*Argument("false")).flag(0));
}

TEST(call, a_bare_number_is_a_duration_in_seconds) {
  EXPECT_EQ((*Argument("90s")).duration(0), std::chrono::seconds(90));
  EXPECT_EQ((*Argument("2")).duration(0), std::chrono::seconds(2));
  EXPECT_EQ((*Argument("0.25")).duration(0), std::chrono::milliseconds(250));
}

TEST(call, lines_of_a_text_end_before_the_final_newlines) {
  EXPECT_EQ((*Argument("a\n\nb\n\n\n")).lines(0), (Lines{"a", "", "b"}));
  EXPECT_EQ((*Argument("a")).lines(0), Lines{"a"});
  EXPECT_EQ((*Argument("")).lines(0), Lines{});
  EXPECT_EQ((*Argument("\n\n")).lines(0), Lines{});
}

TEST(call, lines_of_a_list_are_its_elements) {
  Argument list(Value::list({"a\nb", "", ""}));
  EXPECT_EQ((*list).lines(0), (Lines{"a\nb", "", ""}));
  Argument nothing(Value::list({}));
  EXPECT_EQ((*nothing).lines(0), Lines{});
}

} // namespace
} // namespace perch::op
