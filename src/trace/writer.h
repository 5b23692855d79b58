#pragma once
// Where a reader's text goes.

#include "base/result.h"

#include <string_view>

namespace perch::trace {

class Writer {
public:
  virtual ~Writer() = default;
  /// Takes everything, in one piece where the system lets it. Errors: file_*.
  virtual Status write(std::string_view bytes) = 0;
  /// Whether what was written is still where somebody can find it. Errors: file_*.
  virtual Status check() { return {}; }
  /// Makes what was written durable where that means something. Errors: file_*.
  virtual Status sync() { return {}; }
};

} // namespace perch::trace
