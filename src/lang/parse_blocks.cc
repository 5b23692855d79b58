// Statements that are blocks. Each function is called with its head taken; words[0] is the keyword.

#include "base/text.h"
#include "lang/parser.h"

#include <array>

namespace perch::lang {

namespace {

using base::cat;

struct ForEachShape {
  static constexpr std::string_view id = "for-each-shape";
  [[nodiscard]] static std::string message() { return "`for_each` needs a list and a name"; }
  [[nodiscard]] static std::string help() {
    return "write: for_each NAME in LIST; the list is made first: names = list \"a\" \"b\", "
           "files = glob \"*.txt\"";
  }
};

struct RepeatedBranch {
  static constexpr std::string_view id = "repeated-branch";
  std::string_view keyword;
  [[nodiscard]] std::string message() const {
    return cat("this block has its `", keyword, "` already");
  }
  [[nodiscard]] std::string help() const {
    return keyword == "else" ? "`else if` and `case` stand in front of the one `else`"
                             : "put both bodies into one";
  }
};

struct StatementBeforeCase {
  static constexpr std::string_view id = "statement-before-case";
  std::string_view head;
  [[nodiscard]] std::string message() const {
    return cat("`", head, "` stands in `match`, but in no `case` of it");
  }
  [[nodiscard]] static std::string help() {
    return "put it in front of the `match`, or below a `case` or `else`";
  }
};

struct NotAStage {
  static constexpr std::string_view id = "not-a-pipe-stage";
  [[nodiscard]] static std::string message() {
    return "a stage of a pipe is one call, or a `wasm_run`";
  }
  [[nodiscard]] static std::string help() { return "put the rest into a command and call that"; }
};

struct UnknownDeclaration {
  static constexpr std::string_view id = "unknown-wasm-declaration";
  std::string_view word;
  [[nodiscard]] std::string message() const {
    return cat("`", word, "` is no declaration of `wasm_run`");
  }
  [[nodiscard]] std::string help() const {
    std::vector<std::string_view> known;
    std::string list;
    for (const Keyword& keyword : wasm_keywords()) {
      known.push_back(keyword.word);
      list += cat(list.empty() ? "" : ", ", keyword.word);
    }
    if (const auto nearest = base::nearest(word, known))
      return cat("did you mean `", *nearest, "`?");
    return cat("only declarations stand in its block: ", list);
  }
};

StmtKind kind_of(std::string_view keyword) {
  struct Entry {
    std::string_view keyword;
    StmtKind kind;
  };
  constexpr std::array kKinds = {
      Entry{"parallel", StmtKind::Parallel}, Entry{"timeout", StmtKind::Timeout},
      Entry{"retry", StmtKind::Retry},       Entry{"with_env", StmtKind::WithEnv},
      Entry{"with_cwd", StmtKind::WithCwd},  Entry{"sandbox", StmtKind::Sandbox},
      Entry{"cache", StmtKind::Cache},
  };
  for (const Entry& entry : kKinds) {
    if (entry.keyword == keyword)
      return entry.kind;
  }
  return StmtKind::Call;
}

} // namespace

Parser::BlockFunction Parser::block_function(std::string_view keyword) {
  struct Entry {
    std::string_view keyword;
    BlockFunction function;
  };
  static constexpr std::array kFunctions = {
      Entry{"if", &Parser::if_block},           Entry{"for_each", &Parser::for_each_block},
      Entry{"match", &Parser::match_block},     Entry{"try", &Parser::try_block},
      Entry{"os", &Parser::platform_block},     Entry{"arch", &Parser::platform_block},
      Entry{"pipe", &Parser::pipe_block},       Entry{"parallel", &Parser::simple_block},
      Entry{"timeout", &Parser::simple_block},  Entry{"retry", &Parser::simple_block},
      Entry{"with_env", &Parser::simple_block}, Entry{"with_cwd", &Parser::simple_block},
      Entry{"sandbox", &Parser::simple_block},  Entry{"cache", &Parser::simple_block},
      Entry{"wasm_run", &Parser::wasm_block},
  };
  for (const Entry& entry : kFunctions) {
    if (entry.keyword == keyword)
      return entry.function;
  }
  return nullptr;
}

// Whether there is a block to read below a head that may be malformed: if lines below it look like
// its body, or cannot, because the file is not indented and the keyword is no program's name.
bool Parser::block_goes_on(bool well_formed, const Line& head, std::string_view keyword) {
  const bool flat = !openers_.empty() && head.column <= openers_.back().column &&
                    !find_block_keyword(keyword)->program;
  const bool goes_on = (well_formed && !head.damaged) || has_body_below(head) || flat;
  hints_.unread_blocks += goes_on ? 0 : 1;
  return goes_on;
}

const Stmt* Parser::if_block(const Line& head, Words words) {
  const bool well_formed = fits(*find_block_keyword("if"), words);
  const Cond* cond = well_formed ? condition(words.subspan(1)) : nullptr;
  if (!block_goes_on(cond != nullptr, head, "if"))
    return nullptr;
  auto* stmt = make_stmt<IfStmt>(StmtKind::If, head);
  open("if", head, Else);
  const std::size_t mark = branches_.mark();
  const Body then = body();
  branches_.push({.head = stmt->head, .cond = cond, .body = then});
  for (bool last = false; !unwinding() && keyword_of(*peek()) == "else";) {
    const Line& line = take();
    const bool has_condition = line.words.size() > 1 && line.words[1].is("if");
    if (last)
      error(RepeatedBranch{"else"}, covering(line.words));
    last = last || !has_condition;
    const Cond* next = nullptr;
    if (!has_condition)
      fits(*find_block_keyword("else"), line.words);
    else if (fits(*find_block_keyword("if"), line.words.subspan(1)))
      next = condition(line.words.subspan(2));
    const Body otherwise = body();
    branches_.push({.head = covering(line.words), .cond = next, .body = otherwise});
  }
  stmt->branches = branches_.take(mark, arena_);
  stmt->span = close();
  return stmt;
}

const Stmt* Parser::for_each_block(const Line& head, Words words) {
  const bool with_in = words.size() >= 3 && words[2].is("in");
  const bool several = with_in && words.size() > 4; // `in a b c`
  bool well_formed = several || fits(*find_block_keyword("for_each"), words);
  if (well_formed && (several || with_in != (words.size() == 4))) {
    error(ForEachShape{}, covering(words));
    well_formed = false;
  }
  if (!block_goes_on(well_formed, head, words[0].text))
    return nullptr;
  auto* stmt = make_stmt<ForEachStmt>(StmtKind::ForEach, head);
  if (well_formed) {
    const Word& variable = with_in ? words[1] : words[2];
    stmt->source = with_in ? words[3] : words[1];
    stmt->name = name(variable, "a loop variable");
    stmt->name_span = variable.span;
  }
  open("for_each", head);
  stmt->body = body();
  stmt->span = close();
  return stmt;
}

const Stmt* Parser::match_block(const Line& head, Words words) {
  const bool well_formed = fits(*find_block_keyword("match"), words);
  if (!block_goes_on(well_formed, head, words[0].text))
    return nullptr;
  auto* stmt = make_stmt<MatchStmt>(StmtKind::Match, head);
  if (well_formed)
    stmt->subject = words[1];
  open("match", head, Case | Else);
  const std::size_t mark = cases_.mark();
  ++level_;
  for (bool has_else = false, reported = false; !region_ends();) {
    const Line& line = *peek();
    const std::string_view keyword = keyword_of(line);
    if (keyword == "case" || keyword == "else") {
      match_case(has_else);
      has_else = has_else || keyword == "else";
    } else {
      damaged_ = line.damaged;
      if (!std::exchange(reported, true))
        error(StatementBeforeCase{raw(line.words[0])}, line.words[0].span);
      statement();
    }
  }
  --level_;
  stmt->cases = cases_.take(mark, arena_);
  stmt->span = close();
  return stmt;
}

// `case VALUE` or `else`, with its body.
void Parser::match_case(bool has_else) {
  const Line& line = take();
  const std::string_view keyword = line.words[0].text;
  MatchStmt::Case out{.head = covering(line.words), .value = nullptr, .body = {}};
  if (fits(*find_block_keyword(keyword), line.words) && keyword == "case")
    out.value = &line.words[1];
  if (keyword == "else" && has_else)
    error(RepeatedBranch{"else"}, out.head);
  out.body = body();
  cases_.push(out);
}

const Stmt* Parser::try_block(const Line& head, Words words) {
  const bool well_formed = fits(*find_block_keyword("try"), words);
  if (!block_goes_on(well_formed, head, words[0].text))
    return nullptr;
  auto* stmt = make_stmt<TryStmt>(StmtKind::Try, head);
  stmt->rescue_name = "err";
  open("try", head, Rescue | Finally);
  stmt->body = body();
  while (!unwinding() && keyword_of(*peek()) != "end") {
    const Line& line = take();
    const std::string_view keyword = line.words[0].text;
    const bool rescue = keyword == "rescue";
    if (rescue ? stmt->has_rescue : stmt->has_finally)
      error(RepeatedBranch{keyword}, line.words[0].span);
    if (fits(*find_block_keyword(keyword), line.words) && line.words.size() > 1)
      stmt->rescue_name = name(line.words[1], "an error");
    (rescue ? stmt->has_rescue : stmt->has_finally) = true;
    (rescue ? stmt->rescue_head : stmt->finally_head) = covering(line.words);
    (rescue ? stmt->rescue : stmt->finally) = body();
  }
  stmt->span = close();
  return stmt;
}

const Stmt* Parser::platform_block(const Line& head, Words words) {
  const bool well_formed = fits(*find_block_keyword(words[0].text), words);
  if (!block_goes_on(well_formed, head, words[0].text))
    return nullptr;
  auto* stmt = make_stmt<PlatformStmt>(StmtKind::Platform, head);
  stmt->arch = words[0].text == "arch";
  if (well_formed)
    stmt->value = words[1];
  open(words[0].text, head);
  stmt->body = body();
  stmt->span = close();
  return stmt;
}

// Blocks whose head is words and options and whose body is a body.
const Stmt* Parser::simple_block(const Line& head, Words words) {
  const Keyword& keyword = *find_block_keyword(words[0].text);
  const Head read = split_options(keyword, words);
  const bool well_formed = fits(keyword, read.words, read.options.size());
  if (!block_goes_on(well_formed, head, words[0].text))
    return nullptr;
  auto* stmt = make_stmt<BlockStmt>(kind_of(keyword.word), head);
  stmt->words = read.words.subspan(1);
  stmt->options = read.options;
  open(keyword.word, head);
  stmt->body = body();
  stmt->span = close();
  return stmt;
}

// ---- pipe --------------------------------------------------------------------------------------

const Stmt* Parser::pipe_block(const Line& head, Words words) {
  const bool well_formed = fits(*find_block_keyword("pipe"), words);
  if (!block_goes_on(well_formed, head, words[0].text))
    return nullptr;
  auto* stmt = make_stmt<PipeStmt>(StmtKind::Pipe, head);
  open("pipe", head);
  const std::size_t mark = stmts_.mark();
  ++level_;
  while (!body_ends()) {
    if (const Stmt* next = stage())
      stmts_.push(next);
  }
  --level_;
  stmt->stages = stmts_.take(mark, arena_);
  stmt->span = close();
  return stmt;
}

const Stmt* Parser::stage() {
  const Line& line = *peek();
  const Stmt* stmt = statement();
  if (stmt == nullptr || stmt->kind == StmtKind::WasmRun)
    return stmt;
  if (stmt->kind == StmtKind::Call && static_cast<const CallStmt*>(stmt)->clauses.size() == 1)
    return stmt;
  diags_.error(NotAStage{}, covering(line.words));
  return nullptr;
}

// ---- wasm_run ----------------------------------------------------------------------------------

// It has a body if declarations follow, or deeper lines, or an `end` that is not further left.
bool Parser::has_wasm_body(const Line& head) const {
  const Line* next = line_below(head);
  return has_body_below(head) ||
         (next != nullptr && find_wasm_keyword(keyword_of(*next)) != nullptr);
}

const Stmt* Parser::wasm_block(const Line& head, Words words) {
  const Keyword& keyword = *find_block_keyword("wasm_run");
  const Head read = split_options(keyword, words);
  const bool well_formed = fits(keyword, read.words);
  auto* stmt = make_stmt<WasmRunStmt>(StmtKind::WasmRun, head);
  if (read.words.size() > 1)
    stmt->module = read.words[1];
  stmt->options = read.options;
  if (has_wasm_body(head)) {
    open("wasm_run", head);
    const std::size_t mark = wasm_items_.mark();
    ++level_;
    while (!region_ends())
      wasm_item();
    --level_;
    stmt->items = wasm_items_.take(mark, arena_);
    if (!unwinding() && peek()->column < head.column)
      unclosed(openers_.size() - 1);
    stmt->span = close();
  }
  return well_formed ? stmt : nullptr;
}

void Parser::wasm_item() {
  const Line& line = *peek();
  const std::string_view word = keyword_of(line);
  const Keyword* keyword = find_wasm_keyword(word);
  if (keyword == nullptr && line.column <= openers_.back().column) {
    unclosed(openers_.size() - 1);
    return;
  }
  take();
  if (keyword == nullptr) {
    error(UnknownDeclaration{raw(line.words[0])}, line.words[0].span);
    if (block_function(word) != nullptr && has_body_below(line)) {
      open(word, line);
      body();
      close();
    }
    return;
  }
  const Head read = split_options(*keyword, line.words);
  wasm_items_.push({.span = covering(line.words),
                    .keyword = keyword->word,
                    .keyword_span = line.words[0].span,
                    .words = read.words.subspan(1),
                    .options = read.options});
}

} // namespace perch::lang
