#include "base/json.h"
#include "sys/digest.h"
#include "trace/audit.h"
#include "trace/audit_verify.h"
#include "trace/fan_out.h"
#include "trace/label.h"
#include "trace/trace_text.h"
#include "unit/trace/script.h"

#include <algorithm>

namespace perch::trace {

namespace {

AuditIdentity somebody(std::string session = "5e55") {
  return {.session = std::move(session),
          .user = "ann",
          .host = "box",
          .perch_version = "0.1.0",
          .target = "run.ndjson"};
}

class Audit : public testing::Test {
protected:
  MemoryWriter out;
  AuditSink sink{out, somebody()};
  Script run{sink};
};

/// A line with the digest of another put in.
std::string linked(std::string line, const std::string& before) {
  const std::string mark = "PREV";
  const std::string digest = before.empty() ? std::string(first_link())
                                            : sys::hex_digest(sys::DigestKind::Sha256,
                                                              before.substr(0, before.size() - 1));
  const auto at = line.find(mark);
  return at == line.npos ? line : line.replace(at, mark.size(), digest);
}

AuditVerdict verdict_of(const std::vector<std::string>& lines) {
  AuditVerifier verifier;
  for (const std::string& line : lines)
    verifier.line(std::string_view(line).substr(0, line.find('\n')));
  return std::move(verifier).verdict();
}

std::vector<std::string> problems_of(const std::vector<std::string>& lines) {
  std::vector<std::string> texts;
  for (const AuditProblem& problem : verdict_of(lines).problems)
    texts.push_back(std::to_string(problem.line) + ": " + problem.text);
  return texts;
}

void tell_everything(Script& run) {
  (void)run.start();
  const SpanId top = run.begin(0, What::Command, "command", text_args("name", "deploy"));
  const SpanId op = run.begin(top, What::Op, "write_file", text_args("path", "/etc/x"));
  run.at_us(1250);
  (void)run.deny(op);
  (void)run.fail_span(op, "write_not_declared", "write_file may not write /etc/x");
  const SpanId exec = run.begin(top, What::Child, "exec", text_args("command", "git status"));
  run.at(20);
  Fields facts;
  facts.push_back({.name = "path", .value = std::string("/usr/bin/git")});
  facts.push_back({.name = "argv", .value = std::vector<std::string>{"git", "status"}});
  facts.push_back({.name = "exit", .value = std::int64_t{0}});
  facts.push_back({.name = "user", .value = std::chrono::nanoseconds(4'500'000)});
  (void)run.end(exec, std::move(facts));
  Fields args = text_args("module", "./v.wasm");
  args.push_back({.name = "mounts",
                  .value = std::vector<Record>{
                      {{"host", std::string("/src")}, {"guest", std::string("/ro/src")}}}});
  args.push_back({.name = "limits", .value = Record{{"memory_bytes", std::int64_t{65536}}}});
  const SpanId guest = run.begin(top, What::Guest, "wasm_run", std::move(args));
  Fields result;
  result.push_back({.name = "exit", .value = std::int64_t{3}});
  (void)run.end(guest, std::move(result));
  (void)run.end(top);
  const Error error{.kind = "user_fail", .message = "no"};
  (void)run.finish(1, &error);
}

} // namespace

TEST_F(Audit, has_one_line_for_everything_that_happened) {
  tell_everything(run);
  const std::vector<std::string> expected = {
      R"js({"ts":"2026-01-02T03:04:05.000000000Z","event":"session_start","session":"5e55","seq":1,"prev":"PREV","program":"shop","version":"1.2","command":"deploy","cli_args":["--env","prod"],"cwd":"/work","user":"ann","host":"box","policy":["--no-write"],"perch":"0.1.0","script":"/work/shop.perch","script_sha256":"abc"})js",
      R"js({"ts":"2026-01-02T03:04:05.001250000Z","event":"deny","session":"5e55","seq":2,"prev":"PREV","span":2,"actor":"write_file","request":"write","subject":"/etc/x","layer":"requires (shop.perch:2)","pos":"shop.perch:2"})js",
      R"js({"ts":"2026-01-02T03:04:05.001250000Z","event":"op","session":"5e55","seq":3,"prev":"PREV","id":2,"parent":1,"kind":"write_file","args":{"path":"/etc/x"},"pos":"shop.perch:7","dur_ms":1.250,"ok":false,"error":{"kind":"write_not_declared","message":"write_file may not write /etc/x"}})js",
      R"js({"ts":"2026-01-02T03:04:05.020000000Z","event":"exec","session":"5e55","seq":4,"prev":"PREV","id":3,"parent":1,"kind":"exec","args":{"command":"git status"},"pos":"shop.perch:7","dur_ms":18.750,"ok":true,"path":"/usr/bin/git","argv":["git","status"],"exit":0,"user_ms":4.500})js",
      R"js({"ts":"2026-01-02T03:04:05.020000000Z","event":"wasm_run","session":"5e55","seq":5,"prev":"PREV","id":4,"parent":1,"kind":"wasm_run","args":{"module":"./v.wasm","mounts":[{"host":"/src","guest":"/ro/src"}],"limits":{"memory_bytes":65536}},"pos":"shop.perch:7","dur_ms":0.000,"ok":true,"result":{"exit":3}})js",
      R"js({"ts":"2026-01-02T03:04:05.020000000Z","event":"op","session":"5e55","seq":6,"prev":"PREV","id":1,"parent":0,"kind":"command","args":{"name":"deploy"},"pos":"shop.perch:7","dur_ms":20.000,"ok":true})js",
      R"js({"ts":"2026-01-02T03:04:05.020000000Z","event":"session_end","session":"5e55","seq":7,"prev":"PREV","ok":false,"exit":1,"dur_ms":20.000,"error":{"kind":"user_fail","message":"no"},"counts":{"ops":2,"execs":0,"wasm_runs":0,"failed":1,"denied":1}})js"};
  ASSERT_EQ(out.pieces.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(out.pieces[i], linked(expected[i], i == 0 ? "" : out.pieces[i - 1]) + "\n");
  EXPECT_TRUE(problems_of(out.pieces).empty());
}

TEST_F(Audit, says_of_which_texts_the_program_was_made) {
  const std::vector<Record> imports = {
      {{"path", std::string("lib.perch")}, {"sha256", std::string("def")}}};
  (void)sink.session_start({.script = "a.perch", .script_sha256 = "abc", .imports = imports});
  EXPECT_TRUE(out.pieces.back().ends_with(
      R"js("script_sha256":"abc","imports":[{"path":"lib.perch","sha256":"def"}]})js"
      "\n"));
  (void)sink.session_start({.script_sha256 = "abc", .archive_sha256 = "123"});
  EXPECT_TRUE(out.pieces.back().ends_with(R"js("script_sha256":"abc","archive_sha256":"123"})js"
                                          "\n"));
}

TEST_F(Audit, is_made_durable_before_anything_starts_and_at_the_end) {
  (void)run.start();
  EXPECT_EQ(out.syncs, 1);
  const SpanId op = run.begin(0, What::Op, "print", {});
  (void)run.end(op);
  EXPECT_EQ(out.syncs, 1);
  const SpanId child = run.begin(0, What::Child, "exec", {});
  EXPECT_EQ(out.syncs, 1);
  EXPECT_TRUE(run.before_start(child));
  EXPECT_EQ(out.syncs, 2);
  (void)run.end(child);
  (void)run.finish();
  EXPECT_EQ(out.syncs, 3);
}

TEST_F(Audit, counts_only_processes_and_modules_that_began) {
  (void)run.start();
  const SpanId missing = run.begin(0, What::Child, "exec", {});
  (void)run.fail_span(missing, "bin_not_found", "there is no program `gti` on PATH");
  const SpanId odd = run.begin(0, What::Child, "exec", {});
  EXPECT_TRUE(run.before_start(odd));
  (void)run.fail_span(odd, "file_error", "cannot start `a`: not an executable format");
  const SpanId bad = run.begin(0, What::Guest, "wasm_run", {});
  (void)run.fail_span(bad, "wasm_compile_error", "not a module");
  const SpanId child = run.begin(0, What::Child, "exec", {});
  EXPECT_TRUE(run.before_start(child));
  (void)run.end({.id = child, .began = true});
  const SpanId guest = run.begin(0, What::Guest, "wasm_run", {});
  EXPECT_TRUE(run.before_start(guest));
  const Error exited{.kind = "wasm_module_exited", .message = "`a` ended with exit status 1"};
  (void)run.end({.id = guest, .error = &exited, .began = true});
  (void)run.finish();
  EXPECT_TRUE(out.pieces.back().ends_with(
      R"js("counts":{"ops":0,"execs":1,"wasm_runs":1,"failed":4,"denied":0}})js"
      "\n"));
}

TEST_F(Audit, what_starts_has_a_line_before_it_does) {
  (void)run.start();
  const SpanId guest = run.begin(0, What::Guest, "wasm_run", text_args("module", "./v.wasm"));
  EXPECT_TRUE(run.before_start(guest, text_args("sha256", "abc")));
  EXPECT_EQ(
      out.pieces[1],
      linked(
          R"js({"ts":"2026-01-02T03:04:05.000000000Z","event":"start","session":"5e55","seq":2,"prev":"PREV","id":1,"parent":0,"kind":"wasm_run","args":{"module":"./v.wasm","sha256":"abc"},"pos":"shop.perch:7"})js",
          out.pieces[0]) +
          "\n");
  const SpanId child = run.begin(0, What::Child, "exec", text_args("command", "a\xff"));
  EXPECT_TRUE(run.before_start(child, {}, text_args("path", "/bin/a")));
  EXPECT_NE(out.pieces[2].find(R"js("pos":"shop.perch:7","path":"/bin/a","bytes":true})js"),
            std::string::npos);
  (void)run.end(child);
  EXPECT_EQ(problems_of(out.pieces),
            (std::vector<std::string>{"4: the session has no end: lines behind this one were cut "
                                      "off, or perch was killed or still runs; then running: "
                                      "wasm_run (line 2)"}));
}

TEST_F(Audit, bytes_that_are_no_text_are_replaced_and_said_to_be) {
  (void)run.start();
  const SpanId op = run.begin(0, What::Op, "print", text_args("text", "a\xff\"\n\x01"));
  (void)run.end(op);
  const auto line = base::Json::parse(out.pieces.back(), nullptr, false);
  ASSERT_TRUE(line.is_object()) << out.pieces.back();
  EXPECT_EQ(line["args"]["text"], "a\ufffd\"\n\x01");
  EXPECT_EQ(line["bytes"], true);
}

TEST_F(Audit, a_clock_that_goes_back_leaves_the_chain_whole) {
  (void)run.start();
  const SpanId op = run.begin(0, What::Op, "sleep", {});
  run.at(1000);
  run.shift_wall(-3'600'000);
  (void)run.end(op);
  (void)run.finish();
  EXPECT_TRUE(out.pieces[1].starts_with("{\"ts\":\"2026-01-02T02:04:06"));
  EXPECT_NE(out.pieces[1].find("\"dur_ms\":1000.000"), std::string::npos);
  EXPECT_TRUE(problems_of(out.pieces).empty());
}

TEST_F(Audit, whether_the_file_is_there_is_asked_before_an_effect) {
  (void)run.start();
  out.is_there = false;
  const SpanId first = run.begin(0, What::Op, "upper", {});
  EXPECT_TRUE(run.end(first)); // nothing happened outside
  EXPECT_EQ(out.pieces.size(), 2u);
  const Status effect = sink.before_effect();
  ASSERT_FALSE(effect);
  EXPECT_EQ(effect.error().kind, kind::kAuditFailed);
  EXPECT_EQ(effect.error().message,
            "the audit cannot be written: cannot write to `out`: it was removed");
  EXPECT_EQ(effect.error().note, "the last durable line is seq 1 of session 5e55");
  EXPECT_FALSE(run.finish());
}

TEST_F(Audit, a_file_that_is_gone_is_noticed_before_anything_starts) {
  (void)run.start();
  const SpanId child = run.begin(0, What::Child, "exec", {});
  out.is_there = false;
  EXPECT_FALSE(run.before_start(child));
}

TEST_F(Audit, a_file_that_is_gone_does_not_let_a_run_go_on_for_long) {
  (void)run.start();
  out.is_there = false;
  const SpanId op = run.begin(0, What::Op, "upper", {});
  run.at(10);
  EXPECT_FALSE(run.end(op));
}

TEST_F(Audit, a_line_that_cannot_be_written_ends_everything) {
  out.writes_left = 2;
  (void)run.start();
  const SpanId first = run.begin(0, What::Op, "print", {});
  EXPECT_TRUE(run.end(first));
  const SpanId second = run.begin(0, What::Op, "print", {});
  const Status ended = run.end(second);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, kind::kAuditFailed);
  EXPECT_EQ(ended.error().message,
            "the audit cannot be written: cannot write to `out`: no space left on device");
  EXPECT_EQ(ended.error().note, "the last durable line is seq 1 of session 5e55");
  out.writes_left = 100; // room again does not mend the gap
  (void)run.begin(0, What::Op, "print", {});
  EXPECT_FALSE(run.status);
  EXPECT_FALSE(run.before_start(second));
  EXPECT_FALSE(run.deny(0));
  EXPECT_FALSE(run.finish());
  EXPECT_EQ(out.pieces.size(), 2u);
}

TEST_F(Audit, a_disk_that_fails_to_keep_a_line_ends_everything) {
  out.sync_fails = true;
  const Status started = run.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().note, "no line of this run is durable");
  EXPECT_FALSE(run.finish());
}

TEST(AuditFan, what_the_audit_refuses_nobody_else_hears_of) {
  MemoryWriter audit_out, trace_out;
  AuditSink audit(audit_out, somebody());
  TraceSink trace(trace_out, Paint::No);
  FanOut all({&audit, &trace});
  Script run(all);
  (void)run.start();
  audit_out.writes_left = 0;
  const SpanId op = run.begin(0, What::Op, "print", {});
  EXPECT_FALSE(run.end(op)); // but the end of what has happened is told to all
  EXPECT_EQ(trace_out.pieces.size(), 2u);
  (void)run.begin(0, What::Op, "rm", {});
  EXPECT_FALSE(run.status);
  EXPECT_EQ(trace_out.pieces.size(), 2u);
}

TEST(AuditVerify, tells_what_was_done_to_a_file) {
  MemoryWriter out;
  AuditSink sink(out, somebody());
  Script run(sink);
  tell_everything(run);
  const std::vector<std::string>& good = out.pieces;

  auto edited = good;
  edited[3].replace(edited[3].find("status"), 6, "push  ");
  EXPECT_EQ(
      problems_of(edited),
      (std::vector<std::string>{"4: it was changed: its digest is not the one that line 5 names"}));

  auto removed = good;
  removed.erase(removed.begin() + 2);
  EXPECT_EQ(problems_of(removed),
            (std::vector<std::string>{
                "3: lines are missing before it: seq 2 (line 2) is followed by seq 4"}));

  auto cut = good;
  cut.resize(4);
  EXPECT_EQ(problems_of(cut),
            (std::vector<std::string>{"4: the session has no end: lines behind this one were cut "
                                      "off, or perch was killed or still "
                                      "runs"}));

  auto torn = cut;
  torn[3].resize(50);
  EXPECT_EQ(problems_of(torn),
            (std::vector<std::string>{"3: the session has no end: lines behind this one were cut "
                                      "off, or perch was killed or still "
                                      "runs",
                                      "4: it is no JSON object: it was cut, or changed"}));

  auto reordered = good;
  std::swap(reordered[2], reordered[4]);
  EXPECT_EQ(
      problems_of(reordered),
      (std::vector<std::string>{"4: it is out of order: seq 4 stands behind seq 5 (line 3)",
                                "5: it is out of order: seq 3 stands behind seq 4 (line 4)"}));

  auto doubled = good;
  doubled.insert(doubled.begin() + 2, good[1]);
  EXPECT_EQ(problems_of(doubled), (std::vector<std::string>{"3: seq 2 is here twice (line 2)"}));

  auto copied = good;
  copied.insert(copied.end(), good.begin() + 1, good.begin() + 4);
  EXPECT_EQ(problems_of(copied),
            (std::vector<std::string>{"8: it is out of order: seq 2 stands behind seq 7 (line 7)",
                                      "8: seq 2 to 4 are here twice"}));

  auto moved = good;
  std::rotate(moved.begin() + 1, moved.begin() + 3, moved.begin() + 6);
  EXPECT_EQ(problems_of(moved), (std::vector<std::string>{
                                    "5: it is out of order: seq 2 stands behind seq 6 (line 4)"}));

  auto beheaded = good;
  beheaded.erase(beheaded.begin());
  EXPECT_EQ(
      problems_of(beheaded),
      (std::vector<std::string>{"1: the session starts with seq 2: lines before it are missing"}));

  EXPECT_EQ(
      problems_of({"[]", "{\"a\":1}"}),
      (std::vector<std::string>{"1: it is no JSON object: it was cut, or changed",
                                "2: it is no line of an audit: `session` or `seq` is missing"}));
}

TEST(AuditVerify, a_file_that_somebody_made_up_shows_and_costs_little) {
  AuditVerifier verifier;
  verifier.line(
      R"js({"session":"\u001b[2J\nintact","seq":1,"event":"start","id":1,"kind":"\u202ex"})js");
  std::string deep = R"js({"session":"s","seq":1,"event":"session_end","args":)js";
  deep.append(1'000'000, '[').append(1'000'000, ']').append("}");
  verifier.line(deep);
  for (int i = 0; i < 5000; ++i)
    verifier.line("");
  const AuditVerdict verdict = std::move(verifier).verdict();
  ASSERT_EQ(verdict.sessions.size(), 2u);
  EXPECT_EQ(verdict.sessions[0].id, "\\x1b[2J intact");
  EXPECT_EQ(verdict.sessions[1].id, "s");
  EXPECT_EQ(verdict.problems.size(), 1000u);
  // Each session has no start, and the first no end.
  EXPECT_EQ(verdict.more_problems, 5000u + 3u - 1000u);
}

TEST(AuditVerify, sessions_that_share_a_file_are_told_apart) {
  MemoryWriter one_out, two_out;
  AuditSink one(one_out, somebody("aaaa")), two(two_out, somebody("bbbb"));
  Script first(one), second(two);
  tell_everything(first);
  tell_everything(second);
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < one_out.pieces.size(); ++i) {
    mixed.push_back(one_out.pieces[i]);
    mixed.push_back(two_out.pieces[i]);
  }
  const AuditVerdict verdict = verdict_of(mixed);
  EXPECT_TRUE(verdict.problems.empty());
  ASSERT_EQ(verdict.sessions.size(), 2u);
  EXPECT_EQ(verdict.sessions[1].id, "bbbb");
  EXPECT_EQ(verdict.sessions[1].first_line, 2u);
  EXPECT_EQ(verdict.sessions[1].lines, 7u);
}

TEST(AuditTime, has_nine_digits) {
  EXPECT_EQ(utc_text(1'763'828'984'932'224'832), "2025-11-22T16:29:44.932224832Z");
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59.999999999Z");
}

} // namespace perch::trace
