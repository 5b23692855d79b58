#include "cli/directories.h"

#include "base/text.h"

namespace perch::cli {

namespace {

std::string own(const sys::World& world, std::string_view variable, std::string_view below_home) {
  // A relative value is to be ignored (XDG Base Directory Specification).
  if (const auto set = world.env.get(variable); set && set->starts_with('/')) {
    return base::cat(*set, "/perch");
  }
  const std::string home = world.host.home();
  return home.empty() ? std::string() : base::cat(home, '/', below_home, "/perch");
}

} // namespace

std::string cache_directory(const sys::World& world) {
  return own(world, "XDG_CACHE_HOME", ".cache");
}

std::string bundles_directory(const sys::World& world) {
  const std::string cache = cache_directory(world);
  return cache.empty() ? cache : cache + "-bundles";
}

std::string state_directory(const sys::World& world) {
  return own(world, "XDG_STATE_HOME", ".local/state");
}

std::string code_directory(const sys::World& world) {
  const std::string cache = cache_directory(world);
  return cache.empty() ? cache : cache + "/wasm";
}

} // namespace perch::cli
