#pragma once
// The variables a program has set itself, on top of the environment perch was started with.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// Two layers of variables: what `export` and `unset` did, which lasts for the rest of the run,
/// and above it what `env` lines and `with_env` set, which ends with its scope. A value: a copy
/// costs two reference counts, and its first change of a layer a copy of that layer.
///
/// Threads: one at a time for each object; copies are independent.
class EnvOverlay {
public:
  struct Entry {
    std::string name;
    std::optional<std::string> value; ///< nullopt: removed
  };

  /// The entry that decides about `name`, or null: then the host's environment does. It lasts until
  /// the next change.
  [[nodiscard]] const Entry* find(std::string_view name) const;
  /// All deciding entries, one per name, in the order they were first set.
  [[nodiscard]] std::vector<const Entry*> entries() const;

  /// A variable of an `env` line or with_env.
  void set(std::string_view name, std::string_view value);
  /// What `export` (or, with nullopt, `unset`) does: also where the scoped layer shadows the name.
  void set_exported(std::string_view name, std::optional<std::string> value);
  /// The scope that had `*this` before it ended as `inner`: its exports stay, the rest goes.
  [[nodiscard]] EnvOverlay after(const EnvOverlay& inner) const;

private:
  struct Layer {
    std::vector<Entry> entries;
    std::map<std::string, std::size_t, std::less<>> by_name; ///< where in `entries`
  };
  static const Entry* find_in(const std::shared_ptr<Layer>& layer, std::string_view name);
  static void put(std::shared_ptr<Layer>& layer, std::string_view name,
                  std::optional<std::string> value);

  // Changed only while nobody else has them.
  std::shared_ptr<Layer> exports_;
  std::shared_ptr<Layer> scoped_;
};

} // namespace perch::run
