// Programs that try to reach what was not mounted, or to change what was mounted read-only. After
// each, the host's side is looked at: an errno alone proves nothing.

#include "guests.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::test {

namespace {

/// A host with a secret beside two mounted directories, one of them read-only.
class WasmEscape : public testing::Test {
protected:
  WasmEscape() {
    make_directory(temp_ / "ro");
    make_directory(temp_ / "ro/sub");
    make_directory(temp_ / "rw");
    write_file(temp_ / "secret", kSecret);
    write_file(temp_ / "ro/file", "fixed");
    write_file(temp_ / "ro/sub/file", "deep");
    write_file(temp_ / "rw/file", "free");
    make_link(temp_ / "secret", temp_ / "ro/absolute-link");
    make_link("../secret", temp_ / "ro/upward-link");
    make_link("..", temp_ / "rw/parent-link");
    make_link("../ro/file", temp_ / "rw/across-link");
    make_link("/etc", temp_ / "rw/etc-link");
  }

  /// Runs the steps of the file tool and returns what it printed.
  std::string steps(const std::string& words) {
    lane::GuestSpec spec;
    spec.argv = {"fs"};
    std::istringstream in(words);
    for (std::string word; in >> word;)
      spec.argv.push_back(word);
    spec.mounts = {{.host = temp_ / "ro", .guest = "/ro", .writable = false},
                   {.host = temp_ / "rw", .guest = "/rw", .writable = true}};
    return guests_.run(built_guest("c/fs"), std::move(spec)).out;
  }
  /// The step must fail, print nothing of the secret, and change nothing on the read-only side.
  void refuse(const std::string& step) {
    const std::string out = steps(step);
    EXPECT_EQ(out.find(kSecret), std::string::npos) << step << ": " << out;
    EXPECT_EQ(out.find(": ok"), std::string::npos) << step << ": " << out;
    EXPECT_EQ(out.find("root:"), std::string::npos) << step << ": " << out;
    EXPECT_EQ(read_file(temp_ / "secret"), kSecret) << step;
    EXPECT_EQ(read_file(temp_ / "ro/file"), "fixed") << step;
    EXPECT_EQ(read_file(temp_ / "ro/sub/file"), "deep") << step;
    EXPECT_EQ(entries_in(temp_ / "ro"), 4) << step;
    EXPECT_EQ(entries_in(temp_.path()), 3) << step;
  }

  static constexpr const char* kSecret = "do-not-read";
  TempDir temp_;
  Guests guests_;
};

} // namespace

TEST_F(WasmEscape, no_path_leads_out_of_a_mount) {
  for (const char* path : {"/ro/../secret",
                           "/rw/../secret",
                           "/rw/./../secret",
                           "/ro/sub/../../secret",
                           "/secret",
                           "/etc/passwd",
                           "/rw/etc-link/passwd",
                           "/ro/absolute-link",
                           "/ro/upward-link",
                           "/rw/parent-link/secret",
                           "/rw/parent-link/../etc/passwd",
                           "/proc/self/fd/0",
                           "/proc/self/root/etc/passwd",
                           "/dev/fd/3",
                           "/rw//../secret",
                           "/rw/../ro/../secret",
                           "../secret",
                           "..",
                           "/ro/..",
                           "/rw/across-link",
                           "/ro/file/../../secret",
                           "/ro/sub/./.././../secret",
                           "/ro/absolute-link/",
                           "/ro/file/",
                           "/ro/sub/../upward-link",
                           "/rw/parent-link/ro/../secret",
                           "/rw/parent-link/rw/parent-link/secret",
                           "/proc/self/cwd/secret",
                           "/proc/thread-self/root/etc/passwd",
                           "/proc/1/root/etc/passwd",
                           "/ro/proc/self/fd/0",
                           "/dev/stdin",
                           "/sys/kernel/uevent_seqnum"})
    refuse(std::string("read ") + path);
}

TEST_F(WasmEscape, nothing_outside_can_be_listed_or_looked_at) {
  for (const char* path : {"/", "/ro/..", "/rw/parent-link", "/rw/etc-link", "/rw/parent-link/."}) {
    const std::string out = steps(std::string("ls ") + path);
    EXPECT_EQ(out.find("secret"), std::string::npos) << path << ": " << out;
    EXPECT_EQ(out.find("passwd"), std::string::npos) << path << ": " << out;
  }
}

TEST_F(WasmEscape, no_link_a_guest_makes_leads_out) {
  for (const char* target :
       {"/secret", "../secret", "..", "/etc/passwd", "../ro/file", "../../../../etc/passwd"}) {
    const std::string out = steps(std::string("symlink ") + target +
                                  " /rw/made read /rw/made read /rw/made/secret "
                                  "write /rw/made x append /rw/made x rm /rw/made");
    EXPECT_EQ(out.find(kSecret), std::string::npos) << target << ": " << out;
    EXPECT_EQ(read_file(temp_ / "secret"), kSecret) << target;
    EXPECT_EQ(read_file(temp_ / "ro/file"), "fixed") << target;
  }
}

TEST_F(WasmEscape, nothing_is_written_outside) {
  for (const char* step :
       {"write /rw/../secret x", "append /rw/parent-link/secret x", "write /rw/parent-link/new x",
        "truncate /ro/absolute-link", "mkdir /rw/../new", "mkdir /rw/parent-link/new",
        "rm /rw/parent-link/secret", "rm /rw/../secret", "rmdir /rw/../ro",
        "mv /rw/file /rw/../new", "mv /rw/../secret /rw/stolen", "link /rw/../secret /rw/stolen",
        "link /rw/parent-link/secret /rw/stolen", "symlink x /rw/../new",
        "symlink x /rw/parent-link/new", "mv /rw/parent-link/secret /rw/stolen"})
    refuse(step);
}

TEST_F(WasmEscape, nothing_moves_or_is_linked_between_mounts) {
  for (const char* step : {"mv /ro/file /rw/taken", "mv /ro/sub /rw/taken", "mv /rw/file /ro/given",
                           "mv /rw/file /ro/file", "link /rw/file /ro/given",
                           "mv /rw/across-link /ro/given", "link /ro/file /rw/alias"})
    refuse(step);
  // A second name of a read-only file on the writable side would be a way to write it.
  EXPECT_FALSE(exists(temp_ / "rw/alias"));
}

TEST_F(WasmEscape, no_call_changes_a_read_only_mount) {
  for (const char* step :
       {"write /ro/file x",     "append /ro/file x",       "truncate /ro/file",
        "write /ro/new x",      "mkdir /ro/new",           "rmdir /ro/sub",
        "rm /ro/file",          "rm /ro/absolute-link",    "mv /ro/file /ro/other",
        "mv /ro/sub /ro/other", "link /ro/file /ro/other", "symlink x /ro/other",
        "write /ro/sub/file x", "mkdir /ro/sub/new",       "rm /ro/sub/file",
        "write /ro/file/ x",    "mkdir /ro/new/",          "rmdir /ro/sub/",
        "write /ro/./file x",   "write /ro/sub/../file x"})
    refuse(step);
}

TEST_F(WasmEscape, a_directory_keeps_the_mode_of_the_mount_it_is_reached_by) {
  // One directory under both modes, and mounts inside each other.
  make_directory(temp_ / "rw/inner");
  write_file(temp_ / "rw/inner/file", "inner");
  lane::GuestSpec spec;
  spec.argv = {"fs",    "read",         "/r/file", "write", "/r/file", "x",
               "write", "/w/new",       "y",       "write", "/i/new",  "x",
               "write", "/w/inner/new", "z",       "mv",    "/w/new",  "/i/new",
               "read",  "/i/../file",   "ls",      "/i"};
  spec.mounts = {{.host = temp_ / "rw", .guest = "/r", .writable = false},
                 {.host = temp_ / "rw", .guest = "/w", .writable = true},
                 {.host = temp_ / "rw/inner", .guest = "/i", .writable = false}};
  const std::string out = guests_.run(built_guest("c/fs"), std::move(spec)).out;
  EXPECT_NE(out.find("write /w/new y: ok"), std::string::npos) << out;
  EXPECT_NE(out.find("write /w/inner/new z: ok"), std::string::npos) << out;
  EXPECT_EQ(out.find("write /r/file x: ok"), std::string::npos) << out;
  EXPECT_EQ(out.find("write /i/new x: ok"), std::string::npos) << out;
  EXPECT_EQ(out.find("mv /w/new /i/new: ok"), std::string::npos) << out;
  EXPECT_EQ(out.find("read /i/../file: free"), std::string::npos) << out;
  EXPECT_EQ(read_file(temp_ / "rw/file"), "free");
}

TEST_F(WasmEscape, a_mount_is_the_directory_that_was_opened) {
  // Between the decision and the start somebody puts a link to elsewhere in its place: another
  // guest with a writable mount above it could.
  const int handle = ::open((temp_ / "ro").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  ASSERT_EQ(::rename((temp_ / "ro").c_str(), (temp_ / "moved").c_str()), 0);
  make_link("/etc", temp_ / "ro");
  lane::GuestSpec spec;
  spec.argv = {"fs", "read", "/ro/file", "read", "/ro/passwd"};
  spec.mounts = {{.host = temp_ / "ro", .guest = "/ro", .writable = false, .handle = handle}};
  const std::string out = guests_.run(built_guest("c/fs"), std::move(spec)).out;
  EXPECT_EQ(out, "read /ro/file: fixed\nread /ro/passwd: ENOENT\n");
  ::close(handle);
}

TEST_F(WasmEscape, no_raw_call_changes_a_read_only_mount) {
  // What a C library would not let through: rights and flags asked for anyway, times, sizes,
  // allocation and writes on descriptors that were opened for reading.
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pwrite"
      (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_allocate" (func $allocate (param i32 i64 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $size (param i32 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_times"
      (func $times (param i32 i64 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_filestat_set_times"
      (func $path_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
      (func $rights (param i32 i64 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 100) "file") (data (i32.const 120) "x")
    (data (i32.const 128) "\78\00\00\00\01\00\00\00")
    (func $fails (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
    (func $open_with (param $oflags i32) (param $fdflags i32) (result i32)
      (call $open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4) (local.get $oflags)
        (i64.const 0x1fffffff) (i64.const 0x1fffffff) (local.get $fdflags) (i32.const 0)))
    (func $misuse (param $fd i32)
      (call $fails (call $write (local.get $fd) (i32.const 128) (i32.const 1) (i32.const 8)))
      (call $fails (call $pwrite (local.get $fd) (i32.const 128) (i32.const 1) (i64.const 0)
                                 (i32.const 8)))
      (call $fails (call $size (local.get $fd) (i64.const 1)))
      (call $fails (call $times (local.get $fd) (i64.const 1) (i64.const 1) (i32.const 5)))
      (call $fails (call $allocate (local.get $fd) (i64.const 0) (i64.const 100))))
    (func (export "_start")
      (call $fails (call $path_times (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4)
                         (i64.const 1) (i64.const 1) (i32.const 5)))
      (call $fails (call $open_with (i32.const 1) (i32.const 0)))   ;; create
      (call $fails (call $open_with (i32.const 8) (i32.const 0)))   ;; truncate
      (call $fails (call $open_with (i32.const 9) (i32.const 1)))
      (drop (call $rights (i32.const 3) (i64.const 0x1fffffff) (i64.const 0x1fffffff)))
      (if (i32.eqz (call $open_with (i32.const 0) (i32.const 0)))   ;; all rights asked for
        (then (call $misuse (i32.load (i32.const 0)))))
      (if (i32.eqz (call $open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4)
                     (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
        (then
          (drop (call $flags (i32.load (i32.const 0)) (i32.const 1)))
          (call $misuse (i32.load (i32.const 0)))
          (drop (call $renumber (i32.load (i32.const 0)) (i32.const 1)))
          (call $misuse (i32.const 1))))
      (call $misuse (i32.const 3)))))");
  const auto before = std::filesystem::last_write_time(temp_ / "ro/file");
  const Ran ran = guests_.run(module, with_mount(temp_ / "ro", "/", false));
  EXPECT_EQ(ran.ended.how, lane::Ended::How::Exited) << ran.ended.error.message;
  EXPECT_EQ(read_file(temp_ / "ro/file"), "fixed");
  EXPECT_EQ(std::filesystem::last_write_time(temp_ / "ro/file"), before);
}

TEST_F(WasmEscape, what_is_declared_works) {
  EXPECT_EQ(steps("read /ro/file read /ro/sub/file write /rw/new text read /rw/new mkdir /rw/d "
                  "mv /rw/new /rw/d/new link /rw/d/new /rw/hard rm /rw/d/new rmdir /rw/d"),
            "read /ro/file: fixed\nread /ro/sub/file: deep\nwrite /rw/new text: ok\n"
            "read /rw/new: text\nmkdir /rw/d: ok\nmv /rw/new /rw/d/new: ok\n"
            "link /rw/d/new /rw/hard: ok\nrm /rw/d/new: ok\nrmdir /rw/d: ok\n");
}

} // namespace perch::test
