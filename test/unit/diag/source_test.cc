#include "diag/source.h"

#include <gtest/gtest.h>

namespace perch::diag {
namespace {

TEST(SourceMap, positions_count_lines_and_code_points_from_one) {
  SourceMap sources;
  sources.add("other.perch", "x\n");
  const Source& source = sources.add("a.perch", "one\r\n\tzwölf end\n\n");
  const auto at = [&](std::uint32_t offset) {
    const Position p = sources.position({source.id, offset, offset});
    return std::pair(p.line, p.column);
  };
  EXPECT_EQ(at(0), std::pair(1u, 1u));
  EXPECT_EQ(at(5), std::pair(2u, 1u));
  EXPECT_EQ(at(6), std::pair(2u, 2u)) << "a tab is one column";
  EXPECT_EQ(at(10), std::pair(2u, 5u)) << "so is a letter of two bytes";
  EXPECT_EQ(at(17), std::pair(3u, 1u));
  EXPECT_EQ(at(18), std::pair(4u, 1u));
  EXPECT_EQ(at(999), std::pair(4u, 1u)) << "beyond the end is the end";
  EXPECT_EQ(sources.file_line({source.id, 6, 7}), "a.perch:2");
}

TEST(SourceMap, lines_come_without_their_ends) {
  SourceMap sources;
  const Source& source = sources.add("a.perch", "one\r\ntwo\nthree");
  EXPECT_EQ(sources.line(source.id, 1), "one");
  EXPECT_EQ(sources.line(source.id, 2), "two");
  EXPECT_EQ(sources.line(source.id, 3), "three");
  EXPECT_EQ(sources.line(source.id, 4), "");
  EXPECT_EQ(sources.line(source.id, 0), "");
}

TEST(SourceMap, text_is_what_a_span_covers) {
  SourceMap sources;
  const Source& source = sources.add("a.perch", "one two");
  EXPECT_EQ(sources.text({source.id, 4, 7}), "two");
  EXPECT_EQ(sources.text({source.id, 4, 99}), "two");
  EXPECT_EQ(sources.text({source.id, 7, 4}), "");
  EXPECT_EQ(sources.text({}), "");
}

TEST(Span, join_covers_both) {
  EXPECT_EQ(join({0, 4, 6}, {0, 1, 2}), (Span{0, 1, 6}));
  EXPECT_EQ(join({}, {0, 1, 2}), (Span{0, 1, 2}));
}

} // namespace
} // namespace perch::diag
