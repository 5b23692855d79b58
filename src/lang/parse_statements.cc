// Statements that are one line: calls, chains of calls, assignments.

#include "base/text.h"
#include "lang/bare.h"
#include "lang/characters.h"
#include "lang/parser.h"

#include <algorithm>
#include <array>

namespace perch::lang {

namespace {

using base::cat;

struct MisplacedKeyword {
  static constexpr std::string_view id = "misplaced-keyword";
  std::string_view word;
  [[nodiscard]] std::string message() const {
    return cat("`", word, "` belongs in ", home(), ", and this is none");
  }
  [[nodiscard]] std::string help() const {
    return cat("put it into ", home(), ", or look for an `end` above it that is one too many");
  }

private:
  [[nodiscard]] std::string_view home() const {
    if (word == "else")
      return "`if` or `match`";
    if (word == "case")
      return "`match`";
    return find_wasm_keyword(word) != nullptr ? "`wasm_run`" : "`try`";
  }
};

struct NestingTooDeep {
  static constexpr std::string_view id = "nesting-too-deep";
  [[nodiscard]] static std::string message() {
    return cat("blocks are nested more than ", kMaxNesting, " deep");
  }
  [[nodiscard]] static std::string help() {
    return "move the inner ones to a command of their own";
  }
};

struct AssignmentWithoutValue {
  static constexpr std::string_view id = "assignment-without-value";
  std::string_view name;
  [[nodiscard]] std::string message() const { return cat("nothing is assigned to `", name, "`"); }
  [[nodiscard]] std::string help() const {
    return cat("write ", name, " = \"text\", or the call whose result it is to have");
  }
};

struct CannotCapture {
  static constexpr std::string_view id = "cannot-capture";
  std::string_view keyword;
  [[nodiscard]] std::string message() const { return cat("`", keyword, "` has no result"); }
  [[nodiscard]] std::string help() const {
    return cat("assign inside the block",
               find_block_keyword(keyword)->program
                   ? cat("; a program of that name is run with `exec ", keyword, "`")
                   : "");
  }
};

struct EmptyClause {
  static constexpr std::string_view id = "empty-clause";
  std::string_view sign;
  std::string_view side;
  [[nodiscard]] std::string message() const {
    return cat("nothing to run ", side, " `", sign, "`");
  }
  [[nodiscard]] std::string help() const {
    return cat("put a call on both sides, or quote it to pass it on: \"", sign, "\"");
  }
};

struct EmptyHead {
  static constexpr std::string_view id = "empty-head";
  [[nodiscard]] static std::string message() { return "an empty word names nothing to run"; }
  [[nodiscard]] static std::string help() {
    return "begin the line with an op, a command or a program";
  }
};

struct ExecWithoutProgram {
  static constexpr std::string_view id = "exec-without-program";
  [[nodiscard]] static std::string message() { return "`exec` needs a program behind it"; }
  [[nodiscard]] static std::string help() { return "the form is: exec PROGRAM ARGUMENT …"; }
};

struct KeywordInChain {
  static constexpr std::string_view id = "keyword-in-chain";
  std::string_view keyword;
  [[nodiscard]] std::string message() const {
    return cat("the block `", keyword, "` cannot stand in a chain or a pipe");
  }
  [[nodiscard]] std::string help() const {
    return cat("give it a line of its own",
               find_block_keyword(keyword)->program
                   ? cat("; a program of that name is run with `exec ", keyword, "`")
                   : "");
  }
};

struct AssignmentInChain {
  static constexpr std::string_view id = "assignment-in-chain";
  [[nodiscard]] static std::string message() { return "an assignment cannot stand in a chain"; }
  [[nodiscard]] static std::string help() {
    return "give it a line of its own; assigning the chain itself captures what it prints";
  }
};

struct GluedOperator {
  static constexpr std::string_view id = "glued-operator";
  std::string_view sign;
  [[nodiscard]] std::string message() const {
    return cat("`", sign, "` glued to a word neither ends the call nor means itself");
  }
  [[nodiscard]] std::string help() const {
    return cat(sign == ";" ? "give each statement its own line, " : "", "write ` ", sign,
               " ` between calls, or quote the word");
  }
};

// What opens a block in other languages, however the lines below it are indented.
bool opens_foreign_block(const Word& word) {
  constexpr std::array kWords = {"while", "for", "foreach", "until", "unless", "switch"};
  return std::ranges::any_of(kWords, [&](std::string_view each) { return word.is(each); });
}

std::optional<ChainOp> chain_op(const Word& word) {
  if (word.is("&&"))
    return ChainOp::And;
  if (word.is("||"))
    return ChainOp::Or;
  if (word.is(";"))
    return ChainOp::Then;
  return std::nullopt;
}

bool is_literal(const Word& word) {
  if (word.quote == Quote::Whole)
    return true;
  if (word.quote == Quote::Mixed || !word.plain())
    return false;
  return word.text == "true" || word.text == "false" || base::parse_float(word.text).has_value();
}

} // namespace

// ---- bodies ------------------------------------------------------------------------------------

// The statements up to a line that ends them, which is left to be read.
Body Parser::body() {
  const std::size_t mark = stmts_.mark();
  body_statements();
  return stmts_.take(mark, arena_);
}

void Parser::body_statements() {
  ++level_;
  while (!body_ends()) {
    if (const Stmt* stmt = statement())
      stmts_.push(stmt);
  }
  --level_;
}

// Whether the next line ends a body: it ends its block, or divides it. A line that divides a block
// further out says that the inner ones are not closed.
bool Parser::body_ends() {
  if (region_ends())
    return true;
  const std::uint8_t kind = divider_kind(keyword_of(*peek()));
  if (kind == NoDivider || openers_.empty())
    return false;
  for (std::size_t i = openers_.size(); i-- > 0;) {
    if ((openers_[i].dividers & kind) == 0)
      continue;
    if (i + 1 < openers_.size())
      unclosed(i + 1);
    return true;
  }
  return false;
}

std::uint8_t Parser::divider_kind(std::string_view keyword) {
  if (keyword == "else")
    return Else;
  if (keyword == "case")
    return Case;
  if (keyword == "rescue")
    return Rescue;
  return keyword == "finally" ? Finally : NoDivider;
}

// Reads one statement; null for one that is no more than an error.
const Stmt* Parser::statement() {
  const Line& line = *peek();
  if (is_assignment(line.words))
    return assign();
  const std::string_view keyword = keyword_of(line);
  if (const BlockFunction function = block_function(keyword)) {
    take();
    if (openers_.size() >= kMaxNesting)
      return too_deep(line);
    return (this->*function)(line, line.words);
  }
  if (divider_kind(keyword) != NoDivider || find_wasm_keyword(keyword) != nullptr) {
    if (blame_hint(line.words[0].span)) {
      skip_to_item();
      unwind_to_ = 0;
      return nullptr;
    }
    take();
    error(MisplacedKeyword{keyword}, line.words[0].span);
    return nullptr;
  }
  if (removed_let(line)) {
    take();
    return nullptr;
  }
  take();
  const bool indented = has_body_below(line) && peek()->column > line.column;
  if ((indented || opens_foreign_block(line.words[0])) && !hints_.indented_call.known()) {
    hints_.indented_call = line.words[0].span;
    hints_.indented_head = raw(line.words[0]);
  }
  return call(line.words, line);
}

// Skips a block that is nested too deep, without recursion: it may hold any number of others.
const Stmt* Parser::too_deep(const Line& head) {
  if (!std::exchange(reported_depth_, true))
    error(NestingTooDeep{}, head.words[0].span);
  for (std::size_t depth = 1; depth > 0;) {
    const Line* line = peek();
    if (line == nullptr || (line->column <= item_column_ && starts_item(*line))) {
      unwind_to_ = 0; // what is not closed is beside the point
      return nullptr;
    }
    if (keyword_of(*line) == "end")
      --depth;
    else if (opens_block(*line))
      ++depth;
    take();
  }
  return nullptr;
}

// Whether an `end` further down belongs to this line.
bool Parser::opens_block(const Line& line) const {
  if (is_assignment(line.words))
    return line.words.back().is("pipe");
  const std::string_view keyword = head_of(line);
  return keyword == "wasm_run" ? has_wasm_body(line) : block_function(keyword) != nullptr;
}

// ---- assignments -------------------------------------------------------------------------------

const Stmt* Parser::assign() {
  const Line& line = take();
  const Assignment read = assignment(line);
  if (read.value.empty()) {
    error(AssignmentWithoutValue{read.name}, read.name_span);
    return nullptr;
  }
  auto* stmt = make_stmt<AssignStmt>(StmtKind::Assign, line);
  stmt->name = read.name;
  stmt->name_span = read.name_span;
  if (read.value.size() == 1 && is_literal(read.value[0])) {
    stmt->literal = arena_.make<Word>(read.value[0]);
    return stmt;
  }
  stmt->value = captured(read.value, line);
  stmt->span = from(stmt->span);
  return stmt->value == nullptr ? nullptr : stmt;
}

// The right side of an assignment that is no literal.
const Stmt* Parser::captured(Words value, const Line& head) {
  const Word& first = value[0];
  const BlockFunction function =
      first.quote == Quote::None && first.plain() ? block_function(first.text) : nullptr;
  if (function == nullptr)
    return call(value, head);
  if (openers_.size() >= kMaxNesting && has_body_below(head))
    return too_deep(head);
  if (first.text == "pipe" || first.text == "wasm_run")
    return (this->*function)(head, value);
  error(CannotCapture{first.text}, first.span);
  if (has_body_below(head)) {
    open(first.text, head);
    body();
    close();
  }
  return nullptr;
}

// ---- calls -------------------------------------------------------------------------------------

// One call, or several joined by operators.
const Stmt* Parser::call(Words words, const Line& head) {
  const std::size_t mark = clauses_.mark();
  bool sound = true;
  std::size_t begin = 0;
  ChainOp before = ChainOp::None;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto op = chain_op(words[i]);
    if (!op)
      continue;
    if (i == begin)
      error(EmptyClause{words[i].text, "in front of"}, words[i].span);
    sound = sound && i != begin && clause(words.subspan(begin, i - begin), before);
    before = *op;
    begin = i + 1;
  }
  if (begin == words.size()) {
    error(EmptyClause{words.back().text, "behind"}, words.back().span);
    sound = false;
  } else {
    sound = clause(words.subspan(begin), before) && sound;
  }
  const std::span<const Clause> clauses = clauses_.take(mark, arena_);
  if (!sound)
    return nullptr;
  auto* stmt = make_stmt<CallStmt>(StmtKind::Call, head);
  stmt->span = stmt->head = covering(words);
  stmt->clauses = clauses;
  return stmt;
}

bool Parser::clause(Words words, ChainOp before) {
  Clause out{
      .span = covering(words), .before = before, .exec = words[0].is("exec"), .words = words};
  if (out.exec)
    out.words = words.subspan(1);
  if (out.words.empty()) {
    error(ExecWithoutProgram{}, words[0].span);
    return false;
  }
  const Word& head = out.words[0];
  if (head.plain() && head.text.empty()) {
    error(EmptyHead{}, head.span);
    return false;
  }
  if (!out.exec && head.quote == Quote::None && find_block_keyword(head.text) != nullptr) {
    error(KeywordInChain{head.text}, head.span);
    return false;
  }
  if (!out.exec && before != ChainOp::None && is_assignment(words)) {
    error(AssignmentInChain{}, head.span);
    return false;
  }
  check_glued_operators(out.words);
  clauses_.push(out);
  return true;
}

// A `;`, `&&` or `||` that was meant to end the call.
void Parser::check_glued_operators(Words words) {
  static constexpr CharSet kSigns(";&|");
  for (const Word& word : words) {
    if (word.quote == Quote::Whole || !kSigns.any_in(raw(word)))
      continue;
    const std::string bare = bare_text(word, raw(word));
    for (const std::string_view sign : {";", "&&", "||"}) {
      const std::size_t at = bare.find(sign);
      if (at == std::string::npos)
        continue;
      const auto begin = word.span.begin + static_cast<std::uint32_t>(at);
      const auto end = begin + static_cast<std::uint32_t>(sign.size());
      error(GluedOperator{sign}, {word.span.source, begin, end});
      break;
    }
  }
}

} // namespace perch::lang
