#include "run/secrets.h"

#include <algorithm>
#include <array>

namespace perch::run {

namespace {

constexpr std::string_view kMask = "•••";
constexpr std::size_t kShortest = 4;

std::string upper_ascii(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

} // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 3> kParts = {"TOKEN", "SECRET", "PASSWORD"};
  const std::string upper = upper_ascii(name);
  return upper.ends_with("_KEY") ||
         std::ranges::any_of(kParts, [&](std::string_view part) { return upper.contains(part); });
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
}

std::string Secrets::mask(std::string text) const {
  const std::scoped_lock lock(mutex_);
  for (const std::string& value : values_) {
    for (std::size_t at = text.find(value); at != std::string::npos;
         at = text.find(value, at + kMask.size()))
      text.replace(at, value.size(), kMask);
  }
  return text;
}

} // namespace perch::run
