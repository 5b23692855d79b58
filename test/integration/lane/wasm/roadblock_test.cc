// What happens around guests that do not come back from the host.

#include "base/error_kinds.h"
#include "guests.h"
#include "lane/wasm/wasm_lane.h"

#include <gtest/gtest.h>

#include <atomic>

namespace perch::test {

using namespace std::chrono_literals;
using How = lane::Ended::How;
using Clock = std::chrono::steady_clock;

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

} // namespace perch::test
