// One run of a guest: what it is given, what it writes, how it ends.

#include "base/error_kinds.h"
#include "guests.h"
#include "lane/wasm/engine.h"
#include "lane/wasm/module.h"
#include "lane/wasm/wasm_lane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace perch::test {

using How = lane::Ended::How;
using namespace std::chrono_literals;

namespace {

lane::GuestSpec with_args(std::vector<std::string> argv) {
  lane::GuestSpec spec;
  spec.argv = std::move(argv);
  return spec;
}

/// A module whose `_start` exits with a code.
std::string exits_with(int code) {
  return wasm(R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const )" +
              std::to_string(code) + R"()))))");
}

/// Whether the initial data of a memory was copied into a memory file.
bool has_copied_memory() {
  namespace fs = std::filesystem;
  return std::ranges::any_of(fs::directory_iterator("/proc/self/fd"), [](const auto& entry) {
    std::error_code gone;
    return fs::read_symlink(entry.path(), gone).native().contains("wasm-memory-image");
  });
}

} // namespace

TEST(WasmRun, every_exit_code_arrives_as_it_is) {
  Guests guests;
  const std::string module = built_guest("wat/exit");
  for (int code = 0; code < 256; ++code) {
    const Ran ran = guests.run(module, with_args({"exit.wasm", std::to_string(code)}));
    ASSERT_EQ(ran.ended.how, How::Exited) << ran.ended.error.message;
    EXPECT_EQ(ran.ended.code, code);
  }
}

TEST(WasmRun, a_code_that_does_not_fit_is_not_success) {
  Guests guests;
  for (int code : {256, 1024, -1})
    EXPECT_EQ(guests.run(exits_with(code)).ended.code, 255) << code;
}

TEST(WasmRun, returning_from_start_is_success) {
  const Ran ran = Guests().run(built_guest("wat/nop"));
  EXPECT_EQ(ran.ended.how, How::Exited);
  EXPECT_EQ(ran.ended.code, 0);
}

TEST(WasmRun, arguments_and_environment_are_exact_bytes) {
  // Prints argv and environment as WASI hands them over, zero bytes included.
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $as (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $a (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $es (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $e (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $as (i32.const 0) (i32.const 4)))
      (drop (call $a (i32.const 1000) (i32.const 2000)))
      (drop (call $es (i32.const 8) (i32.const 12)))
      (drop (call $e (i32.const 1500) (i32.add (i32.const 2000) (i32.load (i32.const 4)))))
      (i32.store (i32.const 16) (i32.const 2000))
      (i32.store (i32.const 20) (i32.add (i32.load (i32.const 4)) (i32.load (i32.const 12))))
      (drop (call $w (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))))");
  auto spec = with_args({"g", "", "\xff\xfe", "a b"});
  spec.env = {{"K", "\x80"}, {"EMPTY", ""}};
  const std::string expected("g\0\0\xff\xfe\0a b\0K=\x80\0EMPTY=\0", 21);
  EXPECT_EQ(Guests().run(module, std::move(spec)).out, expected);
}

TEST(WasmRun, a_guest_sees_no_variable_it_was_not_given) {
  ::setenv("PERCH_TEST_SECRET", "x", 1);
  const Ran ran = Guests().run(built_guest("c/show"));
  EXPECT_EQ(ran.out.find("PERCH_TEST_SECRET"), std::string::npos);
  EXPECT_EQ(ran.out.find("PATH="), std::string::npos);
}

TEST(WasmRun, output_is_binary_safe) {
  std::string all;
  for (int c = 0; c < 256; ++c)
    all.push_back(static_cast<char>(c));
  EXPECT_EQ(Guests().run(built_guest("wat/binary_out")).out, all);
}

TEST(WasmRun, the_order_of_the_two_streams_is_kept) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Guests guests;
  lane::GuestSpec spec;
  spec.stdio = {-1, ends[1], ends[1]};
  auto job = guests.start(built_guest("wat/interleave"), std::move(spec));
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->finish().code, 0);
  ::close(ends[1]);
  std::string text(1000, '\0');
  text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
  ::close(ends[0]);
  std::string expected;
  for (int i = 0; i < 10; ++i)
    expected += "out " + std::to_string(i) + "\nerr " + std::to_string(i) + "\n";
  EXPECT_EQ(text, expected);
}

TEST(WasmRun, given_input_is_the_whole_stdin) {
  lane::GuestSpec spec;
  spec.input = std::string("one\0two\xff", 8);
  EXPECT_EQ(Guests().run(built_guest("wat/stdin_echo"), std::move(spec)).out,
            std::string("one\0two\xff", 8));
}

TEST(WasmRun, a_descriptor_is_read_to_its_end_and_left_to_its_owner) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "piped", 5), 5);
  ::close(ends[1]);
  lane::GuestSpec spec;
  spec.stdio.in = ends[0];
  EXPECT_EQ(Guests().run(built_guest("wat/stdin_echo"), std::move(spec)).out, "piped");
  EXPECT_EQ(::close(ends[0]), 0);
}

TEST(WasmRun, without_input_stdin_is_at_its_end) {
  const Ran ran = Guests().run(built_guest("wat/stdin_echo"));
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.ended.code, 0);
}

namespace {

lane::Ended run_without_reader(std::string_view module) {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    std::abort();
  ::close(ends[0]);
  Guests guests;
  lane::GuestSpec spec;
  spec.stdio = {-1, ends[1], -1};
  auto job = guests.start(module, std::move(spec));
  const lane::Ended ended = job->finish();
  ::close(ends[1]);
  return ended;
}

} // namespace

TEST(WasmRun, a_closed_reader_is_an_errno_for_the_guest) {
  EXPECT_EQ(run_without_reader(built_guest("wat/flood_until_error")).code, 64); // EPIPE
}

TEST(WasmRun, a_guest_that_ignores_the_errno_of_a_closed_reader_ends) {
  const lane::Ended ended = run_without_reader(built_guest("wat/flood"));
  EXPECT_EQ(ended.how, lane::Ended::How::Signalled);
  EXPECT_EQ(ended.code, SIGPIPE);
}

TEST(WasmRun, traps_say_why_and_where) {
  Guests guests;
  const std::pair<const char*, const char*> cases[] = {
      {"wat/trap_unreachable", "unreachable"},
      {"wat/trap_out_of_bounds", "out of bounds memory access"},
      {"wat/trap_stack_overflow", "stack overflow"},
      {"wat/trap_div_zero", "integer divide by zero"},
      {"wat/trap_indirect_call", "indirect call type mismatch"},
  };
  for (const auto& [name, reason] : cases) {
    const Ran ran = guests.run(built_guest(name));
    EXPECT_EQ(ran.ended.how, How::Trapped) << name;
    EXPECT_EQ(ran.ended.error.kind, kind::kWasmTrap) << name;
    EXPECT_EQ(ran.ended.error.detail, reason) << name;
  }
  const Ran ran = guests.run(built_guest("wat/trap_unreachable"));
  EXPECT_EQ(ran.ended.error.message.rfind("the guest trapped: unreachable\n  at ", 0), 0u)
      << ran.ended.error.message;
}

TEST(WasmRun, names_in_a_backtrace_are_demangled) {
  const Ran ran = Guests().run(built_guest("rust/panics"));
  EXPECT_EQ(ran.ended.how, How::Trapped);
  EXPECT_NE(ran.ended.error.message.find("panics::"), std::string::npos) << ran.ended.error.message;
  EXPECT_EQ(ran.ended.error.message.find("_ZN"), std::string::npos) << ran.ended.error.message;
}

TEST(WasmRun, unknown_imports_are_all_named_with_their_types) {
  const Error error = Guests().refused(built_guest("wat/unknown_imports"));
  EXPECT_EQ(error.kind, kind::kWasmCapabilityDenied);
  EXPECT_NE(error.message.find("(func"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("(memory"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("(global"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("(table"), std::string::npos) << error.message;
}

TEST(WasmRun, an_import_of_another_type_is_refused_with_both_types) {
  for (const char* name : {"wat/wrong_import_type", "wat/perch_wrong_type"}) {
    const Error error = Guests().refused(built_guest(name));
    EXPECT_EQ(error.kind, kind::kWasmCapabilityDenied) << name;
    EXPECT_NE(error.message.find("which here is (func"), std::string::npos) << error.message;
  }
}

TEST(WasmRun, perchs_own_imports_resolve_without_any_grant) {
  EXPECT_EQ(Guests().run(built_guest("wat/perch_imports")).ended.code, 0);
}

TEST(WasmRun, a_module_without_start_is_told_what_it_exports) {
  const Error error = Guests().refused(built_guest("wat/no_start"));
  EXPECT_EQ(error.kind, kind::kWasmCompileFailed);
  for (const char* name : {"`memory`", "`version`", "`build`", "`run`"})
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
  EXPECT_EQ(Guests().refused(built_guest("wat/start_wrong_type")).kind, kind::kWasmCompileFailed);
}

TEST(WasmRun, what_is_no_module_says_what_it_is) {
  Guests guests;
  for (const char* name : {"bytes/component", "bytes/truncated", "bytes/empty", "bytes/not_wasm",
                           "bytes/text_module", "bytes/unknown_version", "wat/invalid_type"}) {
    const Error error = guests.refused(built_guest(name));
    EXPECT_EQ(error.kind, kind::kWasmCompileFailed) << name;
    EXPECT_NE(error.message.find("guest.wasm"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
  }
}

TEST(WasmRun, a_truncated_module_loads_only_where_a_section_ends) {
  Guests guests;
  const std::string whole = built_guest("wat/interleave");
  int loaded = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    loaded += guests.load(std::string_view(whole).substr(0, size)) ? 1 : 0;
  EXPECT_LE(loaded, 7);
  EXPECT_TRUE(guests.load(whole));
}

TEST(WasmRun, code_within_a_file_is_mapped_with_the_data_of_its_memories) {
  Guests guests;
  const std::string bytes = built_guest("c/show");
  const auto code = guests.lane().compile_ahead("show", bytes, lane::Metering::None);
  ASSERT_TRUE(code) << code.error().message;
  const TempDir temp;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (const std::size_t offset : {page, page + 16}) {
    std::ofstream(temp / "app") << std::string(offset, 'x') << *code << "behind";
    // It stays open: what is given to load_ahead() is there until the process ends.
    const int file = ::open((temp / "app").c_str(), O_RDONLY | O_CLOEXEC);
    Guests other;
    const auto module = other.lane().load_ahead("show",
                                                {.bytes = *code,
                                                 .file = file,
                                                 .offset = offset,
                                                 .check = [] { return Status(); },
                                                 .sha256 = std::string(64, 'a'),
                                                 .size = bytes.size()},
                                                {}, lane::Metering::None);
    ASSERT_TRUE(module) << module.error().message;
    // Also from the pool, for which the same code is taken once more.
    for (int i = 0; i < 12; ++i) {
      auto spec = until(10s);
      spec.argv = {"show"};
      auto job = other.lane().start(*module, spec);
      ASSERT_TRUE(job) << job.error().message;
      EXPECT_EQ((*job)->finish().code, 0);
    }
    EXPECT_EQ(has_copied_memory(), offset != page) << offset;
  }
}

TEST(WasmRun, the_bytes_it_writes_are_counted) {
  Guests guests;
  const Ran ran = guests.run(wasm(R"((module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "0123456789")
      (func $put (param $fd i32) (param $size i32)
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (local.get $size))
        (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "_start")
        (call $put (i32.const 1) (i32.const 10))
        (call $put (i32.const 2) (i32.const 4))
        (call $put (i32.const 7) (i32.const 9)))))"));
  EXPECT_EQ(ran.out + ran.err, "01234567890123");
  EXPECT_EQ(ran.ended.usage.bytes_out, 14u);
}

TEST(WasmRun, a_module_that_is_run_often_stays_the_same) {
  Guests guests;
  const std::string grow = built_guest("wat/memory_grow");
  for (int i = 0; i < 40; ++i) {
    auto spec = with_args({"g"});
    spec.memory_bytes = 4 << 20;
    const Ran ran = guests.run(grow, spec);
    EXPECT_EQ(ran.ended.code, 0) << i;
    EXPECT_EQ(ran.ended.usage.peak_bytes, 4u << 20) << i;
  }
}

TEST(WasmRun, memory_is_bounded_over_all_memories) {
  Guests guests;
  auto spec = with_args({"g"});
  spec.memory_bytes = 4 << 20;
  const Ran grown = guests.run(built_guest("wat/memory_grow"), spec);
  EXPECT_EQ(grown.ended.code, 0);
  EXPECT_NE(grown.out.find("64"), std::string::npos) << grown.out;
  EXPECT_EQ(grown.ended.usage.peak_bytes, 4u << 20);

  // Two memories that fit alone do not fit together.
  const Ran two = guests.run(wasm(R"((module (memory (export "memory") 40) (memory 40)
                                             (func (export "_start"))))"),
                             spec);
  EXPECT_EQ(two.ended.how, How::Trapped);
}

TEST(WasmRun, a_module_that_wants_too_much_at_once_does_not_start) {
  Guests guests;
  auto spec = with_args({"g"});
  spec.memory_bytes = 64 << 20;
  const Ran ran = guests.run(built_guest("wat/big_memory"), spec);
  EXPECT_EQ(ran.ended.how, How::Trapped);
  EXPECT_EQ(ran.ended.error.kind, kind::kWasmTrap);
}

TEST(WasmRun, tables_are_bounded) {
  Guests guests;
  // Also the guest that would be the first of the pool.
  for (int i = 0; i < 10; ++i) {
    const Ran big = guests.run(built_guest("wat/big_table"));
    EXPECT_EQ(big.ended.how, How::Trapped);
    EXPECT_NE(big.ended.error.message.find("4294967295"), std::string::npos)
        << big.ended.error.message;
  }
  const Ran grown = guests.run(built_guest("wat/table_grow"));
  EXPECT_EQ(grown.ended.how, How::Exited) << grown.ended.error.message;
}

TEST(WasmRun, fuel_runs_out_in_a_trap_at_the_same_place_each_time) {
  Guests guests;
  const std::string module = wasm(R"((module (memory (export "memory") 1)
    (func (export "_start") (loop $l (br $l)))))");
  auto spec = with_args({"g"});
  spec.fuel = 100'000;
  const Ran ran = guests.run(module, spec);
  EXPECT_EQ(ran.ended.how, How::Trapped);
  EXPECT_EQ(ran.ended.error.detail, "out of fuel");
  spec.fuel = 10;
  EXPECT_EQ(guests.run(built_guest("wat/nop"), spec).ended.code, 0);
}

TEST(WasmRun, bad_pointers_trap_or_fail_but_do_no_harm) {
  Guests guests;
  for (const char* name : {"wat/bad_pointer", "wat/no_memory"}) {
    const Ran ran = guests.run(built_guest(name));
    EXPECT_TRUE(ran.ended.how == How::Trapped || ran.ended.how == How::Exited) << name;
  }
}

TEST(WasmRun, a_mount_that_is_not_there_is_an_error_before_anything_runs) {
  const Error error =
      Guests().refused(built_guest("wat/nop"), with_mount("/nowhere/at/all", "/x", false));
  EXPECT_NE(error.message.find("/nowhere/at/all"), std::string::npos) << error.message;
}

TEST(WasmRun, a_guest_that_opens_files_until_it_cannot_leaves_some_for_others) {
  // Opens the same directory again and again, exits with the errno that ended it.
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) ".")
    (func (export "_start") (local $errno i32)
      (loop $again
        (local.set $errno (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)
          (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))
        (br_if $again (i32.eqz (local.get $errno))))
      (call $exit (local.get $errno)))))");
  const TempDir temp;
  Guests guests;
  const std::size_t before = descriptors_of_this_process();
  const Ran ran = guests.run(module, with_mount(temp.path(), "/", false));
  EXPECT_EQ(ran.ended.code, 33); // EMFILE
  EXPECT_LE(descriptors_of_this_process(), before + 8);
  // And its share is given back.
  EXPECT_EQ(guests.run(module, with_mount(temp.path(), "/", false)).ended.code, 33);
}

TEST(WasmRun, names_that_stand_for_gigabytes_are_cut) {
  // Each template has the one before it as an argument twice.
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string name = "_Z1f1A";
  std::string before = "S_";
  for (std::size_t i = 1; i <= 35; i += 2) {
    name += "1BI" + before + before + "E";
    before = {'S', kDigits[i], '_'};
  }
  for (std::size_t i = 1; i <= 35; i += 2) {
    name += "1BI" + before + before + "E";
    before = {'S', '1', kDigits[i], '_'};
  }
  const std::string module = wasm("(module (func $" + name +
                                  " unreachable) (memory (export \"memory\") 1) (func (export "
                                  "\"_start\") call $" +
                                  name + "))");
  const Ran ran = Guests().run(module);
  EXPECT_EQ(ran.ended.how, How::Trapped);
  const std::string& text = ran.ended.error.message;
  EXPECT_NE(text.find("\n  at f(A, B<A, A>, B<B<A, A>, B<A, A> >, "), std::string::npos) << text;
  EXPECT_LT(text.size(), 1500u);
}

TEST(WasmRun, a_fifo_is_refused_not_waited_for) {
  const TempDir temp;
  ASSERT_EQ(::mkfifo((temp / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("fifo", temp / "link");
  auto spec = with_mount(temp.path(), "/d", true);
  spec.argv = {"fs",      "read",   "/d/fifo", "write", "/d/fifo", "x",      "read",
               "/d/link", "append", "/d/link", "x",     "stat",    "/d/fifo"};
  EXPECT_EQ(Guests().run(built_guest("c/fs"), std::move(spec)).out,
            "read /d/fifo: ENOTSUP\nwrite /d/fifo x: ENOTSUP\nread /d/link: ENOTSUP\n"
            "append /d/link x: ENOTSUP\nstat /d/fifo: other\n");
}

TEST(WasmRun, random_bytes_read_and_written_ones_may_be_many) {
  // 160 MiB each: exits with the errno of the first call that fails, or with what is not as it
  // should be.
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread"
      (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2561)
    (data (i32.const 0) "file") (data (i32.const 8) "\00\00\01\00\00\00\00\0a")
    (func $ok (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
    (func $is (param i32) (if (i32.eqz (local.get 0)) (then (call $exit (i32.const 100)))))
    (func (export "_start")
      (call $ok (call $random (i32.const 0x10000) (i32.const 0xa000000)))
      (call $is (i64.ne (i64.load (i32.const 0xa00fff0)) (i64.load (i32.const 0xa00fff8))))
      (call $ok (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 20)))
      (call $is (i32.eq (i32.load (i32.const 20)) (i32.const 0xa000000)))
      (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
      (call $ok (call $pread (i32.load (i32.const 16)) (i32.const 8) (i32.const 1) (i64.const 0)
        (i32.const 20)))
      (call $ok (call $read (i32.load (i32.const 16)) (i32.const 8) (i32.const 1) (i32.const 20)))
      (call $is (i32.eq (i32.load (i32.const 20)) (i32.const 0xa000000))))))");
  const TempDir temp;
  write_file(temp / "file", "");
  std::filesystem::resize_file(temp / "file", 160 << 20);
  auto spec = with_mount(temp.path(), "/", false);
  spec.stdio = {-1, -1, -1};
  Guests guests;
  auto job = guests.start(module, std::move(spec));
  ASSERT_NE(job, nullptr);
  const lane::Ended ended = job->finish();
  EXPECT_EQ(ended.how, How::Exited) << ended.error.message;
  EXPECT_EQ(ended.code, 0);
}

TEST(WasmRun, random_bytes_for_memory_that_is_not_there_are_a_trap) {
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $random (i32.const 0x8000) (i32.const 0x8001))))))");
  EXPECT_EQ(Guests().run(module).ended.how, How::Trapped);
}

TEST(WasmRun, one_stream_may_be_waited_for_more_often_than_files_may_be_open) {
  // 2,000 subscriptions to the same empty input that has ended: all are ready at once.
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $p (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 4)
    (func (export "_start") (local $at i32)
      (loop $next
        (i32.store8 offset=8 (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 48)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 96000))))
      (drop (call $p (i32.const 0) (i32.const 131072) (i32.const 2000) (i32.const 100000)))
      (call $exit (i32.ne (i32.load (i32.const 100000)) (i32.const 2000))))))");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = std::min<rlim_t>(before.rlim_cur, 1024),
                   .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  auto spec = until(10s);
  const int empty = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  spec.stdio.in = empty;
  const Ran ran = Guests().run(module, std::move(spec));
  ::close(empty);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(ran.ended.how, How::Exited) << ran.ended.error.message;
  EXPECT_EQ(ran.ended.code, 0);
}

TEST(WasmRun, a_hundred_thousand_arguments_arrive) {
  std::vector<std::string> argv(100'000, "x");
  const Ran ran = Guests().run(built_guest("wat/exit"), with_args(std::move(argv)));
  EXPECT_NE(ran.ended.how, How::Failed);
}

TEST(WasmRun, real_programs_of_each_toolchain_run) {
  Guests guests;
  for (const char* name :
       {"c/show", "cpp/hello", "rust/hello", "go/hello", "zig/hello", "as/hello"}) {
    auto spec = with_args({"hello.wasm", "a", "b"});
    spec.env = {{"GREETING", "hi"}};
    const Ran ran = guests.run(built_guest(name), std::move(spec));
    EXPECT_EQ(ran.ended.code, 0) << name << ": " << ran.err;
    EXPECT_NE(ran.out.find("hi"), std::string::npos) << name << ": " << ran.out;
  }
}

TEST(WasmRun, the_pool_is_left_before_it_is_full) {
  Guests guests;
  const auto module = guests.load(built_guest("wat/nop"));
  ASSERT_TRUE(module);
  const auto& compiled = static_cast<const lane::CompiledModule&>(**module);
  const auto next = [&](std::uint64_t memory_bytes = 1 << 20) {
    return compiled.for_guest(memory_bytes).value();
  };
  const auto own = next();
  std::vector<std::shared_ptr<const lane::LinkedCode>> held;
  for (std::uint32_t i = 1; i < lane::kGuestsBeforePool; ++i)
    EXPECT_EQ(next(), own);
  for (std::uint32_t i = 0; i < lane::kMaxPooled; ++i)
    held.push_back(next());
  if (held[0] == own)
    GTEST_SKIP() << "no address space for a pool";
  EXPECT_EQ(held.back(), held[0]);
  EXPECT_EQ(next(), own);
  held.pop_back();
  EXPECT_EQ(next(), held[0]);
  EXPECT_EQ(next(lane::kPooledMemoryBytes + 1), own);
}

namespace {

/// Guests that enter the host are held there until the test opens.
std::atomic<int> entered = 0;
std::atomic<bool> may_leave = false;

std::int32_t hold(void*, std::uint8_t*, std::size_t, const std::int32_t*) {
  ++entered;
  entered.notify_all();
  may_leave.wait(false);
  return 0;
}

} // namespace

TEST(WasmRun, many_guests_of_many_tables_run_beside_each_other) {
  const perch_import_t import{lane::slice("test"), lane::slice("hold"), 0, hold};
  const auto lane = lane::make_wasm_lane_with({}, {import});
  std::string text = R"((module (import "test" "hold" (func $hold (result i32)))
    (func (export "_start") (drop (call $hold))))";
  for (int i = 0; i < 32; ++i)
    text += " (table 1 funcref)";
  const auto module = lane->load("guest.wasm", wasm(text + ")"), {}, lane::Metering::None, nullptr);
  ASSERT_TRUE(module) << module.error().message;
  constexpr int kGuests = 80;
  std::vector<std::unique_ptr<lane::Job>> jobs;
  for (int i = 0; i < kGuests; ++i) {
    lane::GuestSpec spec;
    spec.stdio = {-1, -1, -1};
    spec.cancel = sys::CancelToken::root();
    auto job = lane->start(*module, spec);
    ASSERT_TRUE(job) << job.error().message;
    jobs.push_back(std::move(*job));
    // One that could not be made has ended without entering.
    pollfd done{.fd = jobs.back()->done_fd(), .events = POLLIN, .revents = 0};
    while (entered <= i && ::poll(&done, 1, 1) == 0) {
    }
  }
  EXPECT_EQ(entered, kGuests);
  may_leave = true;
  may_leave.notify_all();
  for (auto& job : jobs) {
    const lane::Ended ended = job->finish();
    EXPECT_EQ(ended.how, How::Exited) << ended.error.message;
  }
}

TEST(WasmRun, runs_beside_each_other_share_one_module) {
  Guests guests;
  const std::string module = built_guest("wat/binary_out");
  std::vector<std::unique_ptr<lane::Job>> jobs;
  for (int i = 0; i < 50; ++i) {
    lane::GuestSpec spec;
    spec.stdio = {-1, -1, -1};
    jobs.push_back(guests.start(module, std::move(spec)));
  }
  for (auto& job : jobs)
    EXPECT_EQ(job->finish().code, 0);
}

} // namespace perch::test
