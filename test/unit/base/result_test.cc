#include "base/error_kinds.h"
#include "base/result.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace perch {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0)
    return fail(kind::kBadArgument, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  PERCH_TRY_ASSIGN(const int first, half(n));
  PERCH_TRY_ASSIGN(const int second, half(first));
  return second;
}

Status check(int n) {
  PERCH_TRY(quarter(n));
  return {};
}

TEST(Result, try_returns_the_error_of_the_first_failure) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(check(8).has_value());
  EXPECT_EQ(check(7).error().kind, kind::kBadArgument);
}

TEST(Result, a_failed_assertion_names_file_line_and_condition) {
  EXPECT_DEATH(PERCH_ASSERT(1 + 1 == 3), "result_test.cc:[0-9]+: 1 \\+ 1 == 3");
}

TEST(ErrorKinds, are_sorted_and_unique) {
  EXPECT_TRUE(std::is_sorted(kind::kAll.begin(), kind::kAll.end()));
  EXPECT_EQ(std::adjacent_find(kind::kAll.begin(), kind::kAll.end()), kind::kAll.end());
}

} // namespace
} // namespace perch
