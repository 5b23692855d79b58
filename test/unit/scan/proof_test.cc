// What the proof finds, and what it must leave to the run.

#include "base/text.h"
#include "program/analyze.h"
#include "scan/proof.h"

#include <gtest/gtest.h>

namespace perch::scan {
namespace {

using op::Arity;
using op::Cap;
using op::OpDecl;
using op::Type;

Result<op::Value> nothing(op::Call&) { return op::Value(); }

constexpr OpDecl kOps[] = {
    {.name = "print", .params = {{{.name = "message", .arity = Arity::Optional}}}, .run = nothing},
    {.name = "write_file",
     .params = {{{.name = "path", .type = Type::Path}, {.name = "text"}}},
     .needs = {{{.cap = Cap::Write, .subject = "path"}}},
     .run = nothing},
    {.name = "read_file",
     .params = {{{.name = "path", .type = Type::Path}}},
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Read, .subject = "path"}}},
     .run = nothing},
    {.name = "exists",
     .params = {{{.name = "path", .type = Type::Path}}},
     .returns = Type::Bool,
     .needs = {{{.cap = Cap::Read, .subject = "path"}}},
     .run = nothing},
    {.name = "http_get",
     .params = {{{.name = "url"}}},
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Net, .subject = "url"}}},
     .run = nothing},
    {.name = "get_env",
     .params = {{{.name = "name"}}},
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Env, .subject = "name"}}},
     .run = nothing},
    {.name = "set_env",
     .params = {{{.name = "name"}, {.name = "value"}}},
     .needs = {{{.cap = Cap::Env, .subject = "name"}}},
     .run = nothing},
    {.name = "shell",
     .params = {{{.name = "command"}}},
     .needs = {{{.cap = Cap::Exec, .subject = "command", .shell = true}}},
     .run = nothing},
    {.name = "cd",
     .params = {{{.name = "path", .type = Type::Path}}},
     .needs = {{{.cap = Cap::Read, .subject = "path"}}},
     .run = nothing},
    {.name = "free_port", .returns = Type::Int, .needs = {{{.cap = Cap::Net}}}, .run = nothing},
};
constexpr std::span<const OpDecl> kFamilies[] = {kOps};

/// Findings as `id@line`, a warning with a `?`; what analysis itself says is a failure of the test.
std::string proved(std::string_view text) {
  diag::SourceMap sources;
  diag::Diags diags;
  const op::OpTable table(kFamilies);
  const auto source = sources.add("a.perch", std::string(text)).id;
  const program::Loading loading{.read = {}, .import_name = {}, .program_exists = {}};
  const auto program = program::analyze(sources, {.source = source, .directory = "/p"}, table,
                                        loading, program::Strictness::Run, diags);
  for (const diag::Diag& diag : diags.all())
    ADD_FAILURE() << diag.message << " in " << text;
  if (program == nullptr)
    return "not analyzed";
  diag::Diags found;
  prove(*program, survey(*program), sources, found);
  found.sort();
  std::string out;
  for (const diag::Diag& diag : found.all()) {
    out += base::cat(out.empty() ? "" : " ", diag.id, '@', sources.position(diag.span).line,
                     diag.severity == diag::Severity::Warning ? "?" : "");
  }
  return out;
}

/// A command whose one sandbox has this head and body.
std::string boxed(std::string_view words, std::string_view body, std::string_view before = "") {
  return proved(base::cat("command main\n    do\n", before, "        sandbox ", words, '\n', body,
                          "        end\n    end\nend\n"));
}

TEST(Proof, a_closing_word_forbids_whatever_the_subject_is) {
  EXPECT_EQ(boxed("no_write", "write_file \"./x\" \"y\"\nx = read_file \"./x\"\n"),
            "sandbox-forbids@4");
  EXPECT_EQ(boxed("no_write", "x = get_env \"X\"\nwrite_file \"${x}\" \"y\"\n"),
            "sandbox-forbids@5");
  EXPECT_EQ(boxed("no_network", "p = free_port\n"), "sandbox-forbids@4");
  EXPECT_EQ(boxed("no_shell", "shell \"true\"\nexec true\n"), "sandbox-forbids@4");
  EXPECT_EQ(boxed("no_subprocess", "shell \"echo x\"\nexec true && exec ls\n"),
            "sandbox-forbids@4 sandbox-forbids@5 sandbox-forbids@5");
}

TEST(Proof, conditions_and_placeholders_are_looked_into) {
  EXPECT_EQ(boxed("no_read", "if exists \"./x\"\nprint \"y\"\nend\n"), "sandbox-forbids@4");
  EXPECT_EQ(boxed("no_read", "print \"${read_file('./x')}\"\n"), "sandbox-forbids@4");
}

TEST(Proof, lists_forbid_what_they_certainly_do_not_hold) {
  EXPECT_EQ(boxed("write=./out", "write_file \"./out/x\" \"\"\nwrite_file \"./out/../x\" \"\"\n"),
            "sandbox-forbids@5");
  EXPECT_EQ(
      boxed("host=*.x.org", "a = http_get \"https://a.x.org/\"\nb = http_get \"https://x.org/\"\n"),
      "sandbox-forbids@5");
  EXPECT_EQ(boxed("host=x.org:443", "a = http_get \"http://x.org/\"\n"), "sandbox-forbids@4");
  EXPECT_EQ(boxed("bin=git", "exec git\nexec ls\nexec /opt/git\nshell \"git x\"\nshell \"ls\"\n"),
            "sandbox-forbids@5 sandbox-forbids@8");
  EXPECT_EQ(boxed("bin=/opt/git", "exec git\nexec ls\n"), "");
  EXPECT_EQ(boxed("write=./out", "x = read_file \"./out/x\"\n"), "");
}

TEST(Proof, a_host_is_known_although_the_path_is_not) {
  EXPECT_EQ(boxed("host=x.org",
                  "a = http_get \"https://x.org/${p}\"\nb = http_get \"https://y.org/${p}\"\n",
                  "p = \"v\"\n"),
            "sandbox-forbids@6");
  EXPECT_EQ(boxed("host=x.org", "a = http_get \"https://${p}/\"\n", "p = get_env \"P\"\n"), "");
}

TEST(Proof, what_only_the_run_knows_is_left_to_it) {
  EXPECT_EQ(boxed("write=./out", "write_file \"${x}\" \"\"\n", "x = get_env \"X\"\n"), "");
  EXPECT_EQ(boxed("\"write=${x}\"", "write_file \"./y\" \"\"\n", "x = get_env \"X\"\n"), "");
  EXPECT_EQ(boxed("\"${x}\"", "write_file \"./y\" \"\"\n", "x = get_env \"X\"\n"), "");
  EXPECT_EQ(boxed("no_write \"${x}\"", "write_file \"./y\" \"\"\n", "x = get_env \"X\"\n"),
            "sandbox-forbids@5");
  EXPECT_EQ(boxed("write=./out", "cd \"..\"\nwrite_file \"./y\" \"\"\n"), "");
  EXPECT_EQ(boxed("no_write", "cd \"..\"\nwrite_file \"./y\" \"\"\n"), "sandbox-forbids@5");
}

TEST(Proof, a_variable_of_the_program_is_no_request) {
  EXPECT_EQ(boxed("no_env", "print \"${HOME}\"\n"), "sandbox-forbids@4");
  EXPECT_EQ(boxed("no_env", "with_env \"MINE=x\"\nprint \"${MINE}\"\nend\n"), "");
}

TEST(Proof, a_handled_denial_is_a_warning) {
  const std::string tried = "try\nwrite_file \"./x\" \"\"\nrescue\nprint \"no\"\nend\n";
  EXPECT_EQ(boxed("no_write", tried), "sandbox-forbids@5?");
  EXPECT_EQ(boxed("no_write", "try\nwrite_file \"./x\" \"\"\nfinally\nprint \"no\"\nend\n"),
            "sandbox-forbids@5");
}

TEST(Proof, calls_are_followed_once_and_recursion_ends) {
  constexpr std::string_view kText = R"(command a
    do
        b
        write_file "./x" ""
    end
end
command b
    do
        a
    end
end
command main
    do
        sandbox no_write
            a
            b
        end
        sandbox no_network
            a
        end
        a
    end
end
)";
  EXPECT_EQ(proved(kText), "sandbox-forbids@4");
}

TEST(Proof, one_way_without_a_rescue_makes_it_an_error) {
  constexpr std::string_view kText = R"(command a
    do
        write_file "./x" ""
    end
end
command main
    do
        sandbox no_write
            try
                a
            rescue
                print "no"
            end
            a
        end
    end
end
)";
  EXPECT_EQ(proved(kText), "sandbox-forbids@3");
}

TEST(Proof, of_sandboxes_in_each_other_the_outer_one_is_named) {
  EXPECT_EQ(boxed("no_write", "sandbox no_write\nwrite_file \"./x\" \"\"\nend\n"),
            "sandbox-forbids@5");
  EXPECT_EQ(boxed("no_network", "sandbox no_write\nwrite_file \"./x\" \"\"\nend\n"),
            "sandbox-forbids@5");
}

TEST(Proof, hooks_are_followed_but_not_from_hooks) {
  constexpr std::string_view kText = R"(hooks
    before exec note
    before write deeper
end
command note
    do
        write_file "./noted" ""
    end
end
command deeper
    do
        x = http_get "https://x.org/"
    end
end
command main
    do
        sandbox no_network
            exec true
        end
        sandbox no_write
            exec true
        end
    end
end
)";
  // In `note` no other hook fires, so the first sandbox never reaches `deeper`.
  EXPECT_EQ(proved(kText), "sandbox-forbids@7");
}

TEST(Proof, a_manifest_with_a_root_known_at_run_time_says_nothing_of_paths) {
  EXPECT_EQ(proved("requires\n    read \"./in\"\nend\ncommand main\n    do\n        x = read_file "
                   "\"/etc/x\"\n"
                   "    end\nend\n"),
            "never-declared@6?");
  EXPECT_EQ(proved("requires\n    read \"${HOME}/in\"\nend\ncommand main\n    do\n        x = "
                   "read_file \"/etc/x\"\n"
                   "    end\nend\n"),
            "");
  EXPECT_EQ(proved("requires\n    write \"./out\"\nend\ncommand main\n    do\n        x = "
                   "read_file \"./out/x\"\n"
                   "    end\nend\n"),
            "");
}

} // namespace
} // namespace perch::scan
