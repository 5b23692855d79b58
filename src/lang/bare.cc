#include "lang/bare.h"

#include "lang/characters.h"

#include <algorithm>

namespace perch::lang {

namespace {

constexpr char kFiller = 'x';

// The length of the quoted segment at the front of `text`, its quotes included.
std::size_t quoted_length(std::string_view text, bool raw_string) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text[0])
      return i + 1;
    if (text[i] == '\\' && !raw_string)
      ++i;
  }
  return text.size();
}

} // namespace

std::string bare_text(const Word& word, std::string_view raw) {
  std::string out(raw);
  const auto hide = [&](std::size_t begin, std::size_t length) {
    length = std::min(length, out.size() - begin);
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(begin), length, kFiller);
    return begin + length;
  };
  if (word.quote == Quote::None && word.plain())
    return out;
  for (const Part& part : word.parts) { // first: a placeholder may hold quotes of its own
    if (part.kind != Part::Kind::Text)
      hide(part.span.begin - word.span.begin, part.span.end - part.span.begin);
  }
  bool raw_may_start = true;
  for (std::size_t at = 0; at < out.size();) {
    const char c = out[at];
    const bool raw_string =
        raw_may_start && c == 'r' && at + 1 < out.size() && is_quote(out[at + 1]);
    raw_may_start = c == '=' || c == ':';
    if (raw_string || is_quote(c))
      at = hide(at, (raw_string ? 1 : 0) +
                        quoted_length(std::string_view(out).substr(at + (raw_string ? 1 : 0)),
                                      raw_string));
    else
      at = c == '\\' ? hide(at, 2) : at + 1;
  }
  return out;
}

} // namespace perch::lang
