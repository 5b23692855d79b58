#pragma once
// Running a child to its end with its output caught, for the tests of the process lane.

#include "lane/lane.h"

#include <functional>
#include <string>
#include <vector>

namespace perch::test {

/// `sh -c text` with a small environment and no input.
[[nodiscard]] lane::ChildSpec shell(const std::string& text);

struct Output {
  lane::Ended ended;
  std::string text;  ///< stdout and stderr
  std::string error; ///< the message when it did not start
};

/// Starts it, reads what it writes until all writers are gone, and collects it.
[[nodiscard]] Output run(lane::ProcessLane& lane, lane::ChildSpec spec);
/// The same for `sh -c text`; the text without its last newline.
[[nodiscard]] std::string output_of(const std::string& text);

/// Runs `body` in a process of its own, which ends with its result, and returns how that ended, as
/// waitpid has it. -1 after ten seconds.
[[nodiscard]] int in_a_process(const std::function<int()>& body);

/// Waits up to ten seconds for it to be true.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);
[[nodiscard]] bool is_alive(int pid);

} // namespace perch::test
