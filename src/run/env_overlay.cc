#include "run/env_overlay.h"

namespace perch::run {

using Entry = EnvOverlay::Entry;

const Entry* EnvOverlay::find_in(const std::shared_ptr<Layer>& layer, std::string_view name) {
  if (layer == nullptr)
    return nullptr;
  const auto at = layer->by_name.find(name);
  return at == layer->by_name.end() ? nullptr : &layer->entries[at->second];
}

void EnvOverlay::put(std::shared_ptr<Layer>& layer, std::string_view name,
                     std::optional<std::string> value) {
  // Branches have ended, and with them their copies, before this thread goes on: a count of one
  // stays one.
  if (layer == nullptr)
    layer = std::make_shared<Layer>();
  else if (layer.use_count() != 1)
    layer = std::make_shared<Layer>(*layer);
  const auto [at, added] = layer->by_name.try_emplace(std::string(name), layer->entries.size());
  if (added)
    layer->entries.push_back({.name = std::string(name), .value = std::move(value)});
  else
    layer->entries[at->second].value = std::move(value);
}

const Entry* EnvOverlay::find(std::string_view name) const {
  const Entry* scoped = find_in(scoped_, name);
  return scoped != nullptr ? scoped : find_in(exports_, name);
}

std::vector<const Entry*> EnvOverlay::entries() const {
  std::vector<const Entry*> all;
  if (exports_ != nullptr) {
    for (const Entry& entry : exports_->entries)
      all.push_back(find(entry.name));
  }
  if (scoped_ != nullptr) {
    for (const Entry& entry : scoped_->entries) {
      if (find_in(exports_, entry.name) == nullptr)
        all.push_back(&entry);
    }
  }
  return all;
}

void EnvOverlay::set(std::string_view name, std::string_view value) {
  put(scoped_, name, std::string(value));
}

void EnvOverlay::set_exported(std::string_view name, std::optional<std::string> value) {
  if (find_in(scoped_, name) != nullptr)
    put(scoped_, name, value);
  put(exports_, name, std::move(value));
}

EnvOverlay EnvOverlay::after(const EnvOverlay& inner) const {
  EnvOverlay merged = *this;
  merged.exports_ = inner.exports_;
  return merged;
}

} // namespace perch::run
