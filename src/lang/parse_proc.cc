// Commands, templates and catches: configuration, arguments, bodies.

#include "base/text.h"
#include "lang/parse_errors.h"
#include "lang/parser.h"

namespace perch::lang {

namespace {

using base::cat;

struct NestedItem {
  static constexpr std::string_view id = "nested-item";
  std::string_view keyword;
  std::string_view outer;
  [[nodiscard]] std::string message() const {
    return cat("`", keyword, "` cannot stand inside `", outer, "`");
  }
  [[nodiscard]] std::string help() const {
    return cat("move it to the file level; is the `end` of `", outer, "` missing above it?");
  }
};

Region region_of(ProcKind kind) {
  switch (kind) {
  case ProcKind::Command:
    return Region::Command;
  case ProcKind::Template:
    return Region::Template;
  case ProcKind::Catch:
    return Region::Catch;
  }
  return Region::Command;
}

// Short words are near to too many others for a guess to be of use.
int likely_edits(std::string_view word) { return word.size() > 6 ? 2 : 1; }

} // namespace

ProcDecl Parser::proc(ProcKind kind) {
  const Line& head = take();
  const std::string_view keyword = head.words[0].text;
  ProcDecl out{.kind = kind, .head = covering(head.words), .name_span = head.words[0].span};
  if (fits(find_setting(keyword)->shape, head.words)) {
    out.name = name(head.words[1], cat("a ", keyword));
    out.name_span = head.words[1].span;
  }
  open(keyword, head);
  const std::size_t config = lines_.mark();
  const std::size_t args = args_.mark();
  const std::size_t body = stmts_.mark();
  ++level_;
  while (!region_ends())
    proc_line(out, region_of(kind));
  --level_;
  out.config = lines_.take(config, arena_);
  out.args = args_.take(args, arena_);
  out.body = stmts_.take(body, arena_);
  out.span = close();
  misplaced_run_ = false;
  return out;
}

void Parser::proc_line(ProcDecl& proc, Region region) {
  const Line& line = *peek();
  const std::string_view keyword = head_of(line);
  if (find_setting(keyword, region) == nullptr) {
    misplaced_in_proc(line, region);
    return;
  }
  misplaced_run_ = false;
  if (keyword == "do") {
    proc.has_body = true;
    do_block();
  } else if (keyword == "arg") {
    args_.push(arg());
  } else {
    lines_.push(config_line());
  }
}

void Parser::misplaced_in_proc(const Line& line, Region region) {
  const std::string_view keyword = keyword_of(line);
  std::vector<std::string_view> known;
  for (const Setting& setting : settings()) {
    if (setting.in(region))
      known.push_back(setting.shape.word);
  }
  if (removed_let(line)) {
    take();
  } else if (blame_hint(line.words[0].span)) {
    skip_to_item();
    unwind_to_ = 0;
  } else if (starts_item(line)) {
    nested_item(line);
  } else if (is_setting_not_block(line) || (find_block_keyword(keyword) == nullptr &&
                                            base::nearest(keyword, known, likely_edits(keyword)))) {
    unknown_setting(line, region);
  } else {
    misplaced_statement(line);
  }
}

// `command` and its like where they cannot be. The column says that the item around it goes on.
void Parser::nested_item(const Line& line) {
  damaged_ = line.damaged;
  const std::string_view keyword = line.words[0].text;
  error(NestedItem{keyword, openers_.front().keyword}, covering(line.words));
  if (keyword == "command" || keyword == "template" || keyword == "catch") {
    (void)proc(ProcKind::Command);
    return;
  }
  const Line& head = take();
  if (keyword == "import")
    return;
  open(keyword, head);
  while (!region_ends())
    take();
  close();
}

// Its statements stay on stmts_ for the command that collects them.
void Parser::do_block() {
  const Line& head = take();
  fits(find_setting("do")->shape, head.words);
  open("do", head);
  body_statements();
  close();
}

ArgDecl Parser::arg() {
  const Line& head = take();
  ArgDecl out{.span = {}, .name_span = head.words[0].span, .name = {}, .fields = {}};
  if (fits(find_setting("arg")->shape, head.words)) {
    out.name = name(head.words[1], "an argument");
    out.name_span = head.words[1].span;
  }
  open("arg", head);
  const std::size_t mark = lines_.mark();
  ++level_;
  while (!region_ends()) {
    const Line& line = *peek();
    const std::string_view keyword = head_of(line);
    const bool of_command = find_setting(keyword, Region::Command) != nullptr;
    if (find_setting(keyword, Region::Arg) != nullptr)
      lines_.push(config_line());
    else if (keyword == "do" || keyword == "arg" ||
             (of_command && line.column <= openers_.back().column))
      unclosed(openers_.size() - 1);
    else
      unknown_setting(line, Region::Arg);
  }
  --level_;
  out.fields = lines_.take(mark, arena_);
  out.span = close();
  return out;
}

ConfigLine Parser::config_line() {
  const Line& line = take();
  return {.span = covering(line.words),
          .keyword = line.words[0].text,
          .keyword_span = line.words[0].span,
          .words = line.words.subspan(1)};
}

// All words of a line, its keyword included: they lie next to each other.
Words Parser::line_words(const ConfigLine& line) {
  return {line.words.data() - 1, line.words.size() + 1};
}

} // namespace perch::lang
