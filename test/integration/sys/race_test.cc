// Somebody swaps links and directories while paths are checked and used. What is decided on a
// Spot's real path must hold for what is then done through its handle.

#include "base/text.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace perch::sys {
namespace {

using test::make_directory;
using test::make_link;
using test::write_file;

// Does something over and over on a thread of its own until it goes.
class Rival {
public:
  explicit Rival(std::function<void()> act)
      : thread_([this, act = std::move(act)] {
          while (!done_)
            act();
        }) {}
  ~Rival() {
    done_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

void exchange(const std::string& a, const std::string& b) {
  ::syscall(SYS_renameat2, -1, a.c_str(), -1, b.c_str(), RENAME_EXCHANGE);
}

// Long enough to lose each race many times if it can be lost.
constexpr auto kTime = std::chrono::milliseconds(1'500);

class Race : public testing::Test {
protected:
  Race() {
    make_directory(dir / "allowed/sub");
    make_directory(dir / "secret/sub");
    write_file(dir / "allowed/sub/f", "public");
    write_file(dir / "secret/sub/f", "secret");
  }
  /// Does it until the time is over, and at least a hundred times with an allowed path.
  template <class Try>
  void keep_trying(const Try& attempt) {
    auto end = std::chrono::steady_clock::now() + kTime;
    while (!HasFailure() && (allowed < 100 || std::chrono::steady_clock::now() < end))
      attempt();
  }
  // What the gate does: locate, decide on the real path, use the handle.
  template <class Use>
  void when_allowed(const std::string& path, const Use& use) {
    auto spot = fs->locate(path, Final::Follow);
    if (!spot || !is_within(dir / "allowed", spot->real))
      return;
    ++allowed;
    use(*spot);
  }

  test::TempDir dir;
  std::unique_ptr<Fs> fs = real_fs();
  int allowed = 0;
};

TEST_F(Race, a_directory_swapped_for_a_link_gives_nothing_away) {
  make_link(dir / "secret/sub", dir / "allowed/other");
  Rival rival([&] { exchange(dir / "allowed/sub", dir / "allowed/other"); });
  keep_trying([&] {
    when_allowed(dir / "allowed/sub/f", [&](const Spot& spot) {
      auto fd = fs->open(spot, Access::Read, 0);
      if (fd) {
        ASSERT_EQ(read_all(fd->get(), 100, "f").value(), "public") << spot.real;
      }
    });
  });
}

TEST_F(Race, a_file_swapped_for_a_link_gives_nothing_away) {
  make_link(dir / "secret/sub/f", dir / "allowed/sub/link");
  Rival rival([&] { exchange(dir / "allowed/sub/f", dir / "allowed/sub/link"); });
  keep_trying([&] {
    when_allowed(dir / "allowed/sub/f", [&](const Spot& spot) {
      auto fd = fs->open(spot, Access::Read, 0);
      if (fd) {
        ASSERT_EQ(read_all(fd->get(), 100, "f").value(), "public");
      }
      auto pending = fs->replace(spot, 0644);
      if (pending && (*pending)->write("public"))
        (void)(*pending)->commit();
    });
  });
  EXPECT_EQ(test::read_file(dir / "secret/sub/f"), "secret");
}

// `..` in a link, behind a directory that is moved up and down meanwhile: asked of the kernel it
// would lead out of `allowed`.
TEST_F(Race, dots_behind_a_moving_directory_do_not_lead_out) {
  make_directory(dir / "allowed/a/b");
  make_directory(dir / "allowed/x");
  write_file(dir / "allowed/x/f", "public");
  make_directory(dir / "x");
  write_file(dir / "x/f", "secret");
  make_link("../../x/f", dir / "allowed/a/b/up");
  const std::string deep = dir / "allowed/a/b", high = dir / "allowed/b";
  Rival rival([&] {
    ::rename(deep.c_str(), high.c_str());
    ::rename(high.c_str(), deep.c_str());
  });
  keep_trying([&] {
    when_allowed(dir / "allowed/a/b/up", [&](const Spot& spot) {
      auto fd = fs->open(spot, Access::Read, 0);
      if (fd) {
        ASSERT_EQ(read_all(fd->get(), 100, "f").value(), "public") << spot.real;
      }
    });
  });
}

TEST_F(Race, removing_a_tree_never_leaves_it_through_a_swapped_link) {
  make_link(dir / "secret", dir / "link");
  for (int i = 0; i < 100; ++i) {
    make_directory(dir / "allowed/tree/a/b/c");
    for (int n = 0; n < 10; ++n)
      write_file(dir / base::cat("allowed/tree/a/b/", n), "");
    {
      Rival rival([&] { exchange(dir / "allowed/tree/a/b", dir / "link"); });
      auto spot = fs->locate(dir / "allowed/tree", Final::NoFollow);
      ASSERT_TRUE(spot);
      (void)fs->remove_tree(*spot);
    }
    ASSERT_TRUE(test::exists(dir / "secret/sub/f"));
    auto rest = fs->locate(dir / "allowed/tree", Final::NoFollow);
    ASSERT_TRUE(fs->remove_tree(*rest));
    // `link` may have ended up as the directory: start each round from the same state.
    auto link = fs->locate(dir / "link", Final::NoFollow);
    ASSERT_TRUE(fs->remove_tree(*link));
    make_link(dir / "secret", dir / "link");
  }
}

} // namespace
} // namespace perch::sys
