#include "trace/audit_verify.h"

#include "base/json.h"
#include "base/text.h"
#include "sys/digest.h"
#include "trace/audit.h"
#include "trace/label.h"

#include <algorithm>
#include <span>
#include <utility>

namespace perch::trace {

namespace {

using base::cat;
using base::Json;

std::string text_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Nobody reads more of a file that is something else altogether.
constexpr std::size_t kMostProblems = 1000;
constexpr std::size_t kNameColumns = 40;

/// The line without what its members hold within: however deep that is, it is not kept.
Json members_of(std::string_view text) {
  using Event = Json::parse_event_t;
  if (!text.starts_with('{'))
    return {};
  const auto keep = [](int depth, Event event, const Json&) {
    return depth == 0 || (event != Event::object_start && event != Event::array_start);
  };
  return Json::parse(text, keep, false);
}

/// `exec (line 7)`
std::string name_of(const Json& line, std::size_t number) {
  return cat(one_line(text_of(line, "kind"), kNameColumns), " (line ", number, ')');
}

} // namespace

void AuditVerifier::problem(std::size_t line, std::string_view session, std::string text) {
  if (problems_.size() == kMostProblems) {
    ++more_problems_;
    return;
  }
  problems_.push_back(
      {.line = line, .session = one_line(session, kNameColumns), .text = std::move(text)});
}

void AuditVerifier::line(std::string_view text) {
  ++lines_;
  const Json parsed = members_of(text);
  if (!parsed.is_object())
    return problem(lines_, "", "it is no JSON object: it was cut, or changed");
  const std::string session = text_of(parsed, "session");
  const auto seq = parsed.find("seq");
  if (session.empty() || seq == parsed.end() || !seq->is_number_integer())
    return problem(lines_, session, "it is no line of an audit: `session` or `seq` is missing");
  const std::string event = text_of(parsed, "event");
  Chain& chain = chains_.try_emplace(session, Chain{}).first->second;
  add(session, chain,
      {.seq = seq->get<std::int64_t>(),
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

void AuditVerifier::add(const std::string& id, Chain& chain, Entry here) {
  ++chain.lines;
  if (chain.runs.empty())
    return chain.runs.push_back({.first = here, .last = here});
  Entry& before = chain.runs.back().last;
  if (here.seq < before.seq) {
    problem(here.line, id,
            cat("it is out of order: seq ", here.seq, " stands behind seq ", before.seq, " (line ",
                before.line, ')'));
  }
  if (here.seq > before.seq && here.seq == before.seq + 1 && here.previous == before.digest)
    before = std::move(here);
  else
    chain.runs.push_back({.first = here, .last = here});
}

void AuditVerifier::check_start(const std::string& id, const Entry& first) {
  if (first.seq != 1)
    problem(first.line, id,
            cat("the session starts with seq ", first.seq, ": lines before it are missing"));
  else if (first.previous != first_link() || !first.start)
    problem(first.line, id, "it was changed: it is no start of a session");
}

/// Whether a run is the one that follows another, both in order of `seq`.
void AuditVerifier::check_link(const std::string& id, const Run& before, const Run& here) {
  const Entry &last = before.last, &first = here.first;
  if (first.seq < last.seq) {
    const std::int64_t end = std::min(here.last.seq, last.seq);
    problem(first.line, id,
            first.seq == end ? cat("seq ", end, " is here twice")
                             : cat("seq ", first.seq, " to ", end, " are here twice"));
  } else if (first.seq == last.seq) {
    problem(first.line, id, cat("seq ", first.seq, " is here twice (line ", last.line, ')'));
  } else if (first.seq != last.seq + 1) {
    problem(first.line, id,
            cat("lines are missing before it: seq ", last.seq, " (line ", last.line,
                ") is followed by seq ", first.seq));
  } else if (first.previous != last.digest) {
    problem(last.line, id,
            cat("it was changed: its digest is not the one that line ", first.line, " names"));
  }
}

void AuditVerifier::check_end(const std::string& id, const Chain& chain, const Entry& last) {
  if (last.end)
    return;
  std::string text = "the session has no end: lines behind this one were cut off, or perch was "
                     "killed or still runs";
  std::string_view before = "; then running: ";
  for (const auto& [span, name] : chain.running)
    text += cat(std::exchange(before, ", "), name);
  problem(last.line, id, std::move(text));
}

/// Returns the session's last line.
AuditVerifier::Entry AuditVerifier::check(const std::string& id, Chain& chain) {
  std::ranges::stable_sort(chain.runs, {}, [](const Run& run) { return run.first.seq; });
  check_start(id, chain.runs.front().first);
  const Run* furthest = &chain.runs.front();
  for (const Run& here : std::span(chain.runs).subspan(1)) {
    check_link(id, *furthest, here);
    if (here.last.seq >= furthest->last.seq)
      furthest = &here;
  }
  check_end(id, chain, furthest->last);
  return furthest->last;
}

AuditVerdict AuditVerifier::verdict() && {
  AuditVerdict out;
  for (auto& [id, chain] : chains_) {
    const std::size_t first_line = chain.runs.front().first.line;
    const Entry last = check(id, chain);
    out.sessions.push_back({.id = one_line(id, kNameColumns),
                            .first_line = first_line,
                            .lines = chain.lines,
                            .ended = last.end,
                            .last_digest = last.digest});
  }
  std::ranges::sort(out.sessions, {}, &AuditSession::first_line);
  out.problems = std::move(problems_);
  out.more_problems = more_problems_;
  std::ranges::stable_sort(out.problems, {}, &AuditProblem::line);
  return out;
}

} // namespace perch::trace
