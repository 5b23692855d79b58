#pragma once
// One stream, several readers.

#include "trace/event.h"

#include <vector>

namespace perch::trace {

/// Tells each of its sinks, in order. What begins is told to none after the one that fails, since
/// it will not happen; what has happened is told to all.
class FanOut final : public Sink {
public:
  /// Lifetime: borrows the sinks. The one that can fail belongs first.
  explicit FanOut(std::vector<Sink*> sinks) : sinks_(std::move(sinks)) {}

  Status session_start(const SessionStart& event) override;
  Status begin(const Begin& event) override;
  Status end(const End& event) override;
  Status deny(const Deny& event) override;
  Status before_effect() override;
  Status before_start(const Start& event) override;
  Status session_end(const SessionEnd& event) override;

private:
  std::vector<Sink*> sinks_;
};

} // namespace perch::trace
