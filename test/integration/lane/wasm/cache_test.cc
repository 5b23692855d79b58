// Compiled code on disk: found again, never trusted when it could be another's, compiled once.

#include "base/error_kinds.h"
#include "guests.h"
#include "lane/wasm/disk_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace perch::test {

namespace {

namespace fs = std::filesystem;
using From = lane::Module::From;

/// A child of a process whose compiler threads already run would wait for threads it does not have.
/// CTest gives each test a process of its own.
#define NEEDS_A_PROCESS_OF_ITS_OWN()                                                               \
  if (threads_of_this_process() > 3)                                                               \
  GTEST_SKIP() << "needs a process of its own: run it alone"

class WasmCache : public testing::Test {
protected:
  [[nodiscard]] lane::WasmOptions options() {
    lane::WasmOptions options;
    options.cache_directory = directory();
    options.tier = lane::WasmOptions::Tier::Quick;
    options.cache_warning = [this](const std::string& text) { warnings_.push_back(text); };
    options.compiling = [this](std::string_view, bool started) {
      compilations_ += started ? 1 : 0;
    };
    return options;
  }
  [[nodiscard]] std::string directory() const { return temp_ / "cache/perch/wasm"; }

  /// Loads in a new lane, as a new process would, runs it, and says where the code came from.
  From load(lane::WasmOptions given) {
    Guests guests(std::move(given));
    auto module = guests.load(module_);
    if (!module) {
      ADD_FAILURE() << module.error().message;
      return From::Bundle;
    }
    EXPECT_EQ(guests.run(module_).ended.code, 0);
    return (*module)->from();
  }
  From load() { return load(options()); }

  /// The one file with this ending.
  [[nodiscard]] std::string file(std::string_view ending) const {
    for (const auto& entry : fs::directory_iterator(directory()))
      if (entry.path().string().ends_with(ending))
        return entry.path();
    return {};
  }
  /// Changes one byte, at this share of the file, and puts its times back.
  void flip(double where) const {
    const std::string path = file(".cwasm");
    struct stat before{};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    std::string bytes = read_file(path);
    auto& byte = bytes[static_cast<std::size_t>(where * static_cast<double>(bytes.size() - 1))];
    byte = static_cast<char>(byte ^ 0x10);
    const int fd = ::open(path.c_str(), O_WRONLY);
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    const timespec times[] = {before.st_atim, before.st_mtim};
    ::futimens(fd, times);
    ::close(fd);
  }

  TempDir temp_;
  std::string module_ = built_guest("wat/exit");
  std::vector<std::string> warnings_;
  std::atomic<int> compilations_ = 0;
};

} // namespace

TEST_F(WasmCache, the_second_process_maps_what_the_first_compiled) {
  EXPECT_EQ(load(), From::Compiled);
  EXPECT_EQ(load(), From::Disk);
  EXPECT_EQ(compilations_, 1);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(WasmCache, directories_and_files_are_for_the_user_alone) {
  load();
  EXPECT_EQ(mode_of(directory()) & 0777, 0700u);
  EXPECT_EQ(mode_of(temp_ / "cache/perch") & 0777, 0700u);
  for (const auto& entry : fs::directory_iterator(directory()))
    EXPECT_EQ(mode_of(entry.path()) & 0777, 0600u) << entry.path();
}

TEST_F(WasmCache, a_flipped_bit_anywhere_is_compiled_again_without_a_word) {
  load();
  for (double where : {0.0, 0.01, 0.2, 0.5, 0.9, 0.99, 1.0}) {
    flip(where);
    EXPECT_EQ(load(), From::Compiled) << where;
    EXPECT_EQ(load(), From::Disk) << where;
  }
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(WasmCache, a_truncated_or_foreign_file_is_compiled_again_without_a_word) {
  load();
  const std::string path = file(".cwasm");
  const auto size = fs::file_size(path);
  for (std::uintmax_t left : {std::uintmax_t{0}, std::uintmax_t{10}, size / 2, size - 1}) {
    // As a new file: a thread of the last load may not have let go of its mapping yet.
    const std::string whole = read_file(path);
    fs::remove(path);
    write_file(path, whole.substr(0, left), 0600);
    EXPECT_EQ(load(), From::Compiled) << left;
  }
  write_file(path, std::string(100'000, 'x'), 0600);
  EXPECT_EQ(load(), From::Compiled);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(WasmCache, without_its_record_an_entry_is_checked_and_used) {
  load();
  fs::remove(file(".seen"));
  EXPECT_EQ(load(), From::Disk);
  EXPECT_FALSE(file(".seen").empty());
}

TEST_F(WasmCache, a_file_that_others_may_write_is_not_used) {
  load();
  ::chmod(file(".cwasm").c_str(), 0620);
  EXPECT_EQ(load(), From::Compiled);
  ::chmod(file(".cwasm").c_str(), 0602);
  EXPECT_EQ(load(), From::Compiled);
}

TEST_F(WasmCache, a_file_of_somebody_else_is_not_used) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only the superuser can give files away";
  load();
  ASSERT_EQ(::chown(file(".cwasm").c_str(), 12345, 12345), 0);
  EXPECT_EQ(load(), From::Compiled);
}

TEST_F(WasmCache, a_link_in_place_of_an_entry_is_not_followed) {
  load();
  const std::string path = file(".cwasm"), elsewhere = temp_ / "elsewhere";
  fs::copy_file(path, elsewhere);
  fs::remove(path);
  make_link(elsewhere, path);
  EXPECT_EQ(load(), From::Compiled);
}

TEST_F(WasmCache, a_fifo_in_place_of_a_file_is_not_waited_for) {
  load();
  for (const std::string_view ending : {".cwasm", ".seen"}) {
    const std::string path = file(ending);
    fs::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(load(), ending == ".cwasm" ? From::Compiled : From::Disk) << ending;
    EXPECT_TRUE(fs::is_regular_file(path)) << ending;
  }
}

TEST_F(WasmCache, a_directory_that_others_may_write_is_left_out_with_one_warning) {
  fs::create_directories(directory());
  ::chmod(directory().c_str(), 0777);
  EXPECT_EQ(load(), From::Compiled);
  EXPECT_EQ(warnings_.size(), 1u);
  EXPECT_EQ(entries_in(directory()), 0);
}

TEST_F(WasmCache, a_directory_that_cannot_be_written_costs_one_warning) {
  write_file(temp_ / "cache", "a file in the way");
  Guests guests(options());
  EXPECT_EQ(guests.run(module_).ended.code, 0);
  EXPECT_EQ(guests.run(built_guest("wat/nop")).ended.code, 0);
  EXPECT_EQ(warnings_.size(), 1u);
}

TEST_F(WasmCache, an_entry_of_another_engine_or_processor_has_another_name) {
  load();
  auto metered = [&] {
    Guests guests(options());
    lane::GuestSpec spec;
    spec.fuel = 1'000'000;
    return guests.run(module_, std::move(spec)).ended.code;
  };
  EXPECT_EQ(metered(), 0);
  EXPECT_EQ(compilations_, 2);
}

TEST_F(WasmCache, code_that_counts_is_made_ahead_too) {
  EXPECT_TRUE(lane::make_wasm_lane(options())->warm("guest.wasm", module_, lane::Metering::Fuel));
  auto automatic = options();
  automatic.tier = lane::WasmOptions::Tier::Auto;
  const auto module =
      lane::make_wasm_lane(automatic)->load("guest.wasm", module_, {}, lane::Metering::Fuel);
  ASSERT_TRUE(module);
  EXPECT_EQ((*module)->from(), From::Disk);
  EXPECT_TRUE((*module)->optimised());
  EXPECT_EQ(compilations_, 1);
}

TEST_F(WasmCache, full_code_replaces_quick_code) {
  load();
  {
    auto lane = lane::make_wasm_lane(options());
    EXPECT_TRUE(lane->warm("guest.wasm", module_, lane::Metering::None));
    EXPECT_TRUE(lane->warm("guest.wasm", module_, lane::Metering::None));
  }
  EXPECT_EQ(compilations_, 2);
  auto automatic = options();
  automatic.tier = lane::WasmOptions::Tier::Auto;
  EXPECT_EQ(load(automatic), From::Disk);
  EXPECT_NE(file("-full.cwasm"), "");
  EXPECT_EQ(file("-quick.cwasm"), "");
}

TEST_F(WasmCache, the_background_compiler_leaves_full_code_for_the_next_run) {
  NEEDS_A_PROCESS_OF_ITS_OWN();
  std::stringstream names;
  names << std::ifstream("/proc/net/unix").rdbuf();
  if (names.str().find("@perch-wasm-compile-" + std::to_string(::geteuid())) != std::string::npos)
    GTEST_SKIP() << "another process of this user optimises just now, and it would wait its turn";
  fs::create_directories(directory());
  fs::permissions(directory(), fs::perms::owner_all);
  const std::string words[] = {"later", directory(), "1000000000", "plain"};
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open((std::string(PERCH_TEST_GUESTS) + "/wat/exit.wasm").c_str(), O_RDONLY);
    ::dup2(fd, 0);
    ::_exit(lane::run_compiler(words));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  auto full = options();
  full.tier = lane::WasmOptions::Tier::Full;
  EXPECT_EQ(load(full), From::Disk);
}

TEST_F(WasmCache, the_background_compiler_leaves_a_cache_alone_that_is_gone) {
  const std::string words[] = {"later", directory(), "1000000000", "plain"};
  const pid_t child = ::fork(); // which it gives the lowest priority, for good
  if (child == 0)
    ::_exit(lane::run_compiler(words));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_FALSE(exists(directory()));
}

TEST_F(WasmCache, files_left_by_a_killed_process_of_this_number_are_no_obstacle) {
  fs::create_directories(directory());
  fs::permissions(directory(), fs::perms::owner_all);
  for (int i = 0; i < 100; ++i)
    write_file(directory() + "/tmp-" + std::to_string(::getpid()) + "-" + std::to_string(i), "");
  EXPECT_EQ(load(), From::Compiled);
  EXPECT_EQ(load(), From::Disk);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(WasmCache, the_least_recently_used_entries_go_first) {
  load();
  const std::string old = file(".cwasm");
  const timespec past[] = {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  for (const auto& entry : fs::directory_iterator(directory()))
    ::utimensat(AT_FDCWD, entry.path().c_str(), past, 0);
  auto small = options();
  small.cache_limit_bytes = fs::file_size(old) + 1000;
  Guests guests(small);
  EXPECT_EQ(guests.run(built_guest("wat/nop")).ended.code, 0);
  EXPECT_FALSE(exists(old));
  EXPECT_NE(file(".cwasm"), "");
}

TEST_F(WasmCache, info_counts_and_clear_empties) {
  EXPECT_EQ(lane::code_cache_info(directory())->files, 0u);
  load();
  EXPECT_EQ(lane::code_cache_info(directory())->files, 1u);
  EXPECT_GT(lane::code_cache_info(directory())->bytes, 1000u);
  EXPECT_EQ(lane::clear_code_cache(directory())->files, 1u);
  EXPECT_EQ(lane::code_cache_info(directory())->files, 0u);
  EXPECT_EQ(load(), From::Compiled);
}

TEST_F(WasmCache, after_clear_code_is_optimised_again) {
  auto mine = options();
  mine.tier = lane::WasmOptions::Tier::Auto;
  mine.compiler = compiler_for_now_only();
  load(mine);
  EXPECT_NE(file(".try"), "");
  EXPECT_TRUE(lane::clear_code_cache(directory()));
  EXPECT_EQ(file(".try"), "");
}

TEST_F(WasmCache, a_wrong_pin_stops_before_anything_is_compiled) {
  Guests guests(options());
  auto module = guests.lane().load("guest.wasm", module_, std::string(64, 'a'));
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().kind, kind::kWasmHashMismatch);
  EXPECT_EQ(compilations_, 0);
}

TEST_F(WasmCache, fifty_processes_compile_a_cold_module_once) {
  NEEDS_A_PROCESS_OF_ITS_OWN();
  const std::string log = temp_ / "log";
  write_file(log, "");
  std::vector<pid_t> children;
  for (int i = 0; i < 50; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto mine = options();
      mine.compiling = [&](std::string_view, bool started) {
        const int fd = ::open(log.c_str(), O_WRONLY | O_APPEND);
        if (started && ::write(fd, "x", 1) != 1)
          ::_exit(9);
      };
      Guests guests(mine);
      ::_exit(guests.run(module_).ended.code);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_file(log), "x");
}

TEST_F(WasmCache, everyone_gets_a_directory_that_several_make_at_the_same_time) {
  for (int round = 0; round < 300; ++round) {
    const std::string fresh = temp_ / ("fresh" + std::to_string(round) + "/perch/wasm");
    std::atomic<int> waiting = 4, refused = 0;
    std::vector<std::jthread> openers;
    for (int i = waiting; i > 0; --i)
      openers.emplace_back([&] {
        for (--waiting; waiting > 0;)
          std::this_thread::yield();
        if (auto cache = lane::DiskCache::open(fresh); !cache)
          ++refused;
      });
    openers.clear();
    ASSERT_EQ(refused, 0) << round;
  }
}

TEST_F(WasmCache, a_process_killed_at_any_moment_leaves_a_usable_cache) {
  NEEDS_A_PROCESS_OF_ITS_OWN();
  auto run_in_child = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      Guests guests(options());
      ::_exit(guests.run(module_).ended.code);
    }
    return child;
  };
  for (int i = 0; i < 20; ++i) {
    const pid_t victim = run_in_child();
    ::usleep(static_cast<useconds_t>(i * 1500));
    ::kill(victim, SIGKILL);
    ASSERT_EQ(::waitpid(victim, nullptr, 0), victim);
    int status = -1;
    const pid_t next = run_in_child();
    ASSERT_EQ(::waitpid(next, &status, 0), next);
    EXPECT_EQ(status, 0) << i;
    if (i % 3 == 0) {
      EXPECT_TRUE(lane::clear_code_cache(directory()));
    }
  }
}

} // namespace perch::test
