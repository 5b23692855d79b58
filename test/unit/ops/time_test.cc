#include "op_fixture.h"

namespace perch::ops {
namespace {

class TimeOps : public Ops {
protected:
  TimeOps() { world.now_ns = 1'936'688'887'123'000'000; } // 2031-05-16T09:08:07.123Z

  std::string utc(const char* format) { return text("now", {format, named("zone", "utc")}); }
};

TEST_F(TimeOps, now_knows_formats_by_name) {
  EXPECT_EQ(utc("rfc3339"), "2031-05-16T09:08:07Z");
  EXPECT_EQ(utc("rfc822"), "16 May 31 09:08 GMT");
  EXPECT_EQ(utc("date"), "2031-05-16");
  EXPECT_EQ(utc("time"), "09:08:07");
  EXPECT_EQ(utc("datetime"), "2031-05-16 09:08:07");
  EXPECT_EQ(utc("unix"), "1936688887");
  EXPECT_EQ(utc("unix_milli"), "1936688887123");
  EXPECT_EQ(value("now", {"unix"}).type(), op::Type::Int);
}

TEST_F(TimeOps, now_takes_strftime) {
  EXPECT_EQ(utc("%Y%m%d-%H%M%S"), "20310516-090807");
  EXPECT_EQ(utc("100%%"), "100%");
}

TEST_F(TimeOps, the_local_zone_is_the_usual_one) {
  EXPECT_EQ(text("now", {}), text("now", {"rfc3339", named("zone", "local")}));
  EXPECT_EQ(text("now", {}).substr(0, 8), "2031-05-");
}

TEST_F(TimeOps, a_layout_by_example_is_refused_with_its_translation) {
  const Error layout = error("now", {"2006-01-02_15:04:05"});
  EXPECT_EQ(layout.kind, kind::kBadArgument);
  EXPECT_EQ(layout.help, "write it as \"%Y-%m-%d_%H:%M:%S\"");
}

TEST_F(TimeOps, an_unknown_name_is_refused) {
  const Error unknown = error("now", {"iso"});
  EXPECT_EQ(unknown.kind, kind::kBadArgument);
  EXPECT_NE(unknown.help.find("rfc3339"), std::string::npos);
  EXPECT_EQ(kind("now", {""}), kind::kBadArgument);
  EXPECT_EQ(error("now", {"+%F"}).help, "write it as \"%F\"");
  EXPECT_EQ(kind("now", {"date", named("zone", "mars")}), kind::kBadArgument);
  EXPECT_EQ(kind("now", {std::string("%Y\0%m", 5)}), kind::kBadArgument);
}

TEST_F(TimeOps, unix_to_iso_drops_fractions) {
  EXPECT_EQ(text("unix_to_iso", {"0"}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(text("unix_to_iso", {"1936688887.9"}), "2031-05-16T09:08:07Z");
  EXPECT_EQ(text("unix_to_iso", {"-1"}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(text("unix_to_iso", {"253402300799"}), "9999-12-31T23:59:59Z");
}

TEST_F(TimeOps, unix_to_iso_refuses_what_is_no_time) {
  for (const char* written : {"", "soon", "1x", "1e9", "253402300800", "9223372036854775808"})
    EXPECT_EQ(kind("unix_to_iso", {written}), kind::kBadArgument) << written;
}

} // namespace
} // namespace perch::ops
