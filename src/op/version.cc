#include "op/version.h"

#include "base/text.h"

#include <algorithm>

namespace perch::op {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

/// Numbers of any length: the longer one is larger.
std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  if (a.size() != b.size())
    return a.size() <=> b.size();
  return a <=> b;
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_number = all_digits(a), b_number = all_digits(b);
  if (a_number && b_number)
    return compare_digits(without_zeros(a), without_zeros(b));
  if (a_number != b_number)
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  return a <=> b;
}

std::strong_ordering compare_pre_releases(const Version& a, const Version& b) {
  if (a.pre_release.empty() || b.pre_release.empty())
    return a.pre_release.empty() <=> b.pre_release.empty();
  const std::size_t shared = std::min(a.pre_release.size(), b.pre_release.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (const auto order = compare_identifiers(a.pre_release[i], b.pre_release[i]); order != 0)
      return order;
  }
  return a.pre_release.size() <=> b.pre_release.size();
}

} // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  text = text.substr(0, text.find('+'));
  if (text.starts_with('v') || text.starts_with('V'))
    text.remove_prefix(1);
  const auto dash = text.find('-');
  for (const std::string_view number : base::split(text.substr(0, dash), '.')) {
    if (!all_digits(number))
      return std::nullopt;
    version.numbers.push_back(without_zeros(number));
  }
  if (dash == std::string_view::npos)
    return version;
  version.pre_release = base::split(text.substr(dash + 1), '.');
  if (std::ranges::any_of(version.pre_release, &std::string_view::empty))
    return std::nullopt;
  return version;
}

std::strong_ordering compare(const Version& a, const Version& b) {
  const std::size_t longest = std::max(a.numbers.size(), b.numbers.size());
  for (std::size_t i = 0; i < longest; ++i) {
    const std::string_view left = i < a.numbers.size() ? a.numbers[i] : "0";
    const std::string_view right = i < b.numbers.size() ? b.numbers[i] : "0";
    if (const auto order = compare_digits(left, right); order != 0)
      return order;
  }
  return compare_pre_releases(a, b);
}

} // namespace perch::op
