#include "base/text.h"
#include "unit/lang/support.h"

#include <gtest/gtest.h>

// Texts and the trees they make.

namespace perch::lang {
namespace {

using base::cat;

// The tree of a faultless file; laying the file out changes neither it nor itself.
std::string tree_of(std::string text) {
  TestFile file(std::move(text));
  const std::string tree = file.tree();
  EXPECT_EQ(file.diagnostics(), "");
  TestFile formatted(file.formatted());
  EXPECT_EQ(formatted.tree(), tree) << formatted.source.text;
  EXPECT_EQ(formatted.diagnostics(), "");
  EXPECT_EQ(formatted.formatted(), formatted.source.text);
  return tree;
}

// The tree of statements, as lines without the indentation of the body they stand in.
std::string body_of(std::string_view statements) {
  std::string text = "command c\n    do\n";
  for (const std::string_view line : base::split(statements, '\n')) {
    if (!line.empty())
      text += cat("        ", line, '\n');
  }
  const std::string tree = tree_of(cat(text, "    end\nend\n"));
  const std::string head = "command c\n  do\n";
  EXPECT_TRUE(tree.starts_with(head)) << tree;
  std::string out;
  for (const std::string_view line : base::split(tree, '\n')) {
    if (line.starts_with("    "))
      out += cat(line.substr(4), '\n');
  }
  return out;
}

TEST(Parser, the_file_level_may_stand_in_any_order) {
  EXPECT_EQ(tree_of(R"(version "1"
OUT = "${temp_dir}/lab"
import "./b.perch" as b
command a
end
name "lab"
import c.perch
LEVEL=5
)"),
            R"(version "1"
name "lab"
binding OUT = "${temp_dir}/lab"
binding LEVEL = 5
import "./b.perch" as b
import c.perch
command a
)");
}

TEST(Parser, requires_lists_needs_and_pins) {
  EXPECT_EQ(tree_of(R"(requires
    bin "sort"
    bin "git" as vcs optional
        hash "sha256:00"
        hash_file "bundle:git.sha256"
    end
    bin tar
    hash_file tar.sha256
    env "HOME" "USER" optional
    host "example.com"
    read "." OUT
    write OUT
    os "unix"
    arch "amd64" "arm64"
    confine
end
requires
end
)"),
            R"(requires
  bin "sort"
  bin "git" as vcs optional
    hash "sha256:00"
    hash_file "bundle:git.sha256"
  bin tar
    hash_file tar.sha256
  env "HOME" "USER" optional
  host "example.com"
  read "." OUT
  write OUT
  os "unix"
  arch "amd64" "arm64"
  confine
requires
)");
}

TEST(Parser, an_end_in_the_column_of_a_bin_closes_its_pins) {
  EXPECT_EQ(tree_of("requires\nbin a\nhash x\nend\nbin b\nend\n"),
            "requires\n  bin a\n    hash x\n  bin b\n");
  EXPECT_EQ(tree_of("requires\n    bin a\n    end\nend\n"), "requires\n  bin a\n");
  EXPECT_EQ(tree_of("requires\n    bin a\n    hash x\nend\n"), "requires\n  bin a\n    hash x\n");
}

TEST(Parser, bundle_and_hooks_are_lists_of_lines) {
  EXPECT_EQ(tree_of(R"(bundle
    include "./policy.wasm"   as policy_wasm
    include "./rules.json"
end
hooks
    before exec note
    on_error any note
end
)"),
            R"(bundle
  include "./policy.wasm" as policy_wasm
  include "./rules.json"
hooks
  before exec note
  on_error any note
)");
}

TEST(Parser, configuration_stands_on_both_sides_of_bodies) {
  EXPECT_EQ(tree_of(R"(command a
    description "x"
    do
        one
    end
    private
    arg area
        type string
        default "all"
        choices a "b c"
        secret
    end
    env LC_ALL "C"
    do
        two
    end
    require_os "linux" "darwin"
end
template t
    arg x
        type string
    end
end
catch word
    proxy_args
    do
    end
end
)"),
            R"(command a
  description "x"
  private
  env LC_ALL "C"
  require_os "linux" "darwin"
  arg area
    type string
    default "all"
    choices a "b c"
    secret
  do
    call one
    call two
template t
  arg x
    type string
catch word
  proxy_args
  do
)");
}

TEST(Parser, indentation_is_free) {
  EXPECT_EQ(
      tree_of("command a\ndo\nif x\nfoo\nend\nend\nend\n\tcommand b\n  do\n bar\n     end\n end\n"),
      "command a\n  do\n    if x\n      call foo\ncommand b\n  do\n    call bar\n");
}

TEST(Parser, words_of_configuration_are_ordinary_in_bodies) {
  EXPECT_EQ(
      body_of("dir \"/\"\nenv A b\ntest -f x\nname \"x\"\nread x\nimport \"x\"\ncommand -v x\n"),
      "call dir \"/\"\ncall env A b\ncall test -f x\ncall name \"x\"\ncall read x\n"
      "call import \"x\"\ncall command -v x\n");
}

TEST(Parser, calls_are_words_and_chains_join_them) {
  EXPECT_EQ(body_of("exec git -C \"${d}\" log\n${tool} x\n\"./my tool\" y\na && exec b || c ; d\n"),
            "exec git -C \"${d}\" log\ncall ${tool} x\ncall \"./my tool\" y\n"
            "chain\n  call a\n  && exec b\n  || call c\n  ; call d\n");
  EXPECT_EQ(body_of("echo \"a\" \"&&\" \"b\"\nfind . -exec rm {} \\;\n"),
            "call echo \"a\" \"&&\" \"b\"\ncall find . -exec rm {} ~\";\"\n");
}

TEST(Parser, block_keywords_are_ordinary_when_quoted_assigned_or_run_by_exec) {
  EXPECT_EQ(
      body_of("exec timeout 5 x\n\"os\" y\nos = uname\nend = 5\ntimeout=\"1s\"\necho if end\n"),
      "exec timeout 5 x\ncall \"os\" y\nos =\n  call uname\nend = 5\ntimeout = \"1s\"\n"
      "call echo if end\n");
}

TEST(Parser, assignments_take_literals_calls_pipes_and_guests) {
  EXPECT_EQ(body_of(R"(a = "text ${x}"
b=5
c =-1.5
d= true
e = r"\d"
f = A
g = uname -s
h=exec uname -s && echo
i = ${tool} x
j = pipe
    a
    b
end
k = wasm_run "x.wasm"
    wasm_arg "1"
end
l = wasm_run alias
m = "quoted" head
)"),
            R"(a = "text ${x}"
b = 5
c = -1.5
d = true
e = "\\d"
f =
  call A
g =
  call uname -s
h =
  chain
    exec uname -s
    && call echo
i =
  call ${tool} x
j =
  pipe
    call a
    call b
k =
  wasm_run "x.wasm"
    wasm_arg "1"
l =
  wasm_run alias
m =
  call "quoted" head
)");
}

TEST(Parser, if_has_branches_that_share_one_end) {
  EXPECT_EQ(body_of(R"(if a
    one
else if b
    two
else if c
else
    if d
        three
    end
end
)"),
            R"(if a
  call one
else if b
  call two
else if c
else
  if d
    call three
)");
}

TEST(Parser, conditions_bind_not_then_and_then_or) {
  const auto condition = [](std::string_view text) {
    const std::string tree = body_of(cat("if ", text, "\nend\n"));
    return tree.substr(3, tree.size() - 4);
  };
  EXPECT_EQ(condition("x"), "x");
  EXPECT_EQ(condition("not x"), "(not x)");
  EXPECT_EQ(condition("\"${x}\" == w"), "(== \"${x}\" w)");
  EXPECT_EQ(condition("err.kind != \"a b\""), "(!= err.kind \"a b\")");
  EXPECT_EQ(condition("a >= 1.5"), "(>= a 1.5)");
  EXPECT_EQ(condition("exists \"f\""), "(call exists \"f\")");
  EXPECT_EQ(condition("contains \"abc\" b c"), "(call contains \"abc\" b c)");
  EXPECT_EQ(condition("not exists \"/etc\""), "(not (call exists \"/etc\"))");
  EXPECT_EQ(condition("a and b or not c and d == e"), "(or (and a b) (and (not c) (== d e)))");
  EXPECT_EQ(condition("a or b or c"), "(or (or a b) c)");
  EXPECT_EQ(condition("\"not\" \"and\""), "(call \"not\" \"and\")");
}

TEST(Parser, parentheses_of_a_condition_may_touch_their_words) {
  for (const char* text : {"if ( a == b ) and ( c or d )\nend\n", "if (a == b) and (c or d)\nend\n",
                           "if ((a == b)) and (( c or (d)))\nend\n"}) {
    EXPECT_EQ(body_of(text), "if (and (== a b) (or c d))\n");
  }
  EXPECT_EQ(body_of("if not (not a)\nend\n"), "if (not (not a))\n");
  EXPECT_EQ(body_of("if (exists \"f\") and (\"${a}\" == \"(\")\nend\n"),
            "if (and (call exists \"f\") (== \"${a}\" \"(\"))\n");
  EXPECT_EQ(body_of("if a == f(x)\nend\n"), "if (== a f(x))\n") << "a pair inside a word is text";
  EXPECT_EQ(body_of("if (a == f(x))\nend\n"), "if (== a f(x))\n");
  EXPECT_EQ(body_of("if (a == \"b\"c)\nend\n"), "if (== a ~\"bc\")\n");
}

TEST(Parser, for_each_reads_both_orders) {
  EXPECT_EQ(body_of("for_each \"${files}\" f\n    a\nend\nfor_each f in files\nend\n"),
            "for_each f in \"${files}\"\n  call a\nfor_each f in files\n");
}

TEST(Parser, match_has_cases_and_an_else_wherever_it_stands) {
  EXPECT_EQ(body_of(R"(match err.kind
    else
        one
    case all
        two
    case "${x}"
end
match "${y}"
case 1
end
)"),
            R"(match err.kind
  else
    call one
  case all
    call two
  case "${x}"
match "${y}"
  case 1
)");
}

TEST(Parser, try_has_its_parts_in_either_order) {
  EXPECT_EQ(body_of("try\n    a\nrescue\n    b\nfinally\n    c\nend\n"),
            "try\n  call a\nrescue err\n  call b\nfinally\n  call c\n");
  EXPECT_EQ(body_of("try\nfinally\nrescue e\nend\ntry\nend\n"), "try\nrescue e\nfinally\ntry\n");
}

TEST(Parser, heads_of_blocks_take_words_and_named_options) {
  EXPECT_EQ(body_of(R"(parallel max=2
end
timeout "1h30m"
end
timeout secs=5
end
retry
end
retry 3
end
retry ${n} delay:5s
end
retry attempts:3 backoff:"fixed" base:1s max_delay="2 s"
end
cache "k" 1h
end
cache key="k-${x}" ttl="1h"
end
cache https://x 1h
end
os "linux"
end
arch amd64
end
with_cwd a=b
end
)"),
            R"(parallel [max=2]
timeout "1h30m"
timeout [secs=5]
retry
retry 3
retry ${n} [delay=5s]
retry [attempts=3] [backoff="fixed"] [base=1s] [max_delay="2 s"]
cache "k" 1h
cache [key="k-${x}"] [ttl="1h"]
cache https://x 1h
os "linux"
arch amd64
with_cwd a=b
)");
}

TEST(Parser, with_env_and_sandbox_keep_their_words) {
  EXPECT_EQ(body_of("with_env A=1 B=\"x y\" \"C=3,D=4\"\nend\n"),
            "with_env A=1 ~\"B=x y\" \"C=3,D=4\"\n");
  EXPECT_EQ(body_of("sandbox no_shell read=./x write=\"a b\"\nend\nsandbox flags=\"a,b\"\nend\n"),
            "sandbox no_shell read=./x ~\"write=a b\"\nsandbox [flags=\"a,b\"]\n");
}

TEST(Parser, a_pipe_has_calls_and_guests_as_stages) {
  EXPECT_EQ(body_of("pipe\n    cat f\n    wasm_run \"x.wasm\"\n        wasm_arg a=b\n    end\n    "
                    "exec sort\nend\n"),
            "pipe\n  call cat f\n  wasm_run \"x.wasm\"\n    wasm_arg a=b\n  exec sort\n");
}

TEST(Parser, wasm_run_may_have_a_body) {
  EXPECT_EQ(body_of(R"(wasm_run "a.wasm"
wasm_run alias
    wasm_arg "alice"
    wasm_env "A,B"
    wasm_mount_read  "./src"
    wasm_mount_write "./bin" at:"/data"
    wasm_allow_host "api.example.com"
    wasm_stdin "x"
    wasm_memory "64MiB"
    wasm_fuel 1000
    wasm_hash "sha256:00"
end
wasm_run "b.wasm"
end
wasm_run "c.wasm" func:"build" arg1:42
)"),
            R"(wasm_run "a.wasm"
wasm_run alias
  wasm_arg "alice"
  wasm_env "A,B"
  wasm_mount_read "./src"
  wasm_mount_write "./bin" [at="/data"]
  wasm_allow_host "api.example.com"
  wasm_stdin "x"
  wasm_memory "64MiB"
  wasm_fuel 1000
  wasm_hash "sha256:00"
wasm_run "b.wasm"
wasm_run "c.wasm" [func="build"] [arg1=42]
)");
  EXPECT_EQ(tree_of("command a\ndo\nwasm_run x\nwasm_arg y\nend\nend\nend\n"),
            "command a\n  do\n    wasm_run x\n      wasm_arg y\n");
}

TEST(Parser, empty_bodies_are_legal_everywhere) {
  EXPECT_EQ(body_of("if a\nend\nfor_each a b\nend\nmatch a\nend\npipe\nend\nparallel\nend\n"),
            "if a\nfor_each b in a\nmatch a\npipe\nparallel\n");
  EXPECT_EQ(tree_of("bundle\nend\nhooks\nend\ncommand a\n    arg b\n    end\nend\n"),
            "bundle\nhooks\ncommand a\n  arg b\n");
}

TEST(Parser, a_hundred_thousand_nested_blocks_are_one_mistake) {
  std::string text = "command a\n    do\n";
  for (int i = 0; i < 100'000; ++i)
    text += "if x\n";
  EXPECT_EQ(reported(text), R"(error[nesting-too-deep]: blocks are nested more than 200 deep
   --> a.perch:201:1
    |
201 | if x
    | ^^
    = help: move the inner ones to a command of their own
)");
  for (int i = 0; i < 100'000; ++i)
    text += "end\n";
  TestFile closed(text + "    end\nend\ncommand b c\nend\n");
  (void)closed.tree();
  EXPECT_EQ(closed.diags.errors(), 2u) << "the file is read to its end";
}

TEST(Parser, a_condition_of_any_length_is_read_without_deep_recursion) {
  std::string text = "command a\n    do\n        if x";
  for (int i = 0; i < 100'000; ++i)
    text += " and not ( y";
  TestFile file(text + "\n        end\n    end\nend\n");
  (void)file.tree();
  ASSERT_EQ(file.diags.errors(), 1u);
  EXPECT_EQ(file.diags.all()[0].message, "this condition has more than 200 operators");
}

TEST(Parser, a_malformed_head_in_a_file_without_indentation_keeps_its_end) {
  TestFile file("command a\ndo\nif a = b\nfoo\nend\nfor_each x\nfoo\nend\nend\nend\n");
  (void)file.tree();
  EXPECT_EQ(file.diags.errors(), 2u) << file.diagnostics();
}

TEST(Parser, spans_cover_heads_and_whole_blocks) {
  TestFile file(
      "command a\n    do\n        x = pipe # c\n            b\n        end\n    end\nend # d\n");
  const Ast ast = parse(file.source, lex(file.source, file.diags), file.diags);
  const ProcDecl& proc = ast.procs[0];
  EXPECT_EQ(file.sources.text(proc.head), "command a");
  EXPECT_EQ(file.sources.text(proc.name_span), "a");
  EXPECT_TRUE(file.sources.text(proc.span).ends_with("    end\nend"));
  EXPECT_EQ(file.sources.text(proc.body[0]->head), "x = pipe");
  EXPECT_EQ(file.sources.text(proc.body[0]->span), "x = pipe # c\n            b\n        end");
}

} // namespace
} // namespace perch::lang
