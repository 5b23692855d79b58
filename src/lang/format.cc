#include "lang/format.h"

#include "base/text.h"
#include "base/unicode.h"
#include "lang/characters.h"
#include "lang/parser.h"

#include <algorithm>

namespace perch::lang {

namespace {

constexpr std::size_t kIndent = 4;
constexpr std::size_t kBeforeComment = 2;

/// A line on its way out.
struct Row {
  const Line* line = nullptr;
  std::uint16_t level = 0;
  bool blank_before = false;
  std::string_view keyword;   ///< its first word if that may be one
  std::string text;           ///< its words, without indentation and comment
  std::size_t comment_at = 0; ///< how far behind the indentation its trailing comment stands
};

bool is_comment(const Row& row) { return row.line->words.empty(); }

bool is_end(const Row& row) { return row.keyword == "end"; }

// `else` and its like: where the body above them ends.
bool is_divider(const Row& row) {
  return row.keyword == "else" || row.keyword == "rescue" || row.keyword == "finally" ||
         row.keyword == "case";
}

class Formatter {
public:
  Formatter(std::string_view text, const Tokens& tokens, const std::vector<LineLayout>& layout)
      : text_(text) {
    rows_.reserve(tokens.lines.size());
    for (std::size_t i = 0; i < tokens.lines.size(); ++i) {
      const Line& line = tokens.lines[i];
      rows_.push_back({.line = &line, .level = layout[i].level});
      rows_.back().blank_before = i > 0 && has_blank_between(tokens.lines[i - 1], line);
      rows_.back().text = layout[i].assignment ? assignment_text(line.words) : text_of(line.words);
      if (!line.words.empty() && line.words[0].quote == Quote::None && !layout[i].assignment)
        rows_.back().keyword = line.words[0].text;
    }
  }

  std::string run() {
    place_comments();
    place_blank_lines();
    align_trailing_comments();
    std::string out;
    out.reserve(text_.size() + text_.size() / 8);
    for (const Row& row : rows_)
      write(out, row);
    return out;
  }

private:
  // ---- the words of a line

  std::string_view raw(Span span) const { return text_.substr(span.begin, span.end - span.begin); }

  // As written, but for line ends in backtick strings.
  void append(std::string& out, std::string_view raw) const {
    for (std::size_t at = 0; at < raw.size(); ++at) {
      if (raw[at] != '\r' || raw.substr(at + 1, 1) != "\n")
        out += raw[at];
    }
  }

  std::string text_of(std::span<const Word> words) const {
    std::string out;
    for (const Word& word : words) {
      if (&word != words.data())
        out += ' ';
      append(out, raw(word.span));
    }
    return out;
  }

  // The sign of an assignment stands between blanks, however it was written. Only a `#` stays glued
  // to it: behind a blank it would begin a comment.
  std::string assignment_text(std::span<const Word> words) const {
    const std::string_view first = raw(words[0].span);
    const std::size_t length = identifier_length(first);
    std::string_view behind_sign;
    std::size_t used = 1;
    if (length < first.size()) {
      behind_sign = first.substr(length + 1);
    } else {
      behind_sign = raw(words[1].span).substr(1);
      used = 2;
    }
    std::string out = base::cat(first.substr(0, length), " =");
    if (!behind_sign.empty()) {
      if (behind_sign[0] != '#')
        out += ' ';
      append(out, behind_sign);
    }
    if (used < words.size())
      out += ' ' + text_of(words.subspan(used));
    return out;
  }

  // ---- comments

  bool has_blank_between(const Line& above, const Line& below) const {
    const std::string_view gap = text_.substr(above.end(), below.begin() - above.end());
    return std::count(gap.begin(), gap.end(), '\n') > 1;
  }

  // A comment stands as deep as the line below it. In front of an `end` or `else` it may belong to
  // the body above as well: then its column tells.
  void place_comments() {
    for (std::size_t i = rows_.size(); i-- > 0;) {
      if (!is_comment(rows_[i]))
        continue;
      const Row* below = next_words(i);
      if (below == nullptr)
        continue;
      const bool in_body =
          (is_end(*below) || is_divider(*below)) && rows_[i].line->column > below->line->column;
      rows_[i].level = in_body ? body_level(i, *below) : below->level;
    }
  }

  const Row* next_words(std::size_t i) const {
    const auto at = std::find_if(rows_.begin() + static_cast<std::ptrdiff_t>(i), rows_.end(),
                                 [](const Row& row) { return !is_comment(row); });
    return at == rows_.end() ? nullptr : &*at;
  }

  // The level of the body that ends at `below`, for a comment at `i` right in front of it.
  std::uint16_t body_level(std::size_t i, const Row& below) const {
    while (i > 0 && is_comment(rows_[i]))
      --i;
    const Row& above = rows_[i];
    const bool opens = is_divider(above) || above.level < below.level ||
                       (above.level == below.level && !is_end(above));
    const auto inner = static_cast<std::uint16_t>(above.level + (opens ? 1 : 0));
    return std::max(inner, below.level);
  }

  // ---- blank lines

  void place_blank_lines() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].level > 0)
        continue;
      if (is_end(rows_[i]) && i + 1 < rows_.size())
        rows_[i + 1].blank_before = true;
      if (opens_item(i))
        rows_[first_of_group(i)].blank_before = true;
    }
    for (std::size_t i = 1; i < rows_.size(); ++i) {
      if (is_end(rows_[i]) || rows_[i].level > rows_[i - 1].level)
        rows_[i].blank_before = false;
    }
    if (!rows_.empty())
      rows_[0].blank_before = false;
  }

  // Whether a line at level 0 is the head of a block.
  bool opens_item(std::size_t i) const {
    if (is_comment(rows_[i]) || is_end(rows_[i]))
      return false;
    const Row* below = i + 1 < rows_.size() ? next_words(i + 1) : nullptr;
    return below != nullptr && (below->level > 0 || is_end(*below));
  }

  // The first of the comments that stand directly on top of a line.
  std::size_t first_of_group(std::size_t i) const {
    while (i > 0 && is_comment(rows_[i - 1]) && !rows_[i].blank_before)
      --i;
    return i;
  }

  // ---- trailing comments

  // Those of adjacent lines stand below each other.
  void align_trailing_comments() {
    for (std::size_t begin = 0; begin < rows_.size();) {
      std::size_t end = begin;
      std::size_t widest = 0;
      while (end < rows_.size() && has_trailing_comment(rows_[end]) &&
             (end == begin || continues_group(rows_[end - 1], rows_[end])))
        widest = std::max(widest, last_line_cells(rows_[end++].text));
      for (std::size_t i = begin; i < end; ++i)
        rows_[i].comment_at = widest + kBeforeComment;
      begin = std::max(end, begin + 1);
    }
  }

  static bool has_trailing_comment(const Row& row) {
    return !is_comment(row) && row.line->comment.known();
  }

  static bool continues_group(const Row& above, const Row& below) {
    return above.level == below.level && !below.blank_before &&
           above.text.find('\n') == std::string::npos && below.text.find('\n') == std::string::npos;
  }

  static std::size_t last_line_cells(std::string_view text) {
    if (const std::size_t line = text.rfind('\n'); line != std::string_view::npos)
      text.remove_prefix(line + 1);
    std::size_t cells = 0;
    while (!text.empty()) {
      const base::Decoded next = base::decode_utf8(text);
      cells += static_cast<std::size_t>(base::cell_width(next.code));
      text.remove_prefix(next.bytes);
    }
    return cells;
  }

  void write(std::string& out, const Row& row) const {
    if (row.blank_before)
      out += '\n';
    out.append(row.level * kIndent, ' ');
    out += row.text;
    if (row.line->comment.known()) {
      if (!is_comment(row))
        out.append(row.comment_at - last_line_cells(row.text), ' ');
      out += raw(row.line->comment);
    }
    out += '\n';
  }

  std::string_view text_;
  std::vector<Row> rows_;
};

} // namespace

std::string format(const diag::Source& source, const Tokens& tokens) {
  diag::Diags diags;
  std::vector<LineLayout> layout;
  (void)Parser(source, tokens, diags, &layout).run();
  if (diags.has_errors() || !tokens.sound)
    return source.text;
  return Formatter(source.text, tokens, layout).run();
}

} // namespace perch::lang
