#include "sys/time_text.h"

#include <gtest/gtest.h>

namespace perch::sys {
namespace {

TEST(time_text, writes_points_in_time_in_utc) {
  EXPECT_EQ(time_text(0, Zone::Utc, "%Y-%m-%dT%H:%M:%S%z"), "1970-01-01T00:00:00+0000");
  EXPECT_EQ(time_text(951'782'400, Zone::Utc, "%F %a"), "2000-02-29 Tue");
  EXPECT_EQ(time_text(-1, Zone::Utc, "%T"), "23:59:59");
}

TEST(time_text, an_empty_format_gives_an_empty_text) {
  EXPECT_EQ(time_text(0, Zone::Utc, ""), "");
  EXPECT_EQ(time_text(0, Zone::Utc, "%%"), "%");
}

TEST(time_text, local_and_utc_differ_by_the_offset_they_show) {
  const auto local = time_text(1'000'000'000, Zone::Local, "%s");
  EXPECT_EQ(local, "1000000000");
}

TEST(time_text, knows_its_limits) {
  EXPECT_EQ(time_text(253'402'300'799, Zone::Utc, "%Y"), "9999");
  EXPECT_FALSE(time_text(253'402'300'800, Zone::Utc, "%Y"));
  EXPECT_FALSE(time_text(-62'135'596'801, Zone::Utc, "%Y"));
  EXPECT_FALSE(time_text(INT64_MAX, Zone::Utc, "%Y"));
  EXPECT_FALSE(time_text(0, Zone::Utc, std::string(5000, 'x')));
}

} // namespace
} // namespace perch::sys
