#include "sys/fs.h"

#include <algorithm>

namespace perch::sys {

std::string absolute_path(std::string_view directory, std::string_view path) {
  std::string joined;
  if (!path.starts_with('/')) {
    joined = directory;
    joined += '/';
  }
  joined += path;

  std::string clean;
  for (std::size_t at = 0; at < joined.size();) {
    std::size_t end = std::min(joined.find('/', at), joined.size());
    std::string_view name = std::string_view(joined).substr(at, end - at);
    at = end + 1;
    if (name == "..") {
      clean.resize(clean.empty() ? 0 : clean.rfind('/'));
    } else if (!name.empty() && name != ".") {
      clean += '/';
      clean += name;
    }
  }
  return clean.empty() ? "/" : clean;
}

bool is_within(std::string_view root, std::string_view path) {
  while (root.ends_with('/'))
    root.remove_suffix(1);
  if (!path.starts_with(root))
    return false;
  return path.size() == root.size() || path[root.size()] == '/';
}

} // namespace perch::sys
