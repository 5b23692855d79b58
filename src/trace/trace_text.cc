#include "trace/trace_text.h"

#include "base/text.h"

namespace perch::trace {

namespace {

using base::cat;

constexpr std::size_t kKindColumns = 20;
constexpr std::size_t kDurationColumn = 33; ///< cells before it

std::string spaces(std::size_t count) { return std::string(count, ' '); }

/// Blocks name what they show, since their words differ; ops show their first argument alone.
std::string argument_text(const Begin& event) {
  const Field* main = main_argument(event.args);
  if (main == nullptr)
    return {};
  const std::string name = event.what == What::Block ? cat(main->name, '=') : std::string();
  const std::string text = one_line(value_text(main->value), kArgumentColumns);
  const bool number = std::holds_alternative<std::int64_t>(main->value);
  return number ? cat(name, text) : cat(name, '"', text, '"');
}

std::string opening(const Begin& event) {
  const std::string argument = argument_text(event);
  std::string line(event.kind);
  if (argument.empty())
    return line;
  line += spaces(line.size() < kKindColumns ? kKindColumns - line.size() : 0);
  return cat(line, ' ', argument);
}

std::string outcome(const End& event) {
  if (event.error != nullptr)
    return cat("✗ ", error_text(*event.error));
  return event.skipped ? "○ skipped" : event.cached ? "✓ cached" : "✓";
}

} // namespace

Status TraceSink::session_start(const SessionStart&) { return {}; }
Status TraceSink::deny(const Deny&) { return {}; }
Status TraceSink::session_end(const SessionEnd&) { return {}; }

void TraceSink::write(const OpenSpan& span, std::string line) {
  if (failed_)
    return;
  line.insert(0, cat(span.prefix, spaces(2 * static_cast<std::size_t>(span.depth))));
  line += '\n';
  if (Status written = out_.write(line); !written)
    failed_ = std::move(written).error();
}

Status TraceSink::begin(const Begin& event) {
  const std::scoped_lock lock(mutex_);
  OpenSpan span{.parallel = event.kind == "parallel", .steady_ns = event.steady_ns};
  const bool first_command = event.parent == 0 && event.what == What::Command;
  span.shown = !first_command && !event.whole_op;
  if (const auto parent = open_.find(event.parent); parent != open_.end()) {
    span.depth = parent->second.depth + (parent->second.shown ? 1 : 0);
    span.prefix = parent->second.prefix;
    if (parent->second.parallel)
      span.prefix += cat('[', event.branch, "] ");
  }
  if (span.shown)
    write(span, cat(painted(paint_, Tone::Faint, "▸"), ' ', opening(event)));
  open_.emplace(event.id, std::move(span));
  return {};
}

Status TraceSink::end(const End& event) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(event.id);
  if (found == open_.end())
    return {};
  const OpenSpan span = std::move(found->second);
  open_.erase(found);
  if (!span.shown)
    return {};
  const std::string text = outcome(event);
  const std::size_t used =
      cells(span.prefix) + 2 * static_cast<std::size_t>(span.depth) + cells(text);
  const std::string gap = spaces(used < kDurationColumn ? kDurationColumn - used : 1);
  const Tone tone = event.error != nullptr ? Tone::Bad : event.skipped ? Tone::Faint : Tone::Good;
  const std::string took = cat(
      '(', base::duration_text(std::max<std::int64_t>(0, event.steady_ns - span.steady_ns)), ')');
  write(span, cat(painted(paint_, tone, text), gap, painted(paint_, Tone::Faint, took)));
  return {};
}

std::optional<Error> TraceSink::failure() const {
  const std::scoped_lock lock(mutex_);
  return failed_;
}

} // namespace perch::trace
