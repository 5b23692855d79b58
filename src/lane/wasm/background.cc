#include "lane/wasm/background.h"

#include "base/text.h"
#include "lane/wasm/code_store.h"
#include "lane/wasm/engine.h"
#include "sys/digest.h"
#include "sys/fd.h"
#include "sys/fs.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace perch::lane {

namespace {

constexpr std::uint64_t kLargestModuleBytes = 1ull << 30;
constexpr int kLongestWaitSeconds = 600;

sys::Fd in_memory(std::string_view bytes) {
  sys::Fd file(::memfd_create("module", MFD_CLOEXEC));
  if (!file || !sys::write_all(file.get(), bytes, "module") ||
      ::lseek(file.get(), 0, SEEK_SET) != 0)
    return {};
  return file;
}

/// How the process starts: the module as its input, no output, no other descriptor, a session of
/// its own, and the signals as they are for a new program.
class SpawnSettings {
public:
  explicit SpawnSettings(int input) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, input, 0);
    ::posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, 2, "/dev/null", O_WRONLY, 0);
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
    pid_t pid = 0;
    return ::posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environ) == 0 ? pid
                                                                                            : 0;
  }

private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// What optimising may cost. A module can be made to need more memory than there is, and nobody
/// waits for this: the process then ends, and the code that was made quickly stays in use.
#ifdef PERCH_SANITIZED
constexpr rlim_t kMostMemory = RLIM_INFINITY; // a sanitizer maps terabytes of its own
#else
constexpr rlim_t kMostMemory = 4ull << 30;
#endif
constexpr rlim_t kMostSeconds = 1800;

void take_little() {
  for (const auto& [what, most] :
       {std::pair(RLIMIT_DATA, kMostMemory), std::pair(RLIMIT_CPU, kMostSeconds),
        std::pair(RLIMIT_CORE, rlim_t{0})}) {
    rlimit limit{};
    if (::getrlimit(what, &limit) == 0 && most < limit.rlim_max) {
      limit = {.rlim_cur = most, .rlim_max = most};
      ::setrlimit(what, &limit);
    }
  }
  ::setpriority(PRIO_PROCESS, 0, 19);
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_IDLE, &none);
  constexpr int kWhoProcess = 1, kClassIdle = 3 << 13;
  ::syscall(SYS_ioprio_set, kWhoProcess, 0, kClassIdle);
}

/// Waits until no other process of this user optimises code, whatever its cache: many at once would
/// only slow each other down. The place is a name in the kernel that goes with its process. False
/// when it took too long, or the cache is gone.
bool wait_for_turn(const std::string& directory) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = base::cat("perch-wasm-compile-", ::geteuid());
  std::ranges::copy(text, name.sun_path + 1); // a first zero byte: no file
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  const int place = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); // held until the process ends
  for (int i = 0; i < kLongestWaitSeconds * 2; ++i) {
    if (::access(directory.c_str(), W_OK) != 0)
      return false;
    if (::bind(place, reinterpret_cast<const sockaddr*>(&name), size) == 0)
      return true;
    ::usleep(500'000);
  }
  return false;
}

Status optimise(std::span<const std::string> words) {
  const auto limit = base::parse_int(words[1]);
  const Metering metering = words[2] == "fuel" ? Metering::Fuel : Metering::None;
  PERCH_TRY_ASSIGN(const std::string bytes, sys::read_all(0, kLargestModuleBytes, "module"));
  PERCH_TRY_ASSIGN(auto engine, make_run_engine(metering));
  RunEngine run{std::move(engine), nullptr, {}};
  run.identity = code_identity(*run.engine);
  WasmOptions options;
  options.cache_directory = words[0];
  options.cache_limit_bytes = static_cast<std::uint64_t>(limit.value_or(0));
  CodeStore store(std::move(options));
  const std::string sha256 = sys::hex_digest(sys::DigestKind::Sha256, bytes);
  return store.warm(run,
                    {.name = "module", .bytes = bytes, .sha256 = sha256, .metering = metering});
}

} // namespace

void BackgroundCompiler::reap() {
  std::erase_if(started_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

void BackgroundCompiler::start(const BackgroundWork& work) {
  const sys::Fd input = in_memory(work.module);
  if (!input)
    return;
  std::vector<std::string> words(work.program.begin(), work.program.end());
  words.emplace_back(work.cache_directory);
  words.push_back(base::cat(work.cache_limit_bytes));
  words.emplace_back(work.metering == Metering::Fuel ? "fuel" : "plain");
  const pid_t pid = SpawnSettings(input.get()).spawn(std::move(words));
  const std::lock_guard lock(mutex_);
  reap();
  if (pid != 0)
    started_.push_back(pid);
}

int compile_in_background(std::span<const std::string> words) {
  if (words.size() != 3)
    return 2;
  take_little();
  return wait_for_turn(words[0]) && optimise(words) ? 0 : 1;
}

} // namespace perch::lane
