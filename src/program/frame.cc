#include "program/frame.h"

namespace perch::program {

void FrameBuilder::push(Scope kind) {
  const std::size_t here = scopes_.size();
  const bool barrier = kind == Scope::Root || kind == Scope::Template;
  scopes_.push_back({.barrier = barrier ? here : scopes_.back().barrier,
                     .holder = kind == Scope::Names ? scopes_.back().holder : here,
                     .names = {},
                     .own = {}});
}

void FrameBuilder::pop() {
  for (const std::string_view name : scopes_.back().names)
    meanings_.find(name)->second.pop_back();
  scopes_.pop_back();
}

Slot FrameBuilder::find(std::string_view name) const {
  const auto found = meanings_.find(name);
  return found == meanings_.end() || found->second.empty() ? -1 : found->second.back().slot;
}

Slot FrameBuilder::define(std::size_t level, std::string_view name) {
  names_.push_back(name);
  const Slot slot = count() - 1;
  std::vector<Meaning>& meanings = meanings_[name];
  if (meanings.empty() || meanings.back().level != level) {
    meanings.push_back({.level = level, .slot = slot});
    scopes_[level].names.push_back(name);
  } else {
    meanings.back().slot = slot;
  }
  scopes_[scopes_[level].barrier].own.push_back(slot);
  return slot;
}

Slot FrameBuilder::assign(std::string_view name) {
  const Level& here = scopes_.back();
  const auto found = meanings_.find(name);
  if (found != meanings_.end() && !found->second.empty() &&
      found->second.back().level >= here.barrier)
    return found->second.back().slot;
  return define(here.holder, name);
}

Slot FrameBuilder::fresh(std::string_view name) { return define(scopes_.size() - 1, name); }

void FrameBuilder::visible(std::vector<std::string_view>& out) const {
  for (const auto& [name, meanings] : meanings_) {
    if (!meanings.empty())
      out.push_back(name);
  }
}

} // namespace perch::program
