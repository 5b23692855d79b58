#pragma once
// `--report`: a whole run when it is over, as text, as a page, or for trace viewers.

#include "trace/event.h"
#include "trace/label.h"
#include "trace/span_tree.h"
#include "trace/writer.h"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace perch::trace {

/// The tree as text.
[[nodiscard]] std::string report_text(const SpanTree& tree, Paint paint);
/// One page with tree and time line; needs nothing from elsewhere.
[[nodiscard]] std::string report_html(const SpanTree& tree);
/// The Chrome trace-event format, which Perfetto and chrome://tracing open. `pid` is perch's.
[[nodiscard]] std::string report_chrome(const SpanTree& tree, std::int64_t pid);

/// What a span is called in a report: `deploy`, `wasm_run "./v.wasm"`, `exec kubectl apply ...`.
[[nodiscard]] std::string span_label(const SpanNode& node);

enum class ReportFormat : std::uint8_t { Text, Html, Chrome };
/// By the ending of the file's name: .html, .htm, .json; else text.
[[nodiscard]] ReportFormat report_format(std::string_view file);

/// Collects, and writes when the session has ended. A writer that fails does not change how the run
/// ends; failure() tells.
class ReportSink final : public Sink {
public:
  struct Options {
    ReportFormat format = ReportFormat::Text;
    Paint paint = Paint::No;
    std::int64_t pid = 0;
    std::size_t most_spans = SpanTree::kMostSpans;
  };
  /// Lifetime: borrows the writer.
  ReportSink(Writer& out, Options options)
      : out_(out), options_(options), tree_(options.most_spans) {}

  Status session_start(const SessionStart& event) override;
  Status begin(const Begin& event) override;
  Status end(const End& event) override;
  Status deny(const Deny&) override { return {}; }
  Status session_end(const SessionEnd& event) override;

  [[nodiscard]] std::optional<Error> failure() const { return failed_; }

private:
  Writer& out_;
  const Options options_;
  std::mutex mutex_;
  SpanTree tree_;
  std::optional<Error> failed_;
};

} // namespace perch::trace
