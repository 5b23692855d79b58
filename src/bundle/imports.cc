#include "bundle/imports.h"

#include "base/text.h"
#include "sys/fs.h"

namespace perch::bundle {

namespace {

using base::cat;

/// As deep as imports may reach upwards.
constexpr int kLevels = 64;

std::string symbol(std::string_view name, bool absolute) {
  return cat(absolute ? "/" : "", "${", name, '}');
}

} // namespace

ImportPaths::ImportPaths(std::string root) : root_(std::move(root)) {}

const std::string& ImportPaths::directory() {
  static const std::string deep = [] {
    std::string path;
    for (int level = 1; level <= kLevels; ++level)
      path += cat("/.", level);
    return path;
  }();
  return deep;
}

std::string ImportPaths::name(std::string_view name, std::string_view value, bool absolute) {
  std::string stand_in = symbol(name, absolute);
  values_.emplace(stand_in, value);
  return stand_in;
}

bool ImportPaths::uses_absolute(std::string_view key, std::string_view name) {
  return key.find(symbol(name, true)) != std::string_view::npos;
}

std::string ImportPaths::key(std::string_view path) {
  // Level by level up from where analysis starts, until the path is below.
  std::string_view base = directory();
  std::string up;
  while (!base.empty()) {
    if (path == base)
      return up.empty() ? "." : up.substr(0, up.size() - 1);
    if (path.starts_with(base) && path[base.size()] == '/')
      return cat(up, path.substr(base.size() + 1));
    base = base.substr(0, base.rfind('/'));
    up += "../";
  }
  return std::string(path);
}

std::string ImportPaths::real(std::string_view path) const {
  std::string real = key(path);
  for (const auto& [stand_in, value] : values_) {
    for (std::size_t at = 0; (at = real.find(stand_in, at)) != std::string::npos;
         at += value.size())
      real.replace(at, stand_in.size(), value);
  }
  return sys::absolute_path(root_, real);
}

} // namespace perch::bundle
