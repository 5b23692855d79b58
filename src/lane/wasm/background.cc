#include "lane/wasm/background.h"

#include "base/text.h"
#include "lane/wasm/code_store.h"
#include "lane/wasm/compiler_process.h"
#include "lane/wasm/engine.h"
#include "sys/digest.h"
#include "sys/fd.h"
#include "sys/fs.h"

#include <algorithm>
#include <cstddef>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::lane {

namespace {

constexpr std::uint64_t kLargestModuleBytes = 1ull << 30;
constexpr int kLongestWaitSeconds = 600;
constexpr std::size_t kMostAtOnce = 16;

/// Nobody waits for this.
void run_last() {
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

bool BackgroundCompiler::has_room() {
  const std::lock_guard lock(mutex_);
  reap();
  return started_.size() < kMostAtOnce;
}

void BackgroundCompiler::start(const BackgroundWork& work) {
  const sys::Fd module = file_in_memory(work.module);
  if (!module)
    return;
  const pid_t pid = start_compiler(
      {.program = work.program,
       .words = {"later", std::string(work.cache_directory), base::cat(work.cache_limit_bytes),
                 work.metering == Metering::Fuel ? "fuel" : "plain"},
       .in = module.get()});
  const std::lock_guard lock(mutex_);
  reap();
  if (pid != 0)
    started_.push_back(pid);
}

int compile_in_background(std::span<const std::string> words) {
  if (words.size() != 3)
    return 2;
  bound_compiler();
  run_last();
  return wait_for_turn(words[0]) && optimise(words) ? 0 : 1;
}

} // namespace perch::lane
