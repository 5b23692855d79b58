#include "run/secrets.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <span>

namespace perch::run {

namespace {

constexpr std::size_t kShortest = 4;
/// Of a text of lines, such as a key: shorter ones say nothing alone.
constexpr std::size_t kShortestLine = 8;
constexpr std::size_t kMostLines = 256;

char upper_ascii(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Whether `text` starts with `upper`, in any case.
bool starts_with(std::string_view text, std::string_view upper) {
  return text.size() >= upper.size() &&
         std::ranges::equal(text.substr(0, upper.size()), upper, {}, upper_ascii);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The longest piece of at most `size` bytes from the front that ends between characters.
std::string_view whole_characters(std::string_view text, std::size_t size) {
  if (text.size() <= size)
    return text;
  std::size_t end = size;
  while (end > 0 && size - end < 3 && is_continuation(text[end]))
    --end;
  return text.substr(0, end);
}

} // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::string_view kEnding = "_KEY";
  if (name.size() >= kEnding.size() &&
      starts_with(name.substr(name.size() - kEnding.size()), kEnding))
    return true;
  // Every name of a program is looked at before it runs: one pass, and most letters are none of
  // these.
  for (; !name.empty(); name.remove_prefix(1)) {
    const char first = upper_ascii(name[0]);
    if ((first == 'T' && starts_with(name, "TOKEN")) ||
        (first == 'S' && starts_with(name, "SECRET")) ||
        (first == 'P' && starts_with(name, "PASSWORD")))
      return true;
  }
  return false;
}

void Secrets::add(std::string_view value) {
  const std::scoped_lock lock(mutex_);
  remember(value);
  const std::string_view bare = base::trim(value);
  remember(bare); // how secrets are read from files
  const std::string json = base::json_text(std::string(bare));
  remember(std::string_view(json).substr(1, json.size() - 2));
  if (!bare.contains('\n'))
    return;
  const auto lines = base::split(bare, '\n');
  for (const std::string_view line : std::span(lines).first(std::min(lines.size(), kMostLines))) {
    if (const std::string_view text = base::trim(line); text.size() >= kShortestLine)
      remember(text);
  }
}

void Secrets::remember(std::string_view value) {
  if (value.size() < kShortest || std::ranges::find(values_, value) != values_.end())
    return;
  const auto at = std::ranges::find_if(
      values_, [&](const std::string& other) { return other.size() < value.size(); });
  values_.emplace(at, value);
  any_.store(true, std::memory_order_release);
}

void Secrets::add(const op::Value& value) {
  add(value.text());
  if (!value.is_list())
    return;
  for (const std::string& item : value.items())
    add(item);
}

/// Where secrets are, from left to right, those that overlap joined.
std::vector<Secrets::Range> Secrets::found_in(std::string_view text, End end) const {
  std::vector<Range> all;
  for (const std::string& value : values_) {
    for (auto at = text.find(value); at != text.npos; at = text.find(value, at + 1))
      all.push_back({.begin = at, .end = at + value.size()});
  }
  if (const std::size_t last = end == End::Cut ? cut_off_in(text) : text.size(); last < text.size())
    all.push_back({.begin = last, .end = text.size()});
  std::ranges::sort(all, {}, &Range::begin);
  std::vector<Range> joined;
  for (const Range& range : all) {
    if (!joined.empty() && range.begin < joined.back().end)
      joined.back().end = std::max(joined.back().end, range.end);
    else
      joined.push_back(range);
  }
  return joined;
}

/// The text was cut: where a secret begins that was cut in two; its end when none was.
std::size_t Secrets::cut_off_in(std::string_view text) const {
  std::size_t first = text.size();
  for (const std::string_view value : values_) {
    const std::string_view start = value.substr(0, kShortest);
    const auto from = text.size() - std::min(text.size(), value.size());
    for (auto at = text.find(start, from); at < first; at = text.find(start, at + 1)) {
      if (value.starts_with(text.substr(at)))
        first = at;
    }
  }
  return first;
}

std::string Secrets::hidden(std::string_view text, End end) const {
  std::string out;
  std::size_t done = 0;
  for (const Range& range : found_in(text, end)) {
    out += base::cat(text.substr(done, range.begin - done), kMask);
    done = range.end;
  }
  return out.append(text.substr(done));
}

bool Secrets::is_in(std::string_view text) const {
  if (!any_.load(std::memory_order_acquire))
    return false;
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(values_, [&](const std::string& each) { return text.contains(each); });
}

std::string Secrets::mask(std::string text) const {
  if (!any_.load(std::memory_order_acquire))
    return text;
  const std::scoped_lock lock(mutex_);
  return hidden(text, End::Whole);
}

Error Secrets::mask(Error error) const {
  for (std::string* text : {&error.message, &error.detail, &error.help, &error.note})
    *text = mask(std::move(*text));
  return error;
}

std::string Secrets::shown(std::string_view text) const {
  if (text.size() <= kLongestShown)
    return mask(std::string(text));
  const std::scoped_lock lock(mutex_);
  const std::size_t longest = values_.empty() ? 0 : values_.front().size();
  constexpr std::size_t kLongestCharacter = 4;
  const std::string_view cut = text.substr(0, kLongestShown + longest + kLongestCharacter);
  const std::string head = hidden(cut, End::Cut);
  return base::cat(whole_characters(head, kLongestShown), "… (", text.size(), " bytes)");
}

} // namespace perch::run
