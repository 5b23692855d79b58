#pragma once
// What an `include` line means: a path, or a pattern of paths.

#include <string>
#include <string_view>

namespace perch::program {

/// `path` without `./` before it and `/` behind it; "" is the directory itself.
[[nodiscard]] std::string_view plain_include(std::string_view path);

/// Whether `text` is what the pattern says: `*` is any text without a slash, `**` any text.
[[nodiscard]] bool matches_include(std::string_view pattern, std::string_view text);

[[nodiscard]] inline bool is_include_pattern(std::string_view path) {
  return path.find('*') != std::string_view::npos;
}

/// The directory that everything a pattern can match lies below, as written: `a/b` of `a/b/c*.txt`.
[[nodiscard]] std::string_view fixed_part(std::string_view pattern);

/// How many levels of directories below fixed_part() a match can lie.
[[nodiscard]] int depth_of(std::string_view pattern);

} // namespace perch::program
