#include "unit/lang/support.h"

#include <gtest/gtest.h>

// What is reported about bodies: block keywords, calls, chains, assignments.

namespace perch::lang {
namespace {

TEST(StatementDiagnostics, block_keywords_in_a_wrong_shape_are_never_calls) {
  EXPECT_EQ(reported(R"(command a
    do
        timeout 5 curl x
        os
        arch a b
        with_cwd
        with_env
        parallel 2
        retry 1 2
    end
end
)"),
            R"(error[wrong-shape]: `timeout` takes one word, not 3
  --> a.perch:3:19
   |
 3 |         timeout 5 curl x
   |                   ^^^^^^
   = help: the form is: timeout DURATION, or timeout secs=N; a program of that name is run with `exec timeout`
error[wrong-shape]: `os` needs one word behind it
  --> a.perch:4:9
   |
 4 |         os
   |         ^^
   = help: the form is: os NAME; a program of that name is run with `exec os`
error[wrong-shape]: `arch` takes one word, not 2
  --> a.perch:5:16
   |
 5 |         arch a b
   |                ^
   = help: the form is: arch NAME; a program of that name is run with `exec arch`
error[wrong-shape]: `with_cwd` needs one word behind it
  --> a.perch:6:9
   |
 6 |         with_cwd
   |         ^^^^^^^^
   = help: the form is: with_cwd DIRECTORY
error[wrong-shape]: `with_env` needs one word behind it
  --> a.perch:7:9
   |
 7 |         with_env
   |         ^^^^^^^^
   = help: the form is: with_env NAME=VALUE, any number of them
error[wrong-shape]: `parallel` takes only named options
  --> a.perch:8:18
   |
 8 |         parallel 2
   |                  ^
   = help: the form is: parallel, or parallel max=N fail_fast=true; a program of that name is run with `exec parallel`
error[wrong-shape]: `retry` takes one word, not 2
  --> a.perch:9:17
   |
 9 |         retry 1 2
   |                 ^
   = help: the form is: retry, retry N, or retry max=N delay=DURATION; a program of that name is run with `exec retry`
)");
}

TEST(StatementDiagnostics, block_keywords_in_a_wrong_shape_are_never_calls_either) {
  EXPECT_EQ(reported(R"(command a
    do
        cache "x"
        sandbox
        match a b
        pipe x
        try x
        wasm_run
        if
        for_each x
    end
end
)"),
            R"(error[wrong-shape]: `cache` needs 2 words behind it
  --> a.perch:3:9
   |
 3 |         cache "x"
   |         ^^^^^
   = help: the form is: cache KEY DURATION, or cache key=KEY ttl=DURATION; a program of that name is run with `exec cache`
error[wrong-shape]: `sandbox` needs one word behind it
  --> a.perch:4:9
   |
 4 |         sandbox
   |         ^^^^^^^
   = help: the form is: sandbox FLAG, any number of them; a program of that name is run with `exec sandbox`
error[wrong-shape]: `match` takes one word, not 2
  --> a.perch:5:17
   |
 5 |         match a b
   |                 ^
   = help: the form is: match VALUE; a program of that name is run with `exec match`
error[wrong-shape]: `pipe` takes no words
  --> a.perch:6:14
   |
 6 |         pipe x
   |              ^
   = help: the form is: pipe; a program of that name is run with `exec pipe`
error[wrong-shape]: `try` takes no words
  --> a.perch:7:13
   |
 7 |         try x
   |             ^
   = help: the form is: try; a program of that name is run with `exec try`
error[wrong-shape]: `wasm_run` needs one word behind it
  --> a.perch:8:9
   |
 8 |         wasm_run
   |         ^^^^^^^^
   = help: the form is: wasm_run MODULE, or wasm_run MODULE func:NAME ARG:VALUE
error[wrong-shape]: `if` needs one word behind it
  --> a.perch:9:9
   |
 9 |         if
   |         ^^
   = help: the form is: if CONDITION
error[wrong-shape]: `for_each` needs 2 words behind it
  --> a.perch:10:9
   |
10 |         for_each x
   |         ^^^^^^^^
   = help: the form is: for_each LIST NAME, or for_each NAME in LIST
)");
}

TEST(StatementDiagnostics, a_block_with_a_wrong_head_is_still_a_block) {
  EXPECT_EQ(reported(R"(command a
    do
        timeout 5 6
            foo
        end
        match
            case 1 2
                foo
        end
        wasm_run "a" b
            wasm_arg x
        end
        for_each a b c
            foo
        end
        for_each a in
        end
    end
end
)"),
            R"(error[wrong-shape]: `timeout` takes one word, not 2
  --> a.perch:3:19
   |
 3 |         timeout 5 6
   |                   ^
   = help: the form is: timeout DURATION, or timeout secs=N; a program of that name is run with `exec timeout`
error[wrong-shape]: `match` needs one word behind it
  --> a.perch:6:9
   |
 6 |         match
   |         ^^^^^
   = help: the form is: match VALUE; a program of that name is run with `exec match`
error[wrong-shape]: `case` takes one word, not 2
  --> a.perch:7:20
   |
 7 |             case 1 2
   |                    ^
   = help: the form is: case VALUE
error[wrong-shape]: `wasm_run` takes one word, not 2
  --> a.perch:10:22
   |
10 |         wasm_run "a" b
   |                      ^
   = help: the form is: wasm_run MODULE, or wasm_run MODULE func:NAME ARG:VALUE
error[for-each-shape]: `for_each` needs a list and a name
  --> a.perch:13:9
   |
13 |         for_each a b c
   |         ^^^^^^^^^^^^^^
   = help: write: for_each NAME in LIST; the list is made first: names = list "a" "b", files = glob "*.txt"
error[for-each-shape]: `for_each` needs a list and a name
  --> a.perch:16:9
   |
16 |         for_each a in
   |         ^^^^^^^^^^^^^
   = help: write: for_each NAME in LIST; the list is made first: names = list "a" "b", files = glob "*.txt"
)");
}

TEST(StatementDiagnostics, an_option_needs_a_value) {
  EXPECT_EQ(reported(R"(command a
    do
        retry max= delay:
        end
    end
end
)"),
            R"(error[empty-option]: `max` has no value
  --> a.perch:3:15
   |
 3 |         retry max= delay:
   |               ^^^^
   = help: write the value directly behind it: max=VALUE
error[empty-option]: `delay` has no value
  --> a.perch:3:20
   |
 3 |         retry max= delay:
   |                    ^^^^^^
   = help: write the value directly behind it: delay=VALUE
)");
}

TEST(StatementDiagnostics, dividers_outside_their_blocks_are_errors) {
  EXPECT_EQ(reported(R"(command a
    do
        else
        case x
        rescue
        finally
        wasm_arg x
        if x
        rescue
        end
    end
end
)"),
            R"(error[misplaced-keyword]: `else` belongs in `if` or `match`, and this is none
  --> a.perch:3:9
   |
 3 |         else
   |         ^^^^
   = help: put it into `if` or `match`, or look for an `end` above it that is one too many
error[misplaced-keyword]: `case` belongs in `match`, and this is none
  --> a.perch:4:9
   |
 4 |         case x
   |         ^^^^
   = help: put it into `match`, or look for an `end` above it that is one too many
error[misplaced-keyword]: `rescue` belongs in `try`, and this is none
  --> a.perch:5:9
   |
 5 |         rescue
   |         ^^^^^^
   = help: put it into `try`, or look for an `end` above it that is one too many
error[misplaced-keyword]: `finally` belongs in `try`, and this is none
  --> a.perch:6:9
   |
 6 |         finally
   |         ^^^^^^^
   = help: put it into `try`, or look for an `end` above it that is one too many
error[misplaced-keyword]: `wasm_arg` belongs in `wasm_run`, and this is none
  --> a.perch:7:9
   |
 7 |         wasm_arg x
   |         ^^^^^^^^
   = help: put it into `wasm_run`, or look for an `end` above it that is one too many
error[misplaced-keyword]: `rescue` belongs in `try`, and this is none
  --> a.perch:9:9
   |
 9 |         rescue
   |         ^^^^^^
   = help: put it into `try`, or look for an `end` above it that is one too many
)");
}

TEST(StatementDiagnostics, each_branch_stands_once) {
  EXPECT_EQ(reported(R"(command a
    do
        if x
        else
        else if y
        else
        end
        try
        rescue
        rescue e
        finally
        finally
        end
        match x
            else
            else
        end
    end
end
)"),
            R"(error[repeated-branch]: this block has its `else` already
  --> a.perch:5:9
   |
 5 |         else if y
   |         ^^^^^^^^^
   = help: `else if` and `case` stand in front of the one `else`
error[repeated-branch]: this block has its `else` already
  --> a.perch:6:9
   |
 6 |         else
   |         ^^^^
   = help: `else if` and `case` stand in front of the one `else`
error[repeated-branch]: this block has its `rescue` already
  --> a.perch:10:9
   |
10 |         rescue e
   |         ^^^^^^
   = help: put both bodies into one
error[repeated-branch]: this block has its `finally` already
  --> a.perch:12:9
   |
12 |         finally
   |         ^^^^^^^
   = help: put both bodies into one
error[repeated-branch]: this block has its `else` already
  --> a.perch:16:13
   |
16 |             else
   |             ^^^^
   = help: `else if` and `case` stand in front of the one `else`
)");
}

TEST(StatementDiagnostics, statements_in_front_of_the_first_case_are_errors) {
  EXPECT_EQ(reported(R"(command a
    do
        match x
            foo
            bar
            case 1
        end
    end
end
)"),
            R"(error[statement-before-case]: `foo` stands in `match`, but in no `case` of it
  --> a.perch:4:13
   |
 4 |             foo
   |             ^^^
   = help: put it in front of the `match`, or below a `case` or `else`
)");
}

TEST(StatementDiagnostics, a_stage_of_a_pipe_is_one_call) {
  EXPECT_EQ(reported(R"(command a
    do
        pipe
            a && b
            x = y
            if c
                d
            end
            e
        end
    end
end
)"),
            R"(error[not-a-pipe-stage]: a stage of a pipe is one call, or a `wasm_run`
  --> a.perch:4:13
   |
 4 |             a && b
   |             ^^^^^^
   = help: put the rest into a command and call that
error[not-a-pipe-stage]: a stage of a pipe is one call, or a `wasm_run`
  --> a.perch:5:13
   |
 5 |             x = y
   |             ^^^^^
   = help: put the rest into a command and call that
error[not-a-pipe-stage]: a stage of a pipe is one call, or a `wasm_run`
  --> a.perch:6:13
   |
 6 |             if c
   |             ^^^^
   = help: put the rest into a command and call that
)");
}

TEST(StatementDiagnostics, only_declarations_stand_in_a_wasm_run) {
  EXPECT_EQ(reported(R"(command a
    do
        wasm_run "x.wasm"
            wasm_rag "1"
            print "x"
            if x
                foo
            end
        end
    end
end
)"),
            R"(error[unknown-wasm-declaration]: `wasm_rag` is no declaration of `wasm_run`
  --> a.perch:4:13
   |
 4 |             wasm_rag "1"
   |             ^^^^^^^^
   = help: did you mean `wasm_arg`?
error[unknown-wasm-declaration]: `print` is no declaration of `wasm_run`
  --> a.perch:5:13
   |
 5 |             print "x"
   |             ^^^^^
   = help: only declarations stand in its block: wasm_arg, wasm_env, wasm_mount_read, wasm_mount_write, wasm_allow_host, wasm_stdin, wasm_memory, wasm_fuel, wasm_hash
error[unknown-wasm-declaration]: `if` is no declaration of `wasm_run`
  --> a.perch:6:13
   |
 6 |             if x
   |             ^^
   = help: only declarations stand in its block: wasm_arg, wasm_env, wasm_mount_read, wasm_mount_write, wasm_allow_host, wasm_stdin, wasm_memory, wasm_fuel, wasm_hash
)");
}

TEST(StatementDiagnostics, chains_have_a_call_on_both_sides) {
  EXPECT_EQ(reported(R"(command a
    do
        a && && b
        ; a
        a ||
        exec
        a && exec
        "" x
        a && if x
        a && timeout 5
        a && b = c
    end
end
)"),
            R"(error[empty-clause]: nothing to run in front of `&&`
  --> a.perch:3:14
   |
 3 |         a && && b
   |              ^^
   = help: put a call on both sides, or quote it to pass it on: "&&"
error[empty-clause]: nothing to run in front of `;`
  --> a.perch:4:9
   |
 4 |         ; a
   |         ^
   = help: put a call on both sides, or quote it to pass it on: ";"
error[empty-clause]: nothing to run behind `||`
  --> a.perch:5:11
   |
 5 |         a ||
   |           ^^
   = help: put a call on both sides, or quote it to pass it on: "||"
error[exec-without-program]: `exec` needs a program behind it
  --> a.perch:6:9
   |
 6 |         exec
   |         ^^^^
   = help: the form is: exec PROGRAM ARGUMENT …
error[exec-without-program]: `exec` needs a program behind it
  --> a.perch:7:14
   |
 7 |         a && exec
   |              ^^^^
   = help: the form is: exec PROGRAM ARGUMENT …
error[empty-head]: an empty word names nothing to run
  --> a.perch:8:9
   |
 8 |         "" x
   |         ^^
   = help: begin the line with an op, a command or a program
error[keyword-in-chain]: the block `if` cannot stand in a chain or a pipe
  --> a.perch:9:14
   |
 9 |         a && if x
   |              ^^
   = help: give it a line of its own
error[keyword-in-chain]: the block `timeout` cannot stand in a chain or a pipe
  --> a.perch:10:14
   |
10 |         a && timeout 5
   |              ^^^^^^^
   = help: give it a line of its own; a program of that name is run with `exec timeout`
error[assignment-in-chain]: an assignment cannot stand in a chain
  --> a.perch:11:14
   |
11 |         a && b = c
   |              ^
   = help: give it a line of its own; assigning the chain itself captures what it prints
)");
}

TEST(StatementDiagnostics, an_operator_glued_to_a_word_is_an_error) {
  EXPECT_EQ(reported(R"(command a
    do
        print "a"; print "b"
        echo b;
        find . \; x\; "a;" k="a && b" "${f("a;b")}" r"\"x"||"
        a;b
        make &&make|| make
    end
end
)"),
            R"(error[glued-operator]: `;` glued to a word neither ends the call nor means itself
  --> a.perch:3:18
   |
 3 |         print "a"; print "b"
   |                  ^
   = help: give each statement its own line, write ` ; ` between calls, or quote the word
error[glued-operator]: `;` glued to a word neither ends the call nor means itself
  --> a.perch:4:15
   |
 4 |         echo b;
   |               ^
   = help: give each statement its own line, write ` ; ` between calls, or quote the word
error[glued-operator]: `;` glued to a word neither ends the call nor means itself
  --> a.perch:6:10
   |
 6 |         a;b
   |          ^
   = help: give each statement its own line, write ` ; ` between calls, or quote the word
error[glued-operator]: `&&` glued to a word neither ends the call nor means itself
  --> a.perch:7:14
   |
 7 |         make &&make|| make
   |              ^^
   = help: write ` && ` between calls, or quote the word
)");
}

TEST(StatementDiagnostics, an_assignment_needs_something_that_has_a_result) {
  EXPECT_EQ(reported(R"(command a
    do
        x =
        x = if y
            foo
        end
        x = arch
        x = timeout 5 y
    end
end
)"),
            R"(error[assignment-without-value]: nothing is assigned to `x`
  --> a.perch:3:9
   |
 3 |         x =
   |         ^
   = help: write x = "text", or the call whose result it is to have
error[cannot-capture]: `if` has no result
  --> a.perch:4:13
   |
 4 |         x = if y
   |             ^^
   = help: assign inside the block
error[cannot-capture]: `arch` has no result
  --> a.perch:7:13
   |
 7 |         x = arch
   |             ^^^^
   = help: assign inside the block; a program of that name is run with `exec arch`
error[cannot-capture]: `timeout` has no result
  --> a.perch:8:13
   |
 8 |         x = timeout 5 y
   |             ^^^^^^^
   = help: assign inside the block; a program of that name is run with `exec timeout`
)");
}

TEST(StatementDiagnostics, conditions_that_are_none_say_what_is_wrong) {
  EXPECT_EQ(reported(R"(command a
    do
        if a = b
        end
        if a == b c
        end
        if count_lines f > 3
        end
        if a ==
        end
        if a and
        end
        if not
        end
    end
end
)"),
            R"(error[bad-condition]: `=` compares nothing
  --> a.perch:3:14
   |
 3 |         if a = b
   |              ^
   = help: write == to compare
error[bad-condition]: only single words can be compared
  --> a.perch:5:14
   |
 5 |         if a == b c
   |              ^^
   = help: capture the result of a call first: n = OP ARGUMENT
error[bad-condition]: only single words can be compared
  --> a.perch:7:26
   |
 7 |         if count_lines f > 3
   |                          ^
   = help: capture the result of a call first: n = OP ARGUMENT
error[bad-condition]: `==` compares two words
  --> a.perch:9:14
   |
 9 |         if a ==
   |              ^^
   = help: the forms are: NAME, LEFT == RIGHT, OP ARGUMENT …; joined by not, and, or, ( )
error[bad-condition]: a part of this condition is missing
  --> a.perch:11:14
   |
11 |         if a and
   |              ^^^
   = help: the forms are: NAME, LEFT == RIGHT, OP ARGUMENT …; joined by not, and, or, ( )
error[bad-condition]: a part of this condition is missing
  --> a.perch:13:12
   |
13 |         if not
   |            ^^^
   = help: the forms are: NAME, LEFT == RIGHT, OP ARGUMENT …; joined by not, and, or, ( )
)");
}

TEST(StatementDiagnostics, conditions_that_are_none_say_what_is_wrong_with_their_operators) {
  EXPECT_EQ(reported(R"(command a
    do
        if a && b
        end
        if ! a
        end
        if (a or b
        end
        if a or b)
        end
        if ()
        end
        if exists "f" then
        end
        if a or or b
        end
        if x
        else if
        else then
        end
    end
end
)"),
            R"x(error[bad-condition]: `&&` is no operator of a condition
  --> a.perch:3:14
   |
 3 |         if a && b
   |              ^^
   = help: write and, or, not
error[bad-condition]: `!` is no operator of a condition
  --> a.perch:5:12
   |
 5 |         if ! a
   |            ^
   = help: write and, or, not
error[bad-condition]: this `(` is not closed
  --> a.perch:7:12
   |
 7 |         if (a or b
   |            ^
   = help: close it in the same line
error[bad-condition]: this `)` closes nothing
  --> a.perch:9:18
   |
 9 |         if a or b)
   |                  ^
   = help: quote it to compare with it: ")"
error[bad-condition]: a part of this condition is missing
  --> a.perch:11:13
   |
11 |         if ()
   |             ^
   = help: the forms are: NAME, LEFT == RIGHT, OP ARGUMENT …; joined by not, and, or, ( )
error[bad-condition]: `then` is not needed here
  --> a.perch:13:23
   |
13 |         if exists "f" then
   |                       ^^^^
   = help: the body starts on the next line
error[bad-condition]: a part of this condition is missing
  --> a.perch:15:17
   |
15 |         if a or or b
   |                 ^^
   = help: the forms are: NAME, LEFT == RIGHT, OP ARGUMENT …; joined by not, and, or, ( )
error[wrong-shape]: `if` needs one word behind it
  --> a.perch:18:14
   |
18 |         else if
   |              ^^
   = help: the form is: if CONDITION
error[wrong-shape]: `else` takes no words
  --> a.perch:19:14
   |
19 |         else then
   |              ^^^^
   = help: the form is: else, or else if CONDITION
)x");
}

TEST(StatementDiagnostics, a_lexical_error_is_not_reported_again_as_a_shape) {
  EXPECT_EQ(reported(R"(command a
    do
        timeout "5s x y
        for_each 'a b c
            foo
        end
        x = "${
    end
end
)"),
            R"(error[unterminated-string]: this string is not closed on its line
  --> a.perch:3:17
   |
 3 |         timeout "5s x y
   |                 ^
   = help: close it with "; text over several lines stands in backticks
error[unterminated-string]: this string is not closed on its line
  --> a.perch:4:18
   |
 4 |         for_each 'a b c
   |                  ^
   = help: close it with '; text over several lines stands in backticks
error[unterminated-placeholder]: this `${` has no `}`
  --> a.perch:7:14
   |
 7 |         x = "${
   |              ^^
   = help: close it with `}`, or write \${ for the two characters themselves
)");
}

} // namespace
} // namespace perch::lang
