// `requires`, `bundle` and `hooks`: blocks of lines that all have one shape each.

#include "base/text.h"
#include "lang/parse_errors.h"
#include "lang/parser.h"

namespace perch::lang {

namespace {

using base::cat;

struct HashWithoutBin {
  static constexpr std::string_view id = "hash-without-bin";
  std::string_view keyword;
  [[nodiscard]] std::string message() const {
    return cat("`", keyword, "` pins a `bin`, and there is none above it");
  }
  [[nodiscard]] static std::string help() { return "put it below the `bin` it belongs to"; }
};

} // namespace

std::string MisplacedSetting::help() const {
  std::string homes;
  for (const Region region : {Region::File, Region::Requires, Region::Bundle, Region::Hooks,
                              Region::Command, Region::Template, Region::Catch, Region::Arg}) {
    if (find_setting(word, region) == nullptr)
      continue;
    homes += cat(homes.empty() ? "" : ", or to ", name_of(region));
  }
  return cat("it belongs to ", homes);
}

std::string UnknownSetting::help() const {
  std::vector<std::string_view> known;
  std::string list;
  for (const Setting& setting : settings()) {
    if (!setting.in(region))
      continue;
    known.push_back(setting.shape.word);
    list += cat(list.empty() ? "" : ", ", setting.shape.word);
  }
  if (const auto nearest = base::nearest(word, known))
    return cat("did you mean `", *nearest, "`?");
  return cat("it knows ", list);
}

// Reads the lines of the block that is open; `row` takes and reads one whose keyword the region
// knows.
template <class Row>
void Parser::rows(Region region, Row row) {
  ++level_;
  while (!region_ends()) {
    const Line& line = *peek();
    if (const Setting* setting = find_setting(head_of(line), region))
      row(setting->shape);
    else if (line.column <= openers_.back().column &&
             (find_setting(head_of(line), Region::File) != nullptr || is_assignment(line.words)))
      unclosed(openers_.size() - 1);
    else
      unknown_setting(line, region);
  }
  --level_;
}

void Parser::unknown_setting(const Line& line, Region region) {
  damaged_ = line.damaged;
  const Word& head = line.words[0];
  misplaced_run_ = false;
  if (is_setting_not_block(line))
    error(MisplacedSetting{head.text}, head.span);
  else
    error(UnknownSetting{raw(head), region}, head.span);
  discard(line);
}

// Takes a line that was reported, and what belongs to it if it opens something.
void Parser::discard(const Line& line) {
  const std::size_t mark = stmts_.mark();
  const std::string_view keyword = keyword_of(line);
  if (keyword == "arg" && has_body_below(line))
    (void)arg();
  else if (keyword == "do" && has_body_below(line))
    do_block();
  else if (block_function(keyword) != nullptr && has_body_below(line))
    statement();
  else
    take();
  stmts_.drop(mark);
}

// `… as NAME` and `… optional` at the end of a line, in either order, and the words before them.
Parser::Tail Parser::tail(Words words, bool takes_alias, bool takes_optional) {
  Tail out{.words = words};
  for (;;) {
    const std::size_t count = out.words.size();
    if (takes_optional && !out.optional && count > 2 && out.words.back().is("optional")) {
      out.optional = true;
      out.words = out.words.first(count - 1);
    } else if (takes_alias && out.alias == nullptr && count > 3 && out.words[count - 2].is("as")) {
      out.alias = &out.words.back();
      out.words = out.words.first(count - 2);
    } else {
      return out;
    }
  }
}

// ---- requires ----------------------------------------------------------------------------------

void Parser::requires_block() {
  const Line& head = take();
  fits(find_setting("requires")->shape, head.words);
  open("requires", head);
  Needs needs;
  const std::size_t mark = lines_.mark();
  rows(Region::Requires, [&](const Keyword& shape) {
    if (is_pin(shape.word))
      pin(shape, needs);
    else
      need(shape, needs);
  });
  std::span<const ConfigLine> pins = lines_.take(mark, arena_);
  for (std::size_t i = 0; i < needs.all.size(); ++i) {
    needs.all[i].pins = pins.first(needs.pin_counts[i]);
    pins = pins.subspan(needs.pin_counts[i]);
  }
  requires_.push({.span = close(), .needs = arena_.copy(needs.all)});
}

void Parser::need(const Keyword& shape, Needs& needs) {
  const Line& line = take();
  const bool bin = shape.word == "bin";
  const Tail tail = this->tail(line.words, bin, bin || shape.word == "env" || shape.word == "host");
  const bool fitting = fits(shape, tail.words);
  Need out{.span = covering(line.words),
           .keyword = shape.word,
           .keyword_span = line.words[0].span,
           .words = tail.words.subspan(1),
           .alias = {},
           .alias_span = {},
           .optional = tail.optional,
           .pins = {}};
  if (tail.alias != nullptr) {
    out.alias = name(*tail.alias, "a program");
    out.alias_span = tail.alias->span;
  }
  if (bin)
    needs.last_bin = needs.all.size();
  if (bin || fitting) {
    needs.all.push_back(out);
    needs.pin_counts.push_back(0);
  }
  if (bin)
    bin_body(line, needs);
}

// The lines below a `bin` that pin it, and the `end` that closes them if there is one: an `end`
// in the column of the `bin` or deeper. Without pins, and not indented, it is that of `requires`.
void Parser::bin_body(const Line& bin, Needs& needs) {
  const std::size_t first = next_;
  const Line* next = peek();
  for (; next != nullptr && is_pin(head_of(*next)); next = peek())
    pin(find_setting(head_of(*next))->shape, needs);
  const bool has_pins = needs.pin_counts[needs.last_bin] > 0;
  if (next == nullptr || keyword_of(*next) != "end" || next->column < bin.column ||
      (!has_pins && bin.column <= openers_.back().column))
    return;
  if (layout_ != nullptr) {
    for (std::size_t i = first; i < next_; ++i)
      (*layout_)[i].level = static_cast<std::uint16_t>(level_ + 1);
  }
  fits(*find_block_keyword("end"), take().words);
}

// A line that pins the `bin` last read.
void Parser::pin(const Keyword& shape, Needs& needs) {
  const ConfigLine line = config_line();
  if (needs.last_bin == Needs::kNoBin)
    error(HashWithoutBin{shape.word}, line.keyword_span);
  else if (fits(shape, line_words(line))) {
    lines_.push(line);
    ++needs.pin_counts[needs.last_bin];
  }
}

bool Parser::is_pin(std::string_view keyword) {
  return keyword == "hash" || keyword == "hash_file";
}

// ---- bundle and hooks --------------------------------------------------------------------------

void Parser::bundle() {
  const Line& head = take();
  fits(find_setting("bundle")->shape, head.words);
  open("bundle", head);
  std::vector<Include> includes;
  rows(Region::Bundle, [&](const Keyword& shape) {
    const Line& line = take();
    const Tail tail = this->tail(line.words, true, false);
    if (!fits(shape, tail.words))
      return;
    Include out{.span = covering(line.words), .path = tail.words[1], .alias = {}, .alias_span = {}};
    if (tail.alias != nullptr) {
      out.alias = name(*tail.alias, "a bundled file");
      out.alias_span = tail.alias->span;
    }
    includes.push_back(out);
  });
  bundles_.push({.span = close(), .includes = arena_.copy(includes)});
}

void Parser::hooks() {
  const Line& head = take();
  fits(find_setting("hooks")->shape, head.words);
  open("hooks", head);
  std::vector<Hook> hooks;
  rows(Region::Hooks, [&](const Keyword& shape) {
    const Line& line = take();
    if (!fits(shape, line.words))
      return;
    hooks.push_back({.span = covering(line.words),
                     .timing = shape.word,
                     .target = name(line.words[1], "a hook's target"),
                     .target_span = line.words[1].span,
                     .handler = name(line.words[2], "a command"),
                     .handler_span = line.words[2].span});
  });
  hooks_.push({.span = close(), .hooks = arena_.copy(hooks)});
}

} // namespace perch::lang
