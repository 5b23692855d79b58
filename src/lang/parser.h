#pragma once
// The parser: one function for each form, one line looked ahead. It goes by nesting alone; columns
// decide only whether `wasm_run` and `bin` have a body, and where to look for the culprit when an
// `end` is missing or one too many.

#include "lang/keywords.h"
#include "lang/token.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace perch::lang {

/// Blocks may be open this deep, commands and their `do` included.
inline constexpr std::size_t kMaxNesting = 200;
/// A condition may have this many `and`, `or`, `not` and parentheses.
inline constexpr std::size_t kMaxConditionOperators = 200;

/// Items that are collected while others of their kind are, as statements in nested bodies: each
/// collector takes what was pushed since its mark.
template <class T>
class Scratch {
public:
  [[nodiscard]] std::size_t mark() const { return items_.size(); }
  void push(T item) { items_.push_back(std::move(item)); }
  void drop(std::size_t mark) { items_.resize(mark); }
  [[nodiscard]] std::span<const T> take(std::size_t mark, base::Arena& arena) {
    auto taken = arena.copy(std::span<const T>(items_).subspan(mark));
    drop(mark);
    return taken;
  }

private:
  std::vector<T> items_;
};

using Words = std::span<const Word>;

/// What the formatter has to know about a line.
struct LineLayout {
  std::uint16_t level = 0; ///< how deep it stands
  bool assignment = false; ///< `NAME = …`, whose sign may be glued to its neighbours
};

class Parser {
public:
  /// `layout`, if given, receives what it says of each line that has words.
  Parser(const diag::Source& source, const Tokens& tokens, diag::Diags& diags,
         std::vector<LineLayout>* layout);

  Ast run();

private:
  /// Lines that divide a block.
  enum Divider : std::uint8_t { NoDivider = 0, Else = 1, Case = 2, Rescue = 4, Finally = 8 };

  /// A block that is open.
  struct Opener {
    std::string_view keyword;
    Span span; ///< its head
    std::uint32_t column = 0;
    std::uint8_t dividers = NoDivider;
  };

  /// What looked odd in the item being read, without being wrong by itself. When the nesting then
  /// turns out wrong, one of these is the place to point at.
  struct Hints {
    std::optional<Opener> closed_early; ///< its `end` stands further left than it does
    Span early_end;
    std::optional<Opener> closed_deep; ///< its `end` stands further right
    Span deep_end;
    Span indented_call; ///< a call with deeper lines below it: a misspelt keyword?
    std::string_view indented_head;
    std::size_t unread_blocks = 0; ///< malformed heads, reported, whose `end` may still come
  };

  // parser.cc: lines, blocks, and what goes wrong with them
  const Line* peek();
  const Line& take();
  [[nodiscard]] std::string_view keyword_of(const Line& line) const;
  [[nodiscard]] static std::string_view head_of(const Line& line);
  [[nodiscard]] bool starts_item(const Line& line) const;
  [[nodiscard]] const Line* line_below(const Line& line) const;
  [[nodiscard]] bool has_body_below(const Line& head) const;
  void open(std::string_view keyword, const Line& head, std::uint8_t dividers = NoDivider);
  Span close();
  [[nodiscard]] bool unwinding() const { return unwind_to_ < openers_.size(); }
  bool region_ends();
  void unclosed(std::size_t unwind_to);
  bool blame_hint(Span stray);
  void stray_end();
  void skip_to_item();
  [[nodiscard]] Span from(Span begin) const;
  static Span covering(Words words);

  // parse_words.cc: shapes, names, options, fragments of words
  bool fits(const Keyword& keyword, Words words, std::size_t options = 0);
  std::string_view name(const Word& word, std::string_view what);
  [[nodiscard]] Word piece_of(const Word& word, std::size_t begin, std::size_t end);
  [[nodiscard]] std::string_view raw(const Word& word) const;
  std::optional<Option> option(const Word& word);
  struct Head {
    Words words;
    std::span<const Option> options;
  };
  Head split_options(const Keyword& keyword, Words words);
  struct Assignment {
    std::string_view name;
    Span name_span;
    Words value;
  };
  [[nodiscard]] bool is_assignment(Words words) const;
  Assignment assignment(const Line& line);

  // parse_items.cc: the file level
  void item();
  void meta();
  void import();
  void binding();
  void command();
  void template_();
  void catch_();
  void misplaced_item(const Line& line);
  void misplaced_statement(const Line& line);
  [[nodiscard]] bool is_setting_not_block(const Line& line) const;
  void skip_block(const Line& head);
  bool removed_let(const Line& line);
  void removed_globals();

  // parse_sections.cc: requires, bundle, hooks
  struct Needs {
    static constexpr std::size_t kNoBin = static_cast<std::size_t>(-1);
    std::vector<Need> all;
    std::vector<std::size_t> pin_counts; ///< of each need; the pins themselves are in lines_
    std::size_t last_bin = kNoBin;
  };
  struct Tail {
    Words words;
    const Word* alias = nullptr;
    bool optional = false;
  };
  void requires_block();
  void need(const Keyword& shape, Needs& needs);
  void bin_body(const Line& bin, Needs& needs);
  void pin(const Keyword& shape, Needs& needs);
  [[nodiscard]] static bool is_pin(std::string_view keyword);
  void bundle();
  void hooks();
  template <class Row>
  void rows(Region region, Row row);
  void unknown_setting(const Line& line, Region region);
  void discard(const Line& line);
  Tail tail(Words words, bool takes_alias, bool takes_optional);

  // parse_proc.cc: commands, templates, catches
  ProcDecl proc(ProcKind kind);
  void proc_line(ProcDecl& proc, Region region);
  void misplaced_in_proc(const Line& line, Region region);
  void nested_item(const Line& line);
  void do_block();
  ArgDecl arg();
  ConfigLine config_line();
  [[nodiscard]] static Words line_words(const ConfigLine& line);

  // parse_statements.cc
  Body body();
  void body_statements();
  bool body_ends();
  [[nodiscard]] static std::uint8_t divider_kind(std::string_view keyword);
  const Stmt* statement();
  const Stmt* too_deep(const Line& head);
  [[nodiscard]] bool opens_block(const Line& line) const;
  const Stmt* assign();
  const Stmt* captured(Words value, const Line& head);
  const Stmt* call(Words words, const Line& head);
  bool clause(Words words, ChainOp before);
  void check_glued_operators(Words words);

  // parse_blocks.cc: the block statements. Their head was taken; words[0] is the keyword.
  using BlockFunction = const Stmt* (Parser::*)(const Line& head, Words words);
  static BlockFunction block_function(std::string_view keyword);
  [[nodiscard]] bool block_goes_on(bool well_formed, const Line& head, std::string_view keyword);
  const Stmt* if_block(const Line& head, Words words);
  const Stmt* for_each_block(const Line& head, Words words);
  const Stmt* match_block(const Line& head, Words words);
  void match_case(bool has_else);
  const Stmt* try_block(const Line& head, Words words);
  const Stmt* platform_block(const Line& head, Words words);
  const Stmt* simple_block(const Line& head, Words words);
  const Stmt* pipe_block(const Line& head, Words words);
  const Stmt* stage();
  [[nodiscard]] bool has_wasm_body(const Line& head) const;
  const Stmt* wasm_block(const Line& head, Words words);
  void wasm_item();

  // parse_condition.cc
  class ConditionReader;
  const Cond* condition(Words words);

  template <class Kind>
  void error(const Kind& kind, Span where) {
    if (!damaged_)
      diags_.error(kind, where);
  }
  template <class T>
  T* make_stmt(StmtKind kind, const Line& head) {
    T* stmt = arena_.make<T>();
    stmt->kind = kind;
    stmt->head = stmt->span = covering(head.words);
    return stmt;
  }

  const diag::Source& source_;
  const Tokens& tokens_;
  base::Arena& arena_;
  diag::Diags& diags_;
  std::vector<LineLayout>* layout_;

  std::size_t next_ = 0;       ///< index of the line to read
  std::uint16_t level_ = 0;    ///< of the line to read, in canonical layout
  std::uint32_t end_at_ = 0;   ///< where the last line taken ends
  bool damaged_ = false;       ///< the last line taken has errors of its own
  bool misplaced_run_ = false; ///< the line before was reported as misplaced

  std::vector<Opener> openers_;
  std::size_t unwind_to_ = kNotUnwinding; ///< blocks above this many are given up
  static constexpr std::size_t kNotUnwinding = static_cast<std::size_t>(-1);
  std::uint32_t item_column_ = 0;
  Hints hints_;
  bool reported_depth_ = false;

  Scratch<const Stmt*> stmts_;
  Scratch<Clause> clauses_;
  Scratch<IfStmt::Branch> branches_;
  Scratch<MatchStmt::Case> cases_;
  Scratch<WasmRunStmt::Item> wasm_items_;
  Scratch<ConfigLine> lines_;
  Scratch<ArgDecl> args_;

  // The file's items.
  Scratch<ConfigLine> meta_;
  Scratch<Binding> bindings_;
  Scratch<ImportDecl> imports_;
  Scratch<RequiresBlock> requires_;
  Scratch<BundleBlock> bundles_;
  Scratch<HooksBlock> hooks_;
  Scratch<ProcDecl> procs_;
};

} // namespace perch::lang
