#include "lane/wasm/compiler_process.h"

#include "sys/fs.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace perch::lane {

namespace {

constexpr std::uint64_t kLeastMemory = 512ull << 20, kMostMemory = 4ull << 30;
constexpr rlim_t kMostSeconds = 1800;

class SpawnSettings {
public:
  explicit SpawnSettings(const CompilerStart& start) {
    ::posix_spawn_file_actions_init(&actions_);
    const int streams[] = {start.in, start.out, start.err};
    for (int stream = 0; stream < 3; ++stream) {
      if (streams[stream] < 0)
        ::posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", O_RDWR, 0);
      else
        ::posix_spawn_file_actions_adddup2(&actions_, streams[stream], stream);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    ::posix_spawnattr_init(&attributes_);
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes_, &set);
    ::sigfillset(&set);
    ::posix_spawnattr_setsigdefault(&attributes_, &set);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  pid_t spawn(std::vector<std::string> words) const {
    std::vector<char*> argv;
    for (auto& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
#ifdef PERCH_SANITIZED
    char** environment = environ; // the sanitizer's options
#else
    // Until the new process closes itself to others, they could read it.
    char* none[] = {nullptr};
    char** environment = none;
#endif
    pid_t pid = 0;
    errno = ::posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environment);
    return errno == 0 ? pid : 0;
  }

private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// The most this process may set its limit to without raising it.
rlim_t at_most(int what, rlim_t most) {
  rlimit limit{};
  return ::getrlimit(what, &limit) == 0 ? std::min(limit.rlim_cur, most) : most;
}

} // namespace

sys::Fd file_in_memory(std::string_view bytes) {
  sys::Fd file(::memfd_create("module", MFD_CLOEXEC));
  if (!file || !sys::write_all(file.get(), bytes, "module") ||
      ::lseek(file.get(), 0, SEEK_SET) != 0)
    return {};
  return file;
}

pid_t start_compiler(const CompilerStart& start) {
  std::vector<std::string> words(start.program.begin(), start.program.end());
  words.insert(words.end(), start.words.begin(), start.words.end());
  return SpawnSettings(start).spawn(std::move(words));
}

std::uint64_t compiler_memory_bytes() {
  const auto machine = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0l)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return at_most(RLIMIT_DATA, std::clamp(machine / 4, kLeastMemory, kMostMemory));
}

void bound_compiler() {
  const auto bound = [](int what, rlim_t most, rlim_t at_last) {
    const rlimit limit{.rlim_cur = most, .rlim_max = at_last};
    ::setrlimit(what, &limit);
  };
#ifndef PERCH_SANITIZED // a sanitizer maps terabytes of its own
  const rlim_t memory = compiler_memory_bytes();
  bound(RLIMIT_DATA, memory, memory);
#endif
  // At the one comes SIGXCPU, by which it is known what ended it; at the other SIGKILL.
  const rlim_t seconds = at_most(RLIMIT_CPU, kMostSeconds);
  bound(RLIMIT_CPU, std::max<rlim_t>(seconds, 2) - 1, seconds);
  bound(RLIMIT_CORE, 0, 0);
}

} // namespace perch::lane
