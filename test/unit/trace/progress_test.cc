#include "trace/label.h"
#include "trace/progress.h"
#include "unit/trace/script.h"

namespace perch::trace {

namespace {

constexpr std::int64_t kMs = 1'000'000;

} // namespace

TEST(ProgressState, what_is_over_soon_gets_no_line) {
  ProgressState state;
  const auto task = state.begin("compiling a.wasm", 0);
  EXPECT_EQ(state.line(199 * kMs, 80), "");
  EXPECT_EQ(state.line(200 * kMs, 80), "compiling a.wasm");
  EXPECT_EQ(state.line(2500 * kMs, 80), "compiling a.wasm (2s)");
  state.end(task);
  EXPECT_TRUE(state.idle());
  EXPECT_EQ(state.line(9000 * kMs, 80), "");
}

TEST(ProgressState, tasks_share_the_line) {
  ProgressState state;
  const auto parallel = state.begin("parallel", 0);
  (void)state.begin("from example.org", 100 * kMs);
  state.update(parallel, "parallel: 2 running, 0 of 3 finished");
  EXPECT_EQ(state.line(500 * kMs, 80), "parallel: 2 running, 0 of 3 finished · from example.org");
}

TEST(ProgressState, the_line_leaves_the_last_column_free) {
  ProgressState state;
  (void)state.begin(std::string(100, 'x'), 0);
  EXPECT_EQ(state.line(500 * kMs, 20), std::string(18, 'x') + "…");
  ProgressState wide;
  (void)wide.begin("模块模块模块模块模块模块", 0);
  EXPECT_EQ(wide.line(500 * kMs, 20), "模块模块模块模块模…");
}

TEST(ProgressState, what_a_name_holds_cannot_move_the_cursor) {
  ProgressState state;
  (void)state.begin("compiling a\r\n\x1b[2J.wasm", 0);
  EXPECT_EQ(state.line(500 * kMs, 80), "compiling a  \\x1b[2J.wasm");
}

TEST(Progress, without_tasks_writes_nothing) {
  MemoryWriter terminal;
  {
    Progress progress(terminal, [] { return std::size_t{80}; });
    const Progress::Hold hold(&progress);
    const ProgressTask nobody(nullptr, "x");
  }
  EXPECT_EQ(terminal.text(), "");
}

TEST(ProgressBytes, are_in_powers_of_1024) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(5ull << 30), "5.0 GiB");
}

} // namespace perch::trace
