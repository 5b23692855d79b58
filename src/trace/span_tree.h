#pragma once
// A run as a tree of spans, in bounded memory; the reports are written from it.

#include "trace/event.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perch::trace {

/// One span, with what the reports show of it.
struct SpanNode {
  static constexpr std::uint32_t kNone = 0xffffffff;
  enum class Outcome : std::uint8_t { Running, Ok, Failed, Skipped, Cached };

  What what = What::Op;
  Outcome outcome = Outcome::Running;
  std::string kind;
  std::string main; ///< the main argument
  bool main_is_number = false;
  std::string command; ///< of an op that is nothing but a process: that one's command line
  std::string position, from_template, from_import;
  int branch = 0;
  std::int64_t start_ns = 0, duration_ns = 0;               ///< the start counts from the session's
  std::string error;                                        ///< `kind: message`
  std::vector<std::pair<std::string, std::string>> details; ///< arguments, then figures
  std::uint32_t parent = kNone;
  std::vector<std::uint32_t> children; ///< in the order they began

  // Ended spans without children of their own that were left out here: how many, how many of them
  // had failed, and how long they took.
  std::uint64_t folded = 0, folded_failed = 0;
  std::int64_t folded_ns = 0;
};

/// What is known of the run as such.
struct SessionFacts {
  std::string program, version, command, directory, script;
  std::vector<std::string> words, layers;
  std::int64_t unix_ns = 0, steady_ns = 0, duration_ns = 0;
  bool ended = false;
  bool ok = true;
  int code = 0;
  std::string error;
};

/// Threads: one at a time.
class SpanTree {
public:
  /// `most`: spans that are kept. Past it a span that ends without children is folded into its
  /// parent; one that failed is kept for another tenth.
  explicit SpanTree(std::size_t most = kMostSpans) : most_(most) {}
  static constexpr std::size_t kMostSpans = 20'000;

  void session_start(const SessionStart& event);
  void begin(const Begin& event);
  void end(const End& event);
  void session_end(const SessionEnd& event);

  [[nodiscard]] const SessionFacts& session() const { return session_; }
  /// Spans without a parent: as a rule the one command that was asked for.
  [[nodiscard]] const std::vector<std::uint32_t>& roots() const { return roots_; }
  [[nodiscard]] const SpanNode& node(std::uint32_t index) const { return nodes_[index]; }
  [[nodiscard]] std::uint64_t folded() const { return folded_; }
  [[nodiscard]] std::size_t kept() const { return kept_; }

private:
  std::uint32_t add(SpanNode node);
  [[nodiscard]] bool folds(const SpanNode& node) const;
  void fold(std::uint32_t index);

  const std::size_t most_;
  SessionFacts session_;
  std::deque<SpanNode> nodes_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> roots_;
  /// Spans that have not ended. A process that is all its op does shares the op's node.
  std::unordered_map<SpanId, std::uint32_t> open_;
  std::unordered_map<SpanId, std::uint32_t> merged_;
  std::size_t kept_ = 0;
  std::uint64_t folded_ = 0;
};

} // namespace perch::trace
