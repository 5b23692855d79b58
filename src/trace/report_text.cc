#include "base/text.h"
#include "trace/report.h"

namespace perch::trace {

namespace {

using base::cat;
using Outcome = SpanNode::Outcome;

constexpr std::string_view kTitle = "── perch trace ─────────────────────────────────";

std::string_view mark_of(Outcome outcome) {
  switch (outcome) {
  case Outcome::Failed:
    return "✗";
  case Outcome::Skipped:
    return "○";
  case Outcome::Running:
    return "…";
  case Outcome::Ok:
  case Outcome::Cached:
    break;
  }
  return "✓";
}

Tone tone_of(Outcome outcome) {
  switch (outcome) {
  case Outcome::Failed:
    return Tone::Bad;
  case Outcome::Skipped:
  case Outcome::Running:
    return Tone::Faint;
  case Outcome::Ok:
  case Outcome::Cached:
    break;
  }
  return Tone::Good;
}

std::string time_of(const SpanNode& node) {
  switch (node.outcome) {
  case Outcome::Skipped:
    return "(skipped)";
  case Outcome::Running:
    return "(not ended)";
  case Outcome::Cached:
    return cat('(', base::duration_text(node.duration_ns), ", cached)");
  case Outcome::Ok:
  case Outcome::Failed:
    break;
  }
  return cat('(', base::duration_text(node.duration_ns), ')');
}

class TreeText {
public:
  TreeText(const SpanTree& tree, Paint paint) : tree_(tree), paint_(paint) {}

  std::string run() {
    out_ = cat(kTitle, '\n');
    for (const std::uint32_t root : tree_.roots())
      add(root, "", "");
    if (tree_.roots().empty() && !tree_.session().error.empty())
      out_ += cat(painted(paint_, Tone::Bad, "✗"), ' ', tree_.session().error, '\n');
    return std::move(out_);
  }

private:
  /// `first` stands before the span's own line, `rest` before what belongs to it.
  void add(std::uint32_t index, const std::string& first, const std::string& rest) {
    const SpanNode& node = tree_.node(index);
    out_ += cat(first, painted(paint_, tone_of(node.outcome), mark_of(node.outcome)), ' ',
                span_label(node), ' ', painted(paint_, Tone::Faint, time_of(node)));
    if (!node.from_template.empty())
      out_ += cat(" [from template ", node.from_template, ']');
    // Which no step tells: `exit` is none that failed.
    const SessionFacts& session = tree_.session();
    if (first.empty() && session.code != 0 && session.error.empty())
      out_ += cat(" [exit status ", session.code, ']');
    out_ += '\n';
    if (!node.error.empty())
      out_ += cat(rest, node.children.empty() && node.folded == 0 ? "  " : "│ ",
                  painted(paint_, Tone::Bad, cat("↳ ", node.error)), '\n');
    add_children(node, rest);
  }

  void add_children(const SpanNode& node, const std::string& rest) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size() && node.folded == 0;
      add(node.children[i], cat(rest, last ? "└─ " : "├─ "), cat(rest, last ? "   " : "│  "));
    }
    if (node.folded == 0)
      return;
    out_ += cat(rest, "└─ … ", node.folded, " more, left out to save memory (",
                base::duration_text(node.folded_ns));
    if (node.folded_failed > 0)
      out_ += cat(", ", node.folded_failed, " failed");
    out_ += ")\n";
  }

  const SpanTree& tree_;
  Paint paint_;
  std::string out_;
};

} // namespace

std::string report_text(const SpanTree& tree, Paint paint) { return TreeText(tree, paint).run(); }

} // namespace perch::trace
