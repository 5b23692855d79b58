#include "base/text.h"
#include "lang/dump.h"

#include <array>

namespace perch::lang {

namespace {

using base::cat;

class AstDumper {
public:
  std::string run(const Ast& ast) {
    for (const ConfigLine& meta : ast.meta)
      config(meta);
    for (const Binding& binding : ast.bindings)
      line(cat("binding ", binding.name, " = ", dump(binding.value)));
    for (const ImportDecl& import : ast.imports)
      line(cat("import ", dump(import.path), as(import.alias)));
    for (const RequiresBlock& block : ast.requires_blocks)
      requires_block(block);
    for (const BundleBlock& block : ast.bundles) {
      line("bundle");
      for (const Include& include : block.includes)
        line(cat("  include ", dump(include.path), as(include.alias)));
    }
    for (const HooksBlock& block : ast.hooks) {
      line("hooks");
      for (const Hook& hook : block.hooks)
        line(cat("  ", hook.timing, ' ', hook.target, ' ', hook.handler));
    }
    for (const ProcDecl& each : ast.procs)
      proc(each);
    return std::move(out_);
  }

private:
  /// One level deeper as long as it lives.
  struct Deeper {
    explicit Deeper(AstDumper& dumper) : depth(dumper.depth_) { ++depth; }
    ~Deeper() { --depth; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    std::size_t& depth;
  };

  void line(std::string_view text) { out_ += cat(std::string(depth_ * 2, ' '), text, '\n'); }

  static std::string as(std::string_view alias) {
    return alias.empty() ? std::string() : cat(" as ", alias);
  }

  static std::string list(std::span<const Word> words) {
    std::string out;
    for (const Word& word : words)
      out += cat(' ', dump(word));
    return out;
  }

  static std::string list(std::span<const Option> options) {
    std::string out;
    for (const Option& option : options)
      out += cat(" [", option.key, '=', dump(option.value), ']');
    return out;
  }

  void config(const ConfigLine& config) { line(cat(config.keyword, list(config.words))); }

  void requires_block(const RequiresBlock& block) {
    line("requires");
    const Deeper deeper(*this);
    for (const Need& need : block.needs) {
      line(cat(need.keyword, list(need.words), as(need.alias), need.optional ? " optional" : ""));
      const Deeper pins(*this);
      for (const ConfigLine& pin : need.pins)
        config(pin);
    }
  }

  void proc(const ProcDecl& proc) {
    constexpr std::array<std::string_view, 3> kKinds = {"command ", "template ", "catch "};
    line(cat(kKinds[static_cast<std::size_t>(proc.kind)], proc.name));
    const Deeper deeper(*this);
    for (const ConfigLine& each : proc.config)
      config(each);
    for (const ArgDecl& arg : proc.args) {
      line(cat("arg ", arg.name));
      const Deeper fields(*this);
      for (const ConfigLine& field : arg.fields)
        config(field);
    }
    if (proc.has_body)
      body("do", proc.body);
  }

  void body(std::string_view head, Body body) {
    line(head);
    const Deeper deeper(*this);
    for (const Stmt* stmt : body)
      statement(*stmt);
  }

  // ---- statements

  void statement(const Stmt& stmt) {
    switch (stmt.kind) {
    case StmtKind::Call:
      return call(static_cast<const CallStmt&>(stmt));
    case StmtKind::Assign:
      return assign(static_cast<const AssignStmt&>(stmt));
    case StmtKind::If:
      return if_(static_cast<const IfStmt&>(stmt));
    case StmtKind::ForEach: {
      const auto& each = static_cast<const ForEachStmt&>(stmt);
      return body(cat("for_each ", each.name, " in ", dump(each.source)), each.body);
    }
    case StmtKind::Match:
      return match(static_cast<const MatchStmt&>(stmt));
    case StmtKind::Try:
      return try_(static_cast<const TryStmt&>(stmt));
    case StmtKind::Platform: {
      const auto& platform = static_cast<const PlatformStmt&>(stmt);
      return body(cat(platform.arch ? "arch " : "os ", dump(platform.value)), platform.body);
    }
    case StmtKind::Pipe:
      return body("pipe", static_cast<const PipeStmt&>(stmt).stages);
    case StmtKind::WasmRun:
      return wasm_run(static_cast<const WasmRunStmt&>(stmt));
    case StmtKind::Parallel:
    case StmtKind::Timeout:
    case StmtKind::Retry:
    case StmtKind::WithEnv:
    case StmtKind::WithCwd:
    case StmtKind::Sandbox:
    case StmtKind::Cache:
      return block(static_cast<const BlockStmt&>(stmt));
    }
  }

  static std::string clause(const Clause& clause) {
    return cat(clause.exec ? "exec" : "call", list(clause.words));
  }

  void call(const CallStmt& stmt) {
    constexpr std::array<std::string_view, 4> kOps = {"", "&& ", "|| ", "; "};
    if (stmt.clauses.size() == 1)
      return line(clause(stmt.clauses[0]));
    line("chain");
    const Deeper deeper(*this);
    for (const Clause& each : stmt.clauses)
      line(cat(kOps[static_cast<std::size_t>(each.before)], clause(each)));
  }

  void assign(const AssignStmt& stmt) {
    if (stmt.literal != nullptr)
      return line(cat(stmt.name, " = ", dump(*stmt.literal)));
    line(cat(stmt.name, " ="));
    const Deeper deeper(*this);
    statement(*stmt.value);
  }

  void if_(const IfStmt& stmt) {
    std::string_view keyword = "if ";
    for (const IfStmt::Branch& branch : stmt.branches) {
      if (branch.cond == nullptr)
        body("else", branch.body);
      else
        body(cat(keyword, condition(*branch.cond)), branch.body);
      keyword = "else if ";
    }
  }

  static std::string condition(const Cond& cond) {
    constexpr std::array<std::string_view, 6> kSigns = {"==", "!=", "<", "<=", ">", ">="};
    switch (cond.kind) {
    case Cond::Kind::Or:
      return cat("(or ", condition(*cond.left), ' ', condition(*cond.right), ')');
    case Cond::Kind::And:
      return cat("(and ", condition(*cond.left), ' ', condition(*cond.right), ')');
    case Cond::Kind::Not:
      return cat("(not ", condition(*cond.left), ')');
    case Cond::Kind::Word:
      return dump(cond.words[0]);
    case Cond::Kind::Compare:
      return cat('(', kSigns[static_cast<std::size_t>(cond.op)], list(cond.words), ')');
    case Cond::Kind::Call:
      return cat("(call", list(cond.words), ')');
    }
    return {};
  }

  void match(const MatchStmt& stmt) {
    line(cat("match ", dump(stmt.subject)));
    const Deeper deeper(*this);
    for (const MatchStmt::Case& each : stmt.cases)
      body(each.value == nullptr ? "else" : cat("case ", dump(*each.value)), each.body);
  }

  void try_(const TryStmt& stmt) {
    body("try", stmt.body);
    if (stmt.has_rescue)
      body(cat("rescue ", stmt.rescue_name), stmt.rescue);
    if (stmt.has_finally)
      body("finally", stmt.finally);
  }

  void block(const BlockStmt& stmt) {
    constexpr std::array<std::string_view, 7> kKeywords = {
        "parallel", "timeout", "retry", "with_env", "with_cwd", "sandbox", "cache"};
    const auto index =
        static_cast<std::size_t>(stmt.kind) - static_cast<std::size_t>(StmtKind::Parallel);
    body(cat(kKeywords[index], list(stmt.words), list(stmt.options)), stmt.body);
  }

  void wasm_run(const WasmRunStmt& stmt) {
    line(cat("wasm_run ", dump(stmt.module), list(stmt.options)));
    const Deeper deeper(*this);
    for (const WasmRunStmt::Item& item : stmt.items)
      line(cat(item.keyword, list(item.words), list(item.options)));
  }

  std::string out_;
  std::size_t depth_ = 0;
};

} // namespace

std::string dump(const Ast& ast) { return AstDumper().run(ast); }

} // namespace perch::lang
