// What stands at the file level, and what does not.

#include "base/text.h"
#include "lang/parse_errors.h"
#include "lang/parser.h"

#include <array>

namespace perch::lang {

namespace {

using base::cat;

struct BindingShape {
  static constexpr std::string_view id = "binding-shape";
  std::string_view name;
  std::size_t count;
  [[nodiscard]] std::string message() const {
    return count == 0 ? cat("`", name, "` has no value")
                      : cat("a binding at the file level is one word, not ", count);
  }
  [[nodiscard]] std::string help() const {
    return cat("quote a text that has blanks; what a program prints is captured in a body: ", name,
               " = PROGRAM");
  }
};

struct RemovedLet {
  static constexpr std::string_view id = "removed-let";
  std::string_view name;
  [[nodiscard]] static std::string message() { return "`let` is no longer part of the language"; }
  [[nodiscard]] std::string help() const { return cat("write without it: ", name, " = VALUE"); }
};

struct RemovedGlobals {
  static constexpr std::string_view id = "removed-globals";
  [[nodiscard]] static std::string message() {
    return "`globals` is no longer part of the language";
  }
  [[nodiscard]] static std::string help() {
    return "write the bindings at the file level: NAME = VALUE";
  }
};

} // namespace

void Parser::item() {
  using ItemFunction = void (Parser::*)();
  struct Entry {
    std::string_view keyword;
    ItemFunction function;
  };
  static constexpr std::array kItems = {
      Entry{"name", &Parser::meta},          Entry{"about", &Parser::meta},
      Entry{"version", &Parser::meta},       Entry{"import", &Parser::import},
      Entry{"bundle", &Parser::bundle},      Entry{"requires", &Parser::requires_block},
      Entry{"hooks", &Parser::hooks},        Entry{"command", &Parser::command},
      Entry{"template", &Parser::template_}, Entry{"catch", &Parser::catch_},
  };
  const Line& line = *peek();
  item_column_ = line.column;
  ItemFunction function = is_assignment(line.words) ? &Parser::binding : nullptr;
  const std::string_view keyword = keyword_of(line);
  for (const Entry& entry : kItems) {
    if (entry.keyword == keyword)
      function = entry.function;
  }
  if (function == nullptr) {
    misplaced_item(line);
    return;
  }
  hints_ = {};
  misplaced_run_ = false;
  (this->*function)();
}

// `name TEXT`, `about TEXT`, `version TEXT`
void Parser::meta() {
  const ConfigLine line = config_line();
  if (fits(find_setting(line.keyword)->shape, line_words(line)))
    meta_.push(line);
}

void Parser::import() {
  const Line& line = take();
  const Tail tail = this->tail(line.words, true, false);
  if (!fits(find_setting("import")->shape, tail.words))
    return;
  ImportDecl out{
      .span = covering(line.words), .path = tail.words[1], .alias = {}, .alias_span = {}};
  if (tail.alias != nullptr) {
    out.alias = name(*tail.alias, "an import");
    out.alias_span = tail.alias->span;
  }
  imports_.push(out);
}

void Parser::binding() {
  const Line& line = take();
  const Assignment read = assignment(line);
  if (read.value.size() != 1) {
    const Span where = read.value.empty() ? read.name_span : covering(read.value);
    error(BindingShape{read.name, read.value.size()}, where);
    return;
  }
  bindings_.push({.span = covering(line.words),
                  .name_span = read.name_span,
                  .name = read.name,
                  .value = read.value[0]});
}

void Parser::command() { procs_.push(proc(ProcKind::Command)); }
void Parser::template_() { procs_.push(proc(ProcKind::Template)); }
void Parser::catch_() { procs_.push(proc(ProcKind::Catch)); }

// ---- lines that belong elsewhere ---------------------------------------------------------------

void Parser::misplaced_item(const Line& line) {
  const std::string_view keyword = keyword_of(line);
  if (keyword == "end") {
    stray_end();
  } else if (keyword == "globals" && line.words.size() == 1) {
    removed_globals();
  } else if (removed_let(line)) {
    take();
  } else if (blame_hint(line.words[0].span)) {
    skip_to_item();
  } else if (is_setting_not_block(line)) {
    damaged_ = line.damaged;
    error(MisplacedSetting{keyword}, line.words[0].span);
    discard(line);
  } else {
    misplaced_statement(line);
  }
}

// A keyword of some region that does not open a block here.
bool Parser::is_setting_not_block(const Line& line) const {
  const std::string_view keyword = head_of(line);
  return find_setting(keyword) != nullptr &&
         (find_block_keyword(keyword) == nullptr || !has_body_below(line));
}

std::string_view StatementOutsideBody::nearest() const {
  std::vector<std::string_view> known;
  for (const Setting& setting : settings()) {
    if (setting.in(Region::File))
      known.push_back(setting.shape.word);
  }
  if (find_block_keyword(head) != nullptr || head == "export")
    return {};
  return base::nearest(head, known, head.size() < 6 ? 1 : 2).value_or("");
}

std::string StatementOutsideBody::help() const {
  if (!nearest().empty())
    return base::cat("did you mean `", nearest(), "`?");
  if (second == ":=" || second == "?=" || second == "::=")
    return "write NAME = VALUE";
  if (head == "export")
    return "write NAME = VALUE; `env NAME VALUE` in a command gives it to programs";
  if (head.starts_with("//"))
    return "a comment begins with `#`";
  if (const std::string_view foreign = replacement_for_foreign(head); !foreign.empty())
    return std::string(foreign);
  if (head.ends_with(':') || head.ends_with("()"))
    return "a recipe is written `command NAME`, its lines between `do` and `end`";
  return "statements stand between `do` and `end` in a command";
}

// A statement where none can be; of several in a row the first stands for all but misspelt words.
void Parser::misplaced_statement(const Line& line) {
  damaged_ = line.damaged;
  const StatementOutsideBody problem{
      raw(line.words[0]), line.words.size() > 1 ? raw(line.words[1]) : std::string_view()};
  if (!std::exchange(misplaced_run_, true) || !problem.nearest().empty())
    error(problem, line.words[0].span);
  const std::size_t mark = stmts_.mark();
  if (!has_body_below(line) || block_function(keyword_of(line)) != nullptr)
    statement();
  else
    skip_block(line);
  stmts_.drop(mark);
}

// Takes a line and what looks like its body, with the `end` of that.
void Parser::skip_block(const Line& head) {
  for (take(); peek() != nullptr && peek()->column > head.column;)
    take();
  if (peek() != nullptr && peek()->column == head.column && keyword_of(*peek()) == "end")
    take();
}

bool Parser::removed_let(const Line& line) {
  if (keyword_of(line) != "let" || line.words.size() < 2 || !is_assignment(line.words.subspan(1)))
    return false;
  damaged_ = line.damaged;
  const std::string_view first = raw(line.words[1]);
  error(RemovedLet{first.substr(0, first.find('='))}, line.words[0].span);
  return true;
}

void Parser::removed_globals() {
  const Line& head = take();
  error(RemovedGlobals{}, covering(head.words));
  open("globals", head);
  while (!region_ends())
    take();
  close();
}

} // namespace perch::lang
