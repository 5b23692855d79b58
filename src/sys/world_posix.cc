#include "sys/fs.h"
#include "sys/own_executable.h"
#include "sys/real.h"
#include "sys/world.h"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <pwd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace perch::sys {

namespace {

std::int64_t now_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class RealClock final : public Clock {
public:
  std::int64_t unix_ns() override { return now_ns(CLOCK_REALTIME); }
  std::int64_t steady_ns() override { return now_ns(CLOCK_MONOTONIC); }
};

class RealEnv final : public Env {
public:
  explicit RealEnv(char** entries) : entries_(entries) {}

  std::optional<std::string_view> get(std::string_view name) const override {
    if (name.empty() || name.find('=') != std::string_view::npos)
      return {};
    for (char** at = entries_; at != nullptr && *at != nullptr; ++at) {
      std::string_view entry = *at;
      if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
        return entry.substr(name.size() + 1);
      }
    }
    return {};
  }

  std::vector<std::string_view> all() const override {
    std::vector<std::string_view> entries;
    for (char** at = entries_; at != nullptr && *at != nullptr; ++at)
      entries.emplace_back(*at);
    return entries;
  }

private:
  char** entries_;
};

struct UserEntry {
  std::string name, home;
};

// From the user database; empty for a uid it does not know, as is usual in containers.
UserEntry user_entry(uid_t uid) {
  std::vector<char> text(1024);
  passwd entry{};
  passwd* found = nullptr;
  while (::getpwuid_r(uid, &entry, text.data(), text.size(), &found) == ERANGE) {
    text.resize(text.size() * 4);
  }
  if (found == nullptr)
    return {};
  return {.name = found->pw_name, .home = found->pw_dir};
}

class RealHost final : public Host {
public:
  explicit RealHost(const Env& env) : env_(env) {}

  std::string user() override {
    std::string name = user_entry(::geteuid()).name;
    return !name.empty() ? name : std::string(env_.get("USER").value_or(""));
  }
  std::string home() override {
    std::string_view home = env_.get("HOME").value_or("");
    return !home.empty() ? std::string(home) : user_entry(::geteuid()).home;
  }
  std::string hostname() override {
    utsname names{};
    return ::uname(&names) == 0 ? names.nodename : "";
  }
  std::string os_version() override {
    utsname names{};
    return ::uname(&names) == 0 ? names.release : "";
  }
  std::string exe_path() override {
    std::string path(4096, '\0');
    const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
    if (n <= 0)
      return absolute_path(current_directory(), own_executable_name());
    path.resize(static_cast<std::size_t>(n));
    return path;
  }
  std::string current_directory() override {
    char* path = ::getcwd(nullptr, 0);
    if (path == nullptr)
      return ""; // it was removed
    std::string text = path;
    ::free(path);
    return text;
  }
  std::int64_t uid() override { return ::geteuid(); }
  std::int64_t pid() override { return ::getpid(); }
  std::int64_t cpu_count() override {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
      return CPU_COUNT(&set);
    return ::sysconf(_SC_NPROCESSORS_ONLN); // more of them than a cpu_set_t holds
  }
  bool is_tty(int fd) override { return ::isatty(fd) == 1; }
  int terminal_columns(int fd) override {
    winsize size{};
    return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

private:
  const Env& env_;
};

} // namespace

std::unique_ptr<Clock> real_clock() { return std::make_unique<RealClock>(); }

std::unique_ptr<Env> real_env(char** environ) { return std::make_unique<RealEnv>(environ); }

std::unique_ptr<Host> real_host(const Env& env) { return std::make_unique<RealHost>(env); }

std::string_view os_name() {
#if defined(__linux__)
  return "linux";
#elif defined(__APPLE__)
  return "darwin";
#else
#error "name this system"
#endif
}

std::string_view arch_name() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#elif defined(__riscv) && __riscv_xlen == 64
  return "riscv64";
#else
#error "name this processor"
#endif
}

} // namespace perch::sys
