#include "lang/lexer.h"

#include "base/text.h"
#include "base/unicode.h"
#include "lang/characters.h"

#include <algorithm>
#include <utility>

namespace perch::lang {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct LineContinuation {
  static constexpr std::string_view id = "line-continuation";
  [[nodiscard]] static std::string message() { return "a line cannot be continued with `\\`"; }
  [[nodiscard]] static std::string help() {
    return "put all words on one line; a string in backticks may span lines";
  }
};

struct FalseBlank {
  static constexpr std::string_view id = "false-blank";
  [[nodiscard]] static std::string message() {
    return "this character looks like a blank, but is none";
  }
  [[nodiscard]] static std::string help() { return "type an ordinary space, or quote the word"; }
};

struct FalseQuote {
  static constexpr std::string_view id = "false-quote";
  [[nodiscard]] static std::string message() {
    return "this character looks like a quote, but is none";
  }
  [[nodiscard]] static std::string help() {
    return "type \" or ', or quote the word that begins with it";
  }
};

// Typographic quotes, as word processors make them.
bool starts_false_quote(std::string_view text) {
  const char32_t code = base::decode_utf8(text).code;
  return (code >= 0x2018 && code <= 0x201F) || code == 0xAB || code == 0xBB || code == 0xB4;
}

// Bytes that a bare word may consist of without a second look. The lead bytes left out are those
// of characters that look like blanks.
constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> table{};
  table.fill(true);
  for (const char c : {' ', '\t', '\r', '\n', '"', '\'', '`', '\\', '$'})
    table[static_cast<unsigned char>(c)] = false;
  for (const unsigned char lead : {0xC2, 0xE1, 0xE2, 0xE3, 0xEF})
    table[lead] = false;
  return table;
}
constexpr std::array<bool, 256> kPlain = plain_bytes();

} // namespace

Tokens lex(const diag::Source& source, diag::Diags& diags) {
  Tokens tokens{.source = source.id, .arena = std::make_shared<base::Arena>(), .lines = {}};
  const std::size_t errors_before = diags.errors();
  if (check_characters(source, diags))
    tokens.lines = Lexer(source, *tokens.arena, &diags).lines();
  tokens.sound = diags.errors() == errors_before;
  return tokens;
}

Lexer::Lexer(const diag::Source& source, base::Arena& arena, diag::Diags* diags)
    : source_(source), text_(source.text), arena_(arena), diags_(diags),
      end_(static_cast<std::uint32_t>(source.text.size())) {}

std::vector<Line> Lexer::lines() {
  std::vector<Line> all;
  all.reserve(source_.line_starts.size());
  if (text_.starts_with(kByteOrderMark))
    at_ += static_cast<std::uint32_t>(kByteOrderMark.size());
  while (at_ < end_) {
    const Line next = line();
    if (!next.words.empty() || next.comment.known())
      all.push_back(next);
  }
  return all;
}

Word Lexer::word_in(std::uint32_t begin, std::uint32_t end) {
  at_ = begin;
  end_ = end;
  return word();
}

// Reads up to and including the line end.
Line Lexer::line() {
  Line out;
  const std::size_t reports_before = reports_;
  words_.clear();
  continued_ = false;
  skip_blanks(&out.column);
  while (at_ < end_ && peek() != '\n') {
    if (peek() == '#') { // only here: at the start of the line or behind a blank
      out.comment = comment();
      break;
    }
    if (!kPlain[static_cast<unsigned char>(peek())] && starts_false_quote(text_.substr(at_)))
      error(FalseQuote{}, span(at_, at_ + base::decode_utf8(text_.substr(at_)).bytes));
    words_.push_back(word());
    skip_blanks(nullptr);
  }
  if (at_ < end_)
    ++at_;
  out.words = arena_.copy(words_);
  out.damaged = reports_ != reports_before;
  return out;
}

// Also what was meant as blank: characters that look like one, and `\` at the end of a line, after
// which the words of the next line belong to this one, so that one mistake stays one.
void Lexer::skip_blanks(std::uint32_t* column) {
  while (at_ < end_) {
    const char c = peek();
    if (is_blank(c)) {
      if (column != nullptr && c != '\r')
        *column += c == '\t' ? 4 : 1;
      ++at_;
    } else if (c == '\\' && line_end_length(at_ + 1) > 0) {
      skip_continuation();
    } else if (const std::size_t bytes = kPlain[static_cast<unsigned char>(c)]
                                             ? 0
                                             : false_blank_length(text_.substr(at_));
               bytes > 0) {
      error(FalseBlank{}, span(at_, at_ + static_cast<std::uint32_t>(bytes)));
      at_ += static_cast<std::uint32_t>(bytes);
    } else {
      return;
    }
  }
}

void Lexer::skip_continuation() {
  if (!std::exchange(continued_, true))
    error(LineContinuation{}, span(at_, at_ + 1));
  at_ += 1 + static_cast<std::uint32_t>(line_end_length(at_ + 1));
  at_ = std::min(at_, end_);
}

// The bytes of the line end at `at`: LF, CR LF, or the end of the text (which counts 1).
std::size_t Lexer::line_end_length(std::uint32_t at) const {
  if (at >= end_)
    return 1;
  const std::string_view rest = text_.substr(at, 2);
  return rest[0] == '\n' ? 1 : rest == "\r\n" ? 2 : 0;
}

bool Lexer::ends_word(std::uint32_t at) const {
  if (at >= end_)
    return true;
  const char c = text_[at];
  if (kPlain[static_cast<unsigned char>(c)])
    return false;
  return is_blank(c) || c == '\n' || (c == '\\' && line_end_length(at + 1) > 0) ||
         false_blank_length(text_.substr(at, end_ - at)) > 0;
}

Span Lexer::comment() {
  const std::uint32_t begin = at_;
  at_ = static_cast<std::uint32_t>(std::min<std::size_t>(text_.find('\n', at_), end_));
  std::uint32_t end = at_;
  while (is_blank(text_[end - 1]))
    --end;
  return span(begin, end);
}

// ---- words -------------------------------------------------------------------------------------

Word Lexer::word() {
  const std::uint32_t begin = at_;
  Word out;
  if (take_bare_run(out) || take_quoted_run(out))
    return out;
  Builder& builder = start(begin);
  while (!ends_word(at_))
    segment(builder, begin);
  return finish(builder, begin);
}

// Most words are bare and have nothing to decode: the source itself is their text.
bool Lexer::take_bare_run(Word& word) {
  std::uint32_t at = at_;
  while (at < end_ && kPlain[static_cast<unsigned char>(text_[at])])
    ++at;
  if (at == at_ || !ends_word(at))
    return false;
  word = {.span = span(at_, at), .quote = Quote::None, .text = text_.substr(at_, at - at_)};
  at_ = at;
  return true;
}

// Most others are one quoted segment with nothing to decode in it.
bool Lexer::take_quoted_run(Word& word) {
  const char quote = peek();
  if (!is_quote(quote))
    return false;
  std::uint32_t at = at_ + 1;
  for (; at < end_ && text_[at] != quote; ++at) {
    const char c = text_[at];
    if (c == '\\' || c == '\r' || c == '\n' || (c == '$' && text_.substr(at + 1, 1) == "{"))
      return false;
  }
  if (at >= end_ || !ends_word(at + 1))
    return false;
  word = {.span = span(at_, at + 1),
          .quote = Quote::Whole,
          .text = text_.substr(at_ + 1, at - at_ - 1)};
  at_ = at + 1;
  return true;
}

void Lexer::segment(Builder& builder, std::uint32_t word_begin) {
  const char c = peek();
  const bool raw_may_start =
      at_ == word_begin || (builder.after_bare && (text_[at_ - 1] == '=' || text_[at_ - 1] == ':'));
  if (is_quote(c)) {
    quoted(builder, Escapes::Decoded);
  } else if (c == 'r' && raw_may_start && is_quote(peek(1))) {
    ++at_;
    quoted(builder, Escapes::Raw);
  } else if (c == '\\') {
    bare_escape(builder);
  } else if (c == '$' && peek(1) == '{') {
    builder.bare = true;
    builder.after_bare = false;
    placeholder(builder, ' ');
  } else {
    builder.bare = builder.after_bare = true;
    builder.text += c;
    ++at_;
  }
}

// Outside quotes a backslash only makes the next character ordinary.
void Lexer::bare_escape(Builder& builder) {
  const std::uint32_t begin = at_++;
  if (starts_identifier(peek()) || is_digit(peek()))
    unknown_escape(begin);
  const base::Decoded next = base::decode_utf8(text_.substr(at_));
  builder.text += text_.substr(at_, next.bytes);
  at_ += next.bytes;
  builder.bare = builder.escaped = true;
  builder.after_bare = false;
}

Lexer::Builder& Lexer::start(std::uint32_t begin) {
  Builder& builder = builders_[depth_];
  builder.text.clear();
  builder.text_begin = begin;
  builder.parts.clear();
  builder.quoted_segments = 0;
  builder.bare = builder.escaped = builder.after_bare = false;
  return builder;
}

Word Lexer::finish(Builder& builder, std::uint32_t begin) {
  Word out{.span = span(begin, at_)};
  if (builder.quoted_segments == 1 && !builder.bare)
    out.quote = Quote::Whole;
  else if (builder.quoted_segments > 0 || builder.escaped)
    out.quote = Quote::Mixed;
  if (builder.parts.empty()) {
    out.text = arena_.copy(std::string_view(builder.text));
  } else {
    flush(builder, at_);
    out.parts = arena_.copy(builder.parts);
  }
  return out;
}

// Turns the text read since the last placeholder into a part of its own.
void Lexer::flush(Builder& builder, std::uint32_t text_end) {
  if (!builder.text.empty()) {
    builder.parts.push_back({.kind = Part::Kind::Text,
                             .span = span(builder.text_begin, text_end),
                             .text = arena_.copy(std::string_view(builder.text)),
                             .args = {}});
    builder.text.clear();
  }
}

} // namespace perch::lang
