// Words to arguments: flags, positionals, types, defaults.

#include "run_fixture.h"

namespace perch::run {
namespace {

constexpr const char* kProgram = R"(
command a
arg name
type string
default "sam"
end
arg n
type int
default "7"
end
arg ratio
type float
optional
end
arg loud
type bool
optional
end
arg level
type string
choices "low" "high"
optional
end
arg first
type string
index 0
optional
end
arg more
type string
index 1
rest
end
do
print "${name} ${n} ${loud} [${level}] [${first}] [${more}] ${more_count}"
end
end
)";

class ArgumentsTest : public RunTest {
protected:
  std::string with(std::vector<std::string> words) {
    const Ran ran = run(kProgram, "a", std::move(words));
    return ran.ended == "ok" ? ran.out : ran.ended + ": " + ran.message + "\n";
  }
};

TEST_F(ArgumentsTest, nothing_given_is_defaults_and_nothing) {
  EXPECT_EQ(with({}), "sam 7 false [] [] [] 0\n");
}

TEST_F(ArgumentsTest, flags_have_four_spellings_and_the_last_wins) {
  EXPECT_EQ(with({"-name=x"}), with({"--name=x"}));
  EXPECT_EQ(with({"-name", "x"}), with({"--name", "x"}));
  EXPECT_EQ(with({"-name", "x"}), "x 7 false [] [] [] 0\n");
  EXPECT_EQ(with({"-n=1", "-n=2"}), "sam 2 false [] [] [] 0\n");
  EXPECT_EQ(with({"-name="}), " 7 false [] [] [] 0\n");
}

TEST_F(ArgumentsTest, bools_take_their_value_only_with_an_equals_sign) {
  EXPECT_EQ(with({"-loud"}), "sam 7 true [] [] [] 0\n");
  EXPECT_EQ(with({"-loud=false"}), "sam 7 false [] [] [] 0\n");
  EXPECT_EQ(with({"-loud", "false"}), "sam 7 true [] [false] [] 0\n");
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"})
    EXPECT_EQ(with({std::string("-loud=") + yes}), "sam 7 true [] [] [] 0\n") << yes;
  EXPECT_EQ(with({"-loud=si"}), "bad_argument: invalid value `si` for -loud: not true or false\n");
}

TEST_F(ArgumentsTest, flags_stand_anywhere_before_two_dashes) {
  EXPECT_EQ(with({"one", "-n=1", "two"}), "sam 1 false [] [one] [two] 1\n");
  EXPECT_EQ(with({"--", "-n=1", "--"}), "sam 7 false [] [-n=1] [--] 1\n");
  EXPECT_EQ(with({"-", "-5"}), "sam 7 false [] [-] [-5] 1\n");
}

TEST_F(ArgumentsTest, integers_are_written_as_in_go_but_never_octal_by_a_zero) {
  EXPECT_EQ(with({"-n=0x1F"}), "sam 31 false [] [] [] 0\n");
  EXPECT_EQ(with({"-n=0b101"}), "sam 5 false [] [] [] 0\n");
  EXPECT_EQ(with({"-n=0o17"}), "sam 15 false [] [] [] 0\n");
  EXPECT_EQ(with({"-n=010"}), "sam 10 false [] [] [] 0\n");
  EXPECT_EQ(with({"-n=-1_000"}), "sam -1000 false [] [] [] 0\n");
  for (const char* bad : {"", "x", "1.5", "_1", "1_", "1__0", "0x", "9223372036854775808"})
    EXPECT_EQ(with({std::string("-n=") + bad}),
              std::string("bad_argument: invalid value `") + bad + "` for -n: not an integer\n");
}

TEST_F(ArgumentsTest, choices_are_the_only_values) {
  EXPECT_EQ(with({"-level=high"}), "sam 7 false [high] [] [] 0\n");
  EXPECT_EQ(with({"-level=mid"}),
            "bad_argument: invalid value `mid` for -level: it is one of low, high\n");
}

TEST_F(ArgumentsTest, what_nobody_declared_is_an_error) {
  EXPECT_EQ(with({"-nam=x"}), "bad_argument: `a` has no flag -nam\n");
  EXPECT_EQ(with({"-name"}), "bad_argument: flag needs an argument: -name\n");
}

TEST_F(ArgumentsTest, required_ones_must_be_given) {
  const std::string program = "command a\narg x\ntype string\nindex 0\nend\narg y\ntype int\nend\n"
                              "do\nprint \"${x}${y}\"\nend\nend\n";
  EXPECT_EQ(run(program, "a", {}).message, "missing positional argument #1 (x)");
  EXPECT_EQ(run(program, "a", {"v"}).message, "missing required argument -y");
  EXPECT_EQ(run(program, "a", {"v", "-y=1", "w"}).message, "unexpected argument `w`");
  EXPECT_EQ(run(program, "a", {"v", "-y=1"}).out, "v1\n");
}

TEST_F(ArgumentsTest, defaults_use_the_arguments_before_them) {
  const std::string program = "command a\narg x\ntype string\ndefault \"one\"\nend\n"
                              "arg y\ntype string\ndefault \"${x}-two\"\nend\n"
                              "do\nprint y\nend\nend\n";
  EXPECT_EQ(run(program, "a", {}).out, "one-two\n");
  EXPECT_EQ(run(program, "a", {"-x=1"}).out, "1-two\n");
}

TEST_F(ArgumentsTest, words_out_of_placeholders_are_no_flags) {
  const std::string program = "command b\narg x\ntype string\nindex 0\nend\ndo\nprint x\nend\nend\n"
                              "command a\ndo\nv = \"-x=1\"\nb ${v}\nb -- ${v}\nend\nend\n";
  EXPECT_EQ(run(program, "a").out, "-x=1\n-x=1\n");
}

} // namespace
} // namespace perch::run
