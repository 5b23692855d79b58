#pragma once
// `--trace`: a line when a span begins and one when it ends, while they happen.

#include "trace/event.h"
#include "trace/label.h"
#include "trace/writer.h"

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace perch::trace {

/// A writer that fails ends the trace, not the run; failure() tells.
class TraceSink final : public Sink {
public:
  /// Lifetime: borrows the writer.
  TraceSink(Writer& out, Paint paint) : out_(out), paint_(paint) {}

  Status session_start(const SessionStart& event) override;
  Status begin(const Begin& event) override;
  Status end(const End& event) override;
  Status deny(const Deny& event) override;
  Status session_end(const SessionEnd& event) override;

  [[nodiscard]] std::optional<Error> failure() const;

private:
  struct OpenSpan {
    int depth = 0;     ///< of its own lines; what is inside is one deeper
    bool shown = true; ///< the command that was asked for and an op's only process have no lines
    bool parallel = false;
    std::string prefix; ///< `[2] ` for each branch around it
    std::int64_t steady_ns = 0;
  };

  void write(const OpenSpan& span, std::string line);

  Writer& out_;
  const Paint paint_;
  mutable std::mutex mutex_;
  std::unordered_map<SpanId, OpenSpan> open_;
  std::optional<Error> failed_;
};

} // namespace perch::trace
