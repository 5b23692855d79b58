#pragma once
// `--audit`: one JSON object per line, each with the digest of the line before it.

#include "trace/event.h"
#include "trace/json_text.h"
#include "trace/writer.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace perch::trace {

/// Who runs, for the first line of a session.
struct AuditIdentity {
  std::string session; ///< random
  std::string user, host;
  std::string perch_version;
  std::string target; ///< the file as the user named it, for messages
};

/// What `prev` is in the first line of a session.
[[nodiscard]] std::string_view first_link();

/// Writes a line when something has happened, in one write() of the writer: a span when it ends, so
/// that a block follows its body; a process and a guest also before it starts, so that the file
/// says what ran when perch was killed. Every member fails with audit_failed once a line could not
/// be written or made durable; the message names the last line that is. Whether the file is still
/// there is asked before every effect, and now and then between: asked for each line it would cost
/// as much as to write it.
class AuditSink final : public Sink {
public:
  /// Lifetime: borrows the writer.
  AuditSink(Writer& out, AuditIdentity identity);

  Status session_start(const SessionStart& event) override;
  Status begin(const Begin& event) override;
  Status end(const End& event) override;
  Status deny(const Deny& event) override;
  Status before_effect() override;
  Status before_start(const Start& event) override;
  Status session_end(const SessionEnd& event) override;

private:
  /// What a line of an open span starts with, less what only its end tells.
  struct OpenSpan {
    What what = What::Op;
    std::int64_t steady_ns = 0;
    std::string head; ///< `"id":3,"parent":1,…` as JSON pairs
    std::string args; ///< likewise
    std::string position;
    bool replaced_bytes = false;
  };
  /// Processes and modules count when they began: one that could not has only failed.
  struct Counts {
    std::int64_t ops = 0, execs = 0, wasm_runs = 0, failed = 0, denied = 0;
  };

  JsonText line(std::string_view event, std::int64_t unix_ns) const;
  JsonText span_line(std::string_view event, std::int64_t unix_ns, const OpenSpan& span,
                     std::span<const Field> more_args) const;
  Status write(JsonText line, bool replaced_bytes = false);
  Status check();
  Status make_durable();
  Status fail_for_good(const Error& cause);
  void count(const OpenSpan& span, const End& event);

  Writer& out_;
  const AuditIdentity identity_;
  std::mutex mutex_;
  std::string previous_; ///< digest of the last line
  std::int64_t written_ = 0, durable_ = 0;
  std::int64_t started_ns_ = 0, checked_ns_ = 0; ///< of the steady clock
  std::optional<Error> failed_;
  Counts counts_;
  std::unordered_map<SpanId, OpenSpan> open_;
};

} // namespace perch::trace
