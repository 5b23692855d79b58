#pragma once
// Version numbers as `version_*` ops and the orderings of `if` compare them.

#include <compare>
#include <optional>
#include <string_view>
#include <vector>

namespace perch::op {

/// `v1.2.3-rc.1+build`: an optional `v`, integers joined by dots, an optional pre-release after
/// `-`, optional build metadata after `+` that does not count. Lifetime: views into the parsed
/// text.
struct Version {
  std::vector<std::string_view> numbers; ///< decimal digits without leading zeros, at least one
  std::vector<std::string_view> pre_release;
};

/// nullopt when `text` is not a version from its first to its last byte.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

/// Numbers one by one, missing ones being 0; then a release is above its pre-releases, whose
/// identifiers compare as Semantic Versioning has it.
[[nodiscard]] std::strong_ordering compare(const Version& a, const Version& b);

} // namespace perch::op
