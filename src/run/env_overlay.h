#pragma once
// The variables a program has set itself, on top of the environment perch was started with.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// Two layers of variables: what `export` and `unset` did, which lasts for the rest of the run,
/// and above it what `env` lines and `with_env` set, which ends with its scope. An immutable
/// value: copies cost two reference counts and every change makes a new one.
class EnvOverlay {
public:
  struct Entry {
    std::string name;
    std::optional<std::string> value; ///< nullopt: removed
  };

  /// The entry that decides about `name`, or null: then the host's environment does.
  [[nodiscard]] const Entry* find(std::string_view name) const;
  /// All deciding entries, one per name, in the order they were first set.
  [[nodiscard]] std::vector<const Entry*> entries() const;

  /// With a variable of an `env` line or with_env.
  [[nodiscard]] EnvOverlay with(std::string_view name, std::string_view value) const;
  /// After `export` (or, with nullopt, `unset`): also where the scoped layer shadows the name.
  [[nodiscard]] EnvOverlay exported(std::string_view name, std::optional<std::string> value) const;
  /// The scope that had `*this` before it ended as `inner`: its exports stay, the rest goes.
  [[nodiscard]] EnvOverlay after(const EnvOverlay& inner) const;

private:
  using Entries = std::shared_ptr<const std::vector<Entry>>;
  static Entries set(const Entries& entries, std::string_view name,
                     std::optional<std::string> value);

  Entries exports_;
  Entries scoped_;
};

} // namespace perch::run
