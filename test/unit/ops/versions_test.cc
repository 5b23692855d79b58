#include "op_fixture.h"

namespace perch::ops {
namespace {

using VersionOps = Ops;

/// Each version is older than the next.
constexpr const char* kAscending[] = {
    "0.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "v1.0.1",
    "1.2",
    "1.10",
    "2",
    "2.0.0.1",
    "99999999999999999999.0",
};

TEST_F(VersionOps, order_versions_as_semver_does) {
  for (std::size_t i = 0; i < std::size(kAscending); ++i) {
    for (std::size_t j = 0; j < std::size(kAscending); ++j) {
      const std::vector<Arg> two = {kAscending[i], kAscending[j]};
      const auto is = [&](const char* op) { return text(op, two) == "true"; };
      EXPECT_EQ(is("version_lt"), i < j) << kAscending[i] << ' ' << kAscending[j];
      EXPECT_EQ(is("version_le"), i <= j) << kAscending[i] << ' ' << kAscending[j];
      EXPECT_EQ(is("version_gt"), i > j) << kAscending[i] << ' ' << kAscending[j];
      EXPECT_EQ(is("version_ge"), i >= j) << kAscending[i] << ' ' << kAscending[j];
      EXPECT_EQ(is("version_eq"), i == j) << kAscending[i] << ' ' << kAscending[j];
      EXPECT_EQ(is("version_ne"), i != j) << kAscending[i] << ' ' << kAscending[j];
    }
  }
}

TEST_F(VersionOps, spellings_of_one_version_are_equal) {
  for (const char* same : {"1.2", "v1.2.0", "1.2.0.0", "1.2.0+build.7", "01.02", " 1.2\n"})
    EXPECT_EQ(text("version_eq", {"1.2.0", same}), "true") << same;
}

TEST_F(VersionOps, what_is_no_version_cannot_be_compared) {
  for (const char* other : {"", "latest", "go1.21", "1.x", "1..2", "1.2-", "1.2.3rc1", "-1"}) {
    EXPECT_EQ(kind("version_eq", {other, "1.0"}), kind::kBadArgument) << other;
    EXPECT_EQ(kind("version_lt", {"1.0", other}), kind::kBadArgument) << other;
  }
}

TEST_F(VersionOps, versions_with_one_first_number_are_compatible) {
  EXPECT_EQ(text("version_compat", {"2.1.0", "v2.9"}), "true");
  EXPECT_EQ(text("version_compat", {"2.1.0", "3.1.0"}), "false");
  EXPECT_EQ(text("version_compat", {"unknown", "3.1.0"}), "false");
}

TEST_F(VersionOps, version_extract_finds_the_first_version) {
  const std::pair<const char*, const char*> cases[] = {
      {"go version go1.22.1 linux/amd64", "1.22.1"},
      {"Docker version 24.0.7, build afdd53b", "24.0.7"},
      {"v2.0.0-rc.1+meta.5 is out", "2.0.0-rc.1+meta.5"},
      {"the end is 1.2.3-rc.1.", "1.2.3-rc.1"},
      {"python 3", ""},
      {"", ""},
  };
  for (const auto& [output, version] : cases)
    EXPECT_EQ(text("version_extract", {output}), version) << output;
}

TEST_F(VersionOps, version_extract_takes_a_pattern) {
  EXPECT_EQ(text("version_extract", {"build 77 of 5", "build ([0-9]+)"}), "77");
  EXPECT_EQ(text("version_extract", {"build 77", "[0-9]+"}), "77");
  EXPECT_EQ(text("version_extract", {"build", "[0-9]+"}), "");
  EXPECT_EQ(kind("version_extract", {"build", "("}), kind::kBadArgument);
}

TEST_F(VersionOps, assert_version_knows_its_relations) {
  const std::pair<const char*, bool> cases[] = {{">=", true}, {">", true},   {"<=", false},
                                                {"<", false}, {"==", false}, {"!=", true},
                                                {"~", true}};
  for (const auto& [relation, holds] : cases)
    EXPECT_EQ(call("assert_version", {"1.22.1", relation, "1.21"}).has_value(), holds) << relation;
  EXPECT_EQ(kind("assert_version", {"2.0", "~", "1.21"}), kind::kAssertFailed);
  EXPECT_EQ(kind("assert_version", {"2.0", "=>", "1.21"}), kind::kBadArgument);
  EXPECT_EQ(kind("assert_version", {"", ">=", "1.21"}), kind::kBadArgument);
}

TEST_F(VersionOps, a_failed_assertion_says_what_it_got) {
  const Error failed = error("assert_version", {"1.20", ">=", "1.21"});
  EXPECT_EQ(failed.kind, kind::kAssertFailed);
  EXPECT_EQ(failed.message, "version 1.20 is not >= 1.21");
  EXPECT_EQ(failed.detail, "got 1.20, want >= 1.21");
}

TEST_F(VersionOps, assert_version_ge_is_kept_for_old_programs) {
  EXPECT_TRUE(call("assert_version_ge", {"1.21", "1.21"}));
  EXPECT_EQ(kind("assert_version_ge", {"1.20", "1.21"}), kind::kAssertFailed);
}

} // namespace
} // namespace perch::ops
