// What happens around guests that do not come back from the host: the pages of their module are
// closed for a moment, and their number is bounded.

#include "base/error_kinds.h"
#include "guests.h"
#include "lane/wasm/module.h"
#include "lane/wasm/wasm_lane.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace perch::test {

using namespace std::chrono_literals;
using How = lane::Ended::How;
using Clock = std::chrono::steady_clock;

namespace {

/// Computes for a while and exits with a number that depends on all it did; `seed` makes
/// two of them different modules.
std::string computes(int seed) {
  return wasm(R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $i i32) (local $x i32)
      (local.set $x (i32.const )" +
              std::to_string(seed) + R"())
      (loop $l
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 100000000))))
      (call $exit (i32.and (i32.shr_u (local.get $x) (i32.const 8)) (i32.const 127))))))");
}

} // namespace

namespace {

/// Guests that enter the host are held there until the test opens.
std::atomic<int> held = 0;
std::atomic<bool> door_open = false;

std::int32_t hold(void*, std::uint8_t*, std::size_t, const std::int32_t*) {
  ++held;
  held.notify_all();
  door_open.wait(false);
  return 0;
}

} // namespace

TEST(WasmGivenUp, guests_that_do_not_come_back_make_the_next_one_wait) {
  const perch_import_t import{lane::slice("test"), lane::slice("hold"), 0, hold};
  const auto lane = lane::make_wasm_lane_with({}, {import});
  const std::string bytes = wasm(R"((module (import "test" "hold" (func $hold (result i32)))
    (func (export "_start") (drop (call $hold)))))");
  const auto module = lane->load("guest.wasm", bytes, {}, lane::Metering::None).value();
  auto start = [&](const std::shared_ptr<sys::CancelToken>& cancel) {
    lane::GuestSpec spec;
    spec.stdio = {-1, -1, -1};
    spec.cancel = cancel;
    return lane->start(module, spec);
  };
  for (int i = 1; i <= 2; ++i) {
    const auto job = start(sys::CancelToken::root()).value();
    for (int now = held; now < i; now = held)
      held.wait(now);
    job->terminate(lane::Job::Force::Now);
    EXPECT_EQ(job->finish().how, How::Signalled);
  }
  const auto refused = start(sys::CancelToken::root()->child(Clock::now() + 50ms));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, kind::kTimeoutExceeded);
  // One that never comes back does not stop all others for good.
  const auto third = start(sys::CancelToken::root());
  ASSERT_TRUE(third);
  door_open = true;
  door_open.notify_all();
  EXPECT_EQ((*third)->finish().how, How::Exited);
  // Those that were given up trap; then there is room at once.
  const auto begin = Clock::now();
  EXPECT_EQ(start(sys::CancelToken::root()).value()->finish().how, How::Exited);
  EXPECT_LT(Clock::now() - begin, 1s);
}

TEST(WasmRoadblock, roadblocks_of_several_modules_in_turn_disturb_nobody) {
  // More threads than processors: some come to their handlers when the road that stopped them is
  // open again and another one is closed.
  Guests guests;
  std::vector<std::shared_ptr<const lane::Module>> modules;
  std::vector<std::unique_ptr<lane::Job>> jobs;
  std::vector<int> expected;
  auto start = [&](const auto& module) {
    lane::GuestSpec spec;
    spec.stdio = {-1, -1, -1};
    spec.cancel = sys::CancelToken::root();
    return std::move(guests.lane().start(module, spec)).value();
  };
  for (const int seed : {1, 2, 3}) {
    modules.push_back(guests.load(computes(seed)).value());
    expected.push_back(start(modules.back())->finish().code);
  }
  std::vector<std::shared_ptr<const lane::LinkedCode>> codes;
  for (const auto& module : modules) {
    jobs.push_back(start(module));
    codes.push_back(static_cast<const lane::CompiledModule&>(*module).for_guest(1 << 20).value());
  }
  std::atomic<bool> done = false;
  std::jthread closes([&] {
    while (!done) {
      for (const auto& code : codes)
        EXPECT_TRUE(lane::Roadblock::put_up(*code->diversion()));
    }
  });
  for (std::size_t i = 0; i < jobs.size(); ++i)
    EXPECT_EQ(jobs[i]->finish().code, expected[i]);
  done = true;
}

} // namespace perch::test
