#include "op_fixture.h"

namespace perch::ops {
namespace {

using OutputOps = Ops;

TEST_F(OutputOps, print_writes_a_line_to_stdout) {
  text("print", {"soup"});
  text("println", {"bread"});
  text("print", {});
  EXPECT_EQ(world.out, "soup\nbread\n\n");
  EXPECT_EQ(world.err, "");
}

TEST_F(OutputOps, eprintln_writes_a_line_to_stderr) {
  text("eprintln", {"cold"});
  EXPECT_EQ(world.err, "cold\n");
  EXPECT_EQ(world.out, "");
}

TEST_F(OutputOps, bytes_are_written_as_they_are) {
  const std::string bytes("a\0\xff\n", 4);
  text("print", {bytes});
  EXPECT_EQ(world.out, bytes + '\n');
}

TEST_F(OutputOps, lines_of_any_length_are_written_whole) {
  for (const std::size_t size : {4094u, 4095u, 4096u, 4097u, 100'000u}) {
    world.out.clear();
    text("print", {std::string(size, 'x')});
    EXPECT_EQ(world.out, std::string(size, 'x') + '\n') << size;
  }
}

TEST_F(OutputOps, a_list_is_printed_line_by_line) {
  text("print", {list_of({"a", "b"})});
  EXPECT_EQ(world.out, "a\nb\n");
}

TEST_F(OutputOps, more_than_one_text_is_refused) {
  EXPECT_EQ(kind("print", {"a", "b"}), kind::kBadArgument);
}

TEST_F(OutputOps, list_commands_prints_names_and_descriptions_in_columns) {
  world.commands = {{"bake", "Bakes the bread."},
                    {"a_name_that_is_longer_than_the_column", "Still has a blank."},
                    {"plain", ""}};
  text("list_commands", {});
  EXPECT_EQ(world.out, "  bake                 Bakes the bread.\n"
                       "  a_name_that_is_longer_than_the_column Still has a blank.\n"
                       "  plain\n");
}

} // namespace
} // namespace perch::ops
