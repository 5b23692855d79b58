#pragma once
// One execution of an op: its arguments, and the only way it has to the world. Every member that
// touches the world asks the policy first and fails with the denial; an op that needs something
// its table entry does not name gets `capability_denied` even where the policy would allow it.

#include "base/result.h"
#include "op/op_decl.h"
#include "op/value.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::op {

using Duration = std::chrono::nanoseconds;

enum class FileType : std::uint8_t { Regular, Directory, Symlink, Other };

struct FileInfo {
  FileType type = FileType::Regular;
  std::uint64_t size = 0;
  std::uint32_t mode = 0; ///< permission bits
  std::int64_t mtime_ns = 0;
};

struct DirEntry {
  std::string name;
  FileType type = FileType::Regular;
};

enum class Follow : std::uint8_t { No, Yes };

/// A file being written under a temporary name beside its target; it appears under its own name
/// only by commit(). Dropping it uncommitted removes every trace.
class PendingFile {
public:
  virtual ~PendingFile() = default;
  virtual Status write(std::string_view bytes) = 0;
  /// Flushes and renames. Errors: as the file system says; the old file is then untouched.
  virtual Status commit() = 0;
};

/// The command's view of the file system. Paths are as written: relative ones start at the
/// command's current directory; the empty path is bad_argument. Errors are the `file_*` kinds with
/// the path as detail, or the policy's denial. A check and the use it allows work on one handle, so
/// that a link swapped in between gains nothing.
class Files {
public:
  virtual ~Files() = default;

  // Cap::Read
  virtual Result<FileInfo> stat(std::string_view path, Follow follow = Follow::Yes) = 0;
  /// False when there is nothing (or a dangling link); denial and other errors stay errors.
  virtual Result<bool> exists(std::string_view path) = 0;
  /// Errors: output_too_large past `limit_bytes`.
  virtual Result<std::string> read(std::string_view path, std::uint64_t limit_bytes) = 0;
  /// Feeds the file in pieces; stops at the sink's first error and returns it.
  virtual Status read_stream(std::string_view path,
                             const std::function<Status(std::string_view)>& sink) = 0;
  virtual Result<std::vector<DirEntry>> list(std::string_view path) = 0; ///< sorted bytewise
  virtual Result<std::string> read_link(std::string_view path) = 0;
  /// Paths that match, sorted; relative where the pattern is. `* ? [a-z]` within a component,
  /// `**` across; hidden names only where the pattern's component starts with a dot.
  virtual Result<std::vector<std::string>> glob(std::string_view pattern) = 0;

  // Cap::Write
  virtual Status make_directories(std::string_view path) = 0;
  /// Replaces the whole file at once, keeping the mode of an existing one (else 0644).
  virtual Status write(std::string_view path, std::string_view bytes) = 0;
  virtual Status append(std::string_view path, std::string_view bytes) = 0;
  /// Appends `line` and a newline, with a newline before it when the file does not end in one.
  virtual Status append_line(std::string_view path, std::string_view line) = 0;
  virtual Result<std::unique_ptr<PendingFile>> create(std::string_view path,
                                                      std::uint32_t mode = 0644) = 0;
  /// Recursive, does not follow links, a missing path is fine. Refuses the root directory, the home
  /// directory, the current directory and every declared root itself.
  virtual Status remove(std::string_view path) = 0;
  virtual Status rename(std::string_view from, std::string_view to) = 0; ///< Write on both
  virtual Status set_mode(std::string_view path, std::uint32_t mode) = 0;
  virtual Status touch(std::string_view path) = 0;
  virtual Status symlink(std::string_view target, std::string_view link) = 0;
  /// Makes an empty private file or directory in the temporary directory, removed when perch ends.
  virtual Result<std::string> make_temp(std::string_view prefix, FileType type) = 0;

  /// The absolute path an argument means, without touching the disk: made absolute against the
  /// command's directory and cleaned lexically.
  [[nodiscard]] virtual std::string absolute(std::string_view path) const = 0;
};

/// A child process to run to its end.
struct Launch {
  std::string program;              ///< name or path as written; the gate resolves it
  std::vector<std::string> args;    ///< without argv[0]
  std::string directory;            ///< empty: the command's
  std::optional<std::string> input; ///< the whole stdin; nullopt: as `stdin_inherited`
  bool stdin_inherited = true;
  bool capture_output = true;  ///< else stdout goes where the command's goes
  bool capture_errors = false; ///< stderr too, into the same text
  bool discard_output = false; ///< what would be captured goes nowhere
  bool detached = false;       ///< own session, not waited for; Ended.pid is set
  bool shell = false;          ///< `program` is shell text, for the shell gate
};

struct Ended {
  int status = 0; ///< exit status; meaningless when `signal` is not 0
  int signal = 0;
  int pid = 0;
  std::string output; ///< captured bytes, untrimmed
};

/// One HTTP exchange under the network policy, redirects included.
struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout = std::chrono::seconds(30);
  std::uint64_t max_body_bytes = 32ull << 20;
  /// When set the body goes here in pieces and HttpResponse::body stays empty.
  std::function<Status(std::string_view)> sink;
  std::uint64_t resume_from = 0; ///< sends a Range header; the server may ignore it (status 200)
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What `interfaces` and `local_ip` tell.
struct LocalNetwork {
  std::vector<std::string> interfaces; ///< names of those that are up
  std::string address; ///< the source address towards the internet, else the first that is not
                       ///< loopback, else empty
};

/// Facts about the host that need no capability.
struct HostFacts {
  std::string os, arch, user, home, hostname, os_version;
  std::string temp_dir, cache_dir, config_dir, data_dir; ///< empty when undeterminable
  std::string exe_path, script_path, script_dir;
  std::int64_t uid = 0, pid = 0, cpu_count = 1, start_unix = 0;
  bool is_admin = false, stdout_is_tty = false;
};

enum class Stream : std::uint8_t { Out, Err };

/// See the file's head. Lifetime: one execution; ops keep nothing of it. Threads: one Call is used
/// by one thread; several Calls may run at the same time.
class Call {
public:
  virtual ~Call() = default;

  // ---- arguments, already checked and converted to their parameters' types --------------------
  [[nodiscard]] virtual const OpDecl& decl() const = 0;
  /// False for an optional, rest or named parameter nobody wrote.
  [[nodiscard]] virtual bool given(std::size_t param) const = 0;
  [[nodiscard]] virtual const Value& value(std::size_t param) const = 0;
  [[nodiscard]] virtual std::span<const Value> rest() const = 0;
  [[nodiscard]] std::string_view text(std::size_t param) const;
  [[nodiscard]] std::int64_t integer(std::size_t param) const;
  [[nodiscard]] double number(std::size_t param) const;
  [[nodiscard]] bool flag(std::size_t param) const;
  [[nodiscard]] Duration duration(std::size_t param) const;
  /// The elements of a list argument; of any other text its lines as the line ops count them: the
  /// final run of newlines dropped, "" has none.
  [[nodiscard]] std::vector<std::string_view> lines(std::size_t param) const;

  // ---- the world ------------------------------------------------------------------------------
  virtual Files& files() = 0;
  virtual Result<Ended> run(const Launch& launch) = 0;                ///< Cap::Exec
  virtual Result<HttpResponse> fetch(const HttpRequest& request) = 0; ///< Cap::Net
  /// Asks for the network by host (and port, 0 = none) without doing anything.
  virtual Status may_reach(std::string_view host, int port) = 0; ///< Cap::Net
  /// The addresses of `host`, as text, in the resolver's order. Errors: dns_failed.
  virtual Result<std::vector<std::string>> resolve(std::string_view host) = 0; ///< Cap::Net
  /// True when a TCP connection can be made within `limit`; loopback is allowed. An unknown name
  /// is false too.
  virtual Result<bool> connects(std::string_view host, int port, Duration limit) = 0; ///< Cap::Net
  /// The port (0: any) when it can be bound on all interfaces now, else nullopt.
  virtual Result<std::optional<int>> free_port(int port) = 0; ///< Cap::Net, any host
  virtual Result<LocalNetwork> local_network() = 0;           ///< Cap::Net, any host
  /// True when a process other than perch runs an executable of that base name.
  virtual Result<bool> process_runs(std::string_view name) = 0; ///< Cap::Exec
  /// A variable of the host as the program may see it; nullopt when it is not set.
  virtual Result<std::optional<std::string>> env(std::string_view name) = 0;           ///< Cap::Env
  virtual Status set_env(std::string_view name, std::optional<std::string> value) = 0; ///< Cap::Env
  /// The value PATH has for child processes; needs no capability.
  [[nodiscard]] virtual std::string search_path() const = 0;
  /// Absolute path of an executable on that PATH, or nullopt.
  [[nodiscard]] virtual std::optional<std::string> which(std::string_view name) const = 0;
  [[nodiscard]] virtual const HostFacts& host() const = 0;

  // ---- the command ----------------------------------------------------------------------------
  /// Writes all bytes, or fails with file_error (detail: the stream) when the reader is gone.
  virtual Status print(Stream stream, std::string_view bytes) = 0;
  [[nodiscard]] virtual std::string directory() const = 0;
  virtual Status set_directory(std::string_view path) = 0; ///< Cap::Read
  /// Waits, or fails with timeout_exceeded / signal_received as soon as the run is stopped.
  virtual Status sleep(Duration duration) = 0;
  [[nodiscard]] virtual std::int64_t now_unix_ns() const = 0;
  /// Why the run should stop now, if it should; ops that compute for long ask now and then.
  virtual Status check_cancelled() = 0;
  /// Public commands as (qualified name, first line of the description), sorted.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> commands() const = 0;
  /// The digest (hex) and entries of the program's bundle.
  virtual Result<std::string> bundle_hash() = 0;
  virtual Result<std::string> bundle_dir() = 0;
  virtual Status bundle_extract(std::string_view entry, std::string_view to) = 0; ///< Cap::Write
};

/// The error `exit` travels as: it unwinds through `finally` and is no failure. Not rescuable.
inline constexpr std::string_view kExitKind = "exit";

} // namespace perch::op
