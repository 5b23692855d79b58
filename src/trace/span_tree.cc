#include "trace/span_tree.h"

#include "trace/label.h"

#include <algorithm>

namespace perch::trace {

namespace {

constexpr std::size_t kDetailColumns = 500;

void add_details(SpanNode& node, const Fields& fields) {
  for (const Field& field : fields) {
    std::string text = one_line(value_text(field.value), kDetailColumns);
    if (!text.empty())
      node.details.emplace_back(field.name, std::move(text));
  }
}

} // namespace

void SpanTree::session_start(const SessionStart& event) {
  session_ = {.program = std::string(event.program),
              .version = std::string(event.version),
              .command = std::string(event.command),
              .directory = std::string(event.directory),
              .script = std::string(event.script),
              .words = {event.words.begin(), event.words.end()},
              .layers = {event.layers.begin(), event.layers.end()},
              .unix_ns = event.unix_ns,
              .steady_ns = event.steady_ns};
}

void SpanTree::session_end(const SessionEnd& event) {
  session_.ended = true;
  session_.ok = event.ok;
  session_.code = event.code;
  session_.duration_ns = std::max<std::int64_t>(0, event.steady_ns - session_.steady_ns);
  if (event.error != nullptr)
    session_.error = error_text(*event.error);
}

std::uint32_t SpanTree::add(SpanNode node) {
  ++kept_;
  if (free_.empty()) {
    nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  nodes_[index] = std::move(node);
  return index;
}

void SpanTree::begin(const Begin& event) {
  const auto parent = open_.find(event.parent);
  const Field* main = main_argument(event.args);
  if (event.whole_op && parent != open_.end()) {
    if (main != nullptr)
      nodes_[parent->second].command = one_line(value_text(main->value), kDetailColumns);
    merged_.emplace(event.id, parent->second);
    return;
  }
  SpanNode node{.what = event.what,
                .kind = std::string(event.kind),
                .position = event.position,
                .from_template = std::string(event.from_template),
                .from_import = std::string(event.from_import),
                .branch = event.branch,
                .start_ns = std::max<std::int64_t>(0, event.steady_ns - session_.steady_ns)};
  if (main != nullptr) {
    node.main = one_line(value_text(main->value), kDetailColumns);
    node.main_is_number = std::holds_alternative<std::int64_t>(main->value);
  }
  add_details(node, event.args);
  node.parent = parent == open_.end() ? SpanNode::kNone : parent->second;
  const std::uint32_t above = node.parent;
  const std::uint32_t index = add(std::move(node));
  (above == SpanNode::kNone ? roots_ : nodes_[above].children).push_back(index);
  open_.emplace(event.id, index);
}

void SpanTree::end(const End& event) {
  if (const auto merged = merged_.find(event.id); merged != merged_.end()) {
    add_details(nodes_[merged->second], event.facts);
    merged_.erase(merged);
    return;
  }
  const auto found = open_.find(event.id);
  if (found == open_.end())
    return;
  const std::uint32_t index = found->second;
  open_.erase(found);
  SpanNode& node = nodes_[index];
  using Outcome = SpanNode::Outcome;
  node.outcome = event.error != nullptr ? Outcome::Failed
                 : event.skipped        ? Outcome::Skipped
                 : event.cached         ? Outcome::Cached
                                        : Outcome::Ok;
  node.duration_ns =
      std::max<std::int64_t>(0, event.steady_ns - session_.steady_ns - node.start_ns);
  if (event.error != nullptr)
    node.error = error_text(*event.error);
  add_details(node, event.args);
  add_details(node, event.facts);
  if (folds(node))
    fold(index);
}

bool SpanTree::folds(const SpanNode& node) const {
  if (!node.children.empty() || node.parent == SpanNode::kNone)
    return false;
  const bool failed = node.outcome == SpanNode::Outcome::Failed;
  return kept_ > (failed ? most_ + most_ / 10 : most_);
}

void SpanTree::fold(std::uint32_t index) {
  SpanNode& node = nodes_[index];
  SpanNode& parent = nodes_[node.parent];
  parent.folded += 1 + node.folded;
  parent.folded_failed += (node.outcome == SpanNode::Outcome::Failed ? 1 : 0) + node.folded_failed;
  parent.folded_ns += node.duration_ns;
  // It was begun a short while ago: look from the end.
  const auto last = std::find(parent.children.rbegin(), parent.children.rend(), index);
  parent.children.erase(std::next(last).base());
  node = SpanNode();
  free_.push_back(index);
  --kept_;
  ++folded_;
}

} // namespace perch::trace
