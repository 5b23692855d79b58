#pragma once
// The one reader of words: blanks, comments, quotes, escapes, placeholders. Bytes are looked at a
// bounded number of times each, and nothing recurses but the arguments of placeholders, to
// kMaxPlaceholderDepth.

#include "lang/token.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perch::lang {

/// `${f('${g('x')}')}` is two deep.
inline constexpr std::size_t kMaxPlaceholderDepth = 8;

class Lexer {
public:
  /// `diags` may be null: then nothing is reported, as when a stretch is read a second time.
  Lexer(const diag::Source& source, base::Arena& arena, diag::Diags* diags);

  /// All lines of the source.
  std::vector<Line> lines();

  /// The one word that bytes [begin, end) of the source make when they stand alone.
  Word word_in(std::uint32_t begin, std::uint32_t end);

private:
  /// A word that could not be taken from the source as it stands.
  struct Builder {
    std::string text;             ///< decoded, since the last placeholder
    std::uint32_t text_begin = 0; ///< where the source of `text` begins
    std::vector<Part> parts;
    std::uint32_t quoted_segments = 0;
    bool bare = false;       ///< something stands outside quotes
    bool escaped = false;    ///< a backslash outside quotes
    bool after_bare = false; ///< the last byte read was a bare one
  };

  // lexer.cc
  Line line();
  void skip_blanks(std::uint32_t* column);
  void skip_continuation();
  Span comment();
  Word word();
  bool take_bare_run(Word& word);
  bool take_quoted_run(Word& word);
  void segment(Builder& builder, std::uint32_t word_begin);
  void bare_escape(Builder& builder);
  Builder& start(std::uint32_t begin);
  Word finish(Builder& builder, std::uint32_t begin);
  void flush(Builder& builder, std::uint32_t text_end);
  [[nodiscard]] bool ends_word(std::uint32_t at) const;
  [[nodiscard]] std::size_t line_end_length(std::uint32_t at) const;

  // lexer_quotes.cc
  enum class Escapes : std::uint8_t { Decoded, Raw };
  void quoted(Builder& builder, Escapes escapes);
  bool has_closing_backtick(std::uint32_t from, Escapes escapes) const;
  void unterminated(std::uint32_t opening, char quote);
  void escape(Builder& builder, bool spans_lines);
  void hex_escape(Builder& builder, std::size_t digits);
  void unknown_escape(std::uint32_t begin);
  void placeholder(Builder& builder, char enclosing);
  bool read_placeholder(Part& part);
  std::string_view read_name();
  bool read_arguments(Part& part);
  bool read_argument(Word& word);
  bool skip_broken_placeholder(char enclosing);

  [[nodiscard]] char peek(std::uint32_t ahead = 0) const {
    return at_ + ahead < end_ ? text_[at_ + ahead] : '\n';
  }
  [[nodiscard]] Span span(std::uint32_t begin, std::uint32_t end) const {
    return {source_.id, begin, end};
  }
  template <class Kind>
  void error(const Kind& kind, Span where) {
    ++reports_;
    if (diags_ != nullptr)
      diags_->error(kind, where);
  }

  const diag::Source& source_;
  std::string_view text_;
  base::Arena& arena_;
  diag::Diags* diags_;
  std::uint32_t at_ = 0;
  std::uint32_t end_;
  std::vector<Word> words_; ///< of the line being read
  std::array<Builder, kMaxPlaceholderDepth + 1> builders_;
  std::size_t depth_ = 0;             ///< which builder is in use
  std::size_t reports_ = 0;           ///< errors so far
  std::uint32_t cut_at_ = 0xffffffff; ///< the end of the line that cut a string short
  bool continued_ = false;            ///< the line being read was continued with `\`
  bool backtick_left_open_ = false;   ///< one was reported: later ones end with their line
};

} // namespace perch::lang
