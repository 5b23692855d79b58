#include "trace/audit_verify.h"

#include "base/json.h"
#include "base/text.h"
#include "sys/digest.h"
#include "trace/audit.h"

#include <algorithm>
#include <utility>

namespace perch::trace {

namespace {

using base::cat;
using base::Json;

std::string text_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// `exec (line 7)`
std::string name_of(const Json& line, std::size_t number) {
  return cat(text_of(line, "kind"), " (line ", number, ')');
}

} // namespace

void AuditVerifier::problem(std::size_t line, std::string_view session, std::string text) {
  problems_.push_back({.line = line, .session = std::string(session), .text = std::move(text)});
}

void AuditVerifier::line(std::string_view text) {
  ++lines_;
  const Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return problem(lines_, "", "it is no JSON object: it was cut, or changed");
  const std::string session = text_of(parsed, "session");
  const auto seq = parsed.find("seq");
  if (session.empty() || seq == parsed.end() || !seq->is_number_integer())
    return problem(lines_, session, "it is no line of an audit: `session` or `seq` is missing");
  const std::string event = text_of(parsed, "event");
  Chain& chain = chains_.try_emplace(session, Chain{}).first->second;
  chain.entries.push_back({.seq = seq->get<std::int64_t>(),
                           .line = lines_,
                           .previous = text_of(parsed, "prev"),
                           .digest = sys::hex_digest(sys::DigestKind::Sha256, text),
                           .start = event == "session_start",
                           .end = event == "session_end"});
  if (const auto id = parsed.find("id"); id != parsed.end() && id->is_number_integer()) {
    if (event == "start")
      chain.running.insert_or_assign(id->get<std::int64_t>(), name_of(parsed, lines_));
    else
      chain.running.erase(id->get<std::int64_t>());
  }
}

/// Whether the lines stand in the order they were written.
void AuditVerifier::check_order(const std::string& id, const Chain& chain) {
  for (std::size_t i = 1; i < chain.entries.size(); ++i) {
    const Entry& before = chain.entries[i - 1];
    const Entry& here = chain.entries[i];
    if (here.seq < before.seq) {
      problem(here.line, id,
              cat("it is out of order: seq ", here.seq, " stands behind seq ", before.seq,
                  " (line ", before.line, ')'));
    }
  }
}

/// Whether each line, in order of `seq`, is the one that the next was written after.
void AuditVerifier::check_links(const std::string& id, const Chain& chain) {
  const Entry& first = chain.entries.front();
  if (first.seq != 1)
    problem(first.line, id,
            cat("the session starts with seq ", first.seq, ": lines before it are missing"));
  else if (first.previous != first_link() || !first.start)
    problem(first.line, id, "it was changed: it is no start of a session");
  for (std::size_t i = 1; i < chain.entries.size(); ++i) {
    const Entry& before = chain.entries[i - 1];
    const Entry& here = chain.entries[i];
    if (here.seq == before.seq) {
      problem(here.line, id, cat("seq ", here.seq, " is here twice (line ", before.line, ')'));
    } else if (here.seq != before.seq + 1) {
      problem(here.line, id,
              cat("lines are missing before it: seq ", before.seq, " (line ", before.line,
                  ") is followed by seq ", here.seq));
    } else if (here.previous != before.digest) {
      problem(before.line, id,
              cat("it was changed: its digest is not the one that line ", here.line, " names"));
    }
  }
  if (chain.entries.back().end)
    return;
  std::string text = "the session has no end: lines behind this one were cut off, or perch was "
                     "killed or still runs";
  std::string_view before = "; then running: ";
  for (const auto& [span, name] : chain.running)
    text += cat(std::exchange(before, ", "), name);
  problem(chain.entries.back().line, id, std::move(text));
}

void AuditVerifier::check(const std::string& id, Chain& chain) {
  check_order(id, chain);
  std::ranges::stable_sort(chain.entries, {}, &Entry::seq);
  check_links(id, chain);
}

AuditVerdict AuditVerifier::verdict() && {
  AuditVerdict out;
  for (auto& [id, chain] : chains_) {
    const std::size_t first_line = chain.entries.front().line;
    check(id, chain);
    out.sessions.push_back({.id = id,
                            .first_line = first_line,
                            .lines = chain.entries.size(),
                            .ended = chain.entries.back().end,
                            .last_digest = chain.entries.back().digest});
  }
  std::ranges::sort(out.sessions, {}, &AuditSession::first_line);
  out.problems = std::move(problems_);
  std::ranges::stable_sort(out.problems, {}, &AuditProblem::line);
  return out;
}

} // namespace perch::trace
