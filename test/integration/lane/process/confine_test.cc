// What the kernel keeps confined children, and all they start, from doing.

#include "base/error_kinds.h"
#include "base/text.h"
#include "integration/lane/process/run_child.h"
#include "support/temp_dir.h"
#include "sys/pipe.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::lane {
namespace {

using test::exists;
using test::read_file;
using test::shell;
using test::write_file;

const std::string kPython = "/usr/bin/python3";

class Confined : public testing::Test {
protected:
  Confined() {
    test::make_directory(dir / "out");
    test::make_directory(dir / "in");
    test::make_directory(dir / "other");
    write_file(dir / "in/f", "readable\n");
    write_file(dir / "other/secret", "secret\n");
  }
  // As the gate has it: what is not limited is "/".
  static Confinement writing(std::vector<std::string> roots) {
    return {.limit_files = true, .read_roots = {"/"}, .write_roots = std::move(roots)};
  }
  static Confinement reading(std::vector<std::string> roots) {
    return {.limit_files = true, .read_roots = std::move(roots), .write_roots = {"/"}};
  }
  static Confinement offline() { return {.no_network = true, .read_roots = {}, .write_roots = {}}; }

  test::Output run(const std::string& text, Confinement confinement) {
    ChildSpec spec = shell(text);
    spec.directory = dir.path();
    spec.confinement = std::move(confinement);
    return test::run(*lane, spec);
  }
  test::Output python(const std::string& text, Confinement confinement) {
    ChildSpec spec = shell("");
    spec.program = kPython;
    spec.argv = {"python3", "-c", text};
    spec.directory = dir.path();
    spec.confinement = std::move(confinement);
    return test::run(*lane, spec);
  }

  test::TempDir dir;
  std::unique_ptr<ProcessLane> lane = make_process_lane();
};

TEST_F(Confined, children_write_in_their_roots_and_nowhere_else) {
  auto output = run("echo x > out/f; mkdir out/d; mv out/f out/d/g; rm out/d/g; rmdir out/d\n"
                    "echo y > out/kept; echo z > other/f; echo z >> other/secret; rm other/secret\n"
                    "mkdir d; mv other/secret out/; ln -s x link; ln other/secret out/hard; :> new",
                    writing({dir / "out"}));
  EXPECT_EQ(read_file(dir / "out/kept"), "y\n") << output.error << output.text;
  EXPECT_EQ(test::entries_in(dir / "out"), 1) << output.text;
  EXPECT_EQ(read_file(dir / "other/secret"), "secret\n");
  EXPECT_EQ(test::entries_in(dir / "other"), 1);
  EXPECT_EQ(test::entries_in(dir.path()), 3);
}

TEST_F(Confined, children_truncate_nothing_outside_of_their_roots) {
  auto output = python("import os\n"
                       "for act in (lambda: os.truncate('other/secret', 0),\n"
                       "            lambda: os.open('other/secret', os.O_RDONLY | os.O_TRUNC)):\n"
                       "  try: act(); print('done')\n"
                       "  except PermissionError: print('denied')\n",
                       writing({dir / "out"}));
  EXPECT_EQ(output.text, "denied\ndenied\n") << output.error;
  EXPECT_EQ(read_file(dir / "other/secret"), "secret\n");
}

TEST_F(Confined, grandchildren_are_held_as_well) {
  auto output = run("sh -c 'sh -c \"echo z > other/f\"'; (setsid sh -c 'echo z > other/g'); "
                    "echo done",
                    writing({dir / "out"}));
  EXPECT_EQ(test::entries_in(dir / "other"), 1);
  EXPECT_TRUE(output.text.ends_with("done\n"));
}

TEST_F(Confined, children_read_their_roots_and_what_programs_need) {
  auto output =
      run("cat in/f; cat other/secret; ls other; ls / >/dev/null; cat in/../other/secret; "
          "cat /proc/self/root" +
              (dir / "other/secret") + "; head -c1 /etc/passwd | wc -c",
          reading({dir / "in"}));
  EXPECT_TRUE(output.text.starts_with("readable\n")) << output.error;
  EXPECT_EQ(output.text.find("secret\n"), output.text.npos) << output.text;
  EXPECT_TRUE(output.text.ends_with("1\n")) << output.text;
}

TEST_F(Confined, a_single_file_may_be_a_root) {
  auto output =
      run("cat in/f; cat other/secret; echo new > in/f; echo new > in/g",
          {.limit_files = true, .read_roots = {dir / "in/f"}, .write_roots = {dir / "in/f"}});
  EXPECT_TRUE(output.text.starts_with("readable\n")) << output.error;
  EXPECT_EQ(read_file(dir / "in/f"), "new\n");
  EXPECT_FALSE(exists(dir / "in/g"));
}

TEST_F(Confined, a_link_in_a_root_leads_nowhere_else) {
  test::make_link(dir / "other", dir / "in/link");
  test::make_link(dir / "other", dir / "out/link");
  auto output =
      run("cat in/link/secret; echo z > out/link/f",
          {.limit_files = true, .read_roots = {dir / "in"}, .write_roots = {dir / "out"}});
  EXPECT_EQ(output.text.find("secret\n"), output.text.npos) << output.text;
  EXPECT_EQ(test::entries_in(dir / "other"), 1);
}

// What one child leaves in a root is not where the next one's root leads.
TEST_F(Confined, a_root_that_became_a_link_is_no_root) {
  test::make_directory(dir / "out/inner");
  Confinement both = writing({dir / "out", dir / "out/inner"});
  EXPECT_EQ(run("rmdir out/inner && ln -s ../other out/inner && echo swapped", both).text,
            "swapped\n");
  auto output = run("echo z > out/inner/f", both);
  EXPECT_NE(output.error.find("there is a symbolic link in it now"), output.error.npos)
      << output.error;
  EXPECT_EQ(run("cat out/inner/secret", reading({dir / "out/inner"})).text.find("secret\n"),
            std::string::npos);
  EXPECT_EQ(test::entries_in(dir / "other"), 1);
}

TEST_F(Confined, the_program_itself_can_always_be_run) {
  write_file(dir / "other/tool", "#!/bin/sh\necho tool\n", 0755);
  test::make_link("tool", dir / "other/link");
  for (const char* name : {"other/tool", "other/link"}) {
    ChildSpec spec = shell("");
    spec.program = dir / name;
    spec.confinement = reading({dir / "in"});
    auto output = test::run(*lane, spec);
    EXPECT_EQ(output.text, "tool\n") << output.error;
    sys::Fd file(::open(spec.program.c_str(), O_RDONLY | O_CLOEXEC));
    spec.program_fd = file.get();
    output = test::run(*lane, spec);
    EXPECT_EQ(output.text, "tool\n") << output.error;
  }
}

TEST_F(Confined, a_program_that_may_not_be_read_says_how_to_allow_it) {
  write_file(dir / "other/interpreter", read_file("/bin/sh"), 0755);
  write_file(dir / "other/tool", "#!" + (dir / "other/interpreter") + "\n", 0755);
  ChildSpec spec = shell("");
  spec.program = dir / "other/tool";
  spec.confinement = reading({dir / "in"});
  auto job = lane->start(spec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind, kind::kFilePermissionDenied);
  EXPECT_EQ(job.error().help, "declare its directory with `read`");
}

TEST_F(Confined, nothing_is_typed_into_the_terminal) {
  auto output = python("import fcntl, os, pty, termios\n"
                       "master, slave = pty.openpty()\n"
                       "try: fcntl.ioctl(slave, termios.TIOCSTI, b'x'); print('typed')\n"
                       "except OSError as e: print(e.errno)\n"
                       "print(os.isatty(slave))\n",
                       offline());
  EXPECT_EQ(output.text, "1\nTrue\n") << output.error;
}

TEST_F(Confined, devices_stay_usable) {
  auto output = run("echo gone > /dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | "
                    "wc -c; head -c 1 /dev/zero > /dev/full",
                    {.limit_files = true, .read_roots = {}, .write_roots = {}});
  EXPECT_TRUE(output.text.starts_with("3\n3\n")) << output.text << output.error;
  EXPECT_NE(output.text.find("No space left"), output.text.npos) << output.text;
}

TEST_F(Confined, a_private_temporary_directory_is_writable_and_goes_with_the_lane) {
  auto output = run("f=$(mktemp) && echo x > $f && echo $f; test $TMPDIR = $TMP -a $TMP = $TEMP && "
                    "stat -c %a $TMPDIR",
                    writing({}));
  std::string file = output.text.substr(0, output.text.find('\n'));
  EXPECT_TRUE(file.starts_with("/tmp/perch-")) << output.text;
  EXPECT_TRUE(output.text.ends_with("\n700\n")) << output.text;
  EXPECT_TRUE(exists(file));
  lane.reset();
  EXPECT_FALSE(exists(file.substr(0, file.rfind('/'))));
}

TEST_F(Confined, a_temporary_directory_that_may_be_written_is_kept) {
  ChildSpec spec = shell("echo $TMPDIR");
  spec.env.push_back("TMPDIR=" + (dir / "out"));
  spec.confinement = writing({dir / "out"});
  EXPECT_EQ(test::run(*lane, spec).text, (dir / "out") + "\n");
}

TEST_F(Confined, without_any_write_root_nothing_changes_modes_owners_or_times) {
  ::chmod((dir / "other/secret").c_str(), 0640);
  auto output =
      run("chmod 777 other/secret; touch -d 2001-01-01 other/secret; chown 1 other/secret",
          writing({}));
  EXPECT_EQ(test::mode_of(dir / "other/secret"), 0640u) << output.text;
  EXPECT_EQ(run("find other -newermt 2002-01-01 -name secret", {}).text, "other/secret\n");
}

TEST_F(Confined, children_without_network_have_no_sockets) {
  auto output =
      python("import socket\n"
             "for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, "
             "socket.SOCK_DGRAM),\n"
             "                     (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_NETLINK, "
             "socket.SOCK_RAW)):\n"
             "  try: socket.socket(family, kind); print('made')\n"
             "  except PermissionError: print('denied')\n"
             "try: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); print('made')\n"
             "except PermissionError: print('denied')\n"
             "a, b = socket.socketpair(); a.send(b'pair'); print(b.recv(9).decode())\n"
             "try: socket.getaddrinfo('example.com', 80); print('resolved')\n"
             "except OSError: print('unresolved')\n",
             offline());
  EXPECT_EQ(output.text, "denied\ndenied\ndenied\ndenied\ndenied\npair\nunresolved\n")
      << output.error;
}

TEST_F(Confined, children_without_network_reach_no_server_of_this_machine) {
  sys::Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(server.get(), 5), 0);
  ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::string connect = base::cat("import socket; socket.create_connection(('127.0.0.1', ",
                                  ntohs(address.sin_port), ")); print('connected')");
  EXPECT_EQ(python(connect, {}).text, "connected\n");
  EXPECT_EQ(python(connect, offline()).text.find("connected\n"), std::string::npos);
  auto below = run(kPython + " -c \"" + connect + "\"", offline());
  EXPECT_EQ(below.text.find("connected\n"), std::string::npos) << "a grandchild neither";
}

TEST_F(Confined, other_ways_into_the_kernel_are_closed) {
  // io_uring_setup, x32's socket, ptrace of the parent, open_by_handle_at.
  auto output = python("import ctypes, errno, os\n"
                       "c = ctypes.CDLL(None, use_errno=True)\n"
                       "def call(*a):\n"
                       "  r = c.syscall(*a); print(r, errno.errorcode.get(ctypes.get_errno()))\n"
                       "call(425, 1, ctypes.create_string_buffer(256))\n"
                       "call(0x40000000 + 41, 2, 1, 0)\n"
                       "call(101, 16, os.getppid(), 0, 0)\n"
                       "call(304, -1, 0, 0)\n",
                       offline());
#if defined(__x86_64__)
  EXPECT_EQ(output.text, "-1 EPERM\n-1 ENOSYS\n-1 EPERM\n-1 EPERM\n") << output.error;
#endif
}

TEST_F(Confined, children_neither_signal_nor_look_into_perch) {
  if (kernel_confinement().landlock < 6)
    GTEST_SKIP() << "this kernel has no scopes";
  for (const Confinement& confinement : {offline(), reading({dir / "in"}), writing({})}) {
    auto output = run(base::cat("kill -0 ", ::getpid(), " && echo reached; cat /proc/", ::getpid(),
                                "/environ > /dev/null && echo seen; kill -0 $$ && echo self"),
                      confinement);
    EXPECT_EQ(output.text.find("reached"), output.text.npos) << output.text;
    EXPECT_EQ(output.text.find("seen"), output.text.npos) << output.text;
    EXPECT_NE(output.text.find("self"), output.text.npos) << output.text;
  }
}

TEST_F(Confined, perch_can_still_end_them) {
  ChildSpec spec = shell("exec sleep 1000");
  spec.confinement = offline();
  auto job = lane->start(spec).value();
  job->terminate(Job::Force::Ask);
  EXPECT_EQ(job->finish().code, SIGTERM);
}

TEST_F(Confined, children_gain_no_privileges) {
  for (const Confinement& confinement : {offline(), reading({"/"}), writing({})}) {
    EXPECT_NE(run("cat /proc/self/status", confinement).text.find("NoNewPrivs:\t1"),
              std::string::npos);
  }
  EXPECT_NE(run("cat /proc/self/status", {}).text.find("NoNewPrivs:\t0"), std::string::npos)
      << "others may: sudo has to work";
}

TEST_F(Confined, children_cannot_take_it_back) {
  // A second, wider ruleset only narrows; neither does a new user namespace help.
  auto output = run("unshare -Ur sh -c 'echo z > other/f; mount -t tmpfs none other' 2>/dev/null; "
                    "chroot / sh -c 'echo z > " +
                        (dir / "other/g") + "' 2>/dev/null; echo end",
                    writing({dir / "out"}));
  EXPECT_EQ(output.text, "end\n");
  EXPECT_EQ(test::entries_in(dir / "other"), 1);
}

TEST_F(Confined, children_make_no_devices) {
  auto output = run("mknod out/null c 1 3 && echo made; mknod out/disk b 8 0 && echo made; mkfifo "
                    "out/pipe && echo pipe",
                    writing({dir / "out"}));
  EXPECT_EQ(output.text.find("made"), output.text.npos) << output.text;
  EXPECT_NE(output.text.find("pipe\n"), output.text.npos) << output.text;
}

TEST_F(Confined, detached_children_are_held_too) {
  ChildSpec spec = shell("echo z > other/f; echo done > out/f");
  spec.directory = dir.path();
  spec.new_session = true;
  spec.stdio = {.in = -1, .out = -1, .err = -1};
  spec.confinement = writing({dir / "out"});
  ASSERT_TRUE(lane->start(spec));
  ASSERT_TRUE(test::eventually([&] { return exists(dir / "out/f"); }));
  EXPECT_EQ(test::entries_in(dir / "other"), 1);
}

TEST_F(Confined, real_programs_work_without_network) {
  auto output = run("git init -q repo && cd repo && git status --short && echo ok | sort | cat && "
                    "printf 'all: a b\\na b:\\n\\t@echo $@\\n' > Makefile && make -s -j2 | sort && "
                    "python3 -c 'import json, subprocess; print(subprocess.check_output([\"echo\", "
                    "\"py\"]).decode(), end=\"\")'",
                    offline());
  EXPECT_EQ(output.text, "ok\na\nb\npy\n") << output.error;
  EXPECT_EQ(output.ended.code, 0);
}

TEST_F(Confined, real_programs_work_with_one_write_root) {
  write_file(dir / "out/main.c", "int main(void) { return 7; }\n");
  auto output = run("cd out && git init -q . && git status --short && cc -o prog main.c && ./prog; "
                    "echo $?; python3 -c 'import tempfile; print(len(tempfile.mkdtemp()) > 0)'",
                    writing({dir / "out"}));
  EXPECT_EQ(output.text, "?? main.c\n7\nTrue\n") << output.error;
}

TEST_F(Confined, real_programs_work_with_one_read_root) {
  auto output = run("python3 -c 'import ssl; print(ssl.create_default_context() is not None)'; "
                    "cat in/f | sort; git --version >/dev/null && echo git",
                    reading({dir / "in"}));
  EXPECT_EQ(output.text, "True\nreadable\ngit\n") << output.error;
}

TEST_F(Confined, a_missing_write_root_is_named_before_anything_starts) {
  ChildSpec spec = shell("echo ran");
  spec.confinement = writing({dir / "none"});
  auto job = lane->start(spec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind, kind::kFileNotFound);
  EXPECT_EQ(job.error().detail, dir / "none");
  EXPECT_EQ(job.error().help, "make it first: the kernel can allow only what exists");
}

TEST_F(Confined, a_kernel_that_lacks_something_starts_nothing) {
  struct Case {
    KernelConfinement kernel;
    Confinement confinement;
    std::string lacks;
  };
  const Case cases[] = {
      {{.landlock = 7, .filters = false}, offline(), "seccomp filters"},
      {{.landlock = 0, .filters = true}, reading({"/usr"}), "Landlock (Linux 5.13 or newer"},
      {{.landlock = 0, .filters = true}, writing({}), "Landlock (Linux 5.13 or newer"},
      {{.landlock = 1, .filters = true}, reading({"/usr"}), "Linux 5.19 or newer"},
      {{.landlock = 2, .filters = true}, writing({}), "Linux 6.2 or newer"},
  };
  for (const Case& one : cases) {
    auto weak = make_process_lane(one.kernel);
    ChildSpec spec = shell("exit 0");
    spec.confinement = one.confinement;
    auto job = weak->start(spec);
    ASSERT_FALSE(job) << one.lacks;
    EXPECT_EQ(job.error().kind, kind::kConfinementUnavailable);
    EXPECT_NE(job.error().message.find(one.lacks), std::string::npos) << job.error().message;
    EXPECT_NE(job.error().help.find("--confine=off"), std::string::npos);
  }
}

TEST_F(Confined, older_kernels_still_close_the_network) {
  for (int version : {0, 1, 2, 3, 4, 5, 6}) {
    lane = make_process_lane({.landlock = version, .filters = true});
    auto output = python("import socket, ctypes, os\n"
                         "try: socket.socket(); print('made')\n"
                         "except PermissionError: print('denied')\n"
                         "print(ctypes.CDLL(None).syscall(101, 16, os.getppid(), 0, 0))\n",
                         offline());
    EXPECT_EQ(output.text, "denied\n-1\n") << version << output.error;
  }
}

} // namespace
} // namespace perch::lane
