// The tests, and the compiler that their lanes start.

#include "guests.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {
constexpr std::string_view kCompilerWord = "__compiler";
}

std::vector<std::string> perch::test::compiler_program() {
  return {std::filesystem::read_symlink("/proc/self/exe").string(), std::string(kCompilerWord)};
}

std::vector<std::string> perch::test::compiler_for_now_only() {
  const auto compiler = compiler_program();
  return {"/bin/sh", "-c",
          "test \"$0\" = later || exec " + compiler[0] + " " + compiler[1] + " \"$0\" \"$@\""};
}

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == kCompilerWord)
    return perch::lane::run_compiler(std::span(words).subspan(1));
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
