#include "unit/lang/support.h"

#include <gtest/gtest.h>

// What is reported about the file level, its blocks and commands: each mistake once.

namespace perch::lang {
namespace {

TEST(ItemDiagnostics, statements_outside_a_body_are_one_mistake_a_run) {
  EXPECT_EQ(reported(R"(command a
    print "x"
    print "y"
    if x
        foo
    end
    private
    x = 5
end
print "hello"
print "there"
X = "y"
greet
)"),
            R"(error[statement-outside-body]: `print` stands outside a body
  --> a.perch:2:5
   |
 2 |     print "x"
   |     ^^^^^
   = help: statements stand between `do` and `end` in a command
error[statement-outside-body]: `x` stands outside a body
  --> a.perch:8:5
   |
 8 |     x = 5
   |     ^
   = help: statements stand between `do` and `end` in a command
error[statement-outside-body]: `print` stands outside a body
  --> a.perch:10:1
   |
10 | print "hello"
   | ^^^^^
   = help: statements stand between `do` and `end` in a command
error[statement-outside-body]: `greet` stands outside a body
  --> a.perch:13:1
   |
13 | greet
   | ^^^^^
   = help: statements stand between `do` and `end` in a command
)");
}

TEST(ItemDiagnostics, lines_of_another_region_say_where_they_belong) {
  EXPECT_EQ(reported(R"(bin "x"
description "x"
include "x"
command a
    bin "git"
    type string
    hooks
    end
    arg x
        dir "/"
    end
end
)"),
            R"(error[misplaced-line]: `bin` cannot stand here
  --> a.perch:1:1
   |
 1 | bin "x"
   | ^^^
   = help: it belongs to `requires`
error[misplaced-line]: `description` cannot stand here
  --> a.perch:2:1
   |
 2 | description "x"
   | ^^^^^^^^^^^
   = help: it belongs to a command, or to a template, or to a catch, or to `arg`
error[misplaced-line]: `include` cannot stand here
  --> a.perch:3:1
   |
 3 | include "x"
   | ^^^^^^^
   = help: it belongs to `bundle`
error[misplaced-line]: `bin` cannot stand here
  --> a.perch:5:5
   |
 5 |     bin "git"
   |     ^^^
   = help: it belongs to `requires`
error[misplaced-line]: `type` cannot stand here
  --> a.perch:6:5
   |
 6 |     type string
   |     ^^^^
   = help: it belongs to `arg`
error[nested-item]: `hooks` cannot stand inside `command`
  --> a.perch:7:5
   |
 7 |     hooks
   |     ^^^^^
   = help: move it to the file level; is the `end` of `command` missing above it?
error[misplaced-line]: `dir` cannot stand here
  --> a.perch:10:9
   |
10 |         dir "/"
   |         ^^^
   = help: it belongs to a command
)");
}

TEST(ItemDiagnostics, lines_of_another_region_say_where_they_belong_in_sections_and_catches) {
  EXPECT_EQ(reported(R"(requires
    description "x"
    command "x"
end
template t
    private
end
catch c
    arg x
        type string
    end
    dir "/"
end
do
    foo
end
)"),
            R"(error[misplaced-line]: `description` cannot stand here
  --> a.perch:2:5
   |
 2 |     description "x"
   |     ^^^^^^^^^^^
   = help: it belongs to a command, or to a template, or to a catch, or to `arg`
error[misplaced-line]: `command` cannot stand here
  --> a.perch:3:5
   |
 3 |     command "x"
   |     ^^^^^^^
   = help: it belongs to the file level
error[misplaced-line]: `private` cannot stand here
  --> a.perch:6:5
   |
 6 |     private
   |     ^^^^^^^
   = help: it belongs to a command
error[misplaced-line]: `arg` cannot stand here
  --> a.perch:9:5
   |
 9 |     arg x
   |     ^^^
   = help: it belongs to a command, or to a template
error[misplaced-line]: `dir` cannot stand here
  --> a.perch:12:5
   |
12 |     dir "/"
   |     ^^^
   = help: it belongs to a command
error[misplaced-line]: `do` cannot stand here
  --> a.perch:14:1
   |
14 | do
   | ^^
   = help: it belongs to a command, or to a template, or to a catch
)");
}

TEST(ItemDiagnostics, unknown_lines_are_guessed) {
  EXPECT_EQ(reported(R"(requires
    bni "x"
    frobnicate "x"
end
command a
    descripton "x"
    arg x
        tpye string
    end
end
hooks
    befor exec note
end
)"),
            R"(error[unknown-line]: `bni` is nothing that `requires` knows
  --> a.perch:2:5
   |
 2 |     bni "x"
   |     ^^^
   = help: did you mean `bin`?
error[unknown-line]: `frobnicate` is nothing that `requires` knows
  --> a.perch:3:5
   |
 3 |     frobnicate "x"
   |     ^^^^^^^^^^
   = help: it knows bin, env, host, read, write, os, arch, confine, hash, hash_file
error[unknown-line]: `descripton` is nothing that a command knows
  --> a.perch:6:5
   |
 6 |     descripton "x"
   |     ^^^^^^^^^^
   = help: did you mean `description`?
error[unknown-line]: `tpye` is nothing that `arg` knows
  --> a.perch:8:9
   |
 8 |         tpye string
   |         ^^^^
   = help: did you mean `type`?
error[unknown-line]: `befor` is nothing that `hooks` knows
  --> a.perch:12:5
   |
12 |     befor exec note
   |     ^^^^^
   = help: did you mean `before`?
)");
}

TEST(ItemDiagnostics, items_do_not_nest) {
  EXPECT_EQ(reported(R"(command a
    command b
        do
        end
    end
    requires
        bin "x"
    end
end
)"),
            R"(error[nested-item]: `command` cannot stand inside `command`
  --> a.perch:2:5
   |
 2 |     command b
   |     ^^^^^^^^^
   = help: move it to the file level; is the `end` of `command` missing above it?
error[nested-item]: `requires` cannot stand inside `command`
  --> a.perch:6:5
   |
 6 |     requires
   |     ^^^^^^^^
   = help: move it to the file level; is the `end` of `command` missing above it?
)");
}

TEST(ItemDiagnostics, a_hash_needs_its_bin) {
  EXPECT_EQ(reported(R"(requires
    hash "sha256:00"
    bin "git"
end
)"),
            R"(error[hash-without-bin]: `hash` pins a `bin`, and there is none above it
  --> a.perch:2:5
   |
 2 |     hash "sha256:00"
   |     ^^^^
   = help: put it below the `bin` it belongs to
)");
}

TEST(ItemDiagnostics, removed_forms_name_their_replacement) {
  EXPECT_EQ(reported(R"(let X = "5"
globals
    Y = "6"
end
command a
    let x = 5
    do
        let y=5
    end
end
)"),
            R"(error[removed-let]: `let` is no longer part of the language
  --> a.perch:1:1
   |
 1 | let X = "5"
   | ^^^
   = help: write without it: X = VALUE
error[removed-globals]: `globals` is no longer part of the language
  --> a.perch:2:1
   |
 2 | globals
   | ^^^^^^^
   = help: write the bindings at the file level: NAME = VALUE
error[removed-let]: `let` is no longer part of the language
  --> a.perch:6:5
   |
 6 |     let x = 5
   |     ^^^
   = help: write without it: x = VALUE
error[removed-let]: `let` is no longer part of the language
  --> a.perch:8:9
   |
 8 |         let y=5
   |         ^^^
   = help: write without it: y = VALUE
)");
}

TEST(ItemDiagnostics, bindings_at_the_file_level_are_one_word) {
  EXPECT_EQ(reported(R"(X = uname -s
Y =
Z = "a"
)"),
            R"(error[binding-shape]: a binding at the file level is one word, not 2
  --> a.perch:1:5
   |
 1 | X = uname -s
   |     ^^^^^^^^
   = help: quote a text that has blanks; what a program prints is captured in a body: X = PROGRAM
error[binding-shape]: `Y` has no value
  --> a.perch:2:1
   |
 2 | Y =
   | ^
   = help: quote a text that has blanks; what a program prints is captured in a body: Y = PROGRAM
)");
}

TEST(ItemDiagnostics, what_is_no_name_is_shown_one) {
  EXPECT_EQ(reported(R"(command my-cmd
    arg 1st
        type string
    end
    do
        my-var = 5
        for_each "x" in y
        end
        try
        rescue a.b
        end
    end
end
import "x" as 5
)"),
            R"(error[bad-name]: `my-cmd` cannot be the name of a command
  --> a.perch:1:9
   |
 1 | command my-cmd
   |         ^^^^^^
   = help: a name is made of letters, digits and `_`: my_cmd
error[bad-name]: `1st` cannot be the name of an argument
  --> a.perch:2:9
   |
 2 |     arg 1st
   |         ^^^
   = help: a name is made of letters, digits and `_`: _1st
error[bad-name]: `"x"` cannot be the name of a loop variable
  --> a.perch:7:18
   |
 7 |         for_each "x" in y
   |                  ^^^
   = help: a name is made of letters, digits and `_`: _x_
error[bad-name]: `a.b` cannot be the name of an error
  --> a.perch:10:16
   |
10 |         rescue a.b
   |                ^^^
   = help: a name is made of letters, digits and `_`: a_b
error[bad-name]: `5` cannot be the name of an import
  --> a.perch:14:15
   |
14 | import "x" as 5
   |               ^
   = help: a name is made of letters, digits and `_`: _5
)");
}

TEST(ItemDiagnostics, heads_of_items_have_one_shape) {
  EXPECT_EQ(reported(R"(command
end
command a b
end
name
about a b
import
import "a" as
)"),
            R"(error[wrong-shape]: `command` needs one word behind it
  --> a.perch:1:1
   |
 1 | command
   | ^^^^^^^
   = help: the form is: command NAME
error[wrong-shape]: `command` takes one word, not 2
  --> a.perch:3:11
   |
 3 | command a b
   |           ^
   = help: the form is: command NAME
error[wrong-shape]: `name` needs one word behind it
  --> a.perch:5:1
   |
 5 | name
   | ^^^^
   = help: the form is: name TEXT
error[wrong-shape]: `about` takes one word, not 2
  --> a.perch:6:9
   |
 6 | about a b
   |         ^
   = help: the form is: about TEXT
error[wrong-shape]: `import` needs one word behind it
  --> a.perch:7:1
   |
 7 | import
   | ^^^^^^
   = help: the form is: import PATH, or import PATH as NAME
error[wrong-shape]: `import` takes one word, not 2
  --> a.perch:8:12
   |
 8 | import "a" as
   |            ^^
   = help: the form is: import PATH, or import PATH as NAME
)");
}

TEST(ItemDiagnostics, lines_of_sections_have_one_shape) {
  EXPECT_EQ(reported(R"(requires x
    bin
    bin "a" "b"
    env
    confine x
end
bundle
    include
    include "a" b
end
hooks
    before x
end
command c
    arg
    end
    do x
    end y
end
)"),
            R"(error[wrong-shape]: `requires` takes no words
  --> a.perch:1:10
   |
 1 | requires x
   |          ^
   = help: the form is: requires
error[wrong-shape]: `bin` needs one word behind it
  --> a.perch:2:5
   |
 2 |     bin
   |     ^^^
   = help: the form is: bin PROGRAM, with `as NAME` or `optional` behind it
error[wrong-shape]: `bin` takes one word, not 2
  --> a.perch:3:13
   |
 3 |     bin "a" "b"
   |             ^^^
   = help: the form is: bin PROGRAM, with `as NAME` or `optional` behind it
error[wrong-shape]: `env` needs one word behind it
  --> a.perch:4:5
   |
 4 |     env
   |     ^^^
   = help: the form is: env NAME, any number of them
error[wrong-shape]: `confine` takes no words
  --> a.perch:5:13
   |
 5 |     confine x
   |             ^
   = help: the form is: confine
error[wrong-shape]: `include` needs one word behind it
  --> a.perch:8:5
   |
 8 |     include
   |     ^^^^^^^
   = help: the form is: include PATH, or include PATH as NAME
error[wrong-shape]: `include` takes one word, not 2
  --> a.perch:9:17
   |
 9 |     include "a" b
   |                 ^
   = help: the form is: include PATH, or include PATH as NAME
error[wrong-shape]: `before` needs 2 words behind it
  --> a.perch:12:5
   |
12 |     before x
   |     ^^^^^^
   = help: the form is: before TARGET COMMAND
error[wrong-shape]: `arg` needs one word behind it
  --> a.perch:15:5
   |
15 |     arg
   |     ^^^
   = help: the form is: arg NAME
error[wrong-shape]: `do` takes no words
  --> a.perch:17:8
   |
17 |     do x
   |        ^
   = help: the form is: do
error[wrong-shape]: `end` takes no words
  --> a.perch:18:9
   |
18 |     end y
   |         ^
   = help: the form is: end
)");
}

} // namespace
} // namespace perch::lang
