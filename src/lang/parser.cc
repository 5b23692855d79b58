#include "lang/parser.h"

#include "base/text.h"
#include "lang/parse.h"

namespace perch::lang {

namespace {

using base::cat;

struct UnclosedBlock {
  static constexpr std::string_view id = "unclosed-block";
  std::string_view keyword;
  [[nodiscard]] std::string message() const { return cat("this `", keyword, "` has no `end`"); }
  [[nodiscard]] std::string help() const {
    return cat("close it with `end` in the column of its `", keyword, "`");
  }
};

struct StrayEnd {
  static constexpr std::string_view id = "stray-end";
  [[nodiscard]] static std::string message() { return "this `end` is one too many"; }
  [[nodiscard]] static std::string help() {
    return "remove it, or add the block that it is to close";
  }
};

struct NotABlock {
  static constexpr std::string_view id = "not-a-block";
  std::string_view head;
  [[nodiscard]] std::string message() const {
    return cat("`", head, "` opens no block, but the lines below it look like one");
  }
  [[nodiscard]] std::string help() const {
    if (const std::string_view hint = replacement_for_foreign(head); !hint.empty())
      return std::string(hint);
    std::vector<std::string_view> known;
    for (const Keyword& keyword : block_keywords())
      known.push_back(keyword.word);
    if (const auto nearest = base::nearest(head, known))
      return cat("did you mean `", *nearest, "`?");
    return "a body belongs to `if`, `for_each`, `match` and the other block keywords";
  }
};

} // namespace

Ast parse(const diag::Source& source, const Tokens& tokens, diag::Diags& diags) {
  return Parser(source, tokens, diags, nullptr).run();
}

Parser::Parser(const diag::Source& source, const Tokens& tokens, diag::Diags& diags,
               std::vector<LineLayout>* layout)
    : source_(source), tokens_(tokens), arena_(*tokens.arena), diags_(diags), layout_(layout) {
  if (layout_ != nullptr)
    layout_->assign(tokens.lines.size(), {});
}

Ast Parser::run() {
  while (peek() != nullptr)
    item();
  Ast ast{.arena = tokens_.arena, .source = source_.id};
  ast.meta = meta_.take(0, arena_);
  ast.bindings = bindings_.take(0, arena_);
  ast.imports = imports_.take(0, arena_);
  ast.requires_blocks = requires_.take(0, arena_);
  ast.bundles = bundles_.take(0, arena_);
  ast.hooks = hooks_.take(0, arena_);
  ast.procs = procs_.take(0, arena_);
  arena_.trim();
  return ast;
}

// ---- lines -------------------------------------------------------------------------------------

// The next line that has words, or null.
const Line* Parser::peek() {
  while (next_ < tokens_.lines.size() && tokens_.lines[next_].words.empty())
    ++next_;
  return next_ < tokens_.lines.size() ? &tokens_.lines[next_] : nullptr;
}

const Line& Parser::take() {
  const Line& line = *peek();
  if (layout_ != nullptr)
    (*layout_)[next_].level = level_;
  ++next_;
  end_at_ = line.words.back().span.end;
  damaged_ = line.damaged;
  return line;
}

// The first word of a line if it can be a keyword.
std::string_view Parser::head_of(const Line& line) {
  const Word& head = line.words[0];
  return head.quote == Quote::None && head.plain() ? head.text : std::string_view{};
}

// The same where assignments may stand: their target is no keyword.
std::string_view Parser::keyword_of(const Line& line) const {
  return is_assignment(line.words) ? std::string_view{} : head_of(line);
}

// Whether a line can only begin an item of the file, as far as its words tell. In a body the same
// words may be a call, so its column has to agree.
bool Parser::starts_item(const Line& line) const {
  const std::string_view keyword = keyword_of(line);
  const std::size_t count = line.words.size();
  if (keyword == "command" || keyword == "template" || keyword == "catch")
    return count == 1 || base::is_identifier(raw(line.words[1]));
  if (keyword == "requires" || keyword == "bundle" || keyword == "hooks")
    return count == 1;
  return keyword == "import" && (count == 2 || count == 4);
}

// The next line with words behind `line`, or null.
const Line* Parser::line_below(const Line& line) const {
  const Line* const end = tokens_.lines.data() + tokens_.lines.size();
  const Line* next = &line + 1;
  while (next != end && next->words.empty())
    ++next;
  return next == end ? nullptr : next;
}

// Whether the lines below a line look like its body: for a malformed head this says whether there
// is an `end` of its own, not to be taken for another's.
bool Parser::has_body_below(const Line& head) const {
  const Line* next = line_below(head);
  return next != nullptr && (next->column > head.column ||
                             (next->column == head.column && keyword_of(*next) == "end"));
}

Span Parser::from(Span begin) const { return {begin.source, begin.begin, end_at_}; }

Span Parser::covering(Words words) { return diag::join(words.front().span, words.back().span); }

// ---- blocks ------------------------------------------------------------------------------------

void Parser::open(std::string_view keyword, const Line& head, std::uint8_t dividers) {
  openers_.push_back({keyword, covering(head.words), head.column, dividers});
}

// Closes the innermost block with the `end` that comes next, or without one when it is given up.
// Returns the span from its head to there.
Span Parser::close() {
  const Opener opener = openers_.back();
  if (!unwinding()) {
    const Line& line = take();
    const Span end = line.words[0].span;
    if (line.words.size() > 1)
      fits(*find_block_keyword("end"), line.words);
    if (line.column < opener.column && !hints_.closed_early) {
      hints_.closed_early = opener;
      hints_.early_end = end;
    } else if (line.column > opener.column && !hints_.closed_deep) {
      hints_.closed_deep = opener;
      hints_.deep_end = end;
    }
  }
  openers_.pop_back();
  if (!unwinding())
    unwind_to_ = kNotUnwinding;
  return from(opener.span);
}

// Whether the lines of the innermost block end here: at `end`, at the end of the file, or at a
// line that begins the next item of the file.
bool Parser::region_ends() {
  if (unwinding())
    return true;
  const Line* line = peek();
  if (line == nullptr || (line->column <= item_column_ && starts_item(*line))) {
    unclosed(0);
    return true;
  }
  return keyword_of(*line) == "end";
}

// Reports that blocks are open that should not be, and gives up all above `unwind_to` of them.
// The culprit is the block whose `end` belongs to another, if there was one, else the innermost.
void Parser::unclosed(std::size_t unwind_to) {
  const bool early = hints_.closed_early.has_value();
  const Opener& culprit = early ? *hints_.closed_early : openers_.back();
  diag::Diag diag = diag::make(UnclosedBlock{culprit.keyword}, culprit.span);
  if (early) {
    diag.related.push_back({hints_.early_end, "this `end` closes it, but stands in the column of "
                                              "a block further out"});
  } else {
    for (std::size_t i = openers_.size() - 1; i-- > unwind_to;)
      diag.related.push_back(
          {openers_[i].span, cat("this `", openers_[i].keyword, "` is open, too")});
  }
  diags_.add(std::move(diag));
  hints_ = {};
  unwind_to_ = unwind_to;
}

// Something stands where the nesting says it cannot, and `stray` is where that shows. If an
// earlier line is the likely reason, reports that one instead.
bool Parser::blame_hint(Span stray) {
  const Hints hints = std::exchange(hints_, {});
  if (hints.indented_call.known()) {
    diags_.error(NotABlock{hints.indented_head}, hints.indented_call);
    return true;
  }
  if (!hints.closed_deep)
    return false;
  diag::Diag diag = diag::make(StrayEnd{}, hints.deep_end);
  diag.related.push_back(
      {hints.closed_deep->span, cat("it closes this `", hints.closed_deep->keyword, "`")});
  if (stray != hints.deep_end)
    diag.related.push_back({stray, "so that this is left over"});
  diags_.add(std::move(diag));
  return true;
}

// Goes on after a mistake that makes the nesting of what follows meaningless.
void Parser::skip_to_item() {
  for (const Line* line = peek(); line != nullptr; line = peek()) {
    if (line->column <= item_column_ &&
        (starts_item(*line) || find_setting(keyword_of(*line), Region::File) != nullptr ||
         is_assignment(line->words)))
      return;
    take();
  }
}

void Parser::stray_end() {
  const Span where = peek()->words[0].span;
  // The `end` of a head that was reported already is no second mistake.
  if (hints_.unread_blocks > 0)
    --hints_.unread_blocks;
  else if (!blame_hint(where))
    diags_.error(StrayEnd{}, where);
  take();
  skip_to_item();
}

} // namespace perch::lang
