#include "trace/trace_text.h"
#include "unit/trace/script.h"

namespace perch::trace {

namespace {

class TraceText : public testing::Test {
protected:
  MemoryWriter out;
  TraceSink sink{out, Paint::No};
  Script run{sink};
};

} // namespace

TEST_F(TraceText, is_what_the_manual_shows) {
  tell_deploy(run);
  EXPECT_EQ(out.text(), R"(▸ sandbox              flags="no_network"
  ▸ wasm_run             "./validate.wasm"
  ✓                              (124ms)
  ▸ shell                "kubectl apply -f manifest.yaml"
  ✓                              (1.20s)
✓                                (1.32s)
)");
}

TEST_F(TraceText, writes_each_line_at_once) {
  tell_deploy(run);
  EXPECT_EQ(out.pieces.size(), 6u);
  for (const std::string& piece : out.pieces)
    EXPECT_EQ(piece.find('\n'), piece.size() - 1);
}

TEST_F(TraceText, an_error_stands_where_the_span_ends) {
  const SpanId op = run.begin(0, What::Op, "read_file", text_args("path", "a"));
  run.at_us(9);
  (void)run.fail_span(op, "file_not_found", "`a` does not exist");
  EXPECT_EQ(out.text(), "▸ read_file            \"a\"\n"
                        "✗ file_not_found: `a` does not exist (9µs)\n");
}

TEST_F(TraceText, branches_are_named_also_when_they_nest) {
  const SpanId outer = run.begin(0, What::Block, "parallel", {});
  const SpanId two = run.begin(outer, What::Op, "print", text_args("text", "b"), 2);
  const SpanId inner = run.begin(outer, What::Block, "parallel", {}, 1);
  const SpanId leaf = run.begin(inner, What::Op, "print", text_args("text", "c"), 3);
  (void)run.end(leaf);
  (void)run.end(inner);
  (void)run.end(two);
  (void)run.end(outer);
  EXPECT_EQ(out.text(), R"(▸ parallel
[2]   ▸ print                "b"
[1]   ▸ parallel
[1] [3]     ▸ print                "c"
[1] [3]     ✓                    (0ns)
[1]   ✓                          (0ns)
[2]   ✓                          (0ns)
✓                                (0ns)
)");
}

TEST_F(TraceText, skipped_and_cached_ones_say_so) {
  const SpanId a = run.begin(0, What::Block, "if", {});
  (void)run.end({.id = a, .skipped = true});
  const SpanId b = run.begin(0, What::Block, "cache", text_args("key", "k"));
  (void)run.end({.id = b, .cached = true});
  EXPECT_EQ(out.text(),
            "▸ if\n○ skipped                        (0ns)\n"
            "▸ cache                key=\"k\"\n✓ cached                         (0ns)\n");
}

TEST_F(TraceText, long_and_wild_arguments_stay_on_their_line) {
  (void)run.begin(0, What::Op, "print", text_args("text", std::string(100, 'x')));
  (void)run.begin(0, What::Op, "print", text_args("text", "a\nb\x1b[31mc\xff\xe2\x80\xae"));
  EXPECT_EQ(out.text(), "▸ print                \"" + std::string(60, 'x') + "…\"\n" +
                            "▸ print                \"a b\\x1b[31mc\ufffd\ufffd\"\n");
}

TEST_F(TraceText, deep_nesting_and_long_kinds_need_no_fixed_width) {
  SpanId parent = 0;
  for (int i = 0; i < 30; ++i)
    parent = run.begin(parent, What::Block, "a_kind_of_more_than_twenty_letters", {});
  (void)run.end(parent);
  EXPECT_TRUE(out.pieces.back().ends_with("✓ (0ns)\n")) << out.pieces.back();
}

TEST_F(TraceText, a_writer_that_fails_does_not_stop_the_run) {
  out.writes_left = 0;
  tell_deploy(run);
  ASSERT_TRUE(sink.failure());
  EXPECT_EQ(sink.failure()->message, "cannot write to `out`: no space left on device");
}

TEST_F(TraceText, a_clock_that_stands_still_gives_no_negative_time) {
  run.at(5);
  const SpanId op = run.begin(0, What::Op, "print", {});
  run.at(1);
  (void)run.end(op);
  EXPECT_TRUE(out.text().ends_with("(0ns)\n"));
}

TEST(TracePaint, colours_only_where_they_are_allowed) {
  MemoryWriter out;
  TraceSink sink(out, Paint::Yes);
  Script run(sink);
  const SpanId op = run.begin(0, What::Op, "print", {});
  (void)run.end(op);
  EXPECT_EQ(out.text(), "\x1b[2m▸\x1b[0m print\n"
                        "\x1b[32m✓\x1b[0m                                \x1b[2m(0ns)\x1b[0m\n");
}

} // namespace perch::trace
