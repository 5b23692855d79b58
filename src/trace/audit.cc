#include "trace/audit.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/digest.h"
#include "trace/label.h"

namespace perch::trace {

namespace {

using base::cat;

/// How long nobody need ask whether the file is still there while nothing but steps end.
constexpr std::int64_t kUncheckedNs = 10'000'000;

std::string_view event_name(What what) {
  switch (what) {
  case What::Child:
    return "exec";
  case What::Guest:
    return "wasm_run";
  case What::Command:
  case What::Block:
  case What::Op:
    break;
  }
  return "op";
}

void add_error(JsonText& line, const Error& error) {
  line.key("error");
  line.begin_object();
  line.field("kind", error.kind);
  line.field("message", std::string_view(error.message));
  line.end_object();
}

} // namespace

std::string_view first_link() {
  return "0000000000000000000000000000000000000000000000000000000000000000";
}

AuditSink::AuditSink(Writer& out, AuditIdentity identity)
    : out_(out), identity_(std::move(identity)), previous_(first_link()) {}

JsonText AuditSink::line(std::string_view event, std::int64_t unix_ns) const {
  JsonText out;
  out.begin_object();
  out.field("ts", std::string_view(utc_text(unix_ns)));
  out.field("event", event);
  out.field("session", std::string_view(identity_.session));
  out.field("seq", written_ + 1);
  out.field("prev", std::string_view(previous_));
  return out;
}

Status AuditSink::fail_for_good(const Error& cause) {
  const std::string last = durable_ == 0 ? std::string("no line of this run is durable")
                                         : cat("the last durable line is seq ", durable_,
                                               " of session ", identity_.session);
  failed_ = Error{.kind = kind::kAuditFailed,
                  .message = cat("the audit cannot be written: ", cause.message),
                  .detail = identity_.target,
                  .help = cause.help,
                  .note = last,
                  .code_name = cause.code_name};
  return std::unexpected(*failed_);
}

Status AuditSink::write(JsonText line, bool replaced_bytes) {
  if (line.replaced_bytes() || replaced_bytes)
    line.field("bytes", true);
  line.end_object();
  std::string text = line.take();
  std::string digest = sys::hex_digest(sys::DigestKind::Sha256, text);
  text += '\n';
  if (const Status written = out_.write(text); !written)
    return fail_for_good(written.error());
  previous_ = std::move(digest);
  ++written_;
  return {};
}

Status AuditSink::check() {
  if (const Status there = out_.check(); !there)
    return fail_for_good(there.error());
  return {};
}

Status AuditSink::make_durable() {
  PERCH_TRY(check());
  if (durable_ == written_)
    return {};
  if (const Status synced = out_.sync(); !synced)
    return fail_for_good(synced.error());
  durable_ = written_;
  return {};
}

Status AuditSink::session_start(const SessionStart& event) {
  const std::scoped_lock lock(mutex_);
  started_ns_ = checked_ns_ = event.steady_ns;
  JsonText out = line("session_start", event.unix_ns);
  out.field("program", event.program);
  out.field("version", event.version);
  out.field("command", event.command);
  out.field(Field{.name = "cli_args",
                  .value = std::vector<std::string>(event.words.begin(), event.words.end())});
  out.field("cwd", event.directory);
  out.field("user", std::string_view(identity_.user));
  out.field("host", std::string_view(identity_.host));
  out.field(Field{.name = "policy",
                  .value = std::vector<std::string>(event.layers.begin(), event.layers.end())});
  out.field("perch", std::string_view(identity_.perch_version));
  out.field("script", event.script);
  out.field("script_sha256", event.script_sha256);
  if (!event.imports.empty())
    out.field(Field{.name = "imports",
                    .value = std::vector<Record>(event.imports.begin(), event.imports.end())});
  if (!event.archive_sha256.empty())
    out.field("archive_sha256", event.archive_sha256);
  PERCH_TRY(write(std::move(out)));
  return make_durable();
}

Status AuditSink::begin(const Begin& event) {
  OpenSpan span{.what = event.what, .steady_ns = event.steady_ns};
  JsonText head;
  head.begin_object();
  head.field("id", static_cast<std::int64_t>(event.id));
  head.field("parent", static_cast<std::int64_t>(event.parent));
  head.field("kind", event.kind);
  if (!event.from_template.empty())
    head.field("template", event.from_template);
  if (!event.from_import.empty())
    head.field("import", event.from_import);
  if (event.branch != 0)
    head.field("branch", static_cast<std::int64_t>(event.branch));
  span.replaced_bytes = head.replaced_bytes();
  span.head = head.take().substr(1); // pairs: without the brace
  JsonText args;
  args.begin_object();
  for (const Field& field : event.args)
    args.field(field);
  span.replaced_bytes |= args.replaced_bytes();
  span.args = args.take().substr(1);
  span.position = event.position;

  const std::scoped_lock lock(mutex_);
  if (failed_)
    return std::unexpected(*failed_);
  open_.emplace(event.id, std::move(span));
  return {};
}

void AuditSink::count(const OpenSpan& span, const End& event) {
  counts_.failed += event.error != nullptr ? 1 : 0;
  if (span.what == What::Child)
    counts_.execs += event.began ? 1 : 0;
  else if (span.what == What::Guest)
    counts_.wasm_runs += event.began ? 1 : 0;
  else
    ++counts_.ops;
}

/// What a span's lines have in common.
JsonText AuditSink::span_line(std::string_view event, std::int64_t unix_ns, const OpenSpan& span,
                              std::span<const Field> more_args) const {
  JsonText out = line(event, unix_ns);
  out.raw(span.head);
  out.key("args");
  out.begin_object();
  if (!span.args.empty())
    out.raw(span.args);
  for (const Field& field : more_args)
    out.field(field);
  out.end_object();
  out.field("pos", std::string_view(span.position));
  return out;
}

Status AuditSink::end(const End& event) {
  const std::scoped_lock lock(mutex_);
  if (failed_)
    return std::unexpected(*failed_);
  const auto found = open_.find(event.id);
  if (found == open_.end())
    return {};
  const OpenSpan span = std::move(found->second);
  open_.erase(found);
  count(span, event);
  JsonText out = span_line(event_name(span.what), event.unix_ns, span, event.args);
  out.key("dur_ms");
  out.milliseconds(event.steady_ns - span.steady_ns);
  out.field("ok", event.error == nullptr);
  if (event.error != nullptr)
    add_error(out, *event.error);
  if (event.skipped)
    out.field("skipped", true);
  if (event.cached)
    out.field("cached", true);
  // A guest's figures are its result; a child's stand beside its arguments.
  const bool nested = span.what == What::Guest;
  if (nested) {
    out.key("result");
    out.begin_object();
  }
  for (const Field& field : event.facts)
    out.field(field);
  if (nested)
    out.end_object();
  PERCH_TRY(write(std::move(out), span.replaced_bytes));
  // What took long has left time for somebody to remove the file, and others may run still.
  const bool brief = span.what != What::Guest && span.what != What::Child;
  if (brief && event.steady_ns - checked_ns_ < kUncheckedNs)
    return {};
  checked_ns_ = event.steady_ns;
  return check();
}

Status AuditSink::deny(const Deny& event) {
  const std::scoped_lock lock(mutex_);
  if (failed_)
    return std::unexpected(*failed_);
  ++counts_.denied;
  JsonText out = line("deny", event.unix_ns);
  out.field("span", static_cast<std::int64_t>(event.span));
  out.field("actor", event.actor);
  out.field("request", event.cap);
  out.field("subject", std::string_view(event.subject));
  out.field("layer", std::string_view(event.layer));
  out.field("pos", std::string_view(event.position));
  return write(std::move(out));
}

Status AuditSink::before_effect() {
  const std::scoped_lock lock(mutex_);
  if (failed_)
    return std::unexpected(*failed_);
  return check();
}

Status AuditSink::before_start(const Start& event) {
  const std::scoped_lock lock(mutex_);
  if (failed_)
    return std::unexpected(*failed_);
  if (const auto found = open_.find(event.id); found != open_.end()) {
    const OpenSpan& span = found->second;
    JsonText out = span_line("start", event.unix_ns, span, event.args);
    for (const Field& field : event.facts)
      out.field(field);
    PERCH_TRY(write(std::move(out), span.replaced_bytes));
  }
  return make_durable();
}

Status AuditSink::session_end(const SessionEnd& event) {
  const std::scoped_lock lock(mutex_);
  if (failed_)
    return std::unexpected(*failed_);
  JsonText out = line("session_end", event.unix_ns);
  out.field("ok", event.ok);
  out.field("exit", static_cast<std::int64_t>(event.code));
  out.key("dur_ms");
  out.milliseconds(event.steady_ns - started_ns_);
  if (event.error != nullptr)
    add_error(out, *event.error);
  out.field(Field{.name = "counts",
                  .value = Record{{"ops", counts_.ops},
                                  {"execs", counts_.execs},
                                  {"wasm_runs", counts_.wasm_runs},
                                  {"failed", counts_.failed},
                                  {"denied", counts_.denied}}});
  PERCH_TRY(write(std::move(out)));
  return make_durable();
}

} // namespace perch::trace
