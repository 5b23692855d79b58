// What a file means: names, calls, blocks, imports, templates.

#include "base/error_kinds.h"
#include "base/text.h"
#include "program/analyze.h"
#include "program/walk.h"

#include <gtest/gtest.h>

#include <map>

namespace perch::program {
namespace {

using op::Arity;
using op::OpDecl;
using op::Type;

Result<op::Value> nothing(op::Call&) { return op::Value(); }

constexpr OpDecl kOps[] = {
    {.name = "print", .params = {{{.name = "message", .arity = Arity::Optional}}}, .run = nothing},
    {.name = "fail",
     .aliases = {"throw"},
     .params = {{{.name = "message", .arity = Arity::Optional}}},
     .bare_names = false,
     .run = nothing},
    {.name = "upper", .params = {{{.name = "text"}}}, .returns = Type::Text, .run = nothing},
    {.name = "head",
     .params = {{{.name = "count", .type = Type::Int}, {.name = "text"}}},
     .returns = Type::List,
     .run = nothing},
    {.name = "grep",
     .params = {{{.name = "pattern"}, {.name = "text"}}},
     .returns = Type::List,
     .run = nothing},
    {.name = "is_ci", .returns = Type::Bool, .run = nothing},
    {.name = "exists",
     .params = {{{.name = "path", .type = Type::Path}}},
     .returns = Type::Bool,
     .run = nothing},
    {.name = "mkdir",
     .params = {{{.name = "path", .type = Type::Path}}},
     .bare_names = false,
     .run = nothing},
    {.name = "sleep", .params = {{{.name = "duration", .type = Type::Duration}}}, .run = nothing},
    {.name = "download",
     .params = {{{.name = "url"}, {.name = "path"}, {.name = "sha256", .arity = Arity::Named}}},
     .run = nothing},
};
constexpr std::span<const OpDecl> kFamilies[] = {kOps};

struct Analyzed {
  diag::SourceMap sources;
  diag::Diags diags;
  std::shared_ptr<const Program> program;

  [[nodiscard]] std::string ids() const {
    std::string out;
    for (const diag::Diag& diag : diags.all()) {
      out += base::cat(out.empty() ? "" : " ", diag.id, '@', sources.position(diag.span).line);
    }
    return out;
  }
};

using Files = std::map<std::string, std::string, std::less<>>;

std::unique_ptr<Analyzed> analyze_files(Files files, Strictness strictness = Strictness::Run) {
  auto out = std::make_unique<Analyzed>();
  const auto& root = out->sources.add("main.perch", files["main.perch"]);
  const op::OpTable ops(kFamilies);
  const Loading loading{.read = [&](std::string_view path) -> Result<std::string> {
                          auto found = files.find(path.substr(path.rfind('/') + 1));
                          if (found == files.end())
                            return fail(kind::kFileNotFound, "no such file");
                          return found->second;
                        },
                        .import_name = [](std::string_view name) -> std::optional<std::string> {
                          return name == "HOME" ? std::optional<std::string>("/home/sam")
                                                : std::nullopt;
                        },
                        .program_exists = [](std::string_view name) { return name == "prin"; }};
  out->program = analyze(out->sources, {.source = root.id, .directory = "/work"}, ops, loading,
                         strictness, out->diags);
  return out;
}

std::unique_ptr<Analyzed> analyze_text(std::string text, Strictness strictness = Strictness::Run) {
  return analyze_files({{"main.perch", std::move(text)}}, strictness);
}

/// The ids of what is wrong with a body, with lines counted from the body's first.
std::string body_ids(std::string_view body, std::string_view before = "") {
  std::string text(before);
  const std::size_t lines = base::split(text, '\n').size() - 1;
  text += "command c\n    do\n";
  for (std::string_view line : base::split(body, '\n'))
    text += base::cat("        ", line, '\n');
  text += "    end\nend\n";
  auto analyzed = analyze_text(std::move(text));
  std::string out;
  for (const diag::Diag& diag : analyzed->diags.all()) {
    const auto line = analyzed->sources.position(diag.span).line;
    out += base::cat(out.empty() ? "" : " ", diag.id, '@', line - lines - 2);
  }
  return out;
}

const Node& first_node(const Analyzed& analyzed, std::string_view command = "c") {
  return *analyzed.program->find(command)->body[0];
}

TEST(Analyze, an_unknown_op_without_a_manifest_is_a_typing_error_only_when_it_is_near_one) {
  EXPECT_EQ(body_ids("prnt \"x\""), "unknown-op@1");
  EXPECT_EQ(body_ids("docker ps"), "");
  EXPECT_EQ(body_ids("prin \"a program of this name exists\""), "");
  EXPECT_EQ(body_ids("exec prnt \"x\""), "");
  EXPECT_EQ(body_ids("x = uppr \"x\"\npipe\n    cat a\n    greb \"x\"\nend"),
            "unknown-op@1 unknown-op@4");
  EXPECT_EQ(body_ids("if exsts \"x\"\n    print \"y\"\nend"), "unknown-op@1");
  EXPECT_EQ(body_ids("slep -1"), "unknown-op@1");
}

TEST(Analyze, a_program_that_is_not_here_is_no_op_its_words_do_not_fit) {
  EXPECT_EQ(body_ids("helm upgrade --install web"), "");
  EXPECT_EQ(body_ids("prnt --version\nuppr \"x\""), "");
  EXPECT_EQ(body_ids("prnt \"a\" \"b\" \"c\""), "");
  EXPECT_EQ(body_ids("brew install jq\njust build\nkind create cluster\nping localhost"), "");
  EXPECT_EQ(body_ids("glow \"README.md\"\nlint .\ntrivy image\nrg main src"), "");
  EXPECT_EQ(body_ids("clang++ -c a.cc\nif g++ --version\n    print \"y\"\nend"), "");
  EXPECT_EQ(body_ids("rails server\nprn x\nif exi \"x\"\n    print \"y\"\nend"), "");
  EXPECT_EQ(body_ids("count++"), "not-an-assignment@1");
}

TEST(Analyze, signs_of_a_shell_are_errors_unless_quoted) {
  EXPECT_EQ(body_ids("ls | wc"), "shell-sign@1");
  EXPECT_EQ(body_ids("make 2>&1 >>log"), "shell-sign@1 shell-sign@1");
  EXPECT_EQ(body_ids("sleep 5 &"), "shell-sign@1");
  EXPECT_EQ(body_ids("echo $(date)"), "shell-sign@1");
  EXPECT_EQ(body_ids("ls |wc"), "shell-sign@1");
  EXPECT_EQ(body_ids("ls| wc"), "shell-sign@1");
  EXPECT_EQ(body_ids("ls|wc"), "shell-sign@1");
  EXPECT_EQ(body_ids("sleep 5&"), "shell-sign@1");
  EXPECT_EQ(body_ids("echo a>b"), "shell-sign@1");
  EXPECT_EQ(body_ids("echo k=$(date) \"a\"|b"), "shell-sign@1 shell-sign@1");
  EXPECT_EQ(body_ids("echo \"|\" \\| a\\|b 'a>b' >=1.2 p>=1 a->b x=>y k=<v> k=\"|\" r\"\\\"\\|"),
            "");
  EXPECT_EQ(body_ids("curl http://h/?a=1&b=2 http://h/a&b"), "");
}

TEST(Analyze, slips_of_other_languages_are_named) {
  EXPECT_EQ(body_ids("return 5"), "foreign-word@1");
  EXPECT_EQ(body_ids("x := 5"), "not-an-assignment@1");
  EXPECT_EQ(body_ids("x = 5 + 3"), "value-as-program@1");
  EXPECT_EQ(body_ids("x = \"a\"\ny = x"), "value-as-program@2");
}

TEST(Analyze, with_a_manifest_only_declared_programs_run) {
  constexpr std::string_view needs = "requires\n    bin \"git\"\n    bin \"/usr/bin/true\"\nend\n";
  EXPECT_EQ(body_ids("git status", needs), "");
  EXPECT_EQ(body_ids("true", needs), "");
  EXPECT_EQ(body_ids("docker ps", needs), "bin-not-declared@1");
  EXPECT_EQ(body_ids("exec docker ps", needs), "bin-not-declared@1");
  EXPECT_EQ(body_ids("exec /elsewhere/git x", needs), "bin-not-declared@1");
}

TEST(Analyze, a_declared_bin_wins_unless_a_keyword_op_gets_its_own_number_of_words) {
  auto analyzed = analyze_text("requires\n    bin \"mkdir\"\n    bin \"grep\"\nend\n"
                               "command c\n    do\n        mkdir \"a\"\n        mkdir -p a/b\n"
                               "        grep x y\n    end\nend\n");
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const Body body = analyzed->program->find("c")->body;
  EXPECT_EQ(body[0]->kind, NodeKind::Op);
  EXPECT_EQ(body[1]->kind, NodeKind::Exec);
  EXPECT_EQ(body[2]->kind, NodeKind::Exec);
}

TEST(Analyze, words_of_an_op_are_counted_and_typed) {
  EXPECT_EQ(body_ids("mkdir \"a\" \"b\""), "too-many-arguments@1");
  EXPECT_EQ(body_ids("head 3"), "missing-argument@1");
  EXPECT_EQ(body_ids("head three \"x\""), "argument-type@1");
  EXPECT_EQ(body_ids("mkdir \"\""), "argument-type@1");
  EXPECT_EQ(body_ids("mkdir -p"), "flag-of-an-op@1");
  EXPECT_EQ(body_ids("sleep -1\nsleep -2s\nsleep 1\nsleep 2s"), "argument-type@1 argument-type@2");
  EXPECT_EQ(body_ids("mkdir \"-p\"\nmkdir ./-p\nx = \"-p\"\nmkdir \"${x}\""), "");
  EXPECT_EQ(body_ids("download \"u\" \"p\" sha256:\"00\""), "");
  EXPECT_EQ(body_ids("print \"a\" \"b\""), "too-many-arguments@1");
}

TEST(Analyze, values_in_a_call_of_a_command_are_of_its_arguments_types_and_choices) {
  const std::string_view h = "command h\n    arg w\n        type int\n        index 0\n"
                             "        optional\n    end\n"
                             "    arg v\n        type int\n        index 1\n        optional\n"
                             "    end\n"
                             "    arg n\n        type int\n        optional\n    end\n"
                             "    arg b\n        type bool\n    end\n"
                             "    arg c\n        type string\n        choices a b\n"
                             "        optional\n    end\n    do\n    end\nend\n";
  EXPECT_EQ(body_ids("h -b 0x1F -n=1_000 -c=a\nh -b=T -n -5 -c b\nh -b -5", h), "");
  EXPECT_EQ(body_ids("h -b \"q\"", h), "argument-type@1");
  EXPECT_EQ(body_ids("h -b -n=a\nh -b -n a\nh -b=maybe", h),
            "argument-type@1 argument-type@2 argument-type@3");
  EXPECT_EQ(body_ids("h -b -c=zz\nh -b -c zz", h), "bad-value@1 bad-value@2");
  EXPECT_EQ(body_ids("x = upper \"a\"\nh -b \"${x}\" -n=${x} -c \"${x}\"\nh -b ${x} q", h), "")
      << "what is known when it runs only";
}

TEST(Analyze, a_name_must_be_known_where_it_is_used) {
  EXPECT_EQ(body_ids("print \"${x}\"\nx = 5"), "unknown-name@1");
  EXPECT_EQ(body_ids("x = 5\nprint \"${x}\""), "");
  EXPECT_EQ(body_ids("if is_ci\n    x = 5\nend\nprint \"${x}\""), "");
  EXPECT_EQ(body_ids("for_each \"a\" l\n    print \"${l}\"\nend\nprint \"${l}\""),
            "unknown-name@4");
  EXPECT_EQ(body_ids("for_each \"a\" l\n    if is_ci\n        print \"${x}\"\n    end\n"
                     "    x = 5\nend"),
            "");
  EXPECT_EQ(body_ids("parallel\n    x = upper \"a\"\nend\nprint \"${x}\""), "unknown-name@4");
  EXPECT_EQ(body_ids("print \"${HOME}\""), "");
  EXPECT_EQ(body_ids("print \"${os} ${script_dir}\""), "");
  EXPECT_EQ(body_ids("if versoin == \"1\"\n    print \"x\"\nend"), "unknown-name@1");
}

TEST(Analyze, err_is_known_in_rescue_and_finally_only) {
  EXPECT_EQ(body_ids("try\n    fail \"x\"\nrescue\n    print \"${err.kind} ${err}\"\nend"), "");
  EXPECT_EQ(body_ids("try\n    fail \"x\"\nrescue oops\n    print \"${oops.kind}\"\nend"), "");
  EXPECT_EQ(body_ids("try\n    fail \"x\"\nrescue\n    throw\nend\nprint \"${err}\""),
            "unknown-name@6");
  EXPECT_EQ(body_ids("throw"), "throw-outside-rescue@1");
}

TEST(Analyze, bare_names_are_bindings_where_the_op_says_so) {
  auto analyzed = analyze_text("command c\n    do\n        mkdir x\n        x = 5\n"
                               "        y = upper x\n        z = upper y\n    end\nend\n");
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const Body body = analyzed->program->find("c")->body;
  EXPECT_TRUE(static_cast<const OpNode&>(*body[0]).params[0]->plain());
  EXPECT_FALSE(static_cast<const OpNode&>(*body[2]).params[0]->plain());
}

TEST(Analyze, a_long_name_behind_a_dollar_is_read_in_linear_time) {
  const std::string name(2'000'000, 'a');
  for (const std::string_view quote : {"", "\""}) {
    const auto analyzed = analyze_text(
        base::cat("command c\n    do\n        print ", quote, '$', name, quote, "\n    end\nend\n"),
        Strictness::Check);
    EXPECT_TRUE(analyzed->program);
  }
}

TEST(Analyze, a_template_is_a_scope_of_its_own) {
  auto analyzed = analyze_text("template t\n    arg who\n        type string\n    end\n    do\n"
                               "        local = upper who\n        print \"${local} ${outer}\"\n"
                               "    end\nend\ncommand c\n    do\n        outer = \"x\"\n"
                               "        t \"sam\"\n        print \"${outer}\"\n    end\nend\n");
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const auto& scope = static_cast<const ScopeNode&>(*analyzed->program->find("c")->body[1]);
  ASSERT_EQ(scope.kind, NodeKind::Scope);
  EXPECT_EQ(scope.binds.size(), 1U);
  EXPECT_EQ(scope.locals.size(), 1U);
  EXPECT_EQ(scope.use->name, "t");
}

TEST(Analyze, a_scope_clears_what_is_its_own) {
  auto analyzed = analyze_text("template outer\n    do\n        a = \"1\"\n        inner \"x\"\n"
                               "        for_each a line\n            b = \"2\"\n        end\n"
                               "        print \"${a} ${b}\"\n    end\nend\n"
                               "template inner\n    arg who\n        type string\n    end\n"
                               "    do\n        c = \"3\"\n    end\nend\n"
                               "command c\n    do\n        outer\n    end\nend\n");
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const Command& command = *analyzed->program->find("c");
  const auto names = [&](const ScopeNode& scope) {
    std::string out;
    for (const Slot slot : scope.locals)
      out += base::cat(command.slot_names[static_cast<std::size_t>(slot)], ' ');
    return out;
  };
  const auto& outer = static_cast<const ScopeNode&>(*command.body[0]);
  EXPECT_EQ(names(outer), "a line b ");
  EXPECT_EQ(names(static_cast<const ScopeNode&>(*outer.body[1])), "c ");
}

TEST(Analyze, what_a_template_sets_is_not_seen_outside) {
  EXPECT_EQ(body_ids("t\nprint \"${local}\"",
                     "template t\n    do\n        local = \"x\"\n    end\nend\n"),
            "unknown-name@2");
}

TEST(Analyze, templates_have_no_value_and_cannot_recurse) {
  constexpr std::string_view t = "template t\n    do\n        t\n    end\nend\n";
  EXPECT_EQ(body_ids("x = t", t), "template-as-value@1");
  EXPECT_EQ(body_ids("if t \"x\"\n    print \"a\"\nend", t), "template-as-value@1");
  EXPECT_NE(body_ids("t", t).find("template-recursion"), std::string::npos);
}

TEST(Analyze, calls_of_commands_are_checked_like_the_command_line) {
  constexpr std::string_view deploy =
      "command deploy\n    arg env\n        type string\n    end\n    arg host\n"
      "        type string\n        index 0\n    end\n    do\n        print \"${env}\"\n    end\n"
      "end\n";
  EXPECT_EQ(body_ids("deploy -env=prod web", deploy), "");
  EXPECT_EQ(body_ids("deploy web -env prod", deploy), "");
  EXPECT_EQ(body_ids("deploy -evn=prod web", deploy), "unknown-argument@1");
  EXPECT_EQ(body_ids("deploy -env=prod", deploy), "missing-argument@1");
  EXPECT_EQ(body_ids("deploy -env=prod a b", deploy), "too-many-arguments@1");
  EXPECT_EQ(body_ids("deploy web -env", deploy), "argument-needs-value@1");
  EXPECT_EQ(body_ids("x = \"a\"\ndeploy -env=${x} ${x}", deploy), "");
}

TEST(Analyze, a_command_declared_later_can_be_called) {
  auto analyzed = analyze_text("command a\n    do\n        b\n    end\nend\n"
                               "command b\n    do\n        print \"x\"\n    end\nend\n");
  ASSERT_TRUE(analyzed->program);
  EXPECT_EQ(first_node(*analyzed, "a").kind, NodeKind::CommandCall);
}

TEST(Analyze, pipe_stages_take_their_input_as_the_last_text) {
  EXPECT_EQ(body_ids("pipe\n    exec cat f\n    grep \"x\"\n    head 3\nend"), "");
  EXPECT_EQ(body_ids("pipe\n    exec cat f\n    grep \"x\" \"given\"\nend"),
            "too-many-arguments@3");
  EXPECT_EQ(body_ids("pipe\n    exec cat f\n    mkdir \"x\"\nend"), "not-a-stage@3");
}

TEST(Analyze, blocks_have_one_shape) {
  EXPECT_EQ(body_ids("timeout \"soon\"\n    print \"a\"\nend"), "bad-value@1");
  EXPECT_EQ(body_ids("retry 3 delay=2s on=timeout_exceeded\n    print \"a\"\nend"), "");
  EXPECT_EQ(body_ids("retry -1\n    print \"a\"\nend"), "bad-value@1");
  EXPECT_EQ(body_ids("retry 3 max=4\n    print \"a\"\nend"), "block-shape@1");
  EXPECT_EQ(body_ids("retry max=4 jitter=7\n    print \"a\"\nend"), "bad-value@1");
  EXPECT_EQ(body_ids("retry max=4 jitter=true\n    print \"a\"\nend\n"
                     "retry 2 jitter=0.5\n    print \"a\"\nend"),
            "");
  EXPECT_EQ(body_ids("parallel max=0\n    print \"a\"\nend"), "bad-value@1");
  EXPECT_EQ(body_ids("sandbox no_shel\n    print \"a\"\nend"), "unknown-option@1");
  EXPECT_EQ(body_ids("sandbox \"no_shell,read=./x\" no_network\n    print \"a\"\nend"), "");
  EXPECT_EQ(body_ids("cache \"k\"\n    print \"a\"\nend"), "wrong-shape@1");
  EXPECT_EQ(body_ids("timeout 90s secs=90\n    print \"a\"\nend"), "block-shape@1");
  EXPECT_EQ(body_ids("with_env A=1 B=2\n    print \"${A}\"\nend"), "");
}

TEST(Analyze, wasm_run_is_checked_as_far_as_it_can_be) {
  EXPECT_EQ(body_ids("wasm_run nothere\nend"), "unknown-alias@1");
  EXPECT_EQ(body_ids("wasm_run \"x.wasm\"\n    wasm_argh \"a\"\nend"),
            "unknown-wasm-declaration@2");
  EXPECT_EQ(body_ids("wasm_run \"x.wasm\"\n    wasm_mount_read \"d\" at:\"rel\"\nend"),
            "bad-value@2");
  EXPECT_EQ(body_ids("wasm_run \"x.wasm\"\n    wasm_memory \"lots\"\nend"), "bad-value@2");
  EXPECT_EQ(body_ids("wasm_run \"x.wasm\" func:\"f\"\nend"), "typed-calls@1");
}

TEST(Analyze, an_import_binds_its_helpers_where_they_are_defined) {
  auto analyzed = analyze_files(
      {{"main.perch", "import \"./lib.perch\" as lib\nimport \"./lib.perch\"\n"
                      "command helper\n    do\n        print \"mine\"\n    end\nend\n"
                      "command c\n    do\n        pub\n        lib.pub\n        lib.helper\n"
                      "    end\nend\n"},
       {"lib.perch", "command helper\n    private\n    do\n        print \"theirs\"\n    end\nend\n"
                     "command pub\n    do\n        helper\n    end\nend\n"}});
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const Command* pub = analyzed->program->find("pub");
  EXPECT_EQ(pub, analyzed->program->find("lib.pub"));
  const auto& call = static_cast<const CommandCallNode&>(*pub->body[0]);
  EXPECT_NE(call.command, analyzed->program->find("helper"));
  EXPECT_TRUE(call.command->is_private);
}

TEST(Analyze, a_diamond_of_imports_is_one_module) {
  auto analyzed =
      analyze_files({{"main.perch", "import \"a.perch\"\nimport \"b.perch\"\n"},
                     {"a.perch", "import \"d.perch\"\n"},
                     {"b.perch", "import \"d.perch\"\n"},
                     {"d.perch", "command d\n    do\n        print \"x\"\n    end\nend\n"}});
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  EXPECT_EQ(analyzed->program->commands.size(), 1U);
  EXPECT_EQ(analyzed->program->modules.size(), 4U);
}

TEST(Analyze, an_import_cycle_is_named) {
  auto analyzed = analyze_files(
      {{"main.perch", "import \"a.perch\"\n"}, {"a.perch", "import \"main.perch\"\n"}});
  ASSERT_FALSE(analyzed->program);
  EXPECT_EQ(analyzed->diags.all()[0].message, "import cycle: main.perch → a.perch → main.perch");
}

TEST(Analyze, the_importers_binding_configures_the_library) {
  auto analyzed = analyze_files(
      {{"main.perch", "import \"lib.perch\"\nOUT = \"mine\"\n"},
       {"lib.perch",
        "OUT = \"theirs\"\ncommand c\n    do\n        print \"${OUT}\"\n    end\nend\n"}});
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const auto& print = static_cast<const OpNode&>(first_node(*analyzed));
  const auto index = static_cast<std::size_t>(print.params[0]->pieces[0].name.binding);
  EXPECT_EQ(analyzed->program->bindings[index].value.text, "mine");
}

TEST(Analyze, names_are_declared_once) {
  EXPECT_EQ(analyze_text("A = \"1\"\nA = \"2\"\n")->ids(), "duplicate-name@2");
  EXPECT_EQ(analyze_text("command a\nend\ncommand a\nend\n")->ids(), "duplicate-name@3");
  EXPECT_EQ(analyze_text("command retry\nend\n")->ids(), "reserved-name@1");
  EXPECT_EQ(analyze_text("os = \"windows\"\n")->ids(), "automatic-name@1");
}

TEST(Analyze, arguments_are_declared_soundly) {
  EXPECT_EQ(analyze_text("command a\n    arg x\n        default \"1\"\n    end\nend\n")->ids(),
            "missing-type@2");
  EXPECT_EQ(
      analyze_text("command a\n    arg x\n        type int\n        default \"y\"\n    end\nend\n")
          ->ids(),
      "argument-type@4");
  EXPECT_EQ(analyze_text("command a\n    arg x\n        type string\n        rest\n    end\nend\n")
                ->ids(),
            "rest-argument@2");
}

TEST(Analyze, checking_warns_of_what_running_allows) {
  auto analyzed = analyze_text("command upper\n    do\n        x = upper word\n    end\nend\n",
                               Strictness::Check);
  ASSERT_TRUE(analyzed->program);
  EXPECT_EQ(analyzed->ids(), "op-hides-command@1 unbound-word@3 no-description@1");
}

TEST(Analyze, known_texts_are_made_of_bindings) {
  auto analyzed =
      analyze_text("A = \"x\"\nB = \"${A}/y\"\ncommand c\n    do\n"
                   "        print \"${B}/z\"\n        print \"${HOME}\"\n    end\nend\n");
  ASSERT_TRUE(analyzed->program) << analyzed->ids();
  const Body body = analyzed->program->find("c")->body;
  const auto text = [&](std::size_t i) {
    return known_text(*static_cast<const OpNode&>(*body[i]).params[0], *analyzed->program);
  };
  EXPECT_EQ(text(0), "x/y/z");
  EXPECT_EQ(text(1), std::nullopt);
}

} // namespace
} // namespace perch::program
