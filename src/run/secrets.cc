#include "run/secrets.h"

#include "base/text.h"

#include <algorithm>

namespace perch::run {

namespace {

constexpr std::size_t kShortest = 4;

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
  if (value.size() < kShortest)
    return;
  const std::scoped_lock lock(mutex_);
  if (std::ranges::find(values_, value) != values_.end())
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

void Secrets::replace_all(std::string& text) const {
  for (const std::string& value : values_) {
    for (std::size_t at = text.find(value); at != std::string::npos;
         at = text.find(value, at + kMask.size()))
      text.replace(at, value.size(), kMask);
  }
}

/// The text was cut: where a secret was cut in two, its first part goes as well.
void Secrets::hide_cut_off(std::string& text) const {
  for (const std::string_view value : values_) {
    const std::string_view start = value.substr(0, kShortest);
    for (auto at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
      if (value.starts_with(std::string_view(text).substr(at))) {
        text.replace(at, std::string::npos, kMask);
        return;
      }
    }
  }
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
  replace_all(text);
  return text;
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
  std::string head(text.substr(0, kLongestShown + longest + kLongestCharacter));
  replace_all(head);
  hide_cut_off(head);
  return base::cat(whole_characters(head, kLongestShown), "… (", text.size(), " bytes)");
}

} // namespace perch::run
