#include "trace/report.h"

#include "base/text.h"

namespace perch::trace {

namespace {

using base::cat;

/// The first words of a command line: the program and what it is told to do.
std::string first_words(std::string_view command) {
  constexpr std::size_t kWords = 2;
  std::string out;
  std::size_t words = 0;
  for (const std::string_view word : base::split(command, ' ')) {
    if (word.empty())
      continue;
    if (words++ == kWords)
      return out + " ...";
    out += cat(out.empty() ? "" : " ", word);
  }
  return out;
}

} // namespace

std::string span_label(const SpanNode& node) {
  if (node.what == What::Command && node.parent == SpanNode::kNone)
    return one_line(node.main, kArgumentColumns);
  if (!node.command.empty())
    return cat("exec ", one_line(first_words(node.command), kArgumentColumns));
  if (node.what == What::Child)
    return cat(node.kind, ' ', one_line(first_words(node.main), kArgumentColumns));
  if (node.main.empty())
    return node.kind;
  const std::string main = one_line(node.main, kArgumentColumns);
  return node.main_is_number ? cat(node.kind, ' ', main) : cat(node.kind, " \"", main, '"');
}

ReportFormat report_format(std::string_view file) {
  if (file.ends_with(".html") || file.ends_with(".htm"))
    return ReportFormat::Html;
  return file.ends_with(".json") ? ReportFormat::Chrome : ReportFormat::Text;
}

Status ReportSink::session_start(const SessionStart& event) {
  const std::scoped_lock lock(mutex_);
  tree_.session_start(event);
  return {};
}

Status ReportSink::begin(const Begin& event) {
  const std::scoped_lock lock(mutex_);
  tree_.begin(event);
  return {};
}

Status ReportSink::end(const End& event) {
  const std::scoped_lock lock(mutex_);
  tree_.end(event);
  return {};
}

Status ReportSink::session_end(const SessionEnd& event) {
  const std::scoped_lock lock(mutex_);
  tree_.session_end(event);
  std::string text;
  switch (options_.format) {
  case ReportFormat::Text:
    text = report_text(tree_, options_.paint);
    break;
  case ReportFormat::Html:
    text = report_html(tree_);
    break;
  case ReportFormat::Chrome:
    text = report_chrome(tree_, options_.pid);
    break;
  }
  if (Status written = out_.write(text); !written)
    failed_ = std::move(written).error();
  return {};
}

} // namespace perch::trace
