#pragma once
// What was written: the tree of one file, names unresolved. It may be nonsense; only
// program/analyze.h decides what it means. Every node lives in the Ast's arena and every text is
// a view into that arena or into the Source.

#include "base/arena.h"
#include "diag/source.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace perch::lang {

using diag::Span;

struct Word;

/// A stretch of a word that has placeholders.
struct Part {
  enum class Kind : std::uint8_t {
    Text, ///< decoded bytes
    Name, ///< `${name}` or `${a.b}`: text is the trimmed name
    Call, ///< `${op('a', b)}`: text is the op, args its arguments
  };
  Kind kind = Kind::Text;
  Span span; ///< with `${` and `}`
  std::string_view text;
  std::span<const Word> args;
};

enum class Quote : std::uint8_t {
  None,  ///< nothing in the word is quoted: it may be a keyword, a name, an operator
  Whole, ///< one quoted segment is the whole word
  Mixed, ///< some of it is quoted, as in `--title="two words"`
};

/// One word of a line, escapes decoded.
struct Word {
  Span span;
  Quote quote = Quote::None;
  std::string_view text;       ///< the whole text when `parts` is empty
  std::span<const Part> parts; ///< non-empty iff the word has a placeholder

  [[nodiscard]] bool plain() const { return parts.empty(); }
  /// An unquoted word without placeholder that reads `t`.
  [[nodiscard]] bool is(std::string_view t) const {
    return quote == Quote::None && parts.empty() && text == t;
  }
};

// ---- statements ------------------------------------------------------------------------------

enum class StmtKind : std::uint8_t {
  Call,
  Assign,
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

struct Stmt {
  StmtKind kind;
  Span span; ///< from the first word of the statement to the end of its `end`
  Span head; ///< its first line, without line end
};

using Body = std::span<const Stmt* const>;

enum class ChainOp : std::uint8_t { None, And, Or, Then }; // first clause, &&, ||, ;

/// One call: `[exec] HEAD args…`.
struct Clause {
  Span span;
  ChainOp before = ChainOp::None;
  bool exec = false;           ///< written with `exec`
  std::span<const Word> words; ///< never empty
};

/// One call, or several joined by operators.
struct CallStmt : Stmt {
  std::span<const Clause> clauses;
};

/// `NAME = …`
struct AssignStmt : Stmt {
  Span name_span;
  std::string_view name;
  const Word* literal = nullptr; ///< a quoted word, a number, true or false; else
  const Stmt* value = nullptr;   ///< a CallStmt, PipeStmt or WasmRunStmt
};

enum class CompareOp : std::uint8_t { Eq, Ne, Lt, Le, Gt, Ge };

/// A condition; `not` binds tightest, then `and`, then `or`; parentheses group.
struct Cond {
  enum class Kind : std::uint8_t { Or, And, Not, Word, Compare, Call };
  Kind kind = Kind::Word;
  Span span;
  const Cond* left = nullptr;  ///< Or, And, Not
  const Cond* right = nullptr; ///< Or, And
  CompareOp op = CompareOp::Eq;
  std::span<const Word> words; ///< Word: 1; Compare: left and right; Call: head and arguments
};

struct IfStmt : Stmt {
  struct Branch {
    Span head;
    const Cond* cond = nullptr; ///< null for the final `else`
    Body body;
  };
  std::span<const Branch> branches;
};

/// `for_each SOURCE NAME` or `for_each NAME in SOURCE`
struct ForEachStmt : Stmt {
  Word source;
  std::string_view name;
  Span name_span;
  Body body;
};

struct MatchStmt : Stmt {
  struct Case {
    Span head;
    const Word* value = nullptr; ///< null for `else`
    Body body;
  };
  Word subject;
  std::span<const Case> cases;
};

struct TryStmt : Stmt {
  Body body;
  bool has_rescue = false;
  std::string_view rescue_name; ///< "err" unless given
  Span rescue_head;
  Body rescue;
  bool has_finally = false;
  Span finally_head;
  Body finally;
};

/// `os W` or `arch W` around a body.
struct PlatformStmt : Stmt {
  bool arch = false;
  Word value;
  Body body;
};

/// Stages are CallStmt (one clause each) or WasmRunStmt.
struct PipeStmt : Stmt {
  Body stages;
};

/// `KEY=value` or `KEY:value` in the head of a block: `max=2`, `delay:5s`.
struct Option {
  Span span;
  Span key_span;
  std::string_view key;
  Word value;
};

/// Blocks whose head is positional words and named options: parallel, timeout, retry,
/// with_env, with_cwd, sandbox, cache. For with_env every word is in `words`.
struct BlockStmt : Stmt {
  std::span<const Word> words;
  std::span<const Option> options;
  Body body;
};

/// `wasm_run MODULE [func:"NAME" …]` and its declarations.
struct WasmRunStmt : Stmt {
  struct Item {
    Span span;
    std::string_view keyword; ///< "wasm_arg", "wasm_env", …
    Span keyword_span;
    std::span<const Word> words;
    std::span<const Option> options; ///< `at:"/data"`
  };
  Word module;                     ///< bare identifier: a bundle alias
  std::span<const Option> options; ///< `func:"…"` and typed arguments
  std::span<const Item> items;
};

// ---- file level ------------------------------------------------------------------------------

/// A line of configuration whose shape the analyzer checks against its table:
/// `description "x"`, `private`, `env NAME "v"`, `require_os a b`, `type int`, …
struct ConfigLine {
  Span span;
  std::string_view keyword;
  Span keyword_span;
  std::span<const Word> words;
};

/// `arg NAME … end`
struct ArgDecl {
  Span span;
  Span name_span;
  std::string_view name;
  std::span<const ConfigLine> fields;
};

enum class ProcKind : std::uint8_t { Command, Template, Catch };

/// A command, template or catch.
struct ProcDecl {
  ProcKind kind = ProcKind::Command;
  Span span;
  Span head;
  Span name_span;
  std::string_view name;
  std::span<const ConfigLine> config;
  std::span<const ArgDecl> args;
  bool has_body = false;
  Body body; ///< all `do` blocks, in order
};

struct Binding {
  Span span;
  Span name_span;
  std::string_view name;
  Word value;
};

struct ImportDecl {
  Span span;
  Word path;
  std::string_view alias; ///< empty: flat
  Span alias_span;
};

/// One line of a `requires` block.
struct Need {
  Span span;
  std::string_view keyword; ///< bin env host read write os arch confine
  Span keyword_span;
  std::span<const Word> words;
  std::string_view alias; ///< bin only
  Span alias_span;
  bool optional = false;
  std::span<const ConfigLine> pins; ///< `hash`, `hash_file` of this bin
};

struct RequiresBlock {
  Span span;
  std::span<const Need> needs;
};

struct Include {
  Span span;
  Word path;
  std::string_view alias;
  Span alias_span;
};

struct BundleBlock {
  Span span;
  std::span<const Include> includes;
};

struct Hook {
  Span span;
  std::string_view timing; ///< before, after, on_error
  std::string_view target; ///< a category, an op, any
  Span target_span;
  std::string_view handler;
  Span handler_span;
};

struct HooksBlock {
  Span span;
  std::span<const Hook> hooks;
};

/// One file. `meta` holds `name`, `about` and `version` lines in order.
struct Ast {
  std::shared_ptr<base::Arena> arena;
  std::uint32_t source = 0;
  std::span<const ConfigLine> meta;
  std::span<const Binding> bindings;
  std::span<const ImportDecl> imports;
  std::span<const RequiresBlock> requires_blocks;
  std::span<const BundleBlock> bundles;
  std::span<const HooksBlock> hooks;
  std::span<const ProcDecl> procs;
};

} // namespace perch::lang
