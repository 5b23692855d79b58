#pragma once
// Running guests in tests: modules from text or from the built guests, and whole runs as one call.

#include "lane/lane.h"
#include "support/temp_dir.h"

#include <string>
#include <string_view>
#include <vector>

namespace perch::test {

/// Assembles the text format.
[[nodiscard]] std::string wasm(std::string_view text);
/// A guest of test/guests, such as "c/show". Skips the calling test when it was not built.
[[nodiscard]] std::string built_guest(std::string_view name);

/// How a run went, with all it wrote.
struct Ran {
  lane::Ended ended;
  std::string out, err;
};

/// Command line of this test's executable as a compiler, for WasmOptions.
[[nodiscard]] std::vector<std::string> compiler_program();
/// The same, but what is started to optimise in the background ends at once.
[[nodiscard]] std::vector<std::string> compiler_for_now_only();

/// One lane and what tests do with it.
class Guests {
public:
  explicit Guests(lane::WasmOptions options = {});

  [[nodiscard]] lane::WasmLane& lane() { return *lane_; }
  [[nodiscard]] Result<std::shared_ptr<const lane::Module>>
  load(std::string_view bytes, lane::Metering metering = lane::Metering::None) {
    return lane_->load("guest.wasm", bytes, {}, metering);
  }
  /// Loads and starts; fails the test when either does not work.
  [[nodiscard]] std::unique_ptr<lane::Job> start(std::string_view bytes, lane::GuestSpec spec);
  /// Runs to the end with captured output.
  [[nodiscard]] Ran run(std::string_view bytes, lane::GuestSpec spec = {});
  /// The error of a start that must fail.
  [[nodiscard]] Error refused(std::string_view bytes, lane::GuestSpec spec = {});

private:
  std::unique_ptr<lane::WasmLane> lane_;
};

/// A specification with a token of its own that stops `after` from now, and no streams.
[[nodiscard]] lane::GuestSpec until(std::chrono::milliseconds after);
/// A specification with one mount.
[[nodiscard]] lane::GuestSpec with_mount(const std::string& host, const std::string& guest,
                                         bool writable);
[[nodiscard]] std::size_t threads_of_this_process();
[[nodiscard]] std::size_t descriptors_of_this_process();

} // namespace perch::test
