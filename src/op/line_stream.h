#pragma once
// What an op with a `stream` function reads and writes as a stage of `pipe`.

#include "base/result.h"

#include <optional>
#include <string_view>

namespace perch::op {

/// Lines in, lines out. An op that has seen enough returns: whoever writes to it is told so.
class LineStream {
public:
  virtual ~LineStream() = default;

  /// The next line without its end, valid until the next call; nullopt at the end. The final run
  /// of empty lines counts as none, as wherever lines are counted.
  virtual Result<std::optional<std::string_view>> next() = 0;
  /// Hands on one line.
  virtual Status put(std::string_view line) = 0;
};

} // namespace perch::op
