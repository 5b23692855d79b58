#pragma once
// Children and guests are two kinds of one thing, a job: started with argv, environment, stdio and
// confinement; waited for; ending with a code, a signal or a trap. `pipe`, captures, `parallel`,
// `timeout` and the audit know jobs only.

#include "base/result.h"
#include "op/call.h"
#include "sys/cancel.h"
#include "sys/fd.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::lane {

/// Borrowed descriptors for a job's standard streams. They must stay open until the job has
/// started (a child) or ended (a guest). -1: nothing (empty input, discarded output).
struct Stdio {
  int in = 0;
  int out = 1;
  int err = 2;
};

struct Usage {
  std::int64_t user_ns = 0;
  std::int64_t system_ns = 0;
  std::uint64_t peak_bytes = 0; ///< resident set of a child; linear memory of a guest
  std::uint64_t fuel = 0;       ///< what a metered guest used
  /// What it wrote to stdout and stderr, where that is known: a guest's, unless it was given up.
  std::optional<std::uint64_t> bytes_out;
};

/// How a job ended.
struct Ended {
  enum class How : std::uint8_t { Exited, Signalled, Trapped, Failed };
  How how = How::Exited;
  int code = 0; ///< Exited: status 0–255; Signalled: the signal
  Error error;  ///< Trapped: wasm_trap with reason and backtrace in the message;
                ///< Failed: it could not be run after it was started
  Usage usage;
  bool core_dumped = false;
  bool interrupted = false; ///< Signalled: by SIGINT or SIGQUIT, while it held the terminal
};

/// A running job. Destroying an unfinished job kills it (a child's whole process group) and waits
/// for its end.
class Job {
public:
  virtual ~Job() = default;
  /// Becomes readable when the job has ended. Valid as long as the job. Whoever polls it polls the
  /// token of the run as well, and calls terminate() or signal() when that stops; finish() of a
  /// guest does so itself.
  [[nodiscard]] virtual int done_fd() const = 0;
  /// Waits for the end and collects it. Call once. When the last job of a group was told to end,
  /// what is left in the group is killed.
  virtual Ended finish() = 0;
  enum class Force : std::uint8_t { Ask, Now };
  /// Tells it to end, and does not wait for it; of a Group each job has to be told. A child and its
  /// process group get SIGTERM, which they may handle or ignore, or with `Now` SIGKILL; a group
  /// that is stopped goes on to act on it. A guest has no say: it is stopped in both cases, and has
  /// ended by the signal of the first call. A detached process is left alone. Nothing happens when
  /// the job has ended.
  virtual void terminate(Force force) = 0;
  /// Forwards a signal to a child and its group. A guest gets none; it stops if its token has.
  virtual void signal(int number) = 0;
  [[nodiscard]] virtual int pid() const { return 0; }
};

/// What the kernel must forbid a child (docs: capabilities). Empty: nothing beyond the always.
struct Confinement {
  /// It cannot look into processes outside, whose environments hold what it must not see: where the
  /// kernel has Landlock, and the superuser's children too.
  bool apart = false;
  bool no_network = false;
  bool limit_files = false;            ///< the two lists hold
  std::vector<std::string> read_roots; ///< absolute real paths
  std::vector<std::string> write_roots;
  [[nodiscard]] bool limits() const { return no_network || limit_files; }
  [[nodiscard]] bool any() const { return apart || limits(); }
};

/// Which parts of a Confinement this kernel can enforce.
struct KernelConfinement {
  int landlock = 0;     ///< version; 0: none. Reading needs 2, writing 3; 6 also knows scopes:
                        ///< signals and abstract sockets
  bool filters = false; ///< seccomp; every confinement needs it
};
[[nodiscard]] KernelConfinement kernel_confinement();

/// Jobs that share a process group, and with it the terminal: the programs of one pipe. A signal is
/// for all of them, so whoever has one to send sends it to each job, in the order of their start:
/// only the first member's call reaches the group, so that no program gets it twice, and one that
/// has ended leaves its place to the next when it is told. A child that has left the process group
/// gets its own. ProcessLane fills it in. Threads: its jobs are started, told and finished on one.
struct Group {
  int id = 0;               ///< of the process group; 0: none of them runs
  std::vector<int> members; ///< process ids of those that are not finished, in order of their start
};

/// A child process. `program` is an absolute path, or -1 < `program_fd` names the file by handle.
struct ChildSpec {
  std::string program;
  int program_fd = -1;
  std::vector<std::string> argv; ///< with argv[0]
  std::vector<std::string> env;  ///< NAME=value, complete
  std::string directory;         ///< absolute; empty: perch's
  Stdio stdio;
  bool foreground = false;      ///< gets the terminal when perch has it
  bool new_session = false;     ///< detached: setsid, not killed with perch
  std::shared_ptr<Group> group; ///< that it joins; null: its own
  Confinement confinement;
};

class ProcessLane {
public:
  virtual ~ProcessLane() = default;
  /// Starts a child in its own process group. Where its writing is confined, TMPDIR, TMP and TEMP
  /// name a private directory that lasts as long as the lane. Errors: bin_not_found,
  /// file_permission_denied (EACCES), bad_argument (NUL, E2BIG), confinement_unavailable,
  /// file_error; file_not_found for its directory or a write root that is not there.
  /// Threads: safe from any. A job is finished or dropped on the thread that started it, before
  /// that thread ends: the kernel kills a child with its thread, so that none outlives perch.
  virtual Result<std::unique_ptr<Job>> start(const ChildSpec& spec) = 0;
};

/// The real one: lane/process/process_lane.cc. `kernel`: what may be relied on; tests pass less.
[[nodiscard]] std::unique_ptr<ProcessLane>
make_process_lane(const KernelConfinement& kernel = kernel_confinement());

// ---- guests ----------------------------------------------------------------------------------

/// A compiled module, shared by every run of it. Opaque outside lane/wasm.
class Module {
public:
  virtual ~Module() = default;
  [[nodiscard]] virtual const std::string& sha256() const = 0; ///< hex, of the module's bytes
  [[nodiscard]] virtual std::uint64_t size() const = 0;        ///< bytes of the module
  enum class From : std::uint8_t { Process, Disk, Compiled, Bundle };
  [[nodiscard]] virtual From from() const = 0; ///< where its code came from
  /// Whether its code is fully optimised; else it was compiled quickly.
  [[nodiscard]] virtual bool optimised() const = 0;
  /// Whether it imports what hands it its variables, all at once.
  [[nodiscard]] virtual bool asks_for_variables() const = 0;
};

/// Machine code of a module that was made by WasmLane::compile_ahead(), in a file that stays open
/// and in memory, both as they are, until the process ends.
struct AheadCode {
  std::string_view bytes;
  int file = -1;                 ///< which holds the bytes …
  std::uint64_t offset = 0;      ///< … from here on
  std::function<Status()> check; ///< whether the code is what was made; asked before it is used
  std::string sha256;            ///< hex, of the module's bytes
  std::uint64_t size = 0;        ///< of the module
};

struct Mount {
  std::string host;  ///< absolute real path of an existing directory
  std::string guest; ///< absolute guest path
  bool writable = false;
  /// The directory, open, which is mounted whatever has come to stand at `host` since; borrowed
  /// until the job has started. -1: what is at `host`.
  int handle = -1;
};

/// What a guest has done with its mounts, as far as the kernel tells. Threads: any.
class MountUses {
public:
  enum class Use : std::uint8_t { None, Read, Written };
  explicit MountUses(std::size_t mounts) : each_(mounts) {}

  std::atomic<bool> known = false; ///< false: nobody could look, and all of them count as None
  [[nodiscard]] Use of(std::size_t mount) const { return each_[mount].load(); }
  void raise(std::size_t mount, Use use) {
    for (Use now = of(mount); now < use && !each_[mount].compare_exchange_weak(now, use);) {
    }
  }

private:
  std::vector<std::atomic<Use>> each_;
};

/// Answers a guest's HTTP request under the policy; runs on a thread of perch's, not the guest's.
/// The token, never null, is this request's own: it stops when the guest has to, and the transfer
/// with it.
using HttpBroker = std::function<Result<op::HttpResponse>(
    const op::HttpRequest&, const std::shared_ptr<sys::CancelToken>& cancel)>;

/// Told of a request that is none, or one too many, so that the broker is not asked; where the
/// broker is, while the guest waits.
using HttpMisused = std::function<void(const op::HttpRequest&, std::string_view why)>;

struct GuestSpec {
  std::vector<std::string> argv; ///< with argv[0]
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<Mount> mounts;
  Stdio stdio;
  std::optional<std::string> input; ///< the whole stdin instead of stdio.in
  std::uint64_t memory_bytes = 1ull << 30;
  std::optional<std::uint64_t> fuel;
  std::shared_ptr<sys::CancelToken> cancel; ///< stops the guest; never null
  HttpBroker http;                          ///< null: every request gets -1
  HttpMisused http_misused;                 ///< null: nobody wants to know
  bool require_kernel_wall = false;
  std::shared_ptr<MountUses> uses; ///< of `mounts`, to be filled; null: nobody wants to know
};

struct WasmOptions {
  std::string cache_directory; ///< absolute; empty: no disk cache
  std::uint64_t cache_limit_bytes = 1ull << 30;
  enum class Tier : std::uint8_t { Auto, Quick, Full };
  Tier tier = Tier::Auto;
  /// Called once when the disk cache cannot be used, with the reason; perch goes on without it.
  std::function<void(const std::string&)> cache_warning;
  /// Called when a compilation starts and ends, for progress.
  std::function<void(std::string_view sha256, bool started)> compiling;
  /// Argument vector, program first (absolute path), that starts perch as a compiler: words are
  /// added, and what it starts calls run_compiler() with them. Empty, which is for tests: modules
  /// are compiled in this process, without a bound, and quick code stays as it is.
  std::vector<std::string> compiler;
};

/// Whether a module's instructions are counted. It changes the code, so it is said at load().
enum class Metering : std::uint8_t { None, Fuel };

/// Where the digest of a module's file comes from.
enum class Proof : std::uint8_t {
  Bytes,  ///< its bytes, read now
  Memory, ///< what they came to before, when the file's inode, size and change time say that it has
          ///< not been written to since; the file is then not read at all
};

/// Which parts of the second wall this kernel offers to a guest's thread.
struct KernelWall {
  bool files = false;        ///< Landlock: only the mounts, with their modes
  bool system_calls = false; ///< seccomp: no processes, sockets, tracing, ...
  [[nodiscard]] bool whole() const { return files && system_calls; }
};

class WasmLane {
public:
  virtual ~WasmLane() = default;
  /// The module with these bytes: from this process, from disk, or compiled now; two callers that
  /// need the same uncompiled module compile it once.
  /// Errors: wasm_compile_failed (`name` in the message), wasm_hash_mismatch when `pin` (64 hex
  /// digits, any case) is not empty and differs, checked before anything is compiled; what
  /// `cancel` says when it stops before the code is there (when nobody waits for it any more, the
  /// compiler is ended). A guest with `fuel` needs a module loaded with Metering::Fuel.
  virtual Result<std::shared_ptr<const Module>> load(std::string_view name, std::string_view bytes,
                                                     std::string_view pin,
                                                     Metering metering = Metering::None,
                                                     sys::CancelToken* cancel = nullptr) = 0;
  /// As load(), of a regular file (at most 1 GiB) that is open for reading. A pin needs
  /// Proof::Bytes, whatever is asked for. Errors also: output_too_large, file_error.
  virtual Result<std::shared_ptr<const Module>> load_file(std::string_view name, int fd,
                                                          std::string_view pin, Proof proof,
                                                          Metering metering,
                                                          sys::CancelToken* cancel) = 0;
  /// Fully optimised code of the module that every processor of this machine's kind can run, if it
  /// is not older than x86-64-v2 where that is the kind. The same bytes give the same code.
  /// Errors: wasm_compile_failed.
  virtual Result<std::string> compile_ahead(std::string_view name, std::string_view bytes,
                                            Metering metering) = 0;
  /// The module with this code, without compiling it or writing a file; code that begins at a page
  /// of its file is mapped, not copied.
  /// Errors: wasm_hash_mismatch as in load(); wasm_compile_failed when this perch cannot run the
  /// code.
  virtual Result<std::shared_ptr<const Module>> load_ahead(std::string_view name,
                                                           const AheadCode& ahead,
                                                           std::string_view pin,
                                                           Metering metering) = 0;
  /// Puts fully optimised code of the module into the disk cache, unless it is there.
  /// Errors: wasm_compile_failed; cache_error when there is no usable cache.
  virtual Status warm(std::string_view name, std::string_view bytes, Metering metering) = 0;
  /// A guest without mounts is likely to be started next: the thread for it is confined while its
  /// module is loaded. When there is no thread to be had, start() says so.
  virtual void expect_guest(bool require_kernel_wall) = 0;
  /// Links and starts a guest on a thread of its own. Errors, before one guest instruction ran:
  /// wasm_capability_denied (unknown imports, all listed with their types),
  /// wasm_compile_failed (no `_start`; the message names the exports there are), bad_argument.
  virtual Result<std::unique_ptr<Job>> start(std::shared_ptr<const Module> module,
                                             const GuestSpec& spec) = 0;
  [[nodiscard]] virtual KernelWall kernel_wall() = 0;
  /// From here on nobody whom the options name is told anything: they may be gone.
  virtual void fall_silent() {}
};

/// Name and version of what compiles and runs modules: "wasmtime 48.0.8".
[[nodiscard]] std::string_view engine_version();

/// The real one: lane/wasm/. Costs nothing until the first load().
[[nodiscard]] std::unique_ptr<WasmLane> make_wasm_lane(WasmOptions options);

/// For the end of the process, when no job runs: the lane falls silent, and its threads, modules
/// and memories are left to the kernel, which takes them apart faster. Does so once; from then on
/// it just ends a lane.
void leave_to_process(std::unique_ptr<WasmLane> lane);

/// The process that WasmOptions::compiler starts: bounds itself, compiles one module, for its
/// parent or into the cache, and returns the exit status.
[[nodiscard]] int run_compiler(std::span<const std::string> words);

/// What a cache of compiled code holds (`perch cache info`).
struct CodeCacheInfo {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};
/// Errors: cache_error when there is a directory that cannot be read or must not be trusted; a
/// missing one is empty.
[[nodiscard]] Result<CodeCacheInfo> code_cache_info(const std::string& directory);
/// Removes all compiled code (`perch cache clear`) and says what that was. Safe beside running
/// perches. Errors: as above.
[[nodiscard]] Result<CodeCacheInfo> clear_code_cache(const std::string& directory);

} // namespace perch::lane
