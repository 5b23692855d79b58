#pragma once
// One invocation: a Program, a chosen command with its words, a policy and a world.

#include "lane/lane.h"
#include "policy/policy.h"
#include "program/program.h"
#include "run/http_rules.h"
#include "run/outcome.h"
#include "sys/world.h"
#include "trace/event.h"
#include "trace/progress.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// The archive inside a built executable, verified when it is read. Paths are those of the
/// program's `include` lines, without a leading `./`. Threads: safe from several.
class Archive {
public:
  virtual ~Archive() = default;
  [[nodiscard]] virtual const std::string& sha256() const = 0; ///< hex
  /// The files that are at `within` or below it; all when it is empty.
  [[nodiscard]] virtual std::vector<std::string> paths(std::string_view within) const = 0;
  /// Errors: file_not_found for an unknown entry, bundle_error for a damaged one.
  virtual Result<std::string> read(std::string_view path) = 0;
  /// The same in pieces. What the sink got counts only when this succeeds.
  virtual Status stream(std::string_view path,
                        const std::function<Status(std::string_view)>& sink) = 0;
  /// Permission bits of a file. Errors: as above.
  virtual Result<std::uint32_t> mode(std::string_view path) = 0;
  /// Code that was compiled when the executable was built; nullopt: none of this kind.
  virtual Result<std::optional<lane::AheadCode>> code(std::string_view path,
                                                      lane::Metering metering) = 0;
  /// A private directory with all files, unpacked once per digest.
  virtual Result<std::string> directory() = 0;
};

/// A mount of a module that has ended.
struct MountUse {
  std::string_view host;  ///< absolute real path
  std::string_view guest; ///< where the module saw it
  bool writable = false;
  bool known = false; ///< `use` is what the kernel saw; else nobody could look
  lane::MountUses::Use use = lane::MountUses::Use::None;
};

/// Told of each request that every layer has allowed. Threads: called from any.
class Watcher {
public:
  virtual ~Watcher() = default;
  /// `at`: the wasm_run statement.
  virtual void mounted(const MountUse& /*use*/, diag::Span /*at*/) {}
  /// A module that has ended could ask for its variables.
  virtual void could_see_variables(diag::Span /*at*/) {}
  /// `at`: the statement that asked; unknown for what belongs to none.
  virtual void allowed(const policy::Request& request, diag::Span at) = 0;
};

/// Asks a person before each effect. Threads: called from any; answers one question at a time.
class Asker {
public:
  virtual ~Asker() = default;
  struct Question {
    std::string position; ///< `deploy.perch:14`
    std::string text;     ///< the whole statement, evaluated, secrets masked; stages of a pipe one
                          ///< a line
  };
  enum class Answer : std::uint8_t {
    Run,
    Skip, ///< it counts as having succeeded, with nothing as its result
    Quit, ///< the run ends, as `exit 1` ends it
  };
  /// Errors: what asking fails with; the statement fails with it.
  virtual Result<Answer> ask(const Question& question) = 0;
};

/// What surrounds every run of a process. Borrowed; outlives the runs.
struct Setting {
  sys::World& world;
  const op::OpTable& ops;
  const diag::SourceMap& sources;
  lane::ProcessLane& children;
  lane::WasmLane& guests;
  trace::Sink* sink = nullptr;         ///< null: nobody watches, events cost nothing
  Watcher* watcher = nullptr;          ///< null: nobody wants to know
  Asker* asker = nullptr;              ///< null: nobody is asked
  trace::Progress* progress = nullptr; ///< null: nothing of what takes long is shown
  std::string cache_directory;         ///< perch's own; absolute
  std::string state_directory;
  std::string audit_file;     ///< absolute; no guest may write where it is; empty: none
  Archive* archive = nullptr; ///< null: the program's files are beside the script
  /// Perch's own flags without dashes: a command's unknown flag that spells one gets a hint.
  std::span<const std::string_view> own_flags;
  /// Perch's words to the user while running (cache hits, warnings): a line without its newline.
  std::function<void(const std::string&)> say;
};

struct Request {
  std::shared_ptr<const program::Program> program;
  const program::Command* command = nullptr;
  std::vector<std::string> words;                    ///< as typed after the command's name
  policy::Policy policy;                             ///< layers of the command line
  std::optional<std::vector<std::string>> env_names; ///< `--env`: only these host variables
  std::shared_ptr<sys::CancelToken> cancel;          ///< the run's root token, never null
  std::string directory;                             ///< starting directory, absolute
  std::string script_path;     ///< absolute; "-" for standard input; "" when built in
  std::string roots_directory; ///< where relative roots of `requires` start; empty: at
                               ///< the file's directory (`perch test` sets it)
  HttpRules http;
  std::uint64_t max_wasm_memory = 0;  ///< 0: no extra bound
  std::vector<std::string> wasm_pins; ///< `--accept-wasm-hash`, hex
  bool require_kernel_wall = false;
  bool confine_off = false;
  bool allow_child_network = false;
  bool no_cache = false;
  /// For `catch`: the word that was typed.
  std::string caught_word;
};

/// Parses the words against the command's arguments, runs preflight, then the body. Never throws,
/// never exits, always returns; temporary files and children are gone by then.
[[nodiscard]] Outcome execute(const Setting& setting, const Request& request);

/// True for an ending that needs no words: the reader of standard output has gone away.
[[nodiscard]] bool is_quiet(const Outcome& outcome);

} // namespace perch::run
