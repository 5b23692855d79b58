#include "program/bundle_paths.h"

#include <algorithm>

namespace perch::program {

std::string_view plain_include(std::string_view path) {
  while (path.starts_with("./"))
    path.remove_prefix(2);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return path == "." ? std::string_view() : path;
}

bool matches_include(std::string_view pattern, std::string_view text) {
  while (!pattern.empty() && pattern[0] != '*') {
    if (text.empty() || text[0] != pattern[0])
      return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (pattern.empty())
    return text.empty();
  const bool deep = pattern.starts_with("**");
  const std::string_view rest = pattern.substr(deep ? 2 : 1);
  for (std::size_t taken = 0; taken <= text.size(); ++taken) {
    if (matches_include(rest, text.substr(taken)))
      return true;
    if (taken < text.size() && text[taken] == '/' && !deep)
      break;
  }
  return false;
}

std::string_view fixed_part(std::string_view pattern) {
  const auto slash = pattern.substr(0, pattern.find('*')).rfind('/');
  return slash == std::string_view::npos ? std::string_view() : pattern.substr(0, slash);
}

int depth_of(std::string_view pattern) {
  constexpr int kAnyDepth = 1 << 20;
  if (pattern.find("**") != std::string_view::npos)
    return kAnyDepth;
  std::string_view rest = pattern.substr(fixed_part(pattern).size());
  if (rest.starts_with('/'))
    rest.remove_prefix(1);
  return static_cast<int>(std::ranges::count(rest, '/'));
}

} // namespace perch::program
