#pragma once
// The working state of analyze(): one Analyzer per call. Internal to program/.
//
// Order of work: load every file (imports.cc), declare every name (declare.cc), then resolve bodies
// (words.cc, calls.cc, statements.cc, blocks.cc), so that names may be used before they stand.

#include "lang/ast.h"
#include "program/analyze.h"
#include "program/frame.h"
#include "program/problems.h"
#include "program/program.h"
#include "program/usage.h"

#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace perch::program {

/// One file while it is analyzed.
struct Unit {
  struct Link {
    std::string_view alias; ///< empty: flat
    Unit* unit = nullptr;
    Span span;
  };
  Module* module = nullptr;
  std::string directory; ///< where its relative imports start
  lang::Ast ast;
  Unit* importer = nullptr; ///< who reached it first; null for the root
  bool loading = true;      ///< for cycles
  std::vector<Link> links;
  std::unordered_map<std::string_view, Command*> commands; ///< own ones, by their own names
  std::unordered_map<std::string_view, const lang::ProcDecl*> templates;
  std::unordered_map<std::string_view, std::int32_t> bindings;

  // What names mean in this file: its own, then those of its imports. Filled by publish().
  struct SeenTemplate {
    const lang::ProcDecl* decl = nullptr;
    Unit* owner = nullptr;
  };
  bool published = false;
  std::unordered_map<std::string_view, Command*> seen_commands;
  std::vector<std::string_view> seen_order;
  std::unordered_map<std::string_view, SeenTemplate> seen_templates;
  std::unordered_map<std::string_view, std::int32_t> seen_bindings;
};

/// The variables that `env` lines and `with_env` set, the innermost last.
class EnvNames {
public:
  void add(std::string_view name) {
    names_.push_back(name);
    ++times_[name];
  }
  [[nodiscard]] std::size_t count() const { return names_.size(); }
  /// Forgets what was added since `count` were known.
  void keep(std::size_t count) {
    for (; names_.size() > count; names_.pop_back())
      --times_[names_.back()];
  }
  [[nodiscard]] bool contains(std::string_view name) const {
    const auto found = times_.find(name);
    return found != times_.end() && found->second > 0;
  }

private:
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, std::size_t> times_;
};

/// What configuration lines that may be repeated add to.
struct ConfigLists {
  std::vector<EnvLine> env;
  std::vector<std::string_view> os, arch;
};

/// Where a body is being resolved.
struct Context {
  Unit* unit = nullptr;
  FrameBuilder* frame = nullptr; ///< null for file bindings
  EnvNames* env_names = nullptr; ///< from `env` lines and with_env
  const TemplateUse* from = nullptr;
  int rescue_depth = 0;
};

/// How an unquoted identifier that stands as a word is read.
enum class Bare : std::uint8_t {
  Text,   ///< as its own text
  Name,   ///< as a binding when there is one, else as its text
  Lookup, ///< as a binding; none is an error
};

struct WasmParts;

class Analyzer {
public:
  Analyzer(diag::SourceMap& sources, const op::OpTable& ops, const Loading& loading,
           Strictness strictness, diag::Diags& diags);

  std::shared_ptr<const Program> analyze(const Root& root);

private:
  // imports.cc
  [[nodiscard]] std::string placed(std::string_view path) const;
  Unit* load(std::uint32_t source, const std::string& absolute, std::string directory,
             Unit* importer);
  void load_imports(Unit& unit);
  Unit* load_import(Unit& unit, const lang::ImportDecl& decl);
  std::optional<std::string> import_path(Unit& unit, const lang::Word& word);
  void publish_commands();
  void note_imported_authority();
  void publish(Unit& unit);
  void adopt(Unit& unit, const Unit::Link& link);
  Command* find_command(const Unit& unit, std::string_view name) const;
  const Unit::SeenTemplate* find_template(const Unit& unit, std::string_view name) const;
  std::int32_t find_binding(const Unit& unit, std::string_view name) const;

  // declare.cc: names
  void declare_meta(const Unit& unit);
  void declare_bindings(Unit& unit);
  void declare_procs(Unit& unit);
  void declare_requires(Unit& unit);
  void declare_need(Unit& unit, const lang::Need& need);
  void declare_bin(Unit& unit, const lang::Need& need);
  void check_bins_exist();
  void declare_bundle(const Unit& unit);
  void check_alias_name(const Unit& unit, const lang::Include& include);
  void declare_hooks(Unit& unit);
  void check_collisions(const Unit& unit);
  void check_reserved(std::string_view what, std::string_view name, Span span);

  // command.cc: what stands in a command beside its body
  void resolve_binding(Unit& unit, std::size_t index, const lang::Binding& decl);
  void resolve_command(Unit& unit, Command& command, const lang::ProcDecl& decl);
  void warn_of_lost_arguments(const Command& command);
  void resolve_config(Context& ctx, Command& command, const lang::ProcDecl& decl);
  void resolve_args(Context& ctx, Command& command, const lang::ProcDecl& decl);
  Arg resolve_arg(Context& ctx, const lang::ArgDecl& decl);
  void check_default(const Arg& arg, const lang::ArgDecl& decl);
  void check_args(const Command& command);
  void apply_config(Context& ctx, Command& command, ConfigLists& lists,
                    const lang::ConfigLine& line);

  // words.cc
  std::optional<Name> lookup(const Context& ctx, std::string_view name, Span span);
  bool declared_env(const Context& ctx, std::string_view name);
  void report_unknown_name(const Context& ctx, std::string_view name, Span span,
                           bool condition = false);
  Expr expr(Context& ctx, const lang::Word& word, Bare bare);
  std::span<const Expr> exprs(Context& ctx, std::span<const lang::Word> words, Bare bare);
  const Expr* keep(Expr e) { return arena_.make<Expr>(e); }
  Piece name_piece(Context& ctx, std::string_view name, Span span);

  // calls.cc
  const Node* call_statement(Context& ctx, const lang::CallStmt& stmt, Slot capture,
                             std::string_view capture_name);
  const Node* clause(Context& ctx, const lang::Clause& clause, Slot capture,
                     std::string_view capture_name, bool stage);
  const Node* named_call(Context& ctx, const lang::Clause& clause, Slot capture,
                         std::string_view capture_name, bool stage);
  const Node* chain(Context& ctx, const lang::CallStmt& stmt, Slot capture,
                    std::string_view capture_name);
  const Node* exec_node(Context& ctx, const lang::Clause& clause, const Bin* bin);
  void note_shell_text(const op::OpDecl& op, const lang::Clause& clause);
  const Node* op_clause(Context& ctx, const op::OpDecl& op, const lang::Clause& clause, bool stage);
  bool wants_bin(const lang::Clause& clause, const op::OpDecl* op) const;
  const Node* unknown_head(Context& ctx, const lang::Clause& clause, bool used);
  const OpNode* op_node(Context& ctx, const op::OpDecl& op, const lang::Word& head,
                        std::span<const lang::Word> words, bool stage, Bare inner);
  void too_many_words(const op::OpDecl& op, const lang::Word& head,
                      std::span<const lang::Word> words, const lang::Word& first_surplus);
  bool op_argument_fits(const op::OpDecl& op, const op::Param& param, const Expr& e);
  const Node* command_call(Context& ctx, const Command& command, std::span<const lang::Word> words);
  void check_command_words(const Command& command, const lang::Word& head,
                           std::span<const Expr> args);
  void check_command_value(const Arg& arg, const Expr& word, std::string_view text);
  const Node* template_use(Context& ctx, const Unit::SeenTemplate& seen,
                           const lang::Clause& clause);
  void check_template_value(const lang::ArgDecl& decl, const Expr& value);
  std::vector<ScopeNode::Bind> template_binds(Context& ctx, const lang::ProcDecl& decl,
                                              const lang::Clause& clause);
  bool expansion_fits(const Context& ctx, std::size_t statements);
  const op::OpDecl* find_op(std::string_view name);
  const Bin* find_bin(std::string_view head) const;
  std::string_view nearest_call(const Context& ctx, std::string_view name, bool bins_too);
  std::string_view nearest_op(std::string_view name);
  bool is_misplaced_setting(const lang::Clause& clause);
  template <class N>
  N* node(const Context& ctx, NodeKind kind, Span span);

  // habits.cc
  void check_shell_words(const Context& ctx, std::span<const lang::Word> words);
  bool reported_shell_words(const Context& ctx, const op::OpDecl& op,
                            std::span<const lang::Word> words);
  void note_expansion(const Context& ctx, const lang::Word& word);
  enum class Reader : std::uint8_t { Nobody, Shell };
  void note_dollars(const Context& ctx, const lang::Word& word, Reader reader);
  bool reported_dollar(const lang::Word& word);
  bool reported_pattern(const lang::Word& value);
  Span shell_sign(const lang::Word& word) const;
  bool reported_as_assignment(const op::OpDecl& op, const lang::Word& head,
                              std::span<const lang::Word> words);
  bool reported_shell_sign(const lang::Word& word);
  bool reported_as_call(const Context& ctx, const lang::Clause& clause);
  std::string_view op_called_in(std::string_view raw);
  bool reported_call_text(const lang::Word& word);
  bool reported_as_prefix(const lang::Clause& clause);
  bool reported_as_prefix(const lang::AssignStmt& stmt);
  void note_backticks(const lang::AssignStmt& stmt);
  bool reported_sign_slip(const lang::Clause& clause);
  bool reported_foreign_word(const lang::Clause& clause);
  bool reported_as_slip(const Context& ctx, const lang::Clause& clause);
  bool has_value(const Context& ctx, std::string_view written, Span span);
  bool program_exists(std::string_view name);

  // statements.cc
  Body body(Context& ctx, lang::Body stmts);
  const Node* statement(Context& ctx, const lang::Stmt& stmt);
  const Node* assign(Context& ctx, const lang::AssignStmt& stmt);
  const Node* if_statement(Context& ctx, const lang::IfStmt& stmt);
  const Node* for_each(Context& ctx, const lang::ForEachStmt& stmt);
  const Node* match(Context& ctx, const lang::MatchStmt& stmt);
  const Node* try_statement(Context& ctx, const lang::TryStmt& stmt);
  const Cond* condition(Context& ctx, const lang::Cond& cond);
  void warn_of_text(const Context& ctx, const lang::Word& word);
  const Cond* condition_call(Context& ctx, const lang::Cond& cond);
  const Node* asked_in_condition(Context& ctx, const lang::Clause& clause);
  void declare_loop_captures(Context& ctx, lang::Body stmts);
  static void collect_assigned(lang::Body stmts, std::unordered_set<std::string_view>& seen,
                               std::vector<std::string_view>& names);

  // blocks.cc
  const Node* block(Context& ctx, const lang::BlockStmt& stmt);
  const Node* parallel(Context& ctx, const lang::BlockStmt& stmt);
  const Node* timeout(Context& ctx, const lang::BlockStmt& stmt);
  const Node* retry(Context& ctx, const lang::BlockStmt& stmt);
  const Node* with_env(Context& ctx, const lang::BlockStmt& stmt);
  const Node* with_cwd(Context& ctx, const lang::BlockStmt& stmt);
  const Node* sandbox(Context& ctx, const lang::BlockStmt& stmt);
  void check_sandbox_flags(std::span<const Expr> flags);
  const Node* cache(Context& ctx, const lang::BlockStmt& stmt);
  const Node* platform(Context& ctx, const lang::PlatformStmt& stmt);
  void check_platform(bool arch, std::string_view name, Span span);
  void check_platform_value(const Context& ctx, const lang::Word& subject, const Expr& value);
  const Node* pipe(Context& ctx, const lang::PipeStmt& stmt);
  const Node* wasm_run(Context& ctx, const lang::WasmRunStmt& stmt);
  void wasm_item(Context& ctx, const lang::WasmRunStmt::Item& item, WasmParts& parts);
  void check_alias(const lang::Word& module);
  void check_remote_pin(const WasmRunNode& made);
  void check_mount(const WasmMount& mount);
  bool one_word(const lang::WasmRunStmt::Item& item, std::string_view shape);
  const Expr* option(Context& ctx, const lang::BlockStmt& stmt,
                     std::initializer_list<std::string_view> names);
  void known_options(const lang::BlockStmt& stmt, std::string_view block,
                     std::span<const std::string_view> known);
  void shape(const lang::Stmt& stmt, std::string_view block, std::string_view shape);
  void check_duration(const Expr& e, std::string_view what, bool seconds_allowed);
  void check_jitter(const Expr* e);
  void check_variable_name(std::string_view what, std::string_view name, Span span);
  void check_int(const Expr* e, std::string_view what, std::int64_t least);

  diag::SourceMap& sources_;
  const op::OpTable& ops_;
  const Loading& loading_;
  Strictness strictness_;
  diag::Diags& diags_;
  std::shared_ptr<Program> program_;
  base::Arena& arena_;
  std::vector<std::unique_ptr<Unit>> units_;
  std::unordered_map<std::string, Unit*> by_path_;
  std::unordered_map<std::string_view, const op::OpDecl*> op_memo_;
  std::unordered_map<std::string_view, std::string_view> nearest_memo_;
  std::unordered_map<std::string_view, bool> program_memo_;
  std::unordered_set<std::string_view> required_env_; ///< of the first required_seen_ `env` lines
  std::size_t required_seen_ = 0;
  std::unordered_map<std::string_view, const Bin*> bins_;
  std::vector<std::pair<Command*, const lang::ProcDecl*>> procs_;
  /// Words of `requires` that may hold names; resolved once all names are declared.
  struct PendingWord {
    Unit* unit;
    const lang::Word* word;
    Expr* into;
  };
  std::vector<PendingWord> roots_;
  /// Calls of commands, checked once every command's arguments are known.
  struct PendingCall {
    const Command* command;
    lang::Word head;
    std::span<const Expr> args;
  };
  std::vector<PendingCall> pending_calls_;
  std::size_t expanded_ = 0;                            ///< statements made by templates so far
  std::unordered_set<const lang::ProcDecl*> expanding_; ///< the templates around the statement
  std::size_t cache_blocks_ = 0;
  bool shell_noted_ = false;
};

/// 64 lower-case hex digits from `sha256:HEX` or bare hex, or empty.
[[nodiscard]] std::string sha256_hex(std::string_view text);

template <class N>
N* Analyzer::node(const Context& ctx, NodeKind kind, Span span) {
  N* made = arena_.make<N>();
  made->kind = kind;
  made->span = span;
  made->module = ctx.unit->module;
  made->from = ctx.from;
  return made;
}

} // namespace perch::program
