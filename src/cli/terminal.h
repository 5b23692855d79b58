#pragma once
// The terminal that perch's own words go to, when there is one.

#include "cli/context.h"
#include "trace/progress.h"

#include <memory>

namespace perch::cli {

/// Lifetime: borrows the context.
class Terminal {
public:
  explicit Terminal(const Context& context);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Null when standard error is no terminal that can erase a line, and with --quiet or --ask.
  [[nodiscard]] trace::Progress* progress() const { return progress_.get(); }

private:
  class Screen;
  std::unique_ptr<Screen> screen_;
  std::unique_ptr<trace::Progress> progress_;
};

} // namespace perch::cli
