#include "op_fixture.h"

namespace perch::ops {
namespace {

using PathOps = Ops;

struct PathCase {
  const char* op;
  std::vector<Arg> args;
  const char* expected;
};

TEST_F(PathOps, give_what_their_summaries_say) {
  const PathCase cases[] = {
      {"path_join", {"a", "b", "../c"}, "a/c"},
      {"path_join", {"/x", "/y"}, "/x/y"},
      {"path_join", {"", "a", "", "b"}, "a/b"},
      {"path_join", {"a", "../.."}, ".."},
      {"path_join", {}, ""},
      {"path_join", {"", ""}, ""},
      {"path_dir", {"a/b/c"}, "a/b"},
      {"path_dir", {"a/b/"}, "a/b"},
      {"path_dir", {"a"}, "."},
      {"path_dir", {"/a"}, "/"},
      {"path_dir", {"/"}, "/"},
      {"path_dir", {""}, "."},
      {"path_base", {"a/b/"}, "b"},
      {"path_base", {"a"}, "a"},
      {"path_base", {"///"}, "/"},
      {"path_base", {""}, "."},
      {"path_base", {"/a"}, "a"},
      {"path_ext", {"a.tar.gz"}, ".gz"},
      {"path_ext", {".bashrc"}, ""},
      {"path_ext", {"dir.d/file"}, ""},
      {"path_ext", {".config.json"}, ".json"},
      {"path_ext", {"a."}, "."},
      {"path_ext", {".."}, ""},
      {"path_ext", {""}, ""},
      {"path_with_ext", {"src/app.ts", "js"}, "src/app.js"},
      {"path_with_ext", {"src/app.ts", ".js"}, "src/app.js"},
      {"path_with_ext", {"src/app.ts", ""}, "src/app"},
      {"path_with_ext", {"app", "js"}, "app.js"},
      {"path_with_ext", {".bashrc", "bak"}, ".bashrc.bak"},
      {"path_clean", {"a//b/./c/.."}, "a/b"},
      {"path_clean", {"/../a"}, "/a"},
      {"path_clean", {"../../a/.."}, "../.."},
      {"path_clean", {""}, "."},
      {"path_clean", {"/"}, "/"},
      {"path_abs", {"a/../b"}, "/work/b"},
      {"path_abs", {"/x/./y"}, "/x/y"},
      {"path_rel", {"/srv/app", "/srv/data/x"}, "../data/x"},
      {"path_rel", {"a", "a"}, "."},
      {"path_rel", {".", "a/b"}, "a/b"},
      {"path_rel", {"a/b", "."}, "../.."},
      {"path_rel", {"/", "/a"}, "a"},
      {"path_rel", {"..", "../a"}, "a"},
      {"path_within", {"/srv/app", "/srv/app/x"}, "true"},
      {"path_within", {"/srv/app", "/srv/app"}, "true"},
      {"path_within", {"/srv/app", "/srv/application"}, "false"},
      {"path_within", {"/srv/app", "/srv/app/../data"}, "false"},
      {"path_within", {"/", "/x"}, "true"},
      {"path_within", {"/work", "x"}, "true"},
      {"is_abs", {"/a"}, "true"},
      {"is_abs", {"a/"}, "false"},
      {"is_abs", {""}, "false"},
      {"to_slash", {"a\\b"}, "a\\b"},
      {"from_slash", {"a/b"}, "a/b"},
      {"expand_path", {"~"}, "/home/cook"},
      {"expand_path", {"~/jam"}, "/home/cook/jam"},
      {"expand_path", {"~anna/jam"}, "~anna/jam"},
      {"expand_path", {"$HOME/jam"}, "$HOME/jam"},
      {"expand_path", {"/~"}, "/~"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(text(c.op, c.args), c.expected)
        << c.op << ' ' << (c.args.empty() ? "" : c.args[0].value.text());
}

TEST_F(PathOps, there_is_no_way_between_relative_and_absolute) {
  EXPECT_EQ(kind("path_rel", {"/a", "b"}), kind::kBadArgument);
  EXPECT_EQ(kind("path_rel", {"a", "/b"}), kind::kBadArgument);
}

TEST_F(PathOps, there_is_no_way_out_of_an_unknown_directory) {
  EXPECT_EQ(kind("path_rel", {"../a", "b"}), kind::kBadArgument);
}

TEST_F(PathOps, an_empty_path_is_no_path) {
  EXPECT_EQ(kind("path_abs", {""}), kind::kBadArgument);
  EXPECT_EQ(kind("path_within", {"", "a"}), kind::kBadArgument);
}

TEST_F(PathOps, path_abs_follows_cd) {
  world.files.directory = "/srv";
  EXPECT_EQ(text("path_abs", {"a"}), "/srv/a");
}

TEST_F(PathOps, separators_change_where_the_host_has_its_own) {
  world.host.os = "windows";
  EXPECT_EQ(text("to_slash", {"a\\b"}), "a/b");
  EXPECT_EQ(text("from_slash", {"a/b"}), "a\\b");
}

TEST_F(PathOps, a_home_that_is_not_known_is_an_error) {
  world.host.home.clear();
  EXPECT_EQ(kind("expand_path", {"~/jam"}), kind::kUnknownName);
}

} // namespace
} // namespace perch::ops
