#include "base/error_kinds.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace perch::sys {
namespace {

using State = Transfer::State;

class Polling : public testing::Test {
protected:
  Polling() { ::signal(SIGPIPE, SIG_IGN); }
  ~Polling() override { ::signal(SIGPIPE, SIG_DFL); }
  Pipe pipe = make_pipe().value();
  std::array<char, 64> bytes{};
};

TEST_F(Polling, a_pipe_is_readable_once_there_is_something) {
  PollItem item{.fd = pipe.read.get(), .read = true};
  EXPECT_EQ(poll({&item, 1}, 0).value(), 0);
  EXPECT_FALSE(item.ready());
  ASSERT_EQ(write_some(pipe.write.get(), "abc")->bytes, 3u);
  EXPECT_EQ(poll({&item, 1}, 0).value(), 1);
  EXPECT_TRUE(item.readable);
  EXPECT_FALSE(item.writable);
  auto got = read_some(pipe.read.get(), bytes);
  EXPECT_EQ(got->state, State::Moved);
  EXPECT_EQ(std::string_view(bytes.data(), got->bytes), "abc");
}

TEST_F(Polling, the_end_of_input_is_readable_and_Closed) {
  pipe.write.reset();
  PollItem item{.fd = pipe.read.get(), .read = true};
  EXPECT_EQ(poll({&item, 1}, -1).value(), 1);
  EXPECT_EQ(read_some(pipe.read.get(), bytes)->state, State::Closed);
}

TEST_F(Polling, a_pipe_without_a_reader_is_writable_and_Closed) {
  pipe.read.reset();
  PollItem item{.fd = pipe.write.get(), .write = true};
  EXPECT_EQ(poll({&item, 1}, -1).value(), 1);
  EXPECT_TRUE(item.writable);
  EXPECT_TRUE(item.gone);
  EXPECT_EQ(write_some(pipe.write.get(), "x")->state, State::Closed);
}

TEST_F(Polling, what_would_block_says_so) {
  ASSERT_TRUE(set_nonblocking(pipe.read.get()));
  ASSERT_TRUE(set_nonblocking(pipe.write.get()));
  EXPECT_EQ(read_some(pipe.read.get(), bytes)->state, State::WouldBlock);
  std::string much(1 << 20, 'x');
  auto some = write_some(pipe.write.get(), much);
  EXPECT_EQ(some->state, State::Moved);
  EXPECT_LT(some->bytes, much.size());
  EXPECT_EQ(write_some(pipe.write.get(), much)->state, State::WouldBlock);
}

TEST_F(Polling, items_without_a_descriptor_are_skipped) {
  ASSERT_TRUE(write_some(pipe.write.get(), "x"));
  std::array<PollItem, 3> items = {PollItem{.fd = -1, .read = true},
                                   PollItem{.fd = pipe.read.get(), .read = true},
                                   PollItem{.fd = -1, .write = true}};
  EXPECT_EQ(poll(items, 0).value(), 1);
  EXPECT_TRUE(items[1].ready());
  EXPECT_FALSE(items[0].ready());
  EXPECT_FALSE(items[2].ready());
}

TEST_F(Polling, answers_of_the_last_time_are_forgotten) {
  PollItem item{.fd = pipe.read.get(), .read = true};
  ASSERT_TRUE(write_some(pipe.write.get(), "x"));
  ASSERT_EQ(poll({&item, 1}, 0).value(), 1);
  ASSERT_TRUE(read_some(pipe.read.get(), bytes));
  EXPECT_EQ(poll({&item, 1}, 0).value(), 0);
  EXPECT_FALSE(item.ready());
}

TEST_F(Polling, takes_hundreds_of_items) {
  std::vector<Pipe> pipes;
  std::vector<PollItem> items;
  for (int i = 0; i < 200; ++i) {
    pipes.push_back(make_pipe().value());
    items.push_back({.fd = pipes.back().read.get(), .read = true});
  }
  ASSERT_TRUE(write_some(pipes[150].write.get(), "x"));
  EXPECT_EQ(poll(items, -1).value(), 1);
  EXPECT_TRUE(items[150].readable);
}

TEST_F(Polling, a_signal_ends_the_wait_without_an_answer) {
  struct sigaction action{}, before{};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, &before);
  pthread_t self = ::pthread_self();
  std::thread other([&] {
    ::usleep(20'000);
    ::pthread_kill(self, SIGUSR1);
  });
  PollItem item{.fd = pipe.read.get(), .read = true};
  EXPECT_EQ(poll({&item, 1}, 10'000).value(), 0);
  other.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(Polling, a_closed_descriptor_is_our_mistake) {
  PollItem item{.fd = 999, .read = true};
  EXPECT_DEATH((void)poll({&item, 1}, 0), "POLLNVAL");
}

TEST_F(Polling, reading_what_cannot_be_read_is_an_error) {
  auto got = read_some(pipe.write.get(), bytes);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code_name, "EBADF");
}

TEST(Descriptors, of_ours_close_on_exec_and_stay_clear_of_the_standard_streams) {
  int saved = ::dup(0);
  ::close(0);
  Pipe pipe = make_pipe().value();
  Fd null = open_null(Access::Read).value();
  ::dup2(saved, 0);
  ::close(saved);
  for (const Fd* fd : {&pipe.read, &pipe.write, &null}) {
    EXPECT_GT(fd->get(), 2);
    EXPECT_EQ(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  }
}

TEST(Descriptors, of_the_null_device_are_empty_and_swallow_everything) {
  std::array<char, 8> bytes{};
  Fd in = open_null(Access::Read).value(), out = open_null(Access::Write).value();
  EXPECT_EQ(read_some(in.get(), bytes)->state, State::Closed);
  EXPECT_EQ(write_some(out.get(), "gone")->bytes, 4u);
}

TEST(Descriptors, that_are_duplicated_outlive_the_original) {
  Pipe pipe = make_pipe().value();
  Fd copy = dup_fd(pipe.write.get()).value();
  pipe.write.reset();
  EXPECT_EQ(write_some(copy.get(), "x")->bytes, 1u);
}

TEST(Descriptors, run_out_with_words_that_help) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto pipe = make_pipe();
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().message, "cannot make a pipe: too many open files");
  EXPECT_EQ(pipe.error().help, "raise the limit on open files: `ulimit -n`");
}

TEST(Descriptors, move_and_close_once) {
  Fd a(::dup(0));
  int number = a.get();
  Fd b = std::move(a);
  EXPECT_EQ(a.get(), -1);
  EXPECT_EQ(b.get(), number);
  b = Fd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Descriptors, of_pipes_can_hold_more) {
  Pipe pipe = make_pipe().value();
  ASSERT_TRUE(set_nonblocking(pipe.write.get()));
  try_grow_pipe(pipe.write.get(), 256 << 10);
  EXPECT_EQ(write_some(pipe.write.get(), std::string(256 << 10, 'x'))->bytes, 256u << 10);
}

} // namespace
} // namespace perch::sys
