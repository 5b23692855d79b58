#include "base/text.h"
#include "unit/lang/support.h"

#include <gtest/gtest.h>

namespace perch::lang {
namespace {

// The layout of a text; a second pass changes nothing, and the tree stays the same.
std::string formatted(std::string text) {
  TestFile file(std::move(text));
  const std::string out = file.formatted();
  const std::string tree = file.tree();
  EXPECT_EQ(file.diagnostics(), "");
  TestFile again(out);
  EXPECT_EQ(again.formatted(), out);
  EXPECT_EQ(again.tree(), tree);
  return out;
}

TEST(Format, indents_by_four_and_puts_one_blank_between_words) {
  EXPECT_EQ(
      formatted("command a\n  description   \"x\"\n\tdo\n  if   x\n y  z\n else\nend\n end\nend"),
      R"(command a
    description "x"
    do
        if x
            y z
        else
        end
    end
end
)");
}

TEST(Format, puts_blanks_around_the_sign_of_an_assignment_only) {
  EXPECT_EQ(formatted("X=1\nY= \"a=b\"\nZ =c\n"), "X = 1\nY = \"a=b\"\nZ = c\n");
  EXPECT_EQ(formatted("command a\n    do\n        x=echo a=b =c\n    end\nend\n"),
            "command a\n    do\n        x = echo a=b =c\n    end\nend\n");
  EXPECT_EQ(formatted("command a\n    dir =x\nend\n"), "command a\n    dir =x\nend\n");
}

TEST(Format, a_value_that_would_become_a_comment_stays_glued) {
  for (const char* sign : {"=#", " =#"})
    EXPECT_EQ(formatted(base::cat("X", sign, "f00\n")), "X =#f00\n");
  EXPECT_EQ(formatted("command a\n    do\n        x=#b c # d\n    end\nend\n"),
            "command a\n    do\n        x =#b c  # d\n    end\nend\n");
}

TEST(Format, keeps_comments_with_what_they_are_about) {
  EXPECT_EQ(formatted(R"(#!/usr/bin/env perch
# the file
requires
 bin "sort"   # sort it
 bin "uname"  # who
 # in requires
end
# about a
command a
 # before do
 do
  # first
  if a
     b
  # about else
  else
     c
     # in else
  end
  match z
  # about case 1
  case 1
    a
    # in case 1
  # about case 2
  case 2
    # only a comment
  end
  # last
 end
 # after do
end
# tail
)"),
            R"(#!/usr/bin/env perch
# the file
requires
    bin "sort"   # sort it
    bin "uname"  # who
    # in requires
end

# about a
command a
    # before do
    do
        # first
        if a
            b
        # about else
        else
            c
            # in else
        end
        match z
            # about case 1
            case 1
                a
                # in case 1
            # about case 2
            case 2
                # only a comment
        end
        # last
    end
    # after do
end

# tail
)");
}

TEST(Format, comments_behind_adjacent_lines_stand_below_each_other) {
  EXPECT_EQ(
      formatted("A = 1 # one\nLONG = \"日本\" # two\n\nB = 2 # apart\nC = 3\nD = 4 # apart\n"),
      "A = 1          # one\nLONG = \"日本\"  # two\n\nB = 2  # apart\nC = 3\nD = 4  # apart\n");
}

TEST(Format, leaves_at_most_one_blank_line_and_none_inside_the_edges_of_a_block) {
  EXPECT_EQ(formatted("\n\nname a\n\n\n\nabout b\ncommand a\n\n\n  do\n\n    x\n\n\n    y\n\n  "
                      "end\n\nend\ncommand b\nend\nX = 1\n\n\n"),
            R"(name a

about b

command a
    do
        x

        y
    end
end

command b
end

X = 1
)");
}

TEST(Format, keeps_strings_over_several_lines_as_they_are) {
  EXPECT_EQ(formatted("command a\n do\n  write `a\r\n b  \n   c` d # e\n end\nend\n"),
            "command a\n    do\n        write `a\n b  \n   c` d  # e\n    end\nend\n");
}

TEST(Format, keeps_the_spelling_of_words) {
  const std::string text =
      "command a\n    do\n        echo 'a' \"b\" `c` r\"d\" e\\ f \"${ g }\" (h\n    end\nend\n";
  EXPECT_EQ(formatted(text), text);
}

TEST(Format, optional_bodies_stay_what_they_are) {
  EXPECT_EQ(formatted(R"(requires
bin a
hash x
end
bin b
end
command a
do
  wasm_run "x"
  wasm_run "y"
  end
  wasm_run z
     # about it
     wasm_arg a
  end
end
end
)"),
            R"(requires
    bin a
        hash x
    end
    bin b
end

command a
    do
        wasm_run "x"
        wasm_run "y"
        end
        wasm_run z
            # about it
            wasm_arg a
        end
    end
end
)");
}

TEST(Format, a_file_with_errors_comes_back_as_it_is) {
  for (const std::string text :
       {"command a\n", "print  'x\n", "a\xff  b\n", "  end\n", "X =  \"\x1b\"\n"}) {
    TestFile file(text);
    EXPECT_EQ(file.formatted(), text);
  }
}

TEST(Format, an_empty_file_stays_empty) {
  EXPECT_EQ(formatted(""), "");
  EXPECT_EQ(formatted("\xEF\xBB\xBF\n \n"), "");
  EXPECT_EQ(formatted("# only this"), "# only this\n");
}

} // namespace
} // namespace perch::lang
