#include "program/frame.h"

#include <ranges>

namespace perch::program {

Slot FrameBuilder::find(std::string_view name) const {
  for (const Level& level : std::views::reverse(scopes_)) {
    if (auto found = level.slots.find(name); found != level.slots.end())
      return found->second;
  }
  return -1;
}

Slot FrameBuilder::assign(std::string_view name) {
  for (Level& level : std::views::reverse(scopes_)) {
    if (auto found = level.slots.find(name); found != level.slots.end())
      return found->second;
    if (level.kind == Scope::Root || level.kind == Scope::Template)
      break;
  }
  for (Level& level : std::views::reverse(scopes_)) {
    if (level.kind == Scope::Names)
      continue;
    names_.push_back(name);
    return level.slots[name] = count() - 1;
  }
  return -1;
}

Slot FrameBuilder::fresh(std::string_view name) {
  names_.push_back(name);
  return scopes_.back().slots[name] = count() - 1;
}

void FrameBuilder::visible(std::vector<std::string_view>& out) const {
  for (const Level& level : scopes_) {
    for (const auto& [name, slot] : level.slots)
      out.push_back(name);
  }
}

} // namespace perch::program
