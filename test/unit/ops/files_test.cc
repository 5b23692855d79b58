#include "op_fixture.h"

namespace perch::ops {
namespace {

class FileOps : public Ops {
protected:
  FileOps() {
    world.files.put("menu.txt", "soup\n");
    world.files.put("jar/plums", "12");
    world.files.put("jar/.hidden", "");
    world.files.nodes["/work/link"] = {.type = op::FileType::Symlink, .bytes = "menu.txt"};
    world.files.nodes["/work/lost"] = {.type = op::FileType::Symlink, .bytes = "nowhere"};
    world.files.nodes["/work/to_jar"] = {.type = op::FileType::Symlink, .bytes = "jar"};
    world.files.nodes["/work/device"] = {.type = op::FileType::Other, .bytes = {}};
    world.files.put("locked", "secret");
    world.files.forbidden = {"/work/locked"};
  }
};

TEST_F(FileOps, read_file_gives_the_bytes) {
  EXPECT_EQ(text("read_file", {"menu.txt"}), "soup\n");
  EXPECT_EQ(text("read_file", {"/work/link"}), "soup\n");
  const std::string bytes("\0\xff", 2);
  world.files.put("raw", bytes);
  EXPECT_EQ(text("read_file", {"raw"}), bytes);
}

struct Answer {
  const char* path;
  bool exists, is_file, is_dir;
};

TEST_F(FileOps, tell_what_is_there) {
  const Answer answers[] = {
      {"menu.txt", true, true, false}, {"link", true, true, false},
      {"jar", true, false, true},      {"to_jar", true, false, true},
      {"lost", false, false, false},   {"nothing", false, false, false},
      {"device", true, false, false},  {"menu.txt/x", false, false, false},
  };
  for (const auto& a : answers) {
    EXPECT_EQ(text("exists", {a.path}) == "true", a.exists) << a.path;
    EXPECT_EQ(text("is_file", {a.path}) == "true", a.is_file) << a.path;
    EXPECT_EQ(text("is_dir", {a.path}) == "true", a.is_dir) << a.path;
  }
}

TEST_F(FileOps, what_cannot_be_looked_at_is_no_file_and_no_directory) {
  EXPECT_EQ(text("is_file", {"locked"}), "false");
  EXPECT_EQ(text("is_dir", {"locked"}), "false");
}

TEST_F(FileOps, sizes_and_times_are_numbers) {
  EXPECT_EQ(text("file_size", {"menu.txt"}), "5");
  EXPECT_EQ(text("file_size", {"link"}), "5");
  world.files.nodes["/work/menu.txt"].mtime_ns = 1'500'000'000;
  EXPECT_EQ(text("file_mtime", {"menu.txt"}), "1");
  world.files.nodes["/work/menu.txt"].mtime_ns = -1;
  EXPECT_EQ(text("file_mtime", {"menu.txt"}), "-1");
}

TEST_F(FileOps, glob_gives_matching_paths_relative_where_the_pattern_is) {
  EXPECT_EQ(items("glob", {"*.txt"}), (Items{"menu.txt"}));
  EXPECT_EQ(items("glob", {"/work/jar/*"}), (Items{"/work/jar/plums"}));
  EXPECT_EQ(items("glob", {"*.md"}), Items{});
}

TEST_F(FileOps, list_dir_gives_all_names) {
  EXPECT_EQ(items("list_dir", {"jar"}), (Items{".hidden", "plums"}));
  text("mkdir", {"empty"});
  EXPECT_EQ(items("list_dir", {"empty"}), Items{});
}

TEST_F(FileOps, read_link_gives_the_target_as_written) {
  EXPECT_EQ(text("read_link", {"lost"}), "nowhere");
  EXPECT_EQ(kind("read_link", {"menu.txt"}), kind::kFileError);
}

TEST_F(FileOps, errors_have_their_kinds) {
  EXPECT_EQ(kind("read_file", {"nothing"}), kind::kFileNotFound);
  EXPECT_EQ(kind("read_file", {"locked"}), kind::kFilePermissionDenied);
  EXPECT_EQ(kind("read_file", {"jar"}), kind::kFileError);
  EXPECT_EQ(kind("file_size", {"nothing"}), kind::kFileNotFound);
  EXPECT_EQ(kind("list_dir", {"nothing"}), kind::kFileNotFound);
  EXPECT_EQ(kind("list_dir", {"menu.txt"}), kind::kFileError);
  EXPECT_EQ(error("read_file", {"nothing"}).detail, "nothing");
}

TEST_F(FileOps, an_empty_path_is_never_the_directory) {
  for (const char* name : {"read_file", "exists", "is_dir", "is_file", "file_size", "file_mtime",
                           "glob", "list_dir", "read_link"})
    EXPECT_EQ(kind(name, {""}), kind::kBadArgument) << name;
}

TEST_F(FileOps, a_refusal_stays_an_error) {
  world.denied = {op::Cap::Read};
  for (const char* name : {"read_file", "exists", "is_dir", "is_file", "file_size", "file_mtime",
                           "glob", "list_dir", "read_link"})
    EXPECT_EQ(kind(name, {"menu.txt"}), kind::kCapabilityDenied) << name;
}

} // namespace
} // namespace perch::ops
