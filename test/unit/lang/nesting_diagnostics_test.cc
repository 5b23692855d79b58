#include "unit/lang/support.h"

#include <gtest/gtest.h>

// What is reported when an `end` is missing or one too many: one mistake, at its cause.

namespace perch::lang {
namespace {

TEST(NestingDiagnostics, a_missing_end_is_one_mistake_and_blames_the_block_its_column_points_at) {
  EXPECT_EQ(reported(R"(command a
    do
        if x
            foo
    end
end
command b
    do
        for_each a b c
            foo
        end
    end
end
)"),
            R"(error[unclosed-block]: this `if` has no `end`
  --> a.perch:3:9
   |
 3 |         if x
   |         ^^^^
  ::: a.perch:5:5
   |
 5 |     end
   |     --- this `end` closes it, but stands in the column of a block further out
   = help: close it with `end` in the column of its `if`
error[for-each-shape]: `for_each` needs a list and a name
  --> a.perch:9:9
   |
 9 |         for_each a b c
   |         ^^^^^^^^^^^^^^
   = help: write: for_each NAME in LIST; the list is made first: names = list "a" "b", files = glob "*.txt"
)");
}

TEST(NestingDiagnostics, a_missing_end_at_the_end_of_the_file_lists_everything_that_is_open) {
  EXPECT_EQ(reported(R"(command a
    do
        if x
            foo
)"),
            R"(error[unclosed-block]: this `if` has no `end`
  --> a.perch:3:9
   |
 3 |         if x
   |         ^^^^
  ::: a.perch:2:5
   |
 2 |     do
   |     -- this `do` is open, too
  ::: a.perch:1:1
   |
 1 | command a
   | --------- this `command` is open, too
   = help: close it with `end` in the column of its `if`
)");
}

TEST(NestingDiagnostics, an_end_missing_before_the_next_item_does_not_swallow_it) {
  EXPECT_EQ(reported(R"(command a
    do
        foo
    end
command b c
end
)"),
            R"(error[unclosed-block]: this `command` has no `end`
  --> a.perch:1:1
   |
 1 | command a
   | ^^^^^^^^^
   = help: close it with `end` in the column of its `command`
error[wrong-shape]: `command` takes one word, not 2
  --> a.perch:5:11
   |
 5 | command b c
   |           ^
   = help: the form is: command NAME
)");
}

TEST(NestingDiagnostics, an_arg_without_end_is_closed_by_what_cannot_stand_in_it) {
  EXPECT_EQ(reported(R"(command a
    arg x
        type string
    arg y
        type string
    do
    end
end
)"),
            R"(error[unclosed-block]: this `arg` has no `end`
  --> a.perch:2:5
   |
 2 |     arg x
   |     ^^^^^
   = help: close it with `end` in the column of its `arg`
error[unclosed-block]: this `arg` has no `end`
  --> a.perch:4:5
   |
 4 |     arg y
   |     ^^^^^
   = help: close it with `end` in the column of its `arg`
)");
}

TEST(NestingDiagnostics, a_requires_block_without_end_is_closed_by_the_next_item) {
  EXPECT_EQ(reported(R"(requires
    bin "git"
X = "1"
command a b
end
)"),
            R"(error[unclosed-block]: this `requires` has no `end`
  --> a.perch:1:1
   |
 1 | requires
   | ^^^^^^^^
   = help: close it with `end` in the column of its `requires`
error[wrong-shape]: `command` takes one word, not 2
  --> a.perch:4:11
   |
 4 | command a b
   |           ^
   = help: the form is: command NAME
)");
}

TEST(NestingDiagnostics, a_divider_of_an_outer_block_blames_the_inner_one) {
  EXPECT_EQ(reported(R"(command a
    do
        match x
            case 1
                for_each y in z
                    foo
            case 2
                bar
        end
    end
end
)"),
            R"(error[unclosed-block]: this `for_each` has no `end`
  --> a.perch:5:17
   |
 5 |                 for_each y in z
   |                 ^^^^^^^^^^^^^^^
   = help: close it with `end` in the column of its `for_each`
)");
}

TEST(NestingDiagnostics, a_wasm_run_whose_declarations_have_no_end_is_one_mistake) {
  EXPECT_EQ(reported(R"(command a
    do
        wasm_run "x.wasm"
            wasm_arg "1"
        print "x"
    end
end
command b
    do
        wasm_run "x.wasm"
            wasm_arg "1"
    end
end
)"),
            R"(error[unclosed-block]: this `wasm_run` has no `end`
  --> a.perch:3:9
   |
 3 |         wasm_run "x.wasm"
   |         ^^^^^^^^^^^^^^^^^
   = help: close it with `end` in the column of its `wasm_run`
error[unclosed-block]: this `wasm_run` has no `end`
  --> a.perch:10:9
   |
10 |         wasm_run "x.wasm"
   |         ^^^^^^^^^^^^^^^^^
   = help: close it with `end` in the column of its `wasm_run`
)");
}

TEST(NestingDiagnostics, an_end_too_many_blames_the_one_whose_column_is_off) {
  EXPECT_EQ(reported(R"(command a
    do
        if x
            foo
        end
        end
        bar
    end
end
command b c
end
)"),
            R"(error[stray-end]: this `end` is one too many
  --> a.perch:6:9
   |
 6 |         end
   |         ^^^
  ::: a.perch:2:5
   |
 2 |     do
   |     -- it closes this `do`
  ::: a.perch:7:9
   |
 7 |         bar
   |         --- so that this is left over
   = help: remove it, or add the block that it is to close
error[wrong-shape]: `command` takes one word, not 2
  --> a.perch:10:11
   |
10 | command b c
   |           ^
   = help: the form is: command NAME
)");
}

TEST(NestingDiagnostics, an_end_too_many_at_the_file_level_is_one_mistake) {
  EXPECT_EQ(reported(R"(command a
end
end
end
command b c
end
)"),
            R"(error[stray-end]: this `end` is one too many
  --> a.perch:3:1
   |
 3 | end
   | ^^^
   = help: remove it, or add the block that it is to close
error[wrong-shape]: `command` takes one word, not 2
  --> a.perch:5:11
   |
 5 | command b c
   |           ^
   = help: the form is: command NAME
)");
}

TEST(NestingDiagnostics, the_end_of_a_malformed_head_is_no_second_mistake) {
  EXPECT_EQ(reported(R"(command a
do
timeout "1s" x
foo
end
end
end
command b c
end
)"),
            R"(error[wrong-shape]: `timeout` takes one word, not 2
  --> a.perch:3:14
   |
 3 | timeout "1s" x
   |              ^
   = help: the form is: timeout DURATION, or timeout secs=N; a program of that name is run with `exec timeout`
error[wrong-shape]: `command` takes one word, not 2
  --> a.perch:8:11
   |
 8 | command b c
   |           ^
   = help: the form is: command NAME
)");
}

TEST(NestingDiagnostics, a_loop_of_another_language_is_named_although_nothing_is_indented) {
  EXPECT_EQ(reported("command a\ndo\nwhile true\nfoo\nend\nend\nend\n"),
            R"(error[not-a-block]: `while` opens no block, but the lines below it look like one
  --> a.perch:3:1
   |
 3 | while true
   | ^^^^^
   = help: perch has no loop over a condition; `retry` repeats what fails, `for_each` goes through a list
)");
}

TEST(NestingDiagnostics, an_end_too_many_in_front_of_else_is_found) {
  EXPECT_EQ(reported(R"(command a
    do
        if x
            foo
            end
        else
            bar
        end
    end
end
)"),
            R"(error[stray-end]: this `end` is one too many
  --> a.perch:5:13
   |
 5 |             end
   |             ^^^
  ::: a.perch:3:9
   |
 3 |         if x
   |         ---- it closes this `if`
  ::: a.perch:6:9
   |
 6 |         else
   |         ---- so that this is left over
   = help: remove it, or add the block that it is to close
)");
}

TEST(NestingDiagnostics, a_misspelt_block_keyword_is_what_an_end_too_many_comes_from) {
  EXPECT_EQ(reported(R"(command a
    do
        retyr 3
            foo
        end
    end
end
command b
    do
        while x
            foo
        end
    end
end
command c
    do
        frob x
            foo
        end
    end
end
)"),
            R"(error[not-a-block]: `retyr` opens no block, but the lines below it look like one
  --> a.perch:3:9
   |
 3 |         retyr 3
   |         ^^^^^
   = help: did you mean `retry`?
error[not-a-block]: `while` opens no block, but the lines below it look like one
  --> a.perch:10:9
   |
10 |         while x
   |         ^^^^^
   = help: perch has no loop over a condition; `retry` repeats what fails, `for_each` goes through a list
error[not-a-block]: `frob` opens no block, but the lines below it look like one
  --> a.perch:17:9
   |
17 |         frob x
   |         ^^^^
   = help: a body belongs to `if`, `for_each`, `match` and the other block keywords
)");
}

} // namespace
} // namespace perch::lang
