#include "op_fixture.h"

namespace perch::ops {
namespace {

using WriteOps = Ops;

TEST_F(WriteOps, mkdir_makes_parents_and_returns_the_path) {
  EXPECT_EQ(text("mkdir", {"a/b"}), "/work/a/b");
  EXPECT_EQ(text("is_dir", {"a/b"}), "true");
  EXPECT_EQ(text("ensure_dir", {"a/b"}), "/work/a/b");
  world.files.put("file", "");
  EXPECT_EQ(kind("mkdir", {"file"}), kind::kFileAlreadyExists);
}

TEST_F(WriteOps, rm_removes_trees_but_not_what_links_point_to) {
  world.files.put("old/deep/x", "1");
  world.files.put("kept/y", "2");
  world.files.nodes["/work/old/link"] = {.type = op::FileType::Symlink, .bytes = "/work/kept"};
  text("rm", {"old"});
  EXPECT_EQ(text("exists", {"old"}), "false");
  EXPECT_EQ(world.files.bytes("kept/y"), "2");
  text("rm", {"old"});
}

TEST_F(WriteOps, rm_refuses_an_empty_path) {
  world.files.put("precious", "1");
  EXPECT_EQ(kind("rm", {""}), kind::kBadArgument);
  EXPECT_EQ(world.files.bytes("precious"), "1");
}

TEST_F(WriteOps, write_file_replaces_and_keeps_the_mode) {
  text("write_file", {"run.sh", "one"});
  EXPECT_EQ(world.files.nodes["/work/run.sh"].mode, 0644u);
  text("chmod", {"run.sh", "755"});
  text("write_file", {"run.sh", std::string("t\0wo", 4)});
  EXPECT_EQ(world.files.bytes("run.sh"), std::string("t\0wo", 4));
  EXPECT_EQ(world.files.nodes["/work/run.sh"].mode, 0755u);
  EXPECT_EQ(kind("write_file", {"no/parent", "x"}), kind::kFileNotFound);
}

TEST_F(WriteOps, append_file_adds_nothing_of_its_own) {
  text("append_file", {"log", "a"});
  text("append_file", {"log", "b\n"});
  EXPECT_EQ(world.files.bytes("log"), "ab\n");
}

TEST_F(WriteOps, append_line_starts_on_a_line_of_its_own) {
  text("append_line", {"log", "a"});
  EXPECT_EQ(world.files.bytes("log"), "a\n");
  text("append_file", {"log", "half"});
  text("append_line", {"log", "b"});
  EXPECT_EQ(world.files.bytes("log"), "a\nhalf\nb\n");
  text("append_line", {"log", ""});
  EXPECT_EQ(world.files.bytes("log"), "a\nhalf\nb\n\n");
}

TEST_F(WriteOps, ensure_line_in_file_adds_a_line_once) {
  EXPECT_EQ(text("ensure_line_in_file", {"rc", "a"}), "true");
  EXPECT_EQ(text("ensure_line_in_file", {"rc", "a"}), "false");
  EXPECT_EQ(text("ensure_line_in_file", {"rc", "b"}), "true");
  EXPECT_EQ(world.files.bytes("rc"), "a\nb\n");
}

TEST_F(WriteOps, ensure_line_in_file_does_not_mind_carriage_returns) {
  world.files.put("dos", "a\r\nb");
  EXPECT_EQ(text("ensure_line_in_file", {"dos", "a"}), "false");
  EXPECT_EQ(text("ensure_line_in_file", {"dos", "a\r"}), "false");
  EXPECT_EQ(text("ensure_line_in_file", {"dos", "b"}), "false");
  EXPECT_EQ(text("ensure_line_in_file", {"dos", ""}), "true");
  EXPECT_EQ(world.files.bytes("dos"), "a\r\nb\n\n");
}

TEST_F(WriteOps, replace_in_file_counts_and_keeps_the_mode) {
  world.files.put("menu", "soup, soup", 0600);
  EXPECT_EQ(text("replace_in_file", {"menu", "soup", "stew"}), "2");
  EXPECT_EQ(world.files.bytes("menu"), "stew, stew");
  EXPECT_EQ(world.files.nodes["/work/menu"].mode, 0600u);
  EXPECT_EQ(text("replace_in_file", {"menu", "pie", "cake"}), "0");
  EXPECT_EQ(kind("replace_in_file", {"menu", "", "x"}), kind::kBadArgument);
  EXPECT_EQ(kind("replace_in_file", {"nothing", "a", "x"}), kind::kFileNotFound);
}

TEST_F(WriteOps, a_file_without_a_match_is_not_written) {
  world.files.put("menu", "soup");
  world.now_ns = 99;
  EXPECT_EQ(text("replace_in_file", {"menu", "pie", "cake"}), "0");
  EXPECT_EQ(world.files.nodes["/work/menu"].mtime_ns, 0);
}

TEST_F(WriteOps, modes_are_octal) {
  world.files.put("run.sh", "");
  text("chmod", {"run.sh", "0750"});
  EXPECT_EQ(world.files.nodes["/work/run.sh"].mode, 0750u);
  for (const char* mode : {"", "8", "u+x", "10000", "-1", "75 "})
    EXPECT_EQ(kind("chmod", {"run.sh", mode}), kind::kBadArgument) << mode;
  EXPECT_EQ(kind("chmod", {"nothing", "644"}), kind::kFileNotFound);
}

TEST_F(WriteOps, make_executable_adds_to_the_mode) {
  world.files.put("run.sh", "", 0640);
  text("make_executable", {"run.sh"});
  EXPECT_EQ(world.files.nodes["/work/run.sh"].mode, 0751u);
}

TEST_F(WriteOps, touch_creates_or_sets_the_time) {
  world.now_ns = 5;
  text("touch", {"salt"});
  EXPECT_EQ(world.files.bytes("salt"), "");
  world.files.put("pepper", "x");
  world.now_ns = 7;
  text("touch", {"pepper"});
  EXPECT_EQ(world.files.bytes("pepper"), "x");
  EXPECT_EQ(world.files.nodes["/work/pepper"].mtime_ns, 7);
  EXPECT_EQ(kind("touch", {"no/parent"}), kind::kFileNotFound);
}

TEST_F(WriteOps, symlink_takes_the_place_of_files_and_empty_directories) {
  text("symlink", {"target", "link"});
  EXPECT_EQ(text("read_link", {"link"}), "target");
  text("symlink", {"other", "link"});
  EXPECT_EQ(text("read_link", {"link"}), "other");
  text("mkdir", {"empty"});
  text("symlink", {"x", "empty"});
  EXPECT_EQ(text("read_link", {"empty"}), "x");
}

TEST_F(WriteOps, symlink_leaves_a_full_directory_alone) {
  world.files.put("full/x", "1");
  EXPECT_EQ(kind("symlink", {"target", "full"}), kind::kFileAlreadyExists);
  EXPECT_EQ(world.files.bytes("full/x"), "1");
}

TEST_F(WriteOps, temporary_files_are_private_and_new) {
  const std::string file = text("mktemp_file", {});
  EXPECT_TRUE(file.starts_with("/tmp/perch-")) << file;
  EXPECT_NE(text("mktemp_file", {}), file);
  EXPECT_EQ(world.files.nodes[file].mode, 0600u);
  const std::string dir = text("mktemp_dir", {"build."});
  EXPECT_TRUE(dir.starts_with("/tmp/build.")) << dir;
  EXPECT_EQ(world.files.nodes[dir].mode, 0700u);
}

TEST_F(WriteOps, a_prefix_leads_nowhere_else) {
  for (const std::string& prefix :
       {std::string("../x"), std::string("a/b"), std::string("a\\b"), std::string("a\0b", 3)})
    EXPECT_EQ(kind("mktemp_dir", {prefix}), kind::kBadArgument);
}

TEST_F(WriteOps, an_empty_path_and_a_refusal_change_nothing) {
  world.files.put("menu", "soup");
  const auto before = world.files.nodes.size();
  const std::pair<const char*, std::vector<Arg>> cases[] = {
      {"mkdir", {}},         {"ensure_dir", {}},     {"rm", {}},
      {"write_file", {"x"}}, {"append_file", {"x"}}, {"append_line", {"x"}},
      {"touch", {}},         {"chmod", {"600"}},     {"make_executable", {}},
      {"backup_file", {}},   {"mv", {"y"}},          {"ensure_line_in_file", {"x"}},
      {"cp", {"y"}},         {"copy_dir", {"y"}},    {"replace_in_file", {"soup", "x"}},
  };
  for (const auto& [name, more] : cases) {
    world.denied = {};
    std::vector<Arg> args = {""};
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_EQ(kind(name, args), kind::kBadArgument) << name;
    world.denied = {op::Cap::Write};
    args.front() = "menu";
    if (std::string_view(name) == "copy_dir")
      continue; // needs a directory, tested with the others of its kind
    EXPECT_EQ(kind(name, args), kind::kCapabilityDenied) << name;
  }
  EXPECT_EQ(world.files.nodes.size(), before);
  EXPECT_EQ(world.files.bytes("menu"), "soup");
}

} // namespace
} // namespace perch::ops
