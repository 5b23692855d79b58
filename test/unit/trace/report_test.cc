#include "base/json.h"
#include "trace/report.h"
#include "unit/trace/script.h"

namespace perch::trace {

namespace {

std::string report_of(ReportSink::Options options, void (*tell)(Script&)) {
  MemoryWriter out;
  ReportSink sink(out, options);
  Script run(sink);
  tell(run);
  return out.text();
}

} // namespace

TEST(ReportText, is_what_the_manual_shows) {
  EXPECT_EQ(report_of({}, tell_deploy), R"(── perch trace ─────────────────────────────────
✓ deploy (1.32s)
└─ ✓ sandbox "no_network" (1.32s)
   ├─ ✓ wasm_run "./validate.wasm" (124ms)
   └─ ✓ exec kubectl apply ... (1.20s)
)");
}

TEST(ReportText, marks_failures_skips_caches_retries_and_templates) {
  const std::string text = report_of({}, [](Script& run) {
    (void)run.start();
    const SpanId top = run.begin(0, What::Command, "command", text_args("name", "deploy"));
    Fields three;
    three.push_back({.name = "attempts", .value = std::int64_t{3}});
    const SpanId retry = run.begin(top, What::Block, "retry", std::move(three));
    for (std::int64_t number = 1; number <= 2; ++number) {
      Fields args;
      args.push_back({.name = "number", .value = number});
      const SpanId attempt = run.begin(retry, What::Block, "attempt", std::move(args));
      const SpanId exec = run.begin(attempt, What::Child, "exec", text_args("command", "false"));
      run.at(10 * number);
      if (number == 1) {
        (void)run.fail_span(exec, "shell_exit_nonzero", "`false` ended with exit status 1");
        (void)run.fail_span(attempt, "shell_exit_nonzero", "`false` ended with exit status 1");
      } else {
        (void)run.end(exec);
        (void)run.end(attempt);
      }
    }
    (void)run.end(retry);
    const SpanId skipped = run.begin(top, What::Block, "if", {});
    (void)run.end({.id = skipped, .skipped = true});
    const SpanId cached = run.begin(top, What::Block, "cache", text_args("key", "k"));
    (void)run.end({.id = cached, .cached = true});
    const SpanId print = run.begin(
        {.parent = top, .kind = "print", .args = text_args("text", "hi"), .from_template = "note"});
    (void)run.end(print);
    const SpanId nested = run.begin(top, What::Command, "command", text_args("name", "build"));
    (void)run.end(nested);
    (void)run.end(top);
    (void)run.finish();
  });
  EXPECT_EQ(text, R"(── perch trace ─────────────────────────────────
✓ deploy (20ms)
├─ ✓ retry 3 (20ms)
│  ├─ ✗ attempt 1 (10ms)
│  │  │ ↳ shell_exit_nonzero: `false` ended with exit status 1
│  │  └─ ✗ exec false (10ms)
│  │       ↳ shell_exit_nonzero: `false` ended with exit status 1
│  └─ ✓ attempt 2 (10ms)
│     └─ ✓ exec false (10ms)
├─ ○ if (skipped)
├─ ✓ cache "k" (0ns, cached)
├─ ✓ print "hi" (0ns) [from template note]
└─ ✓ command "build" (0ns)
)");
}

TEST(ReportText, tells_the_status_of_a_run_that_ended_without_an_error) {
  const std::string text = report_of({}, [](Script& run) {
    (void)run.start();
    const SpanId top = run.begin(0, What::Command, "command", text_args("name", "deploy"));
    (void)run.end(run.begin(top, What::Op, "exit", text_args("code", "7")));
    (void)run.end(top);
    (void)run.finish(7);
  });
  EXPECT_EQ(text, R"(── perch trace ─────────────────────────────────
✓ deploy (0ns) [exit status 7]
└─ ✓ exit "7" (0ns)
)");
}

TEST(ReportText, folds_leaves_when_there_are_too_many) {
  const std::string text = report_of({.most_spans = 4}, [](Script& run) {
    (void)run.start();
    const SpanId top = run.begin(0, What::Command, "command", text_args("name", "deploy"));
    for (int i = 0; i < 10; ++i) {
      run.at(i);
      const SpanId block = run.begin(top, What::Block, "if", {});
      const SpanId op = run.begin(block, What::Op, "print", {});
      run.at(i + 1);
      if (i == 9)
        (void)run.fail_span(op, "user_fail", "no");
      else
        (void)run.end(op);
      (void)run.end(block);
    }
    (void)run.end(top);
    (void)run.finish();
  });
  EXPECT_EQ(text, R"(── perch trace ─────────────────────────────────
✓ deploy (10ms)
├─ ✓ if (1ms)
│  └─ ✓ print (1ms)
├─ ✓ if (1ms)
│  └─ … 1 more, left out to save memory (1ms)
└─ … 16 more, left out to save memory (8ms, 1 failed)
)");
}

TEST(ReportText, many_spans_need_the_memory_of_a_few) {
  SpanTree tree(1000);
  tree.session_start({});
  tree.begin({.id = 1, .what = What::Command, .kind = "command"});
  for (SpanId id = 2; id < 500'002; ++id) {
    tree.begin({.id = id, .parent = 1, .kind = "print"});
    tree.end({.id = id});
  }
  tree.end({.id = 1});
  EXPECT_EQ(tree.kept(), 1000u);
  EXPECT_EQ(tree.folded(), 499'001u);
  EXPECT_EQ(tree.node(tree.roots().front()).folded, 499'001u);
}

TEST(ReportText, a_run_without_spans_says_why_it_failed) {
  const std::string text = report_of({}, [](Script& run) {
    (void)run.start();
    const Error error{.kind = "requirement_unmet", .message = "there is no program `jq` on PATH"};
    (void)run.finish(1, &error);
  });
  EXPECT_EQ(text, "── perch trace ─────────────────────────────────\n"
                  "✗ requirement_unmet: there is no program `jq` on PATH\n");
}

TEST(ReportChrome, is_what_trace_viewers_read) {
  const std::string text = report_of({.format = ReportFormat::Chrome, .pid = 42}, tell_deploy);
  const base::Json parsed = base::Json::parse(text, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << text;
  const base::Json& events = parsed["traceEvents"];
  ASSERT_EQ(events.size(), 5u); // four spans and the name of their track
  EXPECT_EQ(events[3]["name"], "exec kubectl apply ...");
  EXPECT_EQ(events[3]["ph"], "X");
  EXPECT_EQ(events[3]["ts"], 124000.0);
  EXPECT_EQ(events[3]["dur"], 1200000.0);
  EXPECT_EQ(events[3]["pid"], 42);
  EXPECT_EQ(events[3]["args"]["command_line"], "kubectl apply -f manifest.yaml");
}

TEST(ReportChrome, spans_of_one_track_nest_by_time) {
  const std::string text = report_of({.format = ReportFormat::Chrome}, [](Script& run) {
    (void)run.start();
    const SpanId top = run.begin(0, What::Block, "parallel", {});
    std::vector<SpanId> branches;
    for (int i = 1; i <= 3; ++i) {
      run.at(i);
      branches.push_back(run.begin(top, What::Op, "print", {}, i));
    }
    run.at(10);
    for (const SpanId id : branches)
      (void)run.end(id);
    const SpanId after = run.begin(top, What::Op, "sleep", {}, 1);
    run.at(12);
    (void)run.end(after);
    (void)run.end(top);
    (void)run.finish();
  });
  const base::Json events = base::Json::parse(text)["traceEvents"];
  std::vector<int> tracks;
  for (std::size_t i = 0; i < 5; ++i)
    tracks.push_back(events[i]["tid"].get<int>());
  EXPECT_EQ(tracks, (std::vector<int>{0, 0, 1, 2, 0}));
}

TEST(ReportHtml, asks_nothing_of_the_network_and_cannot_be_broken_out_of) {
  const std::string page = report_of({.format = ReportFormat::Html}, [](Script& run) {
    (void)run.start("</script><script>alert(1)</script>");
    const SpanId op = run.begin(0, What::Op, "print", text_args("text", "</script><b>&\"'"));
    (void)run.end(op);
    (void)run.finish();
  });
  EXPECT_EQ(page.find("http:"), page.npos);
  EXPECT_EQ(page.find("https:"), page.npos);
  EXPECT_EQ(page.find(" src="), page.npos);
  EXPECT_EQ(page.find("<link"), page.npos);
  EXPECT_EQ(page.find("alert(1)</script>"), page.npos);
  EXPECT_EQ(page.find("</script><b>"), page.npos);
  EXPECT_NE(page.find("default-src 'none'"), page.npos);
}

TEST(ReportHtml, holds_the_spans_as_json) {
  const std::string page = report_of({.format = ReportFormat::Html}, tell_deploy);
  const std::string_view opening = "id=\"data\">";
  const auto from = page.find(opening) + opening.size();
  const base::Json data =
      base::Json::parse(page.substr(from, page.find("</script>", from) - from), nullptr, false);
  ASSERT_TRUE(data.is_object());
  ASSERT_EQ(data["spans"].size(), 4u);
  EXPECT_EQ(data["spans"][3]["l"], "exec kubectl apply ...");
  EXPECT_EQ(data["spans"][3]["d"], 2);
  EXPECT_EQ(data["spans"][3]["t"], 1200000);
  EXPECT_EQ(data["us"], 1324000);
}

TEST(ReportFormats, the_ending_chooses) {
  EXPECT_EQ(report_format(""), ReportFormat::Text);
  EXPECT_EQ(report_format("-"), ReportFormat::Text);
  EXPECT_EQ(report_format("a.html"), ReportFormat::Html);
  EXPECT_EQ(report_format("a.htm"), ReportFormat::Html);
  EXPECT_EQ(report_format("a.json"), ReportFormat::Chrome);
  EXPECT_EQ(report_format("a.txt"), ReportFormat::Text);
}

} // namespace perch::trace
