#pragma once
// One stream of span events; `--trace`, `--report` and `--audit` are readers of it.

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace perch::trace {

using SpanId = std::uint64_t; ///< 0: none

/// What a span stands for.
enum class What : std::uint8_t {
  Command, ///< a call of a command, of a hook or of a handler
  Block,   ///< a block, or one of its parts: `parallel`, `attempt`, `rescue`, …
  Op,
  Child, ///< a process: a statement's own, or one that an op starts
  Guest, ///< the run of a module
};

using Scalar = std::variant<std::string, std::int64_t>;
using Record = std::vector<std::pair<std::string_view, Scalar>>;

/// An argument or a figure. The name lives as long as the event.
struct Field {
  using Value = std::variant<std::string, std::int64_t, bool, std::chrono::nanoseconds,
                             std::vector<std::string>, Record, std::vector<Record>>;
  std::string_view name;
  Value value;
};
using Fields = std::vector<Field>;

struct Begin {
  SpanId id = 0;
  SpanId parent = 0;
  What what = What::Op;
  std::string_view kind; ///< name of the op or block; `exec`, `command`, `hook`, `wasm_run`, …
  Fields args;           ///< after interpolation, secrets masked, long values cut; main one first
  std::string position;  ///< `file:line`
  std::string_view from_template; ///< empty: none
  std::string_view from_import;   ///< namespace or path of the imported file; empty: none
  std::int64_t unix_ns = 0;
  std::int64_t steady_ns = 0;
  int branch = 0; ///< 1-based number in the innermost `parallel` around it, 0 outside
  /// A Child that is all its op does (`shell "…"`): the two are one thing to a reader.
  bool whole_op = false;
};

struct End {
  SpanId id = 0;
  std::int64_t unix_ns = 0;
  std::int64_t steady_ns = 0;
  const Error* error = nullptr; ///< null: succeeded; its texts masked
  bool skipped = false;
  bool cached = false;
  bool began = false; ///< of a Child or Guest: it was started
  /// Arguments that were not known when the span began: what a module's block came to.
  Fields args;
  /// What is known only now: a child's path and argv, exit or signal, figures; secrets masked.
  Fields facts;
};

/// A child or a guest is about to start. Its span has begun; of End's fields what is known by now.
struct Start {
  SpanId id = 0;
  std::int64_t unix_ns = 0;
  std::span<const Field> args;
  std::span<const Field> facts;
};

/// A refusal: by a layer of the policy, or by a rule that is no layer (`layer` is then its reason).
struct Deny {
  SpanId span = 0;
  std::string_view actor; ///< op or statement that asked
  std::string_view cap;
  std::string subject;
  std::string layer;    ///< "requires (a.perch:3)", "--no-write"
  std::string position; ///< of the layer, `file:line`; empty for a flag's
  std::int64_t unix_ns = 0;
};

/// The beginning of a run, before anything of it happened.
struct SessionStart {
  std::string_view program; ///< name and version, as the file declares them
  std::string_view version;
  std::string_view command;
  std::span<const std::string> words; ///< after the command; secrets masked
  std::string_view directory;
  std::string_view script; ///< absolute path; "-" for standard input
  std::string_view script_sha256;
  std::span<const Record> imports;     ///< path and SHA-256 of each; of a program from source
  std::string_view archive_sha256;     ///< of a built executable, for all that is in it; else empty
  std::span<const std::string> layers; ///< origins of the policy's layers, outermost first
  std::int64_t unix_ns = 0;
  std::int64_t steady_ns = 0;
};

struct SessionEnd {
  bool ok = true;
  int code = 0;                 ///< exit status of the run
  const Error* error = nullptr; ///< its texts masked
  std::int64_t unix_ns = 0;
  std::int64_t steady_ns = 0;
};

/// Receives events; called from any thread, one call at a time per sink is NOT guaranteed:
/// implementations lock. A sink that fails (audit) reports it through the returned Status: the run
/// stops before the next effect, and whatever it goes on with fails, too.
class Sink {
public:
  virtual ~Sink() = default;
  virtual Status session_start(const SessionStart& event) = 0;
  virtual Status begin(const Begin& event) = 0;
  virtual Status end(const End& event) = 0;
  virtual Status deny(const Deny& event) = 0;
  /// Something that the policy allowed comes next, whatever span it belongs to.
  virtual Status before_effect();
  /// The effect follows when this returns: what was told before, and this, is to be durable.
  virtual Status before_start(const Start& event);
  virtual Status session_end(const SessionEnd& event) = 0;
};

inline Status Sink::before_effect() { return {}; }
inline Status Sink::before_start(const Start&) { return {}; }

} // namespace perch::trace
