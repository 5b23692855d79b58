#include "op_fixture.h"

namespace perch::ops {
namespace {

using HostOps = Ops;

TEST_F(HostOps, tell_the_facts) {
  const std::pair<const char*, const char*> cases[] = {
      {"get_os", "linux"},
      {"get_arch", "amd64"},
      {"os_version", "6.1.0"},
      {"cpu_count", "2"},
      {"hostname", "kitchen"},
      {"user", "cook"},
      {"pid", "4711"},
      {"is_admin", "false"},
      {"is_tty", "false"},
      {"cwd", "/work"},
      {"home_dir", "/home/cook"},
      {"temp_dir", "/tmp"},
      {"cache_dir", "/home/cook/.cache"},
      {"config_dir", "/home/cook/.config"},
      {"data_dir", "/home/cook/.local/share"},
      {"app_data_dir", "/home/cook/.local/share"},
      {"exe_path", "/usr/bin/perch"},
      {"exe_dir", "/usr/bin"},
      {"script_path", "/work/ops.perch"},
      {"script_dir", "/work"},
      {"path_sep", "/"},
      {"path_list_sep", ":"},
      {"exe_ext", ""},
      {"null_device", "/dev/null"},
  };
  for (const auto& [op, expected] : cases)
    EXPECT_EQ(text(op, {}), expected) << op;
}

TEST_F(HostOps, facts_have_their_types) {
  EXPECT_EQ(value("cpu_count", {}).type(), op::Type::Int);
  EXPECT_EQ(value("is_tty", {}).type(), op::Type::Bool);
}

TEST_F(HostOps, separators_follow_the_host) {
  world.host.os = "windows";
  EXPECT_EQ(text("path_sep", {}), "\\");
  EXPECT_EQ(text("path_list_sep", {}), ";");
  EXPECT_EQ(text("exe_ext", {}), ".exe");
  EXPECT_EQ(text("null_device", {}), "NUL");
}

TEST_F(HostOps, a_directory_that_is_not_known_is_an_error) {
  world.host.cache_dir.clear();
  const Error unknown = error("cache_dir", {});
  EXPECT_EQ(unknown.kind, kind::kUnknownName);
  EXPECT_EQ(unknown.message, "the cache_dir cannot be determined");
  world.host.home.clear();
  EXPECT_EQ(text("home_dir", {}), "");
}

TEST_F(HostOps, an_executable_at_the_root_has_a_directory) {
  world.host.exe_path = "/perch";
  EXPECT_EQ(text("exe_dir", {}), "/");
}

TEST_F(HostOps, is_ci_looks_at_the_variables_of_build_servers) {
  EXPECT_EQ(text("is_ci", {}), "false");
  world.env["CI"] = "";
  EXPECT_EQ(text("is_ci", {}), "false");
  world.env["BUILDKITE"] = "true";
  EXPECT_EQ(text("is_ci", {}), "true");
}

TEST_F(HostOps, is_ci_is_refused_only_when_it_may_see_nothing) {
  world.denied = {op::Cap::Env};
  EXPECT_EQ(kind("is_ci", {}), kind::kCapabilityDenied);
}

TEST_F(HostOps, take_no_words) {
  for (const char* name : {"cwd", "pid", "user", "is_ci"})
    EXPECT_EQ(kind(name, {"x"}), kind::kBadArgument) << name;
}

} // namespace
} // namespace perch::ops
