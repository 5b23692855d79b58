#include "run/env_overlay.h"

#include <algorithm>

namespace perch::run {

namespace {

using Entry = EnvOverlay::Entry;

const Entry* find_in(const std::shared_ptr<const std::vector<Entry>>& entries,
                     std::string_view name) {
  if (entries == nullptr)
    return nullptr;
  const auto at = std::ranges::find(*entries, name, &Entry::name);
  return at == entries->end() ? nullptr : &*at;
}

} // namespace

const Entry* EnvOverlay::find(std::string_view name) const {
  const Entry* scoped = find_in(scoped_, name);
  return scoped != nullptr ? scoped : find_in(exports_, name);
}

std::vector<const Entry*> EnvOverlay::entries() const {
  std::vector<const Entry*> all;
  if (exports_ != nullptr) {
    for (const Entry& entry : *exports_)
      all.push_back(find(entry.name));
  }
  if (scoped_ != nullptr) {
    for (const Entry& entry : *scoped_) {
      if (find_in(exports_, entry.name) == nullptr)
        all.push_back(&entry);
    }
  }
  return all;
}

EnvOverlay::Entries EnvOverlay::set(const Entries& entries, std::string_view name,
                                    std::optional<std::string> value) {
  auto changed = entries == nullptr ? std::make_shared<std::vector<Entry>>()
                                    : std::make_shared<std::vector<Entry>>(*entries);
  const auto at = std::ranges::find(*changed, name, &Entry::name);
  if (at != changed->end())
    at->value = std::move(value);
  else
    changed->push_back({.name = std::string(name), .value = std::move(value)});
  return changed;
}

EnvOverlay EnvOverlay::with(std::string_view name, std::string_view value) const {
  EnvOverlay changed = *this;
  changed.scoped_ = set(scoped_, name, std::string(value));
  return changed;
}

EnvOverlay EnvOverlay::exported(std::string_view name, std::optional<std::string> value) const {
  EnvOverlay changed = *this;
  if (find_in(scoped_, name) != nullptr)
    changed.scoped_ = set(scoped_, name, value);
  changed.exports_ = set(exports_, name, std::move(value));
  return changed;
}

EnvOverlay EnvOverlay::after(const EnvOverlay& inner) const {
  EnvOverlay merged = *this;
  merged.exports_ = inner.exports_;
  return merged;
}

} // namespace perch::run
