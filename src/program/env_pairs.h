#pragma once
// The words of `with_env`.

#include <string_view>
#include <vector>

namespace perch::program {

struct EnvPair {
  std::string_view name, value;
};

/// One `NAME=VALUE`; or several joined by commas when every piece begins with the name of a
/// variable and `=`, so that a value may hold commas. Empty when there is no `=`.
///
/// Lifetime: views into `text`.
[[nodiscard]] std::vector<EnvPair> env_pairs(std::string_view text);
/// `NAME=VALUE` as it stands: what a comma comes with from a placeholder is part of the value.
[[nodiscard]] std::vector<EnvPair> env_pair(std::string_view text);

} // namespace perch::program
