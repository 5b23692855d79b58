#include "run/secrets.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace perch::run {

namespace {

constexpr std::size_t kShortest = 4;

char upper_ascii(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_but_case(char a, char b) { return upper_ascii(a) == b; }

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
  constexpr std::array<std::string_view, 3> kParts = {"TOKEN", "SECRET", "PASSWORD"};
  constexpr std::string_view kEnding = "_KEY";
  if (name.size() >= kEnding.size() &&
      std::ranges::equal(name.substr(name.size() - kEnding.size()), kEnding, same_but_case))
    return true;
  return std::ranges::any_of(kParts, [&](std::string_view part) {
    return !std::ranges::search(name, part, same_but_case).empty();
  });
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
