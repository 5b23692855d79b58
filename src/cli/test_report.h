#pragma once
// What `perch test` says when all tests have ended.

#include "cli/context.h"

#include <cstdint>
#include <span>
#include <string>

namespace perch::cli {

struct TestResult {
  std::string name;
  bool passed = false;
  std::int64_t duration_ns = 0;
  std::string output; ///< stdout and stderr as they came
  std::string ending; ///< "it ended with exit status 3"
};

[[nodiscard]] std::string test_report(std::span<const TestResult> results, bool verbose,
                                      std::int64_t total_ns);
/// The JUnit XML that CI systems read. `path`: `-` for standard output; a file appears whole or not
/// at all.
[[nodiscard]] Status write_junit(const Context& context, std::string_view path,
                                 std::string_view suite, std::span<const TestResult> results);

} // namespace perch::cli
