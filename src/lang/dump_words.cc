#include "base/text.h"
#include "lang/dump.h"

#include <algorithm>

namespace perch::lang {

namespace {

using base::cat;

void append_word(std::string& out, const Word& word);

void append_part(std::string& out, const Part& part, Quote quote) {
  if (part.kind == Part::Kind::Text) {
    if (quote == Quote::None)
      out += part.text;
    else
      out += base::escape_quoted(part.text);
    return;
  }
  out += cat("${", part.text);
  if (part.kind == Part::Kind::Call) {
    out += '(';
    for (const Word& arg : part.args) {
      if (&arg != part.args.data())
        out += ", ";
      append_word(out, arg);
    }
    out += ')';
  }
  out += '}';
}

void append_word(std::string& out, const Word& word) {
  if (word.quote == Quote::Mixed)
    out += '~';
  if (word.quote != Quote::None)
    out += '"';
  if (word.plain())
    append_part(out, {.kind = Part::Kind::Text, .span = {}, .text = word.text, .args = {}},
                word.quote);
  for (const Part& part : word.parts)
    append_part(out, part, word.quote);
  if (word.quote != Quote::None)
    out += '"';
}

} // namespace

std::string dump(const Word& word) {
  std::string out;
  append_word(out, word);
  return out;
}

std::string dump(const diag::Source& source, const Tokens& tokens) {
  std::string out;
  for (const Line& line : tokens.lines) {
    const auto next =
        std::upper_bound(source.line_starts.begin(), source.line_starts.end(), line.begin());
    out += cat(next - source.line_starts.begin(), '+', line.column, ':');
    for (const Word& word : line.words) {
      out += ' ';
      append_word(out, word);
    }
    if (line.comment.known()) {
      const std::string_view text = source.text;
      out += cat(' ', text.substr(line.comment.begin, line.comment.end - line.comment.begin));
    }
    out += '\n';
  }
  return out;
}

} // namespace perch::lang
