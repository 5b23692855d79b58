// Shapes, names, options, and words that are several things at once, as `x="y"`.

#include "base/text.h"
#include "lang/characters.h"
#include "lang/lexer.h"
#include "lang/parser.h"

#include <algorithm>

namespace perch::lang {

namespace {

using base::cat;

struct WrongShape {
  static constexpr std::string_view id = "wrong-shape";
  const Keyword& keyword;
  std::size_t count;
  [[nodiscard]] std::string message() const {
    if (count < keyword.min_words)
      return cat("`", keyword.word, "` needs ", words(keyword.min_words), " behind it");
    if (keyword.max_words == 0)
      return cat("`", keyword.word, "` takes ",
                 keyword.options ? "only named options" : "no words");
    return cat("`", keyword.word, "` takes ", words(keyword.max_words), ", not ", count);
  }
  [[nodiscard]] std::string help() const {
    std::string out = cat("the form is: ", keyword.form);
    if (keyword.program)
      out += cat("; a program of that name is run with `exec ", keyword.word, "`");
    return out;
  }

private:
  static std::string words(std::size_t count) {
    return count == 1 ? "one word" : cat(count, " words");
  }
};

struct BadName {
  static constexpr std::string_view id = "bad-name";
  std::string_view what;
  std::string written;
  [[nodiscard]] std::string message() const {
    return cat("`", written, "` cannot be the name of ", what);
  }
  [[nodiscard]] std::string help() const {
    std::string better;
    for (const char c : written)
      better += continues_identifier(c) ? c : '_';
    if (!better.empty() && is_digit(better.front()))
      better = '_' + better;
    return cat("a name is made of letters, digits and `_`",
               base::is_identifier(better) ? cat(": ", better) : "");
  }
};

struct EmptyOption {
  static constexpr std::string_view id = "empty-option";
  std::string_view key;
  [[nodiscard]] std::string message() const { return cat("`", key, "` has no value"); }
  [[nodiscard]] std::string help() const {
    return cat("write the value directly behind it: ", key, "=VALUE");
  }
};

} // namespace

// Whether the words of a line, the keyword included, fit its shape; reports it if not. `options`
// of them are named ones, which were taken out already.
bool Parser::fits(const Keyword& keyword, Words words, std::size_t options) {
  const std::size_t count = words.size() - 1;
  if (count + options < keyword.min_words) {
    error(WrongShape{keyword, count}, words[0].span);
    return false;
  }
  if (keyword.max_words != kAnyNumber && count > keyword.max_words) {
    error(WrongShape{keyword, count}, covering(words.subspan(1 + keyword.max_words)));
    return false;
  }
  return true;
}

// The name that `word` declares for `what`. One that cannot be a name is reported and kept, so
// that what it names is still read.
std::string_view Parser::name(const Word& word, std::string_view what) {
  if (word.quote != Quote::None || !word.plain() || !base::is_identifier(word.text))
    error(BadName{what, std::string(raw(word))}, word.span);
  return word.text;
}

std::string_view Parser::raw(const Word& word) const {
  return std::string_view(source_.text).substr(word.span.begin, word.span.end - word.span.begin);
}

// Bytes [begin, end) of a word as a word of its own.
Word Parser::piece_of(const Word& word, std::size_t begin, std::size_t end) {
  const Span span{word.span.source, word.span.begin + static_cast<std::uint32_t>(begin),
                  word.span.begin + static_cast<std::uint32_t>(end)};
  if (word.quote == Quote::None && word.plain())
    return {.span = span, .quote = Quote::None, .text = word.text.substr(begin, end - begin)};
  return Lexer(source_, arena_, nullptr).word_in(span.begin, span.end);
}

// `key=value` or `key:value`, the key and its sign unquoted; but a URL is no option.
std::optional<Option> Parser::option(const Word& word) {
  if (word.quote == Quote::Whole)
    return std::nullopt;
  const std::string_view text = raw(word);
  const std::size_t length = identifier_length(text);
  if (length == 0 || length == text.size() || (text[length] != '=' && text[length] != ':') ||
      text.substr(length, 3) == "://")
    return std::nullopt;
  Option out{.span = word.span, .key_span = word.span, .key = text.substr(0, length), .value = {}};
  out.key_span.end = out.key_span.begin + static_cast<std::uint32_t>(length);
  if (length + 1 == text.size())
    error(EmptyOption{out.key}, word.span);
  else
    out.value = piece_of(word, length + 1, text.size());
  return out;
}

// The words behind a keyword, positional ones apart from named ones. Of `sandbox` only `flags` is
// named: `read=./x` is a flag of its own.
Parser::Head Parser::split_options(const Keyword& keyword, Words words) {
  const auto is_option = [&](const Word& word, const std::optional<Option>& read) {
    return read && (keyword.word != "sandbox" || read->key == "flags") &&
           (keyword.word != "wasm_run" || &word != &words[1]);
  };
  std::vector<Word> positional{words[0]};
  std::vector<Option> options;
  for (const Word& word : words.subspan(1)) {
    const auto read = keyword.options ? option(word) : std::nullopt;
    if (is_option(word, read))
      options.push_back(*read);
    else
      positional.push_back(word);
  }
  if (options.empty())
    return {words, {}};
  return {arena_.copy(positional), arena_.copy(options)};
}

// `NAME = …`, with or without blanks around the sign.
bool Parser::is_assignment(Words words) const {
  const auto is_sign = [](std::string_view text) {
    return text.starts_with('=') && !text.starts_with("==") && !text.starts_with("=~");
  };
  if (words[0].quote == Quote::Whole)
    return false;
  const std::string_view first = raw(words[0]);
  const std::size_t length = identifier_length(first);
  if (length > 0 && length < first.size())
    return is_sign(first.substr(length));
  return words.size() > 1 && is_sign(raw(words[1])) &&
         (length == first.size() || raw(words[1]) == "=");
}

// Splits the line last taken, which is an assignment.
Parser::Assignment Parser::assignment(const Line& line) {
  const Words words = line.words;
  if (layout_ != nullptr)
    (*layout_)[static_cast<std::size_t>(&line - tokens_.lines.data())].assignment = true;
  const std::size_t length = identifier_length(raw(words[0]));
  const bool glued = length > 0 && length < raw(words[0]).size(); // `x=…`
  const Span span = words[0].span;
  Assignment out{.name = {}, .name_span = span, .value = {}};
  if (glued) {
    out.name_span.end = span.begin + static_cast<std::uint32_t>(length);
    out.name = raw(words[0]).substr(0, length);
  } else {
    out.name = name(words[0], "a binding");
  }
  const Word& signed_word = words[glued ? 0 : 1];
  const std::size_t skip = (glued ? length : 0) + 1;
  const Words behind = words.subspan(glued ? 1 : 2);
  if (skip == raw(signed_word).size()) {
    out.value = behind;
  } else {
    std::vector<Word> value{piece_of(signed_word, skip, raw(signed_word).size())};
    value.insert(value.end(), behind.begin(), behind.end());
    out.value = arena_.copy(value);
  }
  return out;
}

} // namespace perch::lang
