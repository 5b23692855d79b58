// What `perch doctor` says of kernels that lack something.

#include "cli/doctor.h"

#include <gtest/gtest.h>

namespace perch::cli {
namespace {

DoctorFacts facts(int landlock, bool filters) {
  return {.version = "1",
          .kernel = {.release = "6.1.0",
                     .machine = "x86_64",
                     .confinement = {.landlock = landlock, .filters = filters},
                     .openat2 = true,
                     .execveat = true,
                     .close_range = true,
                     .pidfd = true},
          .wall = {.files = landlock >= 2, .system_calls = filters},
          .directories = {},
          .shell = "/bin/sh"};
}

/// Names of the restrictions that are enforced.
std::string held(int landlock, bool filters) {
  std::string out;
  const base::Json json = doctor_json(facts(landlock, filters));
  for (const auto& row : json["restrictions"]) {
    if (row["enforced"].get<bool>())
      out += row["name"].get<std::string>() + "; ";
  }
  return out;
}

TEST(Doctor, a_new_kernel_holds_everything) {
  EXPECT_EQ(
      held(7, true),
      "no_write, write=…; no_read, read=…; no_network, host=…; no_env, env=…; outside processes; ");
}

TEST(Doctor, without_scopes_signals_are_the_gap) {
  EXPECT_EQ(held(5, true),
            "no_write, write=…; no_read, read=…; no_network, host=…; no_env, env=…; ");
  EXPECT_NE(doctor_text(facts(5, true)).find("may signal the user's own"), std::string::npos);
}

TEST(Doctor, without_truncation_nothing_limits_writing) {
  EXPECT_EQ(held(2, true), "no_read, read=…; no_network, host=…; no_env, env=…; ");
}

TEST(Doctor, without_landlock_the_network_is_still_closed) {
  EXPECT_EQ(held(0, true), "no_network, host=…; ");
  const std::string text = doctor_text(facts(0, true));
  EXPECT_NE(
      text.find("the child is not started (confinement_unavailable): this kernel has no Landlock"),
      std::string::npos)
      << text;
}

TEST(Doctor, without_filters_only_environments_are_closed) {
  EXPECT_EQ(held(7, false), "no_env, env=…; ");
}

} // namespace
} // namespace perch::cli
