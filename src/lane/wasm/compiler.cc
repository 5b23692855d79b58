#include "lane/wasm/compiler.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/compiler_process.h"
#include "sys/fd.h"
#include "sys/fs.h"
#include "sys/os_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace perch::lane {

namespace {

/// The last line that the process writes to its standard error. Without one it did not get to its
/// end, and what it wrote are its last words.
constexpr std::string_view kDone = "done", kRefused = "refused: ", kNoRoom = "no room";
constexpr std::size_t kMostSaid = 64 << 10;

constexpr std::array<std::pair<Quality, std::string_view>, 3> kQualities = {
    {{Quality::Quick, "quick"}, {Quality::Full, "full"}, {Quality::Portable, "portable"}}};

std::string_view word_for(Quality quality) {
  return std::ranges::find(kQualities, quality, &std::pair<Quality, std::string_view>::first)
      ->second;
}

auto refuse(const Compilation& what, std::string_view why, std::string help = {}) {
  return fail(kind::kWasmCompileFailed, base::cat("`", what.name, "` does not compile: ", why),
              std::string(what.name), std::move(help));
}

/// Errors: the compiler's own words.
Status compile_into(const Compilation& what, int out) {
  PERCH_TRY_ASSIGN(const EngineHandle engine, make_compile_engine(what.metering, what.quality));
  PERCH_TRY_ASSIGN(const ModuleHandle module, compile(*engine, what.bytes));
  return write_code(*module, out);
}

struct Pipe {
  sys::Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return sys::os_fail(errno, "start", "the compiler");
  return Pipe{.read = sys::Fd(ends[0]), .write = sys::Fd(ends[1])};
}

/// Everything that is written to `fd` until nobody can write any more; nothing when `wanted` stops
/// before.
std::optional<std::string> hear(int fd, sys::CancelToken* wanted) {
  std::string said;
  std::array<char, 4096> piece{};
  for (;;) {
    pollfd ready[] = {
        {.fd = fd, .events = POLLIN, .revents = 0},
        {.fd = wanted != nullptr ? wanted->fd() : -1, .events = POLLIN, .revents = 0}};
    ::poll(ready, 2, wanted != nullptr ? wanted->poll_timeout_ms() : -1);
    if (wanted != nullptr && wanted->stopped() != sys::StopReason::None)
      return std::nullopt;
    if (ready[0].revents == 0)
      continue;
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0 || (count < 0 && errno != EINTR))
      return said;
    if (count > 0)
      said.append(piece.data(), std::min(static_cast<std::size_t>(count), kMostSaid - said.size()));
  }
}

/// Collects the process, whose status is 0 when somebody else has.
int collect(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Why a process without an answer ended, from its last words and its status.
std::unexpected<Error> broken_off(const Compilation& what, std::string_view said, int status) {
  const bool killed = WIFSIGNALED(status);
  if (killed && WTERMSIG(status) == SIGXCPU)
    return refuse(what, "it takes more than half an hour of processor time");
  // What Rust, C++ and the thread pool say when there is no more.
  constexpr std::string_view kNoMemory[] = {"memory allocation of", "bad_alloc", "os error 11",
                                            "os error 12"};
  if (std::ranges::any_of(kNoMemory, [&](std::string_view words) { return said.contains(words); }))
    return refuse(what,
                  base::cat("it takes more than the ", compiler_memory_bytes() >> 20,
                            " MiB of memory that compiling may take"),
                  "the bound is for modules made to use up memory; one that is honestly this large "
                  "has to be split");
  const std::string_view words = base::trim(said.substr(0, said.find('\n')));
  return refuse(what, base::cat("the compiler ended before it was done, ",
                                killed ? base::cat("by signal ", WTERMSIG(status))
                                       : base::cat("with status ", WEXITSTATUS(status)),
                                words.empty() ? "" : ": ", words));
}

/// The module and its code are files for a moment, though only in memory.
std::unexpected<Error> no_room(const Compilation& what) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  return refuse(what,
                base::cat("the limit on the size of files, ", limit.rlim_cur >> 10,
                          " KiB, is too small for the module or its code"),
                "raise the limit: `ulimit -f`");
}

std::unexpected<Error> nobody_waits(const Compilation& what) {
  return refuse(what, "nobody waits for it any more");
}

template <class Places>
class Place {
public:
  explicit Place(Places& places) : places_(places) { places_.acquire(); }
  ~Place() { places_.release(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

private:
  Places& places_;
};

} // namespace

Status Compiler::compile_apart(const Compilation& what, int out, sys::CancelToken* wanted) {
  const Place place(places_);
  if (wanted != nullptr && wanted->stopped() != sys::StopReason::None)
    return nobody_waits(what);
  const sys::Fd in = file_in_memory(what.bytes);
  if (!in && errno == EFBIG)
    return no_room(what);
  PERCH_TRY_ASSIGN(Pipe answer, make_pipe());
  const pid_t pid =
      in ? start_compiler({.program = program_,
                           .words = {"now", std::string(word_for(what.quality)),
                                     what.metering == Metering::Fuel ? "fuel" : "plain",
                                     base::cat(::getpid())},
                           .in = in.get(),
                           .out = out,
                           .err = answer.write.get()})
         : 0;
  if (pid == 0)
    return sys::os_fail(errno, "start", "the compiler");
  answer.write.reset();
  const std::optional<std::string> said = hear(answer.read.get(), wanted);
  if (!said)
    ::kill(pid, SIGKILL);
  const int status = collect(pid);
  if (!said)
    return nobody_waits(what);
  const std::string_view last = std::string_view(*said).substr(said->rfind('\n') + 1);
  if (last == kDone)
    return {};
  if (last == kNoRoom)
    return no_room(what);
  if (last.starts_with(kRefused))
    return refuse(what, last.substr(kRefused.size()));
  return broken_off(what, *said, status);
}

Result<sys::MappedFile> Compiler::compile(const Compilation& what, sys::CancelToken* wanted) {
  const sys::Fd code = file_in_memory({});
  if (!code)
    return sys::os_fail(errno, "compile", what.name);
  if (!program_.empty()) {
    PERCH_TRY(compile_apart(what, code.get(), wanted));
  } else if (const Status made = compile_into(what, code.get()); !made) {
    return refuse(what, made.error().message);
  }
  return sys::MappedFile::map(code.get(), what.name);
}

int compile_for_parent(std::span<const std::string> words) {
  // The parent's thread waits for this process, which has no other purpose.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (words.size() != 3 || base::parse_int(words[2]) != ::getppid())
    return 2;
  bound_compiler();
  const auto quality =
      std::ranges::find(kQualities, words[0], &std::pair<Quality, std::string_view>::second);
  const auto module = sys::MappedFile::map(STDIN_FILENO, "module");
  if (quality == kQualities.end() || !module)
    return 2;
  const Status made =
      compile_into({.name = "module",
                    .bytes = module->bytes(),
                    .metering = words[1] == "fuel" ? Metering::Fuel : Metering::None,
                    .quality = quality->first},
                   STDOUT_FILENO);
  std::string answer(kDone);
  if (!made)
    answer =
        made.error().code_name == "EFBIG" ? kNoRoom : base::cat(kRefused, made.error().message);
  const Status answered = sys::write_all(STDERR_FILENO, base::cat('\n', answer), "answer");
  ::_exit(answered ? 0 : 1); // nothing may follow the answer
}

} // namespace perch::lane
