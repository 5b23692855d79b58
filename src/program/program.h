#pragma once
// What a file means: every name resolved, every call bound to its op, command or program, every
// block in its one valid shape. Immutable; shared by run, mcp and bundle. Made by analyze().

#include "base/arena.h"
#include "diag/source.h"
#include "lang/ast.h"
#include "op/op_decl.h"
#include "program/automatic.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perch::program {

using diag::Span;

/// Index of a variable in the frame of one command call; -1: none.
using Slot = std::int32_t;

struct Command;
struct Module;
struct Node;
struct OpNode;
using Body = std::span<const Node* const>;

/// A name after resolution. It is looked up in this order: the slot when it is set, the file
/// binding, the automatic value, the overlay of `env` lines and with_env, the host's environment.
struct Name {
  std::string_view text;
  Span span;
  Slot slot = -1;
  std::int32_t binding = -1; ///< index into Program::bindings
  Automatic automatic = Automatic::None;
};

/// A stretch of an expression.
struct Piece {
  enum class Kind : std::uint8_t { Text, Name, Call };
  Kind kind = Kind::Text;
  std::string_view text;        ///< Text
  Name name;                    ///< Name
  const OpNode* call = nullptr; ///< Call
};

/// A word that is evaluated: plain text, or pieces.
struct Expr {
  Span span;
  std::string_view text; ///< the whole text when `pieces` is empty
  std::span<const Piece> pieces;
  bool quoted = false;

  [[nodiscard]] bool plain() const { return pieces.empty(); }
  /// Exactly one placeholder and nothing else: its value keeps its type.
  [[nodiscard]] bool whole_placeholder() const {
    return pieces.size() == 1 && pieces[0].kind != Piece::Kind::Text;
  }
  /// A list in it is as many words as it has items. In quotes it is one word.
  [[nodiscard]] bool spreads() const { return whole_placeholder() && !quoted; }
};

// ---- nodes -----------------------------------------------------------------------------------

enum class NodeKind : std::uint8_t {
  Op,
  Exec,
  CommandCall,
  Chain,
  Literal,
  Rethrow,
  Scope,
  If,
  ForEach,
  Match,
  Try,
  Platform,
  Pipe,
  Parallel,
  Timeout,
  Retry,
  WithEnv,
  WithCwd,
  Sandbox,
  Cache,
  WasmRun,
};

/// One use of a template: where it was called, for traces and for messages.
struct TemplateUse {
  std::string_view name;
  Span call;
  const TemplateUse* outer = nullptr;
};

struct Node {
  NodeKind kind;
  Span span;         ///< the head line's words
  Slot capture = -1; ///< `NAME = …` stores the result here
  std::string_view capture_name;
  const Module* module = nullptr; ///< the file it stands in
  const TemplateUse* from = nullptr;
};

struct OpNode : Node {
  const op::OpDecl* op = nullptr;
  std::span<const Expr* const> params; ///< by parameter; null: not given
  std::span<const Expr> rest;
};

/// A bin of a `requires` block, or an undeclared program (`bin` null).
struct Bin;
struct ExecNode : Node {
  Expr head;
  const Bin* bin = nullptr;
  std::span<const Expr> args;
  bool written_exec = false;
};

struct CommandCallNode : Node {
  const Command* command = nullptr;
  std::span<const Expr> args;
};

struct ChainNode : Node {
  struct Link {
    lang::ChainOp before = lang::ChainOp::None;
    const Node* node = nullptr; ///< Op, Exec or CommandCall
  };
  std::span<const Link> links;
};

/// `NAME = "text"`
struct LiteralNode : Node {
  Expr value;
  op::Type type = op::Type::Text;
};

/// Bare `throw`: the error being rescued goes on, unchanged.
struct RethrowNode : Node {};

/// A template's body with its arguments bound: its names are its own.
struct ScopeNode : Node {
  struct Bind {
    Slot slot = -1;
    std::string_view name;
    Expr value;
    bool secret = false;
  };
  const TemplateUse* use = nullptr;
  std::span<const Bind> binds;
  std::span<const Slot> locals; ///< cleared on entry; without those of scopes within
  Body body;
};

struct Cond {
  enum class Kind : std::uint8_t { Or, And, Not, Value, Compare, Call };
  Kind kind = Kind::Value;
  Span span;
  const Cond* left = nullptr;
  const Cond* right = nullptr;
  lang::CompareOp op = lang::CompareOp::Eq;
  Expr a;                     ///< Value, Compare: an unset name counts as empty
  Expr b;                     ///< Compare
  const Node* call = nullptr; ///< Call: an Op, or an Exec that is true when its status is 0
};

struct IfNode : Node {
  struct Branch {
    const Cond* cond = nullptr; ///< null: else
    Body body;
  };
  std::span<const Branch> branches;
};

struct ForEachNode : Node {
  Expr source;
  Slot variable = -1;
  std::string_view variable_name;
  Body body;
};

struct MatchNode : Node {
  struct Case {
    Span span;
    const Expr* value = nullptr; ///< null: else
    Body body;
  };
  Expr subject;
  std::span<const Case> cases;
};

struct TryNode : Node {
  Body body;
  bool has_rescue = false;
  /// Slots of NAME, NAME.kind, NAME.message, NAME.code, NAME.op, NAME.detail.
  std::array<Slot, 6> error_slots = {-1, -1, -1, -1, -1, -1};
  Body rescue;
  bool has_finally = false;
  Body finally;
};

struct PlatformNode : Node {
  bool arch = false;
  Expr value;
  Body body;
};

/// Stages: Exec, WasmRun, CommandCall, or Op (a line op whose last text parameter is its input).
struct PipeNode : Node {
  Body stages;
};

struct ParallelNode : Node {
  const Expr* max = nullptr;
  const Expr* fail_fast = nullptr;
  Body branches;
};

struct TimeoutNode : Node {
  Expr duration;
  Body body;
};

struct RetryNode : Node {
  const Expr* attempts = nullptr;
  const Expr* backoff = nullptr; ///< fixed, linear, exponential
  const Expr* base = nullptr;
  const Expr* max_delay = nullptr;
  const Expr* jitter = nullptr;
  const Expr* on = nullptr; ///< comma-joined kinds that are retried
  Body body;
};

struct WithEnvNode : Node {
  std::span<const Expr> pairs; ///< `K=V` each; a plain word may hold several, comma-joined
  Body body;
};

struct WithCwdNode : Node {
  Expr path;
  Body body;
};

struct SandboxNode : Node {
  std::span<const Expr> flags;
  Body body;
};

struct CacheNode : Node {
  Expr key;
  Expr ttl;
  std::span<const Slot> defines; ///< names the body may set, with `define_names`
  std::span<const std::string_view> define_names;
  std::string_view block_id; ///< stable identity of this block in its program
  Body body;
};

struct WasmMount {
  Span span;
  Expr host;
  const Expr* guest = nullptr; ///< `at:`
  bool writable = false;
};

struct WasmRunNode : Node {
  Expr path;              ///< a path or URL
  std::string_view alias; ///< a bundle alias instead; empty: `path` holds
  std::span<const Expr> args;
  std::span<const Expr> env; ///< comma-joined names each
  std::span<const WasmMount> mounts;
  std::span<const Expr> hosts;
  const Expr* input = nullptr; ///< wasm_stdin
  const Expr* memory = nullptr;
  const Expr* fuel = nullptr;
  const Expr* hash = nullptr;
};

// ---- declarations ----------------------------------------------------------------------------

struct Arg {
  Span span;
  std::string_view name;
  op::Type type = op::Type::Text; ///< Text, Int, Float, Bool, or List for a rest argument
  const Expr* fallback = nullptr; ///< `default`
  std::string_view description;
  std::optional<int> index; ///< positional slot; none: a flag
  bool optional = false;
  bool rest = false;
  bool secret = false;
  std::span<const std::string_view> choices;
  Slot slot = -1;
  Slot count_slot = -1; ///< NAME_count of a rest argument
};

struct EnvLine {
  std::string_view name;
  Expr value;
};

struct Command {
  std::string_view name; ///< qualified: `ns.build`
  Span span;             ///< of the name
  const Module* module = nullptr;
  std::string_view description;
  std::span<const Arg> args;
  bool is_private = false;
  bool from_alias_private = false;
  bool proxy_args = false;
  Slot proxy_slot = -1;
  bool is_catch = false;
  Slot catch_slot = -1; ///< the typed word, for `catch`
  bool is_test = false;
  bool test_allow_shell = false, test_allow_network = false, test_allow_write = false,
       test_allow_subprocess = false, test_keep_cwd = false;
  std::optional<std::int64_t> test_timeout_s;
  bool detached = false;
  std::span<const std::string_view> require_os;
  std::span<const std::string_view> require_arch;
  const Expr* dir = nullptr;
  std::span<const EnvLine> env;
  const Command* on_signal = nullptr;
  Body body;
  Slot slots = 0; ///< size of its frame
  std::span<const std::string_view> slot_names;
};

/// A file binding; evaluated lazily, once per run, in the scope of its file.
struct FileBinding {
  std::string_view name;
  Span span;
  const Module* module = nullptr;
  Expr value;
  op::Type type = op::Type::Text; ///< as displayed by --help
  std::string_view raw;           ///< as written, for --help
};

struct Bin {
  Span span;
  const Module* module = nullptr;
  std::string_view name;           ///< as declared: `git`, `./tools/x`
  const Expr* name_expr = nullptr; ///< when it holds placeholders
  std::string_view alias;
  bool optional = false;
  std::string_view sha256; ///< hex, lower case; empty: none
  const Expr* hash_file = nullptr;
};

struct Requirement {
  Span span;
  const Module* module = nullptr;
  std::string_view text;      ///< variable, host, os or arch
  const Expr* expr = nullptr; ///< read and write roots
  bool optional = false;
};

/// The union of all `requires` blocks of a program.
struct Requires {
  bool present = false;
  Span span; ///< of the first block's keyword
  std::vector<const Bin*> bins;
  std::vector<Requirement> env, hosts, read, write, os, arch;
  bool confine = false;
};

struct BundleEntry {
  Span span;
  std::string_view path; ///< as written
  std::string_view alias;
};

struct Hook {
  Span span;
  enum class Timing : std::uint8_t { Before, After, OnError };
  Timing timing = Timing::Before;
  std::string_view target; ///< exec net write read env, an op's name, any
  const Command* handler = nullptr;
};

/// One source file of the program.
struct Module {
  std::uint32_t source = 0;
  std::string path;      ///< as reached; "-" for standard input
  std::string directory; ///< absolute; what `script_dir` is in this file
  std::string ns;        ///< namespace its commands have in the root, "" when flat
};

struct Program {
  std::shared_ptr<base::Arena> arena;
  std::vector<std::shared_ptr<base::Arena>> trees; ///< arenas of the ASTs the texts point into
  std::string_view name, about, version;
  std::vector<std::unique_ptr<Module>> modules; ///< the root first
  std::vector<const Command*> commands;         ///< in order of declaration, imports last
  const Command* catch_command = nullptr;
  std::vector<FileBinding> bindings;
  Requires requirements;
  std::vector<BundleEntry> bundle;
  std::vector<Hook> hooks;
  std::unordered_map<std::string_view, const Command*> by_name;

  [[nodiscard]] const Command* find(std::string_view command) const;
  [[nodiscard]] const Module& root() const { return *modules.front(); }
};

} // namespace perch::program
