#pragma once
// The one place that asks the policy. Whatever a run does to the outside world passes a member of
// this class or of the functions in run/gate_*.h, which all end in ask().

#include "base/result.h"
#include "op/op_decl.h"
#include "policy/policy.h"
#include "run/http_rules.h"
#include "run/run.h"
#include "run/scope.h"
#include "run/secrets.h"
#include "sys/file_digest.h"
#include "sys/world.h"
#include "trace/event.h"
#include "trace/progress.h"

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perch::run {

/// Who asks: the word that messages start with, and the op whose table entry must name the
/// capability. A statement of the language itself (a program, `cd`, `wasm_run`) has no entry.
struct Actor {
  std::string_view name;
  const op::OpDecl* op = nullptr;
  [[nodiscard]] static Actor of(const op::OpDecl& op) { return {.name = op.name, .op = &op}; }
};

struct GateSetup {
  sys::World& world;
  /// Receives a Deny for each denied request, and is asked before what is allowed happens; null:
  /// nobody.
  trace::Sink* sink = nullptr;
  const diag::SourceMap* sources = nullptr; ///< for the places of layers; null: without
  trace::Progress* progress = nullptr;      ///< of downloads; null: nobody shows any
  const Secrets* secrets = nullptr;         ///< what to hide in denials; null: nothing
  Watcher* watcher = nullptr;               ///< is told of each allowed one; null: nobody
  /// Absolute paths of perch's own cache and state: refused to every file op and mount. Empty ones
  /// do not count.
  std::vector<std::string> protected_directories;
  std::string audit_file;           ///< absolute; no guest may write where it is; empty: none
  bool confine_off = false;         ///< --confine=off
  bool allow_child_network = false; ///< --allow-child-network
  HttpRules http;
};

/// A bin as `requires` declares it.
struct DeclaredBin {
  std::string name;      ///< a name without slash, or a path
  std::string alias;     ///< what the file calls it; may be empty
  std::string directory; ///< absolute, of the declaring file: relative paths start here
  std::string sha256;    ///< 64 hex digits, lower case; empty: not pinned
};

/// A file whose digest was checked, held open so that this very file is what runs.
struct PinnedFile {
  sys::Fd handle;
  sys::FileDigest digest;
};

/// One per run. Threads: safe from all branches of the run.
class Gate {
public:
  explicit Gate(GateSetup setup);
  /// Removes the temporary files of the run.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// The bins of `requires`, for heads that are known only at run time and for digest pins, which
  /// hold whatever way a program is named. Call before the run branches.
  void declare_bins(std::vector<DeclaredBin> bins) { bins_ = std::move(bins); }
  [[nodiscard]] std::span<const DeclaredBin> bins() const { return bins_; }

  /// Passes when every layer allows the request, else records the denial and returns it.
  /// Errors: policy::denial; capability_denied when `actor.op` does not declare the capability,
  /// which is a mistake in its table entry; what the sink fails with.
  Status ask(const Scope& scope, Actor actor, const policy::Request& request) const;

  /// Records a refusal. `layer`: its origin, or the rule's words. Errors: the sink's.
  Status record_denial(const Scope& scope, Actor actor, op::Cap cap, std::string subject,
                       std::string layer, diag::Span position = {}) const;

  /// The place a path of the program means, made absolute against the scope's directory, when the
  /// policy allows reading it. The handle in the Spot is what was decided on: use nothing else.
  /// Errors: bad_argument for an empty path; the denial; file_* from the file system, but never in
  /// place of a denial, so that they tell nothing about what may not be read.
  Result<sys::Spot> read_spot(const Scope& scope, Actor actor, std::string_view path,
                              sys::Final final) const;
  /// The same for writing.
  Result<sys::Spot> write_spot(const Scope& scope, Actor actor, std::string_view path,
                               sys::Final final) const;

  /// A layer whose roots and bin paths are real ones, to be pushed on a policy. Links are resolved
  /// now and never again. Errors: file_* when a root cannot be reached (a root that does not exist
  /// yet is fine).
  Result<std::shared_ptr<const policy::Layer>> pin(policy::Layer layer) const;
  /// The same for all layers of a policy that has no pinned ones yet.
  Result<policy::Policy> pin(const policy::Policy& policy) const;

  /// Refuses what holds, is or lies in perch's own directories, and records that. `real` is a real
  /// path.
  Status refuse_protected(const Scope& scope, Actor actor, std::string_view real,
                          op::Cap cap) const;

  [[nodiscard]] sys::World& world() const { return setup_.world; }
  [[nodiscard]] const GateSetup& setup() const { return setup_; }

  /// Absolute path of the program `name` (no slash) on the PATH perch was started with, its
  /// directory real; empty when there is none. Entries that are no absolute path do not count. What
  /// was found once stays for the run.
  [[nodiscard]] std::string on_own_path(std::string_view name) const;

  /// The file at `path` opened once per run, and its SHA-256 compared with `sha256` (64 hex digits,
  /// lower case): computed again when the file may have been written to since. Errors:
  /// requirement_unmet when it differs; file_*. Lifetime: as the Gate.
  Result<const PinnedFile*> pinned(const std::string& path, std::string_view sha256) const;

  /// The digest that the file at `path` was compared with by pinned(); empty: it was not.
  [[nodiscard]] std::string pinned_digest(const std::string& path) const;

  /// Has a file or directory (real path) removed when the run is over.
  void remove_at_end(std::string path);

private:
  /// What a process was given to see is in a file of /proc: reading it asks for every variable.
  Status refuse_environments(const Scope& scope, Actor actor, std::string_view real) const;
  Result<sys::Spot> spot(const Scope& scope, Actor actor, std::string_view path, sys::Final final,
                         op::Cap cap) const;

  GateSetup setup_;
  std::vector<DeclaredBin> bins_;
  struct Memory {
    std::mutex mutex;
    std::unordered_map<std::string, std::string> own_path; ///< by name
    std::unordered_map<std::string, PinnedFile> pinned;    ///< by path; entries never move
    std::vector<std::string> temporaries;
  };
  std::unique_ptr<Memory> memory_;
};

/// What a protected directory holds, for messages.
[[nodiscard]] std::string_view held_in(std::string_view directory);

} // namespace perch::run
