#include "base/text.h"
#include "trace/json_text.h"
#include "trace/report.h"

#include <algorithm>

namespace perch::trace {

namespace {

using base::cat;
using Outcome = SpanNode::Outcome;

std::string_view category(What what) {
  switch (what) {
  case What::Command:
    return "command";
  case What::Block:
    return "block";
  case What::Op:
    return "op";
  case What::Child:
    return "exec";
  case What::Guest:
    return "wasm_run";
  }
  return "";
}

/// The format nests spans of one track by time alone, so what ran side by side needs tracks of its
/// own. A span stays on its parent's track when nothing is in its way there.
class Tracks {
public:
  std::int64_t take(std::int64_t wanted, std::int64_t start_ns, std::int64_t end_ns) {
    // Upwards only: the tracks below belong to what is around it.
    while (!fits(wanted, start_ns))
      ++wanted;
    busy_until_[static_cast<std::size_t>(wanted)] = end_ns;
    return wanted;
  }
  /// What is inside a span starts over on its track.
  void enter(std::int64_t track, std::int64_t start_ns) {
    busy_until_[static_cast<std::size_t>(track)] = start_ns;
  }
  void leave(std::int64_t track, std::int64_t end_ns) {
    busy_until_[static_cast<std::size_t>(track)] = end_ns;
  }
  [[nodiscard]] std::int64_t count() const { return std::ssize(busy_until_); }

private:
  bool fits(std::int64_t track, std::int64_t start_ns) {
    const auto at = static_cast<std::size_t>(track);
    if (at >= busy_until_.size())
      busy_until_.resize(at + 1, 0);
    return busy_until_[at] <= start_ns;
  }
  std::vector<std::int64_t> busy_until_;
};

class ChromeText {
public:
  ChromeText(const SpanTree& tree, std::int64_t pid) : tree_(tree), pid_(pid) {}

  std::string run() {
    out_.begin_object();
    out_.field("displayTimeUnit", std::string_view("ms"));
    add_session();
    out_.key("traceEvents");
    out_.begin_array();
    for (const std::uint32_t root : tree_.roots())
      add(root, 0);
    for (std::int64_t track = 0; track < tracks_.count(); ++track)
      name_track(track);
    out_.end_array();
    out_.end_object();
    return out_.take() + "\n";
  }

private:
  void add_session() {
    const SessionFacts& session = tree_.session();
    out_.key("otherData");
    out_.begin_object();
    out_.field("program", std::string_view(session.program));
    out_.field("command", std::string_view(session.command));
    out_.field("exit", static_cast<std::int64_t>(session.code));
    out_.field("folded", static_cast<std::int64_t>(tree_.folded()));
    out_.end_object();
  }

  void name_track(std::int64_t track) {
    out_.begin_object();
    out_.field("name", std::string_view("thread_name"));
    out_.field("ph", std::string_view("M"));
    out_.field("pid", pid_);
    out_.field("tid", track);
    out_.key("args");
    out_.begin_object();
    out_.field("name", std::string_view(track == 0 ? std::string("run") : cat("beside ", track)));
    out_.end_object();
    out_.end_object();
  }

  void add(std::uint32_t index, std::int64_t wanted) {
    const SpanNode& node = tree_.node(index);
    const std::int64_t end_ns = node.start_ns + node.duration_ns;
    const std::int64_t track = tracks_.take(wanted, node.start_ns, end_ns);
    out_.begin_object();
    out_.field("name", std::string_view(span_label(node)));
    out_.field("cat", category(node.what));
    out_.field("ph", std::string_view("X"));
    out_.key("ts"); // both in microseconds
    out_.raw(microseconds(node.start_ns));
    out_.key("dur");
    out_.raw(microseconds(node.duration_ns));
    out_.field("pid", pid_);
    out_.field("tid", track);
    out_.key("args");
    add_args(node);
    out_.end_object();
    tracks_.enter(track, node.start_ns);
    for (const std::uint32_t child : node.children)
      add(child, track);
    tracks_.leave(track, end_ns);
  }

  static std::string microseconds(std::int64_t ns) {
    const std::int64_t rest = ns % 1'000;
    return cat(ns / 1'000, '.', rest / 100, rest / 10 % 10, rest % 10);
  }

  void add_args(const SpanNode& node) {
    out_.begin_object();
    if (!node.command.empty())
      out_.field("command_line", std::string_view(node.command));
    for (const auto& [name, value] : node.details)
      out_.field(name, std::string_view(value));
    if (!node.position.empty())
      out_.field("pos", std::string_view(node.position));
    if (!node.from_template.empty())
      out_.field("template", std::string_view(node.from_template));
    if (!node.from_import.empty())
      out_.field("import", std::string_view(node.from_import));
    if (!node.error.empty())
      out_.field("error", std::string_view(node.error));
    if (node.outcome == Outcome::Skipped || node.outcome == Outcome::Cached)
      out_.field(node.outcome == Outcome::Skipped ? "skipped" : "cached", true);
    if (node.folded > 0)
      out_.field("folded", static_cast<std::int64_t>(node.folded));
    out_.end_object();
  }

  const SpanTree& tree_;
  std::int64_t pid_;
  Tracks tracks_;
  JsonText out_;
};

} // namespace

std::string report_chrome(const SpanTree& tree, std::int64_t pid) {
  return ChromeText(tree, pid).run();
}

} // namespace perch::trace
