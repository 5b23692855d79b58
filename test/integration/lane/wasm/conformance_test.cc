// The programs of the public WASI test suite, each with the directory where it expects it.

#include "base/text.h"
#include "guests.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace perch::test {

namespace {

namespace fs = std::filesystem;

const fs::path kSuite = fs::path(PERCH_SOURCE_DIR) / "test/wasi-testsuite";

std::vector<fs::path> programs() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(kSuite))
    if (entry.path().extension() == ".wasm")
      found.push_back(fs::relative(entry.path(), kSuite));
  std::ranges::sort(found);
  return found;
}

class Conformance : public testing::TestWithParam<fs::path> {};

nlohmann::json expectation(fs::path program) {
  program.replace_extension(".json");
  return fs::exists(program) ? nlohmann::json::parse(read_file(program)) : nlohmann::json::object();
}

std::string test_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.string();
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

} // namespace

TEST_P(Conformance, runs_as_expected) {
  const fs::path program = kSuite / GetParam();
  const auto expected = expectation(program);
  const TempDir temp;
  lane::GuestSpec spec;
  spec.argv = {program.filename()};
  for (const auto& word : expected.value("args", nlohmann::json::array()))
    spec.argv.push_back(word);
  const auto env = expected.value("env", nlohmann::json::object());
  for (const auto& [name, value] : env.items())
    spec.env.emplace_back(name, value.get<std::string>());
  if (expected.contains("root")) {
    const std::string root = expected["root"];
    fs::copy(program.parent_path() / root, temp.path(), fs::copy_options::recursive);
    const bool anywhere = program.parent_path().string().ends_with("-anymount");
    spec.mounts = {
        {.host = temp.path(), .guest = anywhere ? "/rw/" + root : "/", .writable = true}};
  }
  const Ran ran = Guests().run(read_file(program), std::move(spec));
  EXPECT_EQ(ran.ended.how, lane::Ended::How::Exited) << ran.ended.error.message;
  EXPECT_EQ(ran.ended.code, expected.value("exit_code", 0)) << ran.err;
  if (expected.contains("stdout")) {
    EXPECT_EQ(ran.out, expected["stdout"].get<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Suite, Conformance, testing::ValuesIn(programs()), test_name);

TEST(ConformanceSuite, is_complete) {
  const auto all = programs();
  auto in = [&](std::string_view folder) {
    return std::ranges::count(all, folder, [](const auto& path) { return path.parent_path(); });
  };
  EXPECT_EQ(in("assemblyscript") + in("c") + in("rust"), 72);
  EXPECT_EQ(in("c-anymount"), in("c"));
  EXPECT_EQ(in("rust-anymount"), in("rust"));
}

} // namespace perch::test
