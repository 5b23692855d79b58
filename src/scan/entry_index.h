#pragma once
// The lists of a layer, by what their entries match: a program may be held against thousands.

#include "policy/policy.h"

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

namespace perch::scan {

class EntryIndex {
public:
  /// Lifetime: views into `layer`.
  explicit EntryIndex(const policy::Layer& layer);

  [[nodiscard]] const policy::Layer& layer() const { return layer_; }
  /// Whether the list of programs has this very entry.
  [[nodiscard]] bool lists_program(std::string_view entry) const;
  /// Whether some entry of the list of programs is a path.
  [[nodiscard]] bool lists_program_paths() const { return program_paths_; }
  /// The layer with those entries only that can match the request: policy::decide() answers the
  /// same for it.
  [[nodiscard]] policy::Layer narrowed(const policy::Request& request) const;

private:
  void take(op::Cap cap, std::string_view key, policy::Layer& into) const;
  void take_roots(op::Cap cap, std::string_view path, policy::Layer& into) const;
  void take_hosts(std::string_view host, policy::Layer& into) const;

  using Entries = std::unordered_multimap<std::string_view, const std::string*>;
  const policy::Layer& layer_;
  std::array<Entries, std::tuple_size_v<decltype(policy::Layer::rules)>> by_cap_;
  bool program_paths_ = false;
};

} // namespace perch::scan
