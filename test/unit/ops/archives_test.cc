#include "op_fixture.h"
#include "sys/tar.h"
#include "sys/zip.h"

namespace perch::ops {
namespace {

class ArchiveOps : public Ops {
protected:
  void make_tree() {
    world.files.put("jar/label", "plums");
    world.files.put("jar/deep/er/x", std::string(5000, 'x'), 0755);
    world.files.put("jar/nothing", "");
    world.files.nodes["/work/jar/empty"] = {
        .type = op::FileType::Directory, .bytes = {}, .mode = 0750};
  }

  void expect_tree(const std::string& root) {
    EXPECT_EQ(world.files.bytes(root + "/label"), "plums");
    EXPECT_EQ(world.files.bytes(root + "/deep/er/x"), std::string(5000, 'x'));
    EXPECT_EQ(world.files.bytes(root + "/nothing"), "");
    EXPECT_EQ(world.files.nodes["/work/" + root + "/deep/er/x"].mode, 0755u);
    EXPECT_EQ(world.files.nodes["/work/" + root + "/empty"].mode, 0750u);
  }

  /// A tar archive of entries, each with its name as content when it is a file.
  std::string tar_of(const std::vector<sys::TarEntry>& entries) {
    std::string archive;
    sys::TarWriter tar([&](std::string_view bytes) -> Status {
      archive += bytes;
      return {};
    });
    for (sys::TarEntry entry : entries) {
      const bool file = entry.kind == sys::TarEntry::Kind::File;
      entry.size = file ? entry.name.size() : 0;
      EXPECT_TRUE(tar.begin(entry));
      EXPECT_TRUE(!file || tar.content(entry.name));
      EXPECT_TRUE(tar.end());
    }
    EXPECT_TRUE(tar.finish());
    return archive;
  }

  std::string zip_of(const std::vector<std::string>& names) {
    std::string archive;
    sys::ZipWriter zip([&](std::string_view bytes) -> Status {
      archive += bytes;
      return {};
    });
    for (const auto& name : names)
      EXPECT_TRUE(zip.add({.name = name}, name));
    EXPECT_TRUE(zip.finish());
    return archive;
  }

  /// Changes the type of the first entry of a tar archive, with its checksum.
  static void set_type(std::string& tar, char type) {
    tar[156] = type;
    tar.replace(148, 8, "        ");
    unsigned sum = 0;
    for (int i = 0; i < 512; ++i)
      sum += static_cast<unsigned char>(tar[static_cast<std::size_t>(i)]);
    for (std::size_t i = 6; i-- > 0; sum >>= 3)
      tar[148 + i] = static_cast<char>('0' + (sum & 7));
    tar[154] = '\0';
  }

  bool nothing_written() {
    return world.files.bytes("/work/evil") == "(missing)" &&
           world.files.bytes("/evil") == "(missing)" &&
           world.files.bytes("/tmp/evil") == "(missing)";
  }
};

TEST_F(ArchiveOps, gzip_and_ungzip_give_the_file_back) {
  const std::string bytes = std::string(100'000, 'a') + std::string("\0\xff", 2);
  world.files.put("data", bytes);
  text("gzip", {"data", "data.gz"});
  EXPECT_LT(world.files.bytes("data.gz").size(), 1000u);
  EXPECT_TRUE(world.files.bytes("data.gz").starts_with("\x1f\x8b"));
  text("ungzip", {"data.gz", "again"});
  EXPECT_EQ(world.files.bytes("again"), bytes);
}

TEST_F(ArchiveOps, several_gzip_members_are_one_file) {
  world.files.put("a", "soup");
  world.files.put("b", " and bread");
  text("gzip", {"a", "a.gz"});
  text("gzip", {"b", "b.gz"});
  world.files.put("both.gz",
                  world.files.bytes("a.gz") + world.files.bytes("b.gz") + std::string(100, '\0'));
  text("ungzip", {"both.gz", "both"});
  EXPECT_EQ(world.files.bytes("both"), "soup and bread");
}

TEST_F(ArchiveOps, what_is_not_gzip_is_refused_and_leaves_nothing) {
  world.files.put("plain", "soup");
  world.files.put("data", "soup of the day");
  text("gzip", {"data", "data.gz"});
  const std::string whole = world.files.bytes("data.gz");
  world.files.put("short.gz", whole.substr(0, whole.size() - 3));
  world.files.put("empty", "");
  world.files.put("trailing.gz", whole + "junk");
  for (const char* broken : {"plain", "short.gz", "empty", "trailing.gz"}) {
    const Error bad = error("ungzip", {broken, "out"});
    EXPECT_EQ(bad.kind, kind::kBadArgument) << broken;
    EXPECT_EQ(bad.detail, broken);
    EXPECT_EQ(world.files.bytes("out"), "(missing)") << broken;
  }
}

TEST_F(ArchiveOps, ungzip_stops_at_its_limit) {
  world.files.put("bomb", std::string(1 << 20, '\0'));
  text("gzip", {"bomb", "bomb.gz"});
  EXPECT_EQ(kind("ungzip", {"bomb.gz", "out", named("limit", "1MB")}), kind::kOutputTooLarge);
  EXPECT_EQ(world.files.bytes("out"), "(missing)");
  text("ungzip", {"bomb.gz", "out", named("limit", "1MiB")});
  EXPECT_EQ(kind("ungzip", {"bomb.gz", "out", named("limit", "much")}), kind::kBadArgument);
}

TEST_F(ArchiveOps, tar_gives_the_tree_back) {
  make_tree();
  text("tar_create", {"jar", "jar.tar.gz"});
  text("tar_extract", {"jar.tar.gz", "copy"});
  expect_tree("copy");
}

TEST_F(ArchiveOps, zip_gives_the_tree_back) {
  make_tree();
  text("zip_create", {"jar", "jar.zip"});
  text("zip_extract", {"jar.zip", "copy"});
  expect_tree("copy");
}

TEST_F(ArchiveOps, the_same_tree_gives_the_same_archive) {
  make_tree();
  for (const char* create : {"tar_create", "zip_create"}) {
    text(create, {"jar", "one"});
    world.now_ns += 1'000'000'000'000;
    text("touch", {"jar/label"});
    text(create, {"jar", "two"});
    EXPECT_EQ(world.files.bytes("one"), world.files.bytes("two")) << create;
  }
}

TEST_F(ArchiveOps, an_archive_does_not_hold_itself) {
  make_tree();
  for (const char* name : {"tar", "zip"}) {
    const std::string archive = std::string("jar/all.") + name;
    world.files.put(archive, "old");
    text(std::string(name) + "_create", {"jar", archive});
    text(std::string(name) + "_extract", {archive, std::string("copy.") + name});
    EXPECT_EQ(world.files.bytes(std::string("copy.") + name + "/all." + name), "(missing)");
    text("rm", {archive});
  }
}

TEST_F(ArchiveOps, tar_extract_takes_plain_archives_too) {
  world.files.put("plain.tar", tar_of({{.name = "a"}}));
  text("tar_extract", {"plain.tar", "out"});
  EXPECT_EQ(world.files.bytes("out/a"), "a");
}

TEST_F(ArchiveOps, names_that_lead_out_are_refused) {
  for (const char* name : {"../evil", "/evil", "/tmp/evil", "a/../../evil", "..", "x/../.."}) {
    world.files.put("bad.tar", tar_of({{.name = "good"}, {.name = name}}));
    world.files.put("bad.zip", zip_of({"good", name}));
    EXPECT_EQ(kind("tar_extract", {"bad.tar", "out"}), kind::kBadArgument) << name;
    EXPECT_EQ(kind("zip_extract", {"bad.zip", "out"}), kind::kBadArgument) << name;
    EXPECT_TRUE(nothing_written()) << name;
  }
}

TEST_F(ArchiveOps, dots_within_a_name_are_harmless) {
  world.files.put("ok.tar", tar_of({{.name = "./a..b"}, {.name = "...d/./c//e"}}));
  text("tar_extract", {"ok.tar", "out"});
  EXPECT_EQ(world.files.bytes("out/a..b"), "./a..b");
  EXPECT_EQ(world.files.bytes("out/...d/c/e"), "...d/./c//e");
}

TEST_F(ArchiveOps, links_and_devices_in_an_archive_are_refused) {
  for (const char type : {'1', '2', '3', '4', '6', 'S'}) {
    std::string tar = tar_of({{.name = "x"}});
    set_type(tar, type);
    world.files.put("bad.tar", tar);
    EXPECT_EQ(kind("tar_extract", {"bad.tar", "out"}), kind::kBadArgument) << type;
    EXPECT_EQ(world.files.bytes("out/x"), "(missing)");
  }
}

TEST_F(ArchiveOps, a_link_in_the_target_is_not_followed) {
  world.files.put("/etc/passwd", "root");
  const auto link = [&](const char* path, const char* target) {
    world.files.nodes[path] = {.type = op::FileType::Symlink, .bytes = target};
  };
  text("mkdir", {"out"});
  link("/work/out/d", "/etc");
  link("/work/out/f", "/etc/passwd");
  for (const char* name : {"d/passwd", "f", "d/new"}) {
    world.files.put("bad.tar", tar_of({{.name = name}}));
    world.files.put("bad.zip", zip_of({name}));
    EXPECT_EQ(kind("tar_extract", {"bad.tar", "out"}), kind::kBadArgument) << name;
    EXPECT_EQ(kind("zip_extract", {"bad.zip", "out"}), kind::kBadArgument) << name;
  }
  EXPECT_EQ(world.files.bytes("/etc/passwd"), "root");
  EXPECT_EQ(world.files.bytes("/etc/new"), "(missing)");
}

TEST_F(ArchiveOps, extraction_stops_at_its_limit) {
  world.files.put("jar/a", std::string(1 << 20, '\0'));
  world.files.put("jar/b", std::string(1 << 20, '\0'));
  for (const char* name : {"tar", "zip"}) {
    text(std::string(name) + "_create", {"jar", "bomb"});
    EXPECT_EQ(kind(std::string(name) + "_extract", {"bomb", "out", named("limit", "1536KiB")}),
              kind::kOutputTooLarge)
        << name;
    EXPECT_EQ(world.files.bytes("out/b"), "(missing)") << name;
    text(std::string(name) + "_extract", {"bomb", "out2", named("limit", "2MiB")});
  }
}

TEST_F(ArchiveOps, special_bits_of_a_mode_are_not_restored) {
  world.files.put("suid.tar", tar_of({{.name = "x", .mode = 04777}}));
  text("tar_extract", {"suid.tar", "out"});
  EXPECT_EQ(world.files.nodes["/work/out/x"].mode, 0777u);
}

TEST_F(ArchiveOps, a_directory_stays_usable_for_its_owner) {
  world.files.put("locked.tar",
                  tar_of({{.name = "d", .kind = sys::TarEntry::Kind::Directory, .mode = 0055},
                          {.name = "d/x"}}));
  text("tar_extract", {"locked.tar", "out"});
  EXPECT_EQ(world.files.nodes["/work/out/d"].mode, 0755u);
  EXPECT_EQ(world.files.bytes("out/d/x"), "d/x");
}

TEST_F(ArchiveOps, an_empty_archive_makes_the_target) {
  text("mkdir", {"none"});
  for (const char* name : {"tar", "zip"}) {
    text(std::string(name) + "_create", {"none", "archive"});
    text(std::string(name) + "_extract", {"archive", std::string("out.") + name});
    EXPECT_EQ(text("is_dir", {std::string("out.") + name}), "true");
  }
}

TEST_F(ArchiveOps, what_is_no_archive_is_refused) {
  world.files.put("plain", "soup");
  world.files.put("cut.tar", tar_of({{.name = "a"}}).substr(0, 513));
  world.files.put("empty", "");
  for (const char* broken : {"plain", "cut.tar", "empty"})
    EXPECT_EQ(kind("tar_extract", {broken, "out"}), kind::kBadArgument) << broken;
  for (const char* broken : {"plain", "empty"})
    EXPECT_EQ(kind("zip_extract", {broken, "out"}), kind::kBadArgument) << broken;
  EXPECT_EQ(kind("tar_extract", {"nothing", "out"}), kind::kFileNotFound);
  EXPECT_EQ(kind("zip_extract", {"nothing", "out"}), kind::kFileNotFound);
}

TEST_F(ArchiveOps, packing_refuses_what_it_cannot_keep) {
  make_tree();
  world.files.nodes["/work/jar/around"] = {.type = op::FileType::Symlink, .bytes = "deep"};
  for (const char* create : {"tar_create", "zip_create"}) {
    EXPECT_EQ(kind(create, {"jar", "archive"}), kind::kBadArgument);
    EXPECT_EQ(kind(create, {"jar/label", "archive"}), kind::kBadArgument);
    EXPECT_EQ(kind(create, {"nothing", "archive"}), kind::kFileNotFound);
    EXPECT_EQ(world.files.bytes("archive"), "(missing)");
  }
}

TEST_F(ArchiveOps, a_refusal_leaves_nothing) {
  make_tree();
  text("tar_create", {"jar", "jar.tar"});
  text("zip_create", {"jar", "jar.zip"});
  for (const op::Cap cap : {op::Cap::Read, op::Cap::Write}) {
    world.denied = {cap};
    EXPECT_EQ(kind("gzip", {"jar/label", "x"}), kind::kCapabilityDenied);
    EXPECT_EQ(kind("ungzip", {"jar.tar", "x"}), kind::kCapabilityDenied);
    EXPECT_EQ(kind("tar_create", {"jar", "x"}), kind::kCapabilityDenied);
    EXPECT_EQ(kind("zip_create", {"jar", "x"}), kind::kCapabilityDenied);
    EXPECT_EQ(kind("tar_extract", {"jar.tar", "x"}), kind::kCapabilityDenied);
    EXPECT_EQ(kind("zip_extract", {"jar.zip", "x"}), kind::kCapabilityDenied);
  }
  EXPECT_FALSE(world.files.nodes.contains("/work/x"));
}

} // namespace
} // namespace perch::ops
