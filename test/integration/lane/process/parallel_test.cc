// Children of many threads at once.

#include "base/text.h"
#include "integration/lane/process/run_child.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <thread>

namespace perch::lane {
namespace {

// Had a child inherited another's pipe, that one's output would not end before this child did.
TEST(ParallelChildren, do_not_inherit_each_others_streams) {
  auto lane = make_process_lane();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        std::string text = base::cat(t, '.', i);
        auto output = test::run(*lane, test::shell("echo " + text));
        EXPECT_EQ(output.text, text + "\n") << output.error;
        EXPECT_EQ(output.ended.code, 0);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

// A script is written while other threads start children that, until their program runs, have the
// script's file open for writing too.
TEST(ParallelChildren, run_what_was_just_written) {
  auto lane = make_process_lane();
  test::TempDir dir;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        ChildSpec spec = test::shell("");
        spec.program = dir / base::cat(t, '.', i);
        test::write_file(spec.program, "#!/bin/sh\necho fresh\n", 0755);
        auto output = test::run(*lane, spec);
        EXPECT_EQ(output.text, "fresh\n") << output.error;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

} // namespace
} // namespace perch::lane
