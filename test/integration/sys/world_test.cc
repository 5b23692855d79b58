#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace perch::sys {
namespace {

struct Entries {
  explicit Entries(std::vector<std::string> lines) : lines_(std::move(lines)) {
    for (std::string& line : lines_)
      pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

private:
  std::vector<std::string> lines_;
  std::vector<char*> pointers_;
};

TEST(RealEnv, finds_variables_by_their_whole_name) {
  Entries entries({"PATHS=no", "PATH=/bin", "EMPTY=", "EQUALS=a=b", "PATH=second"});
  auto env = real_env(entries.get());
  EXPECT_EQ(env->get("PATH"), "/bin");
  EXPECT_EQ(env->get("EMPTY"), "");
  EXPECT_EQ(env->get("EQUALS"), "a=b");
  EXPECT_EQ(env->get("PAT"), std::nullopt);
  EXPECT_EQ(env->get(""), std::nullopt);
  EXPECT_EQ(env->get("EQUALS=a"), std::nullopt);
  EXPECT_EQ(env->all().size(), 5u);
  EXPECT_EQ(env->all()[1], "PATH=/bin");
}

TEST(RealEnv, may_be_empty) {
  Entries entries({});
  EXPECT_EQ(real_env(entries.get())->get("PATH"), std::nullopt);
  EXPECT_TRUE(real_env(nullptr)->all().empty());
}

TEST(RealClock, runs_forward) {
  auto clock = real_clock();
  auto before = clock->steady_ns();
  EXPECT_GE(clock->steady_ns(), before);
  EXPECT_GT(clock->unix_ns(), 1'700'000'000'000'000'000);
}

TEST(RealHost, prefers_HOME_and_falls_back_to_the_user_database) {
  Entries with({"HOME=/custom", "USER=wrong"}), without({"HOME="});
  auto env = real_env(with.get()), bare = real_env(without.get());
  EXPECT_EQ(real_host(*env)->home(), "/custom");
  EXPECT_NE(real_host(*env)->user(), "");
  if (::geteuid() == 0) {
    EXPECT_EQ(real_host(*bare)->home(), "/root");
    EXPECT_EQ(real_host(*env)->user(), "root");
  }
}

TEST(RealHost, knows_who_and_where_we_are) {
  Entries none({});
  auto env = real_env(none.get());
  auto host = real_host(*env);
  EXPECT_EQ(host->pid(), ::getpid());
  EXPECT_EQ(host->uid(), ::geteuid());
  EXPECT_NE(host->hostname(), "");
  EXPECT_NE(host->os_version(), "");
  EXPECT_TRUE(host->exe_path().ends_with("integration_sys")) << host->exe_path();
  char* here = ::getcwd(nullptr, 0);
  EXPECT_EQ(host->current_directory(), here);
  std::free(here);
}

TEST(RealHost, counts_the_processors_this_process_may_use) {
  Entries none({});
  auto env = real_env(none.get());
  cpu_set_t before, one;
  ::sched_getaffinity(0, sizeof before, &before);
  CPU_ZERO(&one);
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before))
      CPU_SET(cpu, &one);
  }
  ::sched_setaffinity(0, sizeof one, &one);
  EXPECT_EQ(real_host(*env)->cpu_count(), 1);
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(real_host(*env)->cpu_count(), CPU_COUNT(&before));
}

TEST(RealHost, tells_terminals_from_everything_else) {
  Entries none({});
  auto env = real_env(none.get());
  auto host = real_host(*env);
  Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY));
  Fd null(::open("/dev/null", O_RDWR));
  ASSERT_TRUE(terminal);
  EXPECT_TRUE(host->is_tty(terminal.get()));
  EXPECT_FALSE(host->is_tty(null.get())) << "a character device, but no terminal";
  EXPECT_FALSE(host->is_tty(-1));
  EXPECT_EQ(host->terminal_columns(null.get()), 80);
  EXPECT_EQ(host->terminal_columns(terminal.get()), 80) << "it has no size yet";
  winsize size{.ws_row = 24, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(terminal.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(host->terminal_columns(terminal.get()), 132);
}

TEST(World, names_this_system) {
  EXPECT_EQ(os_name(), "linux");
  EXPECT_TRUE(arch_name() == "amd64" || arch_name() == "arm64");
}

} // namespace
} // namespace perch::sys
