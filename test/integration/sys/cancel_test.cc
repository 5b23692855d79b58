#include "base/error_kinds.h"
#include "support/temp_dir.h"
#include "sys/cancel.h"
#include "sys/poll_item.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace perch::sys {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

bool is_readable(CancelToken& token, int timeout_ms = 0) {
  PollItem item{.fd = token.fd(), .read = true};
  return poll({&item, 1}, timeout_ms).value() == 1;
}

TEST(CancelTokens, run_until_stopped) {
  auto root = CancelToken::root();
  EXPECT_EQ(root->stopped(), StopReason::None);
  EXPECT_EQ(root->deadline(), std::nullopt);
  EXPECT_EQ(root->poll_timeout_ms(), -1);
  EXPECT_TRUE(root->check());
  EXPECT_FALSE(is_readable(*root));
  root->stop(StopReason::Client);
  EXPECT_EQ(root->stopped(), StopReason::Client);
  EXPECT_TRUE(is_readable(*root));
}

TEST(CancelTokens, stop_what_is_below_and_nothing_else) {
  auto root = CancelToken::root();
  auto a = root->child(), b = root->child();
  auto a1 = a->child(), a2 = a1->child();
  int early = a2->fd();
  EXPECT_GE(early, 0);
  a->stop(StopReason::Sibling);
  for (auto* token : {&a, &a1, &a2}) {
    EXPECT_EQ((*token)->stopped(), StopReason::Sibling);
    EXPECT_TRUE(is_readable(**token));
  }
  for (auto* token : {&root, &b}) {
    EXPECT_EQ((*token)->stopped(), StopReason::None);
    EXPECT_FALSE(is_readable(**token));
  }
}

TEST(CancelTokens, born_of_a_stopped_one_are_stopped) {
  auto root = CancelToken::root();
  root->stop(StopReason::Client);
  auto child = root->child()->child();
  EXPECT_EQ(child->stopped(), StopReason::Client);
  EXPECT_TRUE(is_readable(*child));
}

TEST(CancelTokens, keep_the_first_reason) {
  auto root = CancelToken::root();
  auto child = root->child();
  child->stop(StopReason::Sibling);
  root->stop(StopReason::Client);
  child->stop(StopReason::Client);
  EXPECT_EQ(child->stopped(), StopReason::Sibling);
  root->stop_from_signal(SIGTERM);
  EXPECT_EQ(root->stopped(), StopReason::Client);
  EXPECT_EQ(root->signal(), SIGTERM);
}

TEST(CancelTokens, all_stop_at_a_signal) {
  auto root = CancelToken::root();
  auto child = root->child();
  auto grandchild = child->child(steady_clock::now() + 1h);
  (void)grandchild->fd();
  root->stop_from_signal(SIGINT);
  root->stop_from_signal(SIGTERM);
  EXPECT_EQ(root->signal(), SIGINT);
  for (auto* token : {&root, &child, &grandchild}) {
    EXPECT_EQ((*token)->stopped(), StopReason::Signal);
    EXPECT_TRUE(is_readable(**token));
  }
  EXPECT_TRUE(is_readable(*child->child()));
}

TEST(CancelTokens, have_the_earliest_deadline_above_them) {
  auto now = steady_clock::now();
  auto root = CancelToken::root();
  auto outer = root->child(now + 1h);
  EXPECT_EQ(outer->child(now + 2h)->deadline(), now + 1h);
  EXPECT_EQ(outer->child(now + 1min)->deadline(), now + 1min);
  EXPECT_EQ(outer->child()->deadline(), now + 1h);
}

TEST(CancelTokens, are_stopped_by_a_passing_deadline_without_their_descriptor) {
  auto root = CancelToken::root();
  auto token = root->child(steady_clock::now() - 1ns);
  EXPECT_EQ(token->poll_timeout_ms(), 0);
  EXPECT_EQ(token->stopped(), StopReason::Deadline);
  EXPECT_FALSE(is_readable(*token));
  EXPECT_EQ(root->stopped(), StopReason::None);
  token->stop(StopReason::Sibling);
  EXPECT_EQ(token->stopped(), StopReason::Deadline);
  EXPECT_TRUE(is_readable(*token)) << "stop() always wakes";
}

TEST(CancelTokens, round_the_time_to_their_deadline_up) {
  auto root = CancelToken::root();
  int ms = root->child(steady_clock::now() + 1500ms)->poll_timeout_ms();
  EXPECT_GT(ms, 1400);
  EXPECT_LE(ms, 1500);
  EXPECT_EQ(root->child(steady_clock::now() + 24h * 365)->poll_timeout_ms(), INT_MAX);
  EXPECT_EQ(root->child(steady_clock::now() + 900us)->poll_timeout_ms(), 1);
}

TEST(CancelTokens, sleep_until_the_time_asked_for) {
  auto root = CancelToken::root();
  auto until = steady_clock::now() + 15ms;
  EXPECT_EQ(root->wait_until(until), StopReason::None);
  EXPECT_GE(steady_clock::now(), until);
}

TEST(CancelTokens, sleep_no_longer_than_their_deadline) {
  auto root = CancelToken::root();
  auto deadline = steady_clock::now() + 15ms;
  EXPECT_EQ(root->child(deadline)->wait_until(steady_clock::now() + 1h), StopReason::Deadline);
  EXPECT_GE(steady_clock::now(), deadline);
}

// The best of several tries: what is measured is us, not how busy the machine is.
template <class Stop>
steady_clock::duration time_to_wake(const Stop& stop) {
  auto best = steady_clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    auto root = CancelToken::root();
    auto token = root->child()->child(steady_clock::now() + 1h);
    steady_clock::time_point woke;
    StopReason reason = StopReason::None;
    std::thread sleeper([&] {
      reason = token->wait_until(steady_clock::now() + 10s);
      woke = steady_clock::now();
    });
    std::this_thread::sleep_for(5ms);
    auto stopped = steady_clock::now();
    stop(*root);
    sleeper.join();
    EXPECT_NE(reason, StopReason::None);
    best = std::min(best, woke - stopped);
  }
  return best;
}

TEST(CancelTokens, wake_a_sleeper_below_within_a_millisecond) {
  EXPECT_LT(time_to_wake([](CancelToken& root) { root.stop(StopReason::Client); }), 1ms);
  EXPECT_LT(time_to_wake([](CancelToken& root) { root.stop_from_signal(SIGINT); }), 1ms);
}

TEST(CancelTokens, come_and_go_without_a_trace) {
  auto root = CancelToken::root();
  auto keep = root->child();
  (void)root->fd();
  (void)keep->fd();
  int before = test::entries_in("/proc/self/fd");
  for (int i = 0; i < 10'000; ++i) {
    auto child = root->child(steady_clock::now() + 1h);
    auto grandchild = child->child();
    (void)grandchild->fd();
  }
  EXPECT_EQ(test::entries_in("/proc/self/fd"), before);
  keep->stop(StopReason::Sibling);
  EXPECT_TRUE(is_readable(*keep));
}

TEST(CancelTokens, a_tree_of_thousands_stops_at_once) {
  auto root = CancelToken::root();
  std::vector<std::shared_ptr<CancelToken>> all = {root};
  for (int i = 0; i < 10'000; ++i)
    all.push_back(all[static_cast<std::size_t>(i) / 3]->child());
  root->stop(StopReason::Client);
  for (auto& token : all)
    ASSERT_EQ(token->stopped(), StopReason::Client);
}

TEST(CancelTokens, may_be_used_from_many_threads_at_once) {
  auto root = CancelToken::root();
  std::atomic<int> woken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        auto token = root->child();
        auto below = token->child(steady_clock::now() + 1h);
        (void)below->fd();
        if (n % 2 == 0)
          token->stop(StopReason::Sibling);
        (void)below->stopped();
      }
      if (root->child()->wait_until(steady_clock::now() + 60s) != StopReason::None)
        ++woken;
    });
  }
  std::this_thread::sleep_for(20ms);
  root->stop_from_signal(SIGTERM);
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(woken, 8);
}

TEST(CancelTokens, still_stop_when_no_descriptor_is_left) {
  auto root = CancelToken::root();
  auto token = root->child();
  // Made before: the sanitizers need descriptors for a new thread.
  std::atomic<bool> running = false, limited = false;
  std::thread stopper([&] {
    running = true;
    while (!limited)
      std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(5ms);
    root->stop(StopReason::Client);
  });
  while (!running)
    std::this_thread::sleep_for(1ms);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  int fd = token->fd();
  int timeout_ms = token->poll_timeout_ms();
  limited = true;
  StopReason reason = token->wait_until(steady_clock::now() + 10s);
  ::setrlimit(RLIMIT_NOFILE, &before);
  stopper.join();
  EXPECT_EQ(fd, -1);
  EXPECT_GT(timeout_ms, 0);
  EXPECT_LE(timeout_ms, 20);
  EXPECT_EQ(reason, StopReason::Client);
  EXPECT_TRUE(is_readable(*token));
}

TEST(CancelTokens, explain_why_a_run_ended) {
  auto root = CancelToken::root();
  auto late = root->child(steady_clock::now() - 1s);
  EXPECT_EQ(late->check().error().kind, kind::kTimeoutExceeded);
  EXPECT_EQ(late->check().error().message, "the time limit passed");
  auto sibling = root->child();
  sibling->stop(StopReason::Sibling);
  EXPECT_EQ(sibling->check().error().message, "cancelled: another branch of `parallel` failed");
  root->stop_from_signal(SIGTERM);
  auto stopped = root->child()->check();
  EXPECT_EQ(stopped.error().kind, kind::kSignalReceived);
  EXPECT_EQ(stopped.error().message, "stopped by SIGTERM");
  EXPECT_EQ(stopped.error().code_name, "SIGTERM");
}

} // namespace
} // namespace perch::sys
