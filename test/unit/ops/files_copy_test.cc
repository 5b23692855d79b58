#include "op_fixture.h"

namespace perch::ops {
namespace {

class CopyOps : public Ops {
protected:
  CopyOps() {
    world.files.put("menu", "soup of the day", 0600);
    world.files.put("tree/a", "1", 0755);
    world.files.put("tree/sub/b", "2");
    world.files.nodes["/work/tree/sub"].mode = 0700;
    world.files.nodes["/work/tree/empty"] = {
        .type = op::FileType::Directory, .bytes = {}, .mode = 0755};
  }

  std::uint32_t mode(const char* path) { return world.files.nodes.at(path).mode; }
  void link(const char* path, const char* target) {
    world.files.nodes[path] = {.type = op::FileType::Symlink, .bytes = target};
  }
};

TEST_F(CopyOps, cp_copies_content_and_mode) {
  text("cp", {"menu", "copy"});
  EXPECT_EQ(world.files.bytes("copy"), "soup of the day");
  EXPECT_EQ(mode("/work/copy"), 0600u);
}

TEST_F(CopyOps, cp_makes_parents_and_replaces_files) {
  text("cp", {"menu", "new/dir/copy"});
  EXPECT_EQ(world.files.bytes("new/dir/copy"), "soup of the day");
  world.files.put("old", "yesterday", 0644);
  text("cp", {"menu", "old"});
  EXPECT_EQ(world.files.bytes("old"), "soup of the day");
  EXPECT_EQ(mode("/work/old"), 0600u);
}

TEST_F(CopyOps, cp_refuses_itself_directories_and_devices) {
  EXPECT_EQ(kind("cp", {"menu", "./x/../menu"}), kind::kBadArgument);
  EXPECT_EQ(world.files.bytes("menu"), "soup of the day");
  EXPECT_EQ(error("cp", {"tree", "t2"}).help, "use `copy_dir` to copy a directory");
  EXPECT_EQ(kind("cp", {"menu", "tree"}), kind::kFileError);
  world.files.nodes["/work/device"] = {.type = op::FileType::Other, .bytes = {}};
  EXPECT_EQ(kind("cp", {"device", "d2"}), kind::kBadArgument);
  EXPECT_EQ(kind("cp", {"nothing", "x"}), kind::kFileNotFound);
  EXPECT_EQ(world.files.bytes("x"), "(missing)");
}

TEST_F(CopyOps, a_copy_that_is_stopped_leaves_nothing) {
  world.stops_after = 1;
  EXPECT_EQ(kind("cp", {"menu", "copy"}), kind::kTimeoutExceeded);
  EXPECT_EQ(world.files.bytes("copy"), "(missing)");
}

TEST_F(CopyOps, copy_dir_copies_everything_with_its_modes) {
  text("copy_dir", {"tree", "t2"});
  EXPECT_EQ(world.files.bytes("t2/a"), "1");
  EXPECT_EQ(world.files.bytes("t2/sub/b"), "2");
  EXPECT_EQ(mode("/work/t2/a"), 0755u);
  EXPECT_EQ(mode("/work/t2/sub"), 0700u);
  EXPECT_EQ(text("is_dir", {"t2/empty"}), "true");
}

TEST_F(CopyOps, copy_dir_merges_into_what_is_there) {
  world.files.put("t2/a", "old");
  world.files.put("t2/other", "kept");
  text("copy_dir", {"tree/", "t2/"});
  EXPECT_EQ(world.files.bytes("t2/a"), "1");
  EXPECT_EQ(world.files.bytes("t2/other"), "kept");
}

TEST_F(CopyOps, copy_dir_refuses_to_copy_into_itself) {
  EXPECT_EQ(kind("copy_dir", {"tree", "tree/sub/x"}), kind::kBadArgument);
  EXPECT_EQ(kind("copy_dir", {"tree", "tree"}), kind::kBadArgument);
  EXPECT_EQ(kind("copy_dir", {".", "x"}), kind::kBadArgument);
  EXPECT_EQ(kind("copy_dir", {"/", "x"}), kind::kBadArgument);
}

TEST_F(CopyOps, a_name_that_begins_alike_is_not_inside) {
  text("copy_dir", {"tree", "tree2"});
  EXPECT_EQ(world.files.bytes("tree2/a"), "1");
}

TEST_F(CopyOps, copy_dir_follows_links_to_files_only) {
  link("/work/tree/link", "../menu");
  text("copy_dir", {"tree", "t2"});
  EXPECT_EQ(text("is_file", {"t2/link"}), "true");
  EXPECT_EQ(world.files.bytes("t2/link"), "soup of the day");
  link("/work/tree/around", "sub");
  EXPECT_EQ(kind("copy_dir", {"tree", "t3"}), kind::kBadArgument);
  EXPECT_EQ(text("exists", {"t3"}), "false");
}

TEST_F(CopyOps, copy_dir_says_what_it_cannot_copy) {
  EXPECT_EQ(kind("copy_dir", {"menu", "x"}), kind::kBadArgument);
  EXPECT_EQ(kind("copy_dir", {"nothing", "x"}), kind::kFileNotFound);
  link("/work/tree/lost", "nowhere");
  EXPECT_EQ(kind("copy_dir", {"tree", "x"}), kind::kFileNotFound);
}

TEST_F(CopyOps, a_refused_copy_leaves_nothing) {
  world.denied = {op::Cap::Write};
  EXPECT_EQ(kind("copy_dir", {"tree", "t2"}), kind::kCapabilityDenied);
  world.denied = {op::Cap::Read};
  EXPECT_EQ(kind("copy_dir", {"tree", "t2"}), kind::kCapabilityDenied);
  EXPECT_EQ(kind("cp", {"menu", "copy"}), kind::kCapabilityDenied);
  EXPECT_EQ(world.files.bytes("t2/a"), "(missing)");
  EXPECT_EQ(world.files.bytes("copy"), "(missing)");
}

TEST_F(CopyOps, mv_renames_and_replaces) {
  world.files.put("old", "yesterday");
  text("mv", {"menu", "old"});
  EXPECT_EQ(world.files.bytes("old"), "soup of the day");
  EXPECT_EQ(world.files.bytes("menu"), "(missing)");
  text("mv", {"tree", "grove"});
  EXPECT_EQ(world.files.bytes("grove/sub/b"), "2");
}

TEST_F(CopyOps, mv_makes_no_parents_and_replaces_no_directory) {
  EXPECT_EQ(kind("mv", {"menu", "no/parent"}), kind::kFileNotFound);
  EXPECT_EQ(kind("mv", {"menu", "tree"}), kind::kFileError);
  EXPECT_EQ(kind("mv", {"tree", "tree/sub/x"}), kind::kBadArgument);
  EXPECT_EQ(kind("mv", {"nothing", "x"}), kind::kFileNotFound);
  EXPECT_EQ(world.files.bytes("menu"), "soup of the day");
}

TEST_F(CopyOps, mv_works_across_file_systems) {
  world.files.put("/disk/file", "f", 0700);
  world.files.put("/disk/dir/x", "x");
  link("/disk/link", "somewhere");
  world.files.other_file_system = "/disk";
  text("mv", {"/disk/file", "file"});
  text("mv", {"/disk/dir", "dir"});
  text("mv", {"/disk/link", "link"});
  EXPECT_EQ(world.files.bytes("file"), "f");
  EXPECT_EQ(mode("/work/file"), 0700u);
  EXPECT_EQ(world.files.bytes("dir/x"), "x");
  EXPECT_EQ(text("read_link", {"link"}), "somewhere");
  EXPECT_EQ(items("list_dir", {"/disk"}), Items{});
}

TEST_F(CopyOps, backup_file_copies_beside_the_file) {
  EXPECT_EQ(text("backup_file", {"menu"}), "/work/menu.bak");
  EXPECT_EQ(world.files.bytes("menu.bak"), "soup of the day");
  EXPECT_EQ(mode("/work/menu.bak"), 0600u);
  EXPECT_EQ(kind("backup_file", {"tree"}), kind::kBadArgument);
  EXPECT_EQ(kind("backup_file", {"nothing"}), kind::kFileNotFound);
}

} // namespace
} // namespace perch::ops
