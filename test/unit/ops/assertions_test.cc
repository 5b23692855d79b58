#include "op_fixture.h"

namespace perch::ops {
namespace {

using AssertionOps = Ops;

struct AssertionCase {
  const char* op;
  std::vector<Arg> args;
  bool holds;
};

TEST_F(AssertionOps, hold_or_fail) {
  const AssertionCase cases[] = {
      {"assert_eq", {"a", "a"}, true},
      {"assert_eq", {"a", "A"}, false},
      {"assert_eq", {"", ""}, true},
      {"assert_eq", {"1", "1.0"}, false},
      {"assert_neq", {"a", "b"}, true},
      {"assert_neq", {"a", "a"}, false},
      {"assert_contains", {"plum jam", "jam"}, true},
      {"assert_contains", {"plum jam", ""}, true},
      {"assert_contains", {"plum jam", "pear"}, false},
      {"assert_not_contains", {"plum jam", "pear"}, true},
      {"assert_not_contains", {"plum jam", "jam"}, false},
      {"assert_match", {"plums: 12", "[0-9]+$"}, true},
      {"assert_match", {"plums", "^lums"}, false},
  };
  for (const auto& c : cases) {
    const auto result = call(c.op, c.args);
    EXPECT_EQ(result.has_value(), c.holds) << c.op;
    EXPECT_TRUE(result || result.error().kind == kind::kAssertFailed) << c.op;
  }
}

TEST_F(AssertionOps, a_failure_says_both_texts) {
  const Error failed = error("assert_eq", {"3", "2"});
  EXPECT_EQ(failed.message, "`3` is not `2`");
  EXPECT_EQ(failed.detail, "actual: `3`, expected: `2`");
}

TEST_F(AssertionOps, long_texts_are_cut_between_characters) {
  std::string accents;
  for (int i = 0; i < 100; ++i)
    accents += "é";
  const Error failed = error("assert_eq", {"x" + accents, "y"});
  std::string kept = "x";
  for (int i = 0; i < 59; ++i)
    kept += "é";
  EXPECT_EQ(failed.message, "`" + kept + "…` (201 bytes) is not `y`");
}

TEST_F(AssertionOps, a_pattern_that_is_none_is_no_failed_assertion) {
  EXPECT_EQ(kind("assert_match", {"a", "("}), kind::kBadArgument);
}

TEST_F(AssertionOps, paths_exist_or_do_not) {
  world.files.put("salt", "");
  EXPECT_TRUE(call("assert_exists", {"salt"}));
  EXPECT_EQ(kind("assert_exists", {"pepper"}), kind::kAssertFailed);
  EXPECT_TRUE(call("assert_not_exists", {"pepper"}));
  const Error there = error("assert_not_exists", {"salt"});
  EXPECT_EQ(there.kind, kind::kAssertFailed);
  EXPECT_EQ(there.detail, "/work/salt");
}

TEST_F(AssertionOps, what_cannot_be_told_fails_both_ways) {
  world.files.put("locked", "");
  world.files.forbidden = {"/work/locked"};
  EXPECT_EQ(kind("assert_exists", {"locked"}), kind::kFilePermissionDenied);
  EXPECT_EQ(kind("assert_not_exists", {"locked"}), kind::kFilePermissionDenied);
}

} // namespace
} // namespace perch::ops
