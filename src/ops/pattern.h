#pragma once
// Compiled regular expressions: RE2, so that no pattern takes more than linear time.

#include "base/error_kinds.h"
#include "base/result.h"
#include "base/text.h"

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>

namespace perch::ops {

/// Compiles `pattern`. Errors: bad_argument with RE2's reason.
[[nodiscard]] inline Result<std::unique_ptr<RE2>> compile_pattern(std::string_view pattern) {
  auto compiled =
      std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
  if (compiled->ok())
    return compiled;
  return fail(kind::kBadArgument,
              base::cat("`", pattern, "` is not a regular expression: ", compiled->error()),
              compiled->error_arg(),
              "see github.com/google/re2/wiki/Syntax for what can be written");
}

[[nodiscard]] inline bool matches(const RE2& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

} // namespace perch::ops
