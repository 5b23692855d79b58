// Statements and conditions.

#include "base/error_kinds.h"
#include "program/analyzer.h"

#include <algorithm>
#include <ranges>

namespace perch::program {

namespace {

using lang::StmtKind;

/// The nested bodies of a block, for looking ahead at what it assigns.
void each_body(const lang::Stmt& stmt, const auto& visit) {
  switch (stmt.kind) {
  case StmtKind::If:
    for (const auto& branch : static_cast<const lang::IfStmt&>(stmt).branches)
      visit(branch.body);
    break;
  case StmtKind::ForEach:
    visit(static_cast<const lang::ForEachStmt&>(stmt).body);
    break;
  case StmtKind::Match:
    for (const auto& arm : static_cast<const lang::MatchStmt&>(stmt).cases)
      visit(arm.body);
    break;
  case StmtKind::Try: {
    const auto& t = static_cast<const lang::TryStmt&>(stmt);
    visit(t.body);
    visit(t.rescue);
    visit(t.finally);
    break;
  }
  case StmtKind::Platform:
    visit(static_cast<const lang::PlatformStmt&>(stmt).body);
    break;
  case StmtKind::Timeout:
  case StmtKind::Retry:
  case StmtKind::WithEnv:
  case StmtKind::WithCwd:
  case StmtKind::Sandbox:
  case StmtKind::Cache:
    visit(static_cast<const lang::BlockStmt&>(stmt).body);
    break;
  case StmtKind::Parallel:
  case StmtKind::Pipe:
  case StmtKind::Call:
  case StmtKind::Assign:
  case StmtKind::WasmRun:
    break;
  }
}

struct FixedCondition {
  static constexpr std::string_view id = "fixed-condition";
  std::string_view text; ///< as it is written
  bool truth = false;
  std::string message() const {
    return cat(text, " is a fixed text, and always ", truth ? "true" : "false");
  }
  std::string help() const {
    return cat("a comparison is written in full, NAME == ", text,
               "; for the value of a name write NAME");
  }
};

struct OneItem {
  static constexpr std::string_view id = "one-item";
  std::string_view text;
  std::string message() const { return "this list has one item, which is the text itself"; }
  std::string help() const {
    if (text.find_first_of("*?") != text.npos)
      return cat("files that a pattern finds are listed first: files = glob \"", text, '"');
    return "a list is made first: items = list \"a\" \"b\"; a text has one item a line";
  }
};

/// Words that are no names, and may be conditions of their own.
bool is_constant(std::string_view text) {
  return text == "true" || text == "false" || base::parse_float(text).has_value();
}

} // namespace

Body Analyzer::body(Context& ctx, lang::Body stmts) {
  if (!expansion_fits(ctx, stmts.size()))
    return {};
  std::vector<const Node*> nodes;
  nodes.reserve(stmts.size());
  for (const lang::Stmt* stmt : stmts) {
    if (const Node* made = statement(ctx, *stmt))
      nodes.push_back(made);
  }
  return arena_.copy(nodes);
}

const Node* Analyzer::statement(Context& ctx, const lang::Stmt& stmt) {
  switch (stmt.kind) {
  case StmtKind::Call:
    return call_statement(ctx, static_cast<const lang::CallStmt&>(stmt), -1, {});
  case StmtKind::Assign:
    return assign(ctx, static_cast<const lang::AssignStmt&>(stmt));
  case StmtKind::If:
    return if_statement(ctx, static_cast<const lang::IfStmt&>(stmt));
  case StmtKind::ForEach:
    return for_each(ctx, static_cast<const lang::ForEachStmt&>(stmt));
  case StmtKind::Match:
    return match(ctx, static_cast<const lang::MatchStmt&>(stmt));
  case StmtKind::Try:
    return try_statement(ctx, static_cast<const lang::TryStmt&>(stmt));
  case StmtKind::Platform:
    return platform(ctx, static_cast<const lang::PlatformStmt&>(stmt));
  case StmtKind::Pipe:
    return pipe(ctx, static_cast<const lang::PipeStmt&>(stmt));
  case StmtKind::WasmRun:
    return wasm_run(ctx, static_cast<const lang::WasmRunStmt&>(stmt));
  case StmtKind::Parallel:
  case StmtKind::Timeout:
  case StmtKind::Retry:
  case StmtKind::WithEnv:
  case StmtKind::WithCwd:
  case StmtKind::Sandbox:
  case StmtKind::Cache:
    return block(ctx, static_cast<const lang::BlockStmt&>(stmt));
  }
  return nullptr;
}

const Node* Analyzer::assign(Context& ctx, const lang::AssignStmt& stmt) {
  if (stmt.literal != nullptr) {
    note_backticks(stmt);
    note_dollars(ctx, *stmt.literal, Reader::Nobody);
    auto* made = node<LiteralNode>(ctx, NodeKind::Literal, stmt.head);
    made->value = expr(ctx, *stmt.literal, Bare::Text);
    if (stmt.literal->quote == lang::Quote::None) {
      const std::string_view text = stmt.literal->text;
      made->type = text == "true" || text == "false" ? op::Type::Bool
                   : base::parse_int(text)           ? op::Type::Int
                                                     : op::Type::Float;
    }
    made->capture = ctx.frame->assign(stmt.name);
    made->capture_name = stmt.name;
    return made;
  }
  if (stmt.value == nullptr)
    return nullptr;
  if (reported_as_prefix(stmt)) {
    ctx.frame->assign(stmt.name);
    return nullptr;
  }
  // The right side is resolved before its own name exists: `x = upper x` needs an earlier x.
  const Node* made = nullptr;
  if (stmt.value->kind == StmtKind::Call) {
    const bool exists = ctx.frame->find(stmt.name) >= 0;
    const Slot slot = exists ? ctx.frame->assign(stmt.name) : 0;
    made = call_statement(ctx, static_cast<const lang::CallStmt&>(*stmt.value), slot, stmt.name);
  } else {
    made = statement(ctx, *stmt.value);
  }
  if (made == nullptr) {
    ctx.frame->assign(stmt.name);
    return nullptr;
  }
  auto* fresh = const_cast<Node*>(made);
  fresh->capture = ctx.frame->assign(stmt.name);
  fresh->capture_name = stmt.name;
  return made;
}

void Analyzer::collect_assigned(lang::Body stmts, std::unordered_set<std::string_view>& seen,
                                std::vector<std::string_view>& names) {
  for (const lang::Stmt* stmt : stmts) {
    if (stmt->kind == StmtKind::Assign) {
      const std::string_view name = static_cast<const lang::AssignStmt*>(stmt)->name;
      if (seen.insert(name).second)
        names.push_back(name);
    }
    each_body(*stmt, [&](lang::Body nested) { collect_assigned(nested, seen, names); });
  }
}

void Analyzer::declare_loop_captures(Context& ctx, lang::Body stmts) {
  // A loop body may use, in its second round, what it captured in the first.
  std::unordered_set<std::string_view> seen;
  std::vector<std::string_view> names;
  collect_assigned(stmts, seen, names);
  for (std::string_view name : names)
    ctx.frame->assign(name);
}

const Node* Analyzer::if_statement(Context& ctx, const lang::IfStmt& stmt) {
  auto* made = node<IfNode>(ctx, NodeKind::If, stmt.head);
  std::vector<IfNode::Branch> branches;
  for (const lang::IfStmt::Branch& branch : stmt.branches) {
    const Cond* cond = branch.cond == nullptr ? nullptr : condition(ctx, *branch.cond);
    branches.push_back({cond, body(ctx, branch.body)});
  }
  made->branches = arena_.copy(branches);
  return made;
}

const Cond* Analyzer::condition(Context& ctx, const lang::Cond& cond) {
  using Kind = lang::Cond::Kind;
  auto* made = arena_.make<Cond>();
  made->span = cond.span;
  switch (cond.kind) {
  case Kind::Or:
  case Kind::And:
    made->kind = cond.kind == Kind::Or ? Cond::Kind::Or : Cond::Kind::And;
    made->left = condition(ctx, *cond.left);
    made->right = condition(ctx, *cond.right);
    return made;
  case Kind::Not:
    made->kind = Cond::Kind::Not;
    made->left = condition(ctx, *cond.left);
    return made;
  case Kind::Word: {
    const lang::Word& word = cond.words[0];
    // `if is_ci`: a word that is no name but an op without required arguments, or a declared bin.
    // Any other bare text would be true whatever happens.
    if (word.plain() && word.quote == lang::Quote::None && !is_constant(word.text) &&
        !lookup(ctx, word.text, word.span)) {
      if (find_op(word.text) != nullptr || find_bin(word.text) != nullptr)
        return condition_call(ctx, cond);
      report_unknown_name(ctx, word.text, word.span, true);
      return made;
    }
    if (word.plain() && word.quote == lang::Quote::Whole) {
      const bool truth = !word.text.empty() && word.text != "false" && word.text != "0";
      diags_.error(FixedCondition{sources_.text(word.span), truth}, word.span);
    }
    made->kind = Cond::Kind::Value;
    made->a = expr(ctx, word, Bare::Lookup);
    return made;
  }
  case Kind::Compare:
    made->kind = Cond::Kind::Compare;
    made->op = cond.op;
    made->a = expr(ctx, cond.words[0], Bare::Lookup);
    made->b = expr(ctx, cond.words[1], Bare::Text);
    if (!reported_call_text(cond.words[1]))
      warn_of_text(ctx, cond.words[1]);
    check_platform_value(ctx, cond.words[0], made->b);
    return made;
  case Kind::Call:
    return condition_call(ctx, cond);
  }
  return made;
}

/// The right side of a comparison is text; a word that is also a name was perhaps not meant so.
void Analyzer::warn_of_text(const Context& ctx, const lang::Word& word) {
  if (strictness_ != Strictness::Check || !word.plain() || word.quote != lang::Quote::None ||
      !base::is_identifier(word.text))
    return;
  const auto name = lookup(ctx, word.text, word.span);
  if (name && (name->slot >= 0 || name->binding >= 0))
    diags_.warn(WordIsText{word.text}, word.span);
}

const Cond* Analyzer::condition_call(Context& ctx, const lang::Cond& cond) {
  auto* made = arena_.make<Cond>();
  made->span = cond.span;
  made->kind = Cond::Kind::Call;
  const bool exec = cond.words.size() > 1 && cond.words[0].is("exec");
  made->call = asked_in_condition(
      ctx, {.span = cond.span, .exec = exec, .words = cond.words.subspan(exec ? 1 : 0)});
  return made;
}

/// What a condition calls: an op for its value, a program for its status.
const Node* Analyzer::asked_in_condition(Context& ctx, const lang::Clause& clause) {
  if (reported_as_prefix(clause))
    return nullptr;
  const lang::Word& head = clause.words[0];
  const Bin* bin = head.plain() ? find_bin(head.text) : nullptr;
  if (clause.exec || !head.plain())
    return exec_node(ctx, clause, bin);
  const op::OpDecl* op = head.quote == lang::Quote::None ? find_op(head.text) : nullptr;
  if (bin != nullptr && wants_bin(clause, op))
    return exec_node(ctx, clause, bin);
  if (op != nullptr) {
    return op_node(ctx, *op, head, clause.words.subspan(1), false,
                   op->bare_names ? Bare::Name : Bare::Text);
  }
  if (find_command(*ctx.unit, head.text) != nullptr) {
    diags_.error(NotACondition{head.text}, head.span);
    return nullptr;
  }
  if (find_template(*ctx.unit, head.text) != nullptr) {
    diags_.error(TemplateAsValue{head.text, "a condition"}, head.span);
    return nullptr;
  }
  return unknown_head(ctx, clause, true);
}

const Node* Analyzer::for_each(Context& ctx, const lang::ForEachStmt& stmt) {
  auto* made = node<ForEachNode>(ctx, NodeKind::ForEach, stmt.head);
  made->source = expr(ctx, stmt.source, Bare::Lookup);
  const Expr& source = made->source;
  if (!reported_call_text(stmt.source) && strictness_ == Strictness::Check && source.plain() &&
      !source.text.empty() && !source.text.contains('\n')) {
    diags_.add(diag::make(OneItem{source.text}, source.span, diag::Severity::Note));
  }
  ctx.frame->push(FrameBuilder::Scope::Names);
  made->variable = ctx.frame->fresh(stmt.name);
  made->variable_name = stmt.name;
  declare_loop_captures(ctx, stmt.body);
  made->body = body(ctx, stmt.body);
  ctx.frame->pop();
  return made;
}

const Node* Analyzer::match(Context& ctx, const lang::MatchStmt& stmt) {
  auto* made = node<MatchNode>(ctx, NodeKind::Match, stmt.head);
  if (!reported_dollar(stmt.subject) && !reported_call_text(stmt.subject))
    made->subject = expr(ctx, stmt.subject, Bare::Lookup);
  const bool on_kind = stmt.subject.plain() && stmt.subject.text.ends_with(".kind");
  std::vector<MatchNode::Case> cases;
  std::unordered_map<std::string_view, Span> seen;
  for (const lang::MatchStmt::Case& arm : stmt.cases) {
    const Expr* value = nullptr;
    if (arm.value != nullptr && !reported_pattern(*arm.value)) {
      value = keep(expr(ctx, *arm.value, Bare::Text));
      check_platform_value(ctx, stmt.subject, *value);
      if (value->plain()) {
        if (const auto [at, added] = seen.emplace(value->text, value->span); !added) {
          diag::Diag diag = diag::make(DuplicateName{"case", value->text}, value->span);
          diag.related.push_back({at->second, "this one is taken"});
          diags_.add(std::move(diag));
        }
      }
      if (on_kind && strictness_ == Strictness::Check && value->plain() &&
          std::ranges::find(kind::kAll, value->text) == kind::kAll.end()) {
        diags_.warn(UnknownKindCase{value->text}, value->span);
      }
    }
    cases.push_back({arm.head, value, body(ctx, arm.body)});
  }
  made->cases = arena_.copy(cases);
  return made;
}

const Node* Analyzer::try_statement(Context& ctx, const lang::TryStmt& stmt) {
  auto* made = node<TryNode>(ctx, NodeKind::Try, stmt.head);
  made->body = body(ctx, stmt.body);
  made->has_rescue = stmt.has_rescue;
  made->has_finally = stmt.has_finally;
  if (!stmt.has_rescue && !stmt.has_finally)
    return made;
  const std::string_view base = stmt.rescue_name.empty() ? "err" : stmt.rescue_name;
  ctx.frame->push(FrameBuilder::Scope::Names);
  static constexpr std::array<std::string_view, 6> kFields = {"",      ".kind", ".message",
                                                              ".code", ".op",   ".detail"};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    made->error_slots[i] = ctx.frame->fresh(arena_.copy(cat(base, kFields[i])));
  }
  ++ctx.rescue_depth;
  made->rescue = body(ctx, stmt.rescue);
  --ctx.rescue_depth;
  made->finally = body(ctx, stmt.finally);
  ctx.frame->pop();
  return made;
}

} // namespace perch::program
