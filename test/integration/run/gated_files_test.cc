#include "gate_fixture.h"
#include "run/gated_files.h"

#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace perch::run {
namespace {

using test::exists;
using test::make_directory;
using test::make_link;
using test::read_file;
using test::write_file;

class GatedFilesTest : public GateTest {
protected:
  /// A tree with a root `in`, and things outside of it that nobody may reach.
  void SetUp() override {
    make_directory(top / "in");
    make_directory(top / "out");
    make_directory(top / "inner"); // shares the first letters with `in`
    write_file(top / "in/a.txt", "inside");
    write_file(top / "out/secret", "secret");
    write_file(top / "inner/secret", "secret");
  }
  void only_in() { push_requires({.read_roots = {"in"}, .write_roots = {"in"}}); }
};

// ---- path tricks ----------------------------------------------------------------------------

TEST_F(GatedFilesTest, a_root_lets_through_what_is_below_it) {
  only_in();
  EXPECT_EQ(files().read("in/a.txt", 100).value_or("?"), "inside");
  EXPECT_EQ(files().read(top / "in/a.txt", 100).value_or("?"), "inside");
  EXPECT_EQ(files().read("./in/../in//a.txt", 100).value_or("?"), "inside");
}

TEST_F(GatedFilesTest, no_spelling_of_a_path_leaves_the_root) {
  only_in();
  make_link("../out", top / "in/up");
  make_link(top / "out/secret", top / "in/file");
  make_link("/", top / "in/all");
  for (const std::string& path :
       {std::string("out/secret"), std::string("in/../out/secret"), std::string("in/up/secret"),
        std::string("in/file"), "in/all" + (top / "out/secret"), std::string("inner/secret"),
        std::string("in/../inner/secret"), "/proc/self/root" + (top / "out/secret"),
        "/proc/self/cwd/../../../../../../../.." + (top / "out/secret"),
        "/." + (top / "out/secret"), "//" + (top / "out/secret"), std::string("OUT/secret"),
        std::string("in/./up/./secret"), std::string("in/nothing/../../out/secret")}) {
    const auto text = files().read(path, 100);
    ASSERT_FALSE(text) << path << " gave " << *text;
    EXPECT_EQ(text.error().kind, kind::kReadNotDeclared) << path << ": " << text.error().message;
    EXPECT_EQ(kind_of(files().write(path, "x")), kind::kWriteNotDeclared) << path;
    EXPECT_EQ(kind_of(files().append(path, "x")), kind::kWriteNotDeclared) << path;
    EXPECT_EQ(kind_of(files().touch(path)), kind::kWriteNotDeclared) << path;
    EXPECT_EQ(kind_of(files().set_mode(path, 0777)), kind::kWriteNotDeclared) << path;
    EXPECT_EQ(kind_of(files().exists(path)), kind::kReadNotDeclared) << path;
    EXPECT_EQ(kind_of(files().stat(path, op::Follow::Yes)), kind::kReadNotDeclared) << path;
  }
  EXPECT_EQ(read_file(top / "out/secret"), "secret");
  EXPECT_EQ(read_file(top / "inner/secret"), "secret");
}

TEST_F(GatedFilesTest, an_empty_path_is_never_the_current_directory) {
  for (const std::string_view path : {""}) {
    EXPECT_EQ(kind_of(files().read(path, 1)), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().remove(path)), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().list(path)), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().write(path, "")), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().make_directories(path)), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().rename("in", path)), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().glob(path)), kind::kBadArgument);
    EXPECT_EQ(kind_of(files().symlink("in", path)), kind::kBadArgument);
  }
  EXPECT_EQ(kind_of(files().read(std::string_view("in\0x", 4), 1)), kind::kBadArgument);
  EXPECT_TRUE(exists(top / "in/a.txt"));
}

TEST_F(GatedFilesTest, removing_a_link_never_touches_what_it_points_to) {
  only_in();
  make_link("../out", top / "in/up");
  make_directory(top / "in/d");
  make_link("../../out", top / "in/d/up");
  EXPECT_TRUE(files().remove("in/up"));
  EXPECT_TRUE(files().remove("in/d"));
  EXPECT_FALSE(exists(top / "in/up"));
  EXPECT_EQ(read_file(top / "out/secret"), "secret");
}

TEST_F(GatedFilesTest, a_trailing_slash_makes_a_link_its_target_for_the_policy_too) {
  only_in();
  make_link("../out", top / "in/up");
  EXPECT_EQ(kind_of(files().remove("in/up/")), kind::kWriteNotDeclared);
  EXPECT_EQ(kind_of(files().rename("in/up/", "in/x")), kind::kWriteNotDeclared);
  EXPECT_TRUE(exists(top / "out/secret"));
}

TEST_F(GatedFilesTest, a_link_made_by_the_program_does_not_widen_its_root) {
  only_in();
  ASSERT_TRUE(files().symlink(top / "out", "in/made"));
  EXPECT_EQ(kind_of(files().read("in/made/secret", 100)), kind::kReadNotDeclared);
  EXPECT_EQ(kind_of(files().write("in/made/new", "x")), kind::kWriteNotDeclared);
  EXPECT_EQ(kind_of(files().make_directories("in/made/d/e")), kind::kWriteNotDeclared);
  EXPECT_FALSE(exists(top / "out/new"));
  EXPECT_FALSE(exists(top / "out/d"));
}

TEST_F(GatedFilesTest, a_root_is_the_directory_it_was_at_the_start) {
  only_in();
  // The program may write into `in`, but a root it replaces by a link stays the old place.
  std::string elsewhere = directory;
  directory = top / "inner";
  EXPECT_EQ(kind_of(files().write("in/x", "x")), kind::kWriteNotDeclared);
  directory = elsewhere;
  ASSERT_TRUE(fs->rename(*fs->locate(top / "in", sys::Final::NoFollow),
                         *fs->locate(top / "old", sys::Final::NoFollow)));
  make_link("out", top / "in");
  EXPECT_EQ(kind_of(files().read("in/secret", 100)), kind::kReadNotDeclared);
}

TEST_F(GatedFilesTest, a_hard_link_inside_is_replaced_not_written_through) {
  only_in();
  ASSERT_EQ(::link((top / "out/secret").c_str(), (top / "in/hard").c_str()), 0);
  ASSERT_TRUE(files().write("in/hard", "changed"));
  EXPECT_EQ(read_file(top / "in/hard"), "changed");
  EXPECT_EQ(read_file(top / "out/secret"), "secret");
}

TEST_F(GatedFilesTest, a_denied_write_leaves_no_file) {
  push_flags({.no_write = true});
  EXPECT_EQ(kind_of(files().write("new", "x")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().append("new", "x")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().append_line("new", "x")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().touch("new")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().create("new", 0644)), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().make_directories("new")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().symlink("in", "new")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().rename("in/a.txt", "new")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().remove("in/a.txt")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().set_mode("in/a.txt", 0777)), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().make_temp("perch-", op::FileType::Regular)), kind::kCapabilityDenied);
  EXPECT_FALSE(exists(top / "new"));
  EXPECT_EQ(read_file(top / "in/a.txt"), "inside");
}

TEST_F(GatedFilesTest, rename_needs_writing_at_both_ends) {
  only_in();
  EXPECT_EQ(kind_of(files().rename("out/secret", "in/x")), kind::kWriteNotDeclared);
  EXPECT_EQ(kind_of(files().rename("in/a.txt", "out/x")), kind::kWriteNotDeclared);
  EXPECT_TRUE(files().rename("in/a.txt", "in/b.txt"));
  EXPECT_TRUE(exists(top / "in/b.txt"));
}

TEST_F(GatedFilesTest, errors_about_denied_places_tell_nothing_about_them) {
  only_in();
  make_link("loop", top / "out/loop");
  // Missing, through a file, a loop of links, a directory: all the same to the program.
  for (const std::string_view path :
       {"out/none", "out/none/x", "out/secret/x", "out/loop", "out"}) {
    EXPECT_EQ(kind_of(files().read(path, 10)), kind::kReadNotDeclared) << path;
    EXPECT_EQ(kind_of(files().exists(path)), kind::kReadNotDeclared) << path;
    EXPECT_EQ(kind_of(files().list(path)), kind::kReadNotDeclared) << path;
  }
}

TEST_F(GatedFilesTest, a_racing_swap_of_link_and_directory_gains_nothing) {
  only_in();
  make_directory(top / "in/flip");
  write_file(top / "in/flip/secret", "decoy");
  write_file(top / "in/flip/target", "decoy");
  write_file(top / "out/target", "untouched");
  make_link("../out", top / "in/link");
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    while (!stop) {
      (void)::renameat2(AT_FDCWD, (top / "in/flip").c_str(), AT_FDCWD, (top / "in/link").c_str(),
                        RENAME_EXCHANGE);
    }
  });
  int denied = 0, passed = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto text = files().read("in/flip/secret", 100);
    EXPECT_NE(text.value_or(""), "secret");
    (text ? passed : denied)++;
    (void)files().write("in/flip/target", "overwritten");
    (void)files().append("in/flip/target", "appended");
  }
  stop = true;
  swapper.join();
  EXPECT_EQ(read_file(top / "out/target"), "untouched");
  // The swap must have been seen from both sides for the test to mean anything.
  EXPECT_GT(denied, 0);
  EXPECT_GT(passed, 0);
}

// ---- perch's own directories ------------------------------------------------------------------

TEST_F(GatedFilesTest, perchs_own_directories_are_refused_to_everybody) {
  make_directory(top / "cache");
  make_directory(top / "cache/perch");
  write_file(top / "cache/perch/code", "trusted");
  make_link("cache/perch", top / "alias");
  setup.protected_directories = {top / "alias"};
  for (const std::string_view path : {"cache/perch/code", "alias/code", "cache/perch"}) {
    EXPECT_EQ(kind_of(files().write(path, "x")), kind::kCapabilityDenied) << path;
    EXPECT_EQ(kind_of(files().read(path, 10)), kind::kCapabilityDenied) << path;
    EXPECT_EQ(kind_of(files().remove(path)), path == "alias" ? "ok" : kind::kCapabilityDenied);
  }
  EXPECT_EQ(kind_of(files().remove("cache")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().rename("cache", "moved")), kind::kCapabilityDenied);
  EXPECT_EQ(kind_of(files().write("cache/other", "x")), "ok");
  EXPECT_EQ(read_file(top / "cache/perch/code"), "trusted");
}

// ---- what is never removed --------------------------------------------------------------------

TEST_F(GatedFilesTest, essential_directories_are_not_removed) {
  push_flags({.allow_write_path = {{"/", "in"}}});
  make_directory(top / "work");
  directory = top / "work";
  for (const std::string& path : {std::string("/"), std::string("."), std::string(".."), top.path(),
                                  home.path(), top / "in", home.path() + "/.", top / "in/"}) {
    // The root directory also holds what no file op may touch, which is asked first.
    const auto wanted = path == "/" ? kind::kCapabilityDenied : kind::kBadArgument;
    EXPECT_EQ(kind_of(files().remove(path)), wanted) << path;
    EXPECT_EQ(kind_of(files().rename(path, "elsewhere")), wanted) << path;
  }
  EXPECT_TRUE(exists(top / "in/a.txt"));
  EXPECT_TRUE(files().remove(top / "in/a.txt"));
  EXPECT_TRUE(files().remove(top / "inner"));
}

// ---- contents ---------------------------------------------------------------------------------

TEST_F(GatedFilesTest, reading_stops_at_its_limit) {
  write_file(top / "big", std::string(1000, 'x'));
  EXPECT_EQ(kind_of(files().read("big", 999)), kind::kOutputTooLarge);
  EXPECT_EQ(files().read("big", 1000).value_or("").size(), 1000u);
  EXPECT_EQ(kind_of(files().read("in", 10)), kind::kFileError);
  EXPECT_EQ(kind_of(files().read("none", 10)), kind::kFileNotFound);
}

TEST_F(GatedFilesTest, a_stream_stops_at_the_first_error_of_its_sink) {
  write_file(top / "big", std::string(3 << 20, 'x'));
  std::size_t seen = 0;
  EXPECT_TRUE(files().read_stream("big", [&](std::string_view piece) {
    seen += piece.size();
    return Status();
  }));
  EXPECT_EQ(seen, 3u << 20);
  EXPECT_EQ(kind_of(files().read_stream(
                "big", [](std::string_view) -> Status { return fail(kind::kUserFail, "enough"); })),
            kind::kUserFail);
}

TEST_F(GatedFilesTest, append_line_starts_a_line_of_its_own) {
  write_file(top / "open", "a");
  ASSERT_TRUE(files().append_line("open", "b"));
  ASSERT_TRUE(files().append_line("open", "c"));
  EXPECT_EQ(read_file(top / "open"), "a\nb\nc\n");
  ASSERT_TRUE(files().append_line("fresh", "x"));
  EXPECT_EQ(read_file(top / "fresh"), "x\n");
}

TEST_F(GatedFilesTest, a_temporary_is_private_and_gone_after_the_run) {
  env.table["TMPDIR"] = top / "in";
  const auto file = files().make_temp("perch-", op::FileType::Regular);
  const auto dir = files().make_temp("perch-", op::FileType::Directory);
  ASSERT_TRUE(file && dir);
  EXPECT_TRUE(file->starts_with(top / "in/perch-"));
  EXPECT_EQ(test::mode_of(*file), 0600u);
  EXPECT_EQ(test::mode_of(*dir), 0700u);
  write_file(*dir + "/x", "x");
  end_run();
  EXPECT_FALSE(exists(*file));
  EXPECT_FALSE(exists(*dir));
}

// ---- the table entry --------------------------------------------------------------------------

TEST_F(GatedFilesTest, an_op_cannot_do_what_its_table_entry_does_not_name) {
  const op::OpDecl reader{.name = "reader", .needs = {{{.cap = op::Cap::Read}}}};
  EXPECT_TRUE(files(Actor::of(reader)).read("in/a.txt", 100));
  const auto denied = files(Actor::of(reader)).write("in/b.txt", "x");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, kind::kCapabilityDenied);
  EXPECT_EQ(denied.error().message, "the op reader does not declare that it needs `write`");
  EXPECT_FALSE(exists(top / "in/b.txt"));
}

// ---- events -----------------------------------------------------------------------------------

TEST_F(GatedFilesTest, each_denial_is_an_event) {
  only_in();
  (void)files().read("out/secret", 10);
  (void)files().read("in/a.txt", 10);
  EXPECT_EQ(sink.lines(), std::vector<std::string>{"deny read " + (top / "out/secret") +
                                                   " by requires (a.perch:1)"});
}

TEST_F(GatedFilesTest, a_denial_that_cannot_be_recorded_is_the_recorders_failure) {
  only_in();
  sink.fail_with({.kind = kind::kAuditFailed, .message = "disk full"});
  EXPECT_EQ(kind_of(files().read("out/secret", 10)), kind::kAuditFailed);
}

} // namespace
} // namespace perch::run
