// What stands between quotes: escapes, placeholders, and where the quote ends.

#include "base/text.h"
#include "base/unicode.h"
#include "lang/characters.h"
#include "lang/lexer.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace perch::lang {

namespace {

using base::cat;

// How far behind the place where a placeholder stopped making sense its `}` is looked for.
constexpr std::uint32_t kBrokenPlaceholderBytes = 200;

struct UnterminatedString {
  static constexpr std::string_view id = "unterminated-string";
  char quote;
  bool inside_word;
  [[nodiscard]] std::string message() const {
    return quote == '`' ? "this backtick string is never closed"
                        : cat("this string is not closed on its line");
  }
  [[nodiscard]] std::string help() const {
    if (inside_word && quote == '\'')
      return "an apostrophe opens a string: write \\', or put the word in double quotes";
    return quote == '`'
               ? "close it with `; a backtick that is meant as one is written \\`"
               : cat("close it with ", quote, "; text over several lines stands in backticks");
  }
};

struct BadEscape {
  static constexpr std::string_view id = "bad-escape";
  std::string_view written;
  std::string_view problem;
  [[nodiscard]] std::string message() const { return cat("`", written, "` ", problem); }
  [[nodiscard]] static std::string help() {
    return "the forms are \\xHH for a byte, \\uHHHH and \\UHHHHHHHH for a character; \\\\ is a "
           "backslash";
  }
};

struct UnknownEscape {
  static constexpr std::string_view id = "unknown-escape";
  std::string_view character;
  [[nodiscard]] std::string message() const {
    return cat("`\\", character, "` is no escape here and means just `", character, "`");
  }
  [[nodiscard]] std::string help() const {
    return cat("write \\\\", character, " for the backslash itself, or a raw string: r\"\\",
               character, "\"");
  }
};

struct EscapedLineEnd {
  static constexpr std::string_view id = "escaped-line-end";
  [[nodiscard]] static std::string message() {
    return "a backslash does not join lines: this one disappears and the line end stays";
  }
  [[nodiscard]] static std::string help() {
    return "write \\\\ for a backslash at the end of the line, or use a raw string: r`\u2026`";
  }
};

struct EscapedInPlaceholder {
  static constexpr std::string_view id = "escaped-in-placeholder";
  [[nodiscard]] static std::string message() {
    return "inside a placeholder a quote has no backslash";
  }
  [[nodiscard]] static std::string help() {
    return "write \"${op(\"text\")}\" or \"${op('text')}\": the placeholder ends at its `}`";
  }
};

struct UnterminatedPlaceholder {
  static constexpr std::string_view id = "unterminated-placeholder";
  [[nodiscard]] static std::string message() { return "this `${` has no `}`"; }
  [[nodiscard]] static std::string help() {
    return "close it with `}`, or write \\${ for the two characters themselves";
  }
};

struct BadPlaceholder {
  static constexpr std::string_view id = "bad-placeholder";
  std::string_view written;
  [[nodiscard]] std::string message() const { return cat("`", written, "` is no placeholder"); }
  [[nodiscard]] static std::string help() {
    return "the forms are ${name}, ${a.b} and ${op('text', name)}; write \\${ for the two "
           "characters themselves";
  }
};

struct PlaceholderTooDeep {
  static constexpr std::string_view id = "placeholder-too-deep";
  [[nodiscard]] static std::string message() {
    return cat("placeholders are nested more than ", kMaxPlaceholderDepth, " deep");
  }
  [[nodiscard]] static std::string help() { return "give the inner results names first"; }
};

// The character an escape of one letter stands for; 0 for letters that have no meaning.
char simple_escape(char letter) {
  switch (letter) {
  case 'n':
    return '\n';
  case 't':
    return '\t';
  case 'r':
    return '\r';
  case '\\':
  case '"':
  case '\'':
  case '`':
  case '$':
    return letter;
  default:
    return 0;
  }
}

} // namespace

// at_ is at the opening quote.
void Lexer::quoted(Builder& builder, Escapes escapes) {
  const std::uint32_t opening = at_;
  const char quote = text_[at_++];
  const bool spans_lines = quote == '`' && has_closing_backtick(at_, escapes);
  ++builder.quoted_segments;
  builder.after_bare = false;
  if (quote == '`' && !spans_lines)
    unterminated(opening, quote);
  for (;;) {
    const char c = peek();
    if (at_ >= end_ || (c == '\n' && !spans_lines)) {
      if (quote != '`')
        unterminated(opening, quote);
      return;
    }
    if (c == quote) {
      ++at_;
      return;
    }
    if (escapes == Escapes::Decoded && c == '\\') {
      escape(builder, spans_lines);
    } else if (escapes == Escapes::Decoded && c == '$' && peek(1) == '{') {
      placeholder(builder, quote);
    } else {
      if (c != '\r' || peek(1) != '\n' || at_ + 1 >= end_) // CR LF is read as LF
        builder.text += c;
      ++at_;
    }
  }
}

// Whether the backtick string that goes on at `from` ends somewhere. One that does not is taken to
// end with its line, so that the rest of the file is still read as what it is; and once one was
// left open there is no closing backtick further down, so nothing is searched twice.
bool Lexer::has_closing_backtick(std::uint32_t from, Escapes escapes) const {
  if (backtick_left_open_)
    return false;
  for (std::uint32_t at = from; at < end_; ++at) {
    if (text_[at] == '`')
      return true;
    if (text_[at] == '\\' && escapes == Escapes::Decoded)
      ++at;
  }
  return false;
}

// One report for each line that cuts strings short, however many are open in it.
void Lexer::unterminated(std::uint32_t opening, char quote) {
  if (quote == '`') {
    if (std::exchange(backtick_left_open_, true))
      return;
  } else if (std::exchange(cut_at_, at_) == at_) {
    return;
  }
  const bool inside_word = opening > 0 && continues_identifier(text_[opening - 1]);
  error(UnterminatedString{quote, inside_word}, span(opening, opening + 1));
}

// ---- escapes -----------------------------------------------------------------------------------

// at_ is at the backslash.
void Lexer::escape(Builder& builder, bool spans_lines) {
  const std::uint32_t begin = at_++;
  if (at_ >= end_)
    return; // the string is unterminated, which its end reports
  const char letter = text_[at_];
  if (const char meaning = simple_escape(letter); meaning != 0) {
    builder.text += meaning;
    ++at_;
  } else if (letter == 'x' || letter == 'u' || letter == 'U') {
    hex_escape(builder, letter == 'x' ? 2 : letter == 'u' ? 4 : 8);
  } else if (letter == '\n' || letter == '\r') {
    // In a string of one line its end is reported as what it is; here it stays in the text.
    if (diags_ != nullptr && spans_lines)
      diags_->warn(EscapedLineEnd{}, span(begin, at_));
  } else {
    unknown_escape(begin); // and the character is read as itself
    const base::Decoded next = base::decode_utf8(text_.substr(at_));
    builder.text += text_.substr(at_, next.bytes);
    at_ += next.bytes;
  }
}

// at_ is at the letter. `\x` gives a byte, the others a code point in UTF-8.
void Lexer::hex_escape(Builder& builder, std::size_t digits) {
  const std::uint32_t begin = at_ - 1;
  const char letter = text_[at_++];
  const std::string_view rest = text_.substr(at_, std::min<std::size_t>(digits, end_ - at_));
  std::uint32_t value = 0;
  const auto [stop, status] = std::from_chars(rest.data(), rest.data() + rest.size(), value, 16);
  const auto length = static_cast<std::uint32_t>(stop - rest.data());
  at_ += length;
  const Span where = span(begin, at_);
  const std::string_view written = text_.substr(begin, at_ - begin);
  if (status != std::errc{} || length != digits) {
    error(BadEscape{written, digits == 2   ? "needs two hexadecimal digits"
                             : digits == 4 ? "needs four hexadecimal digits"
                                           : "needs eight hexadecimal digits"},
          where);
  } else if (letter == 'x') {
    builder.text += static_cast<char>(static_cast<unsigned char>(value));
  } else if (value >= 0xD800 && value <= 0xDFFF) {
    error(BadEscape{written, "is half of a surrogate pair, no character"}, where);
  } else if (value > 0x10FFFF) {
    error(BadEscape{written, "is beyond the last character, \\U0010FFFF"}, where);
  } else {
    base::append_utf8(builder.text, value);
  }
}

// at_ is at the character behind the backslash at `begin`.
void Lexer::unknown_escape(std::uint32_t begin) {
  const base::Decoded next = base::decode_utf8(text_.substr(at_));
  if (diags_ != nullptr)
    diags_->warn(UnknownEscape{text_.substr(at_, next.bytes)}, span(begin, at_ + next.bytes));
}

// ---- placeholders ------------------------------------------------------------------------------

// at_ is at the `$`. A placeholder that makes no sense is reported and left out of the word.
void Lexer::placeholder(Builder& builder, char enclosing) {
  const std::uint32_t begin = at_;
  const std::size_t reports_before = reports_;
  Part part;
  at_ += 2;
  if (read_placeholder(part)) {
    flush(builder, begin);
    part.span = span(begin, at_);
    builder.parts.push_back(part);
    builder.text_begin = at_;
    return;
  }
  const bool closed = skip_broken_placeholder(enclosing);
  if (reports_ != reports_before)
    return; // something inside it is wrong, and was reported
  if (closed)
    error(BadPlaceholder{text_.substr(begin, at_ - begin)}, span(begin, at_));
  else
    error(UnterminatedPlaceholder{}, span(begin, begin + 2));
  if (!closed && peek() == '\n')
    cut_at_ = at_; // it swallowed the quote that would have closed the string around it
}

// Goes behind the `}` of a placeholder that could not be read, if it has one that is not beyond
// the end of what encloses it.
bool Lexer::skip_broken_placeholder(char enclosing) {
  const std::uint32_t limit = std::min(end_, at_ + kBrokenPlaceholderBytes);
  for (std::uint32_t at = at_; at < limit; ++at) {
    const char c = text_[at];
    if (c == '\n' || c == enclosing)
      return false;
    if (c == '}') {
      at_ = at + 1;
      return true;
    }
  }
  return false;
}

// at_ is behind `${`; true when it was read up to and including its `}`.
bool Lexer::read_placeholder(Part& part) {
  const auto skip = [&] {
    while (peek() == ' ' || peek() == '\t')
      ++at_;
  };
  skip();
  part.kind = Part::Kind::Name;
  part.text = read_name();
  if (part.text.empty())
    return false;
  skip();
  if (peek() == '(') {
    part.kind = Part::Kind::Call;
    if (part.text.find('.') != std::string_view::npos || !read_arguments(part))
      return false;
    skip();
  }
  if (peek() != '}')
    return false;
  ++at_;
  return true;
}

// `a` or `a.b.c`; empty if there is none.
std::string_view Lexer::read_name() {
  const std::uint32_t begin = at_;
  for (;;) {
    const std::size_t length = identifier_length(text_.substr(at_, end_ - at_));
    at_ += static_cast<std::uint32_t>(length);
    if (length == 0)
      return {};
    if (peek() != '.')
      return text_.substr(begin, at_ - begin);
    ++at_;
  }
}

// at_ is at `(`; true when it was read up to and including its `)`.
bool Lexer::read_arguments(Part& part) {
  if (depth_ == kMaxPlaceholderDepth) {
    error(PlaceholderTooDeep{}, span(at_, at_ + 1));
    return false;
  }
  const auto next = [&] {
    while (peek() == ' ' || peek() == '\t')
      ++at_;
    return peek();
  };
  std::vector<Word> args;
  ++at_;
  if (next() == ')') {
    ++at_;
    return true;
  }
  for (;;) {
    next();
    if (!read_argument(args.emplace_back()))
      return false;
    const char c = next();
    if (c != ',' && c != ')')
      return false;
    ++at_;
    if (c == ')')
      break;
  }
  part.args = arena_.copy(args);
  return true;
}

// A quoted text, a name or a number.
bool Lexer::read_argument(Word& word) {
  const std::uint32_t begin = at_;
  const bool raw = peek() == 'r' && is_quote(peek(1));
  if (raw || is_quote(peek())) {
    ++depth_;
    Builder& builder = start(begin);
    at_ += raw ? 1 : 0;
    quoted(builder, raw ? Escapes::Raw : Escapes::Decoded);
    word = finish(builder, begin);
    --depth_;
    return cut_at_ != at_;
  }
  if (!read_name().empty() || at_ != begin) {
    word = {.span = span(begin, at_), .text = text_.substr(begin, at_ - begin)};
    return word.text.back() != '.';
  }
  if (peek() == '\\' && is_quote(peek(1))) {
    error(EscapedInPlaceholder{}, span(at_, at_ + 2));
    return false;
  }
  while (is_digit(peek()) || peek() == '.' || peek() == '-' || peek() == '+')
    ++at_;
  word = {.span = span(begin, at_), .text = text_.substr(begin, at_ - begin)};
  return base::parse_float(word.text).has_value();
}

} // namespace perch::lang
