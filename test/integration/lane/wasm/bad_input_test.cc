// Modules that are malformed in every way, and working ones that misuse what they get. Each is a
// clear error, a trap or the guest's own errno; perch lives and its memory stays bounded.

#include "base/error_kinds.h"
#include "guests.h"
#include "support/guest_imports.h"

#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace perch::test {

using namespace std::chrono_literals;
using How = lane::Ended::How;

namespace {

const std::string kHeader("\0asm\1\0\0\0", 8);

std::string leb(std::uint64_t value) {
  std::string out;
  do {
    const auto low = static_cast<unsigned char>(value & 0x7f);
    value >>= 7;
    out += static_cast<char>(value != 0 ? low | 0x80 : low);
  } while (value != 0);
  return out;
}

std::string section(int id, const std::string& content) {
  return std::string(1, static_cast<char>(id)) + leb(content.size()) + content;
}

/// type () -> (), one function of it with this code, exported as `_start`.
std::string program(const std::string& code) {
  const std::string body = std::string(1, '\0') + code + '\x0b';
  return kHeader + section(1, std::string("\1\x60\0\0", 4)) + section(3, std::string("\1\0", 2)) +
         section(7, std::string("\1\6_start\0\0", 10)) +
         section(10, "\1" + leb(body.size()) + body);
}

/// 0 where a sanitizer keeps freed memory.
std::uint64_t peak_memory() {
#ifdef PERCH_SANITIZED
  return 0;
#else
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
#endif
}

/// It does not load, for a reason in printable words on one line.
void refused(const std::string& what, const std::string& bytes) {
  const Error error = Guests().refused(bytes);
  EXPECT_EQ(error.kind, kind::kWasmCompileFailed) << what << ": " << error.message;
  for (const char c : error.message)
    EXPECT_GE(static_cast<unsigned char>(c), 0x20) << what << ": " << error.message;
}

/// A program that calls one import with these arguments and exits with 0.
std::string calling(const GuestImport& import, const std::string& argument) {
  std::ostringstream text, call;
  text << "(module (import \"" << import.module << "\" \"" << import.name << "\" (func $f";
  call << "(call $f";
  for (const char kind : import.parameters) {
    const std::string type = kind == 'i' ? "i32" : "i64";
    text << " (param " << type << ")";
    call << " (" << type << ".const " << argument << ")";
  }
  text << (import.result ? " (result i32)" : "")
       << ")) (memory (export \"memory\") 1) (func (export \"_start\") " << call.str() << ")"
       << (import.result ? " drop" : "") << "))";
  return wasm(text.str());
}

} // namespace

TEST(WasmBadInput, numbers_that_are_too_long) {
  const std::string too_long("\x80\x80\x80\x80\x80\x80\x00", 7);
  refused("a section's size", kHeader + "\1" + too_long);
  refused("a count", kHeader + section(1, too_long));
  refused("a size beyond 32 bits", kHeader + "\1" + std::string("\xff\xff\xff\xff\x7f", 5));
  refused("a constant", program("\x41" + too_long + "\x1a"));
  refused("a name's length", kHeader + section(7, "\1" + too_long));
}

TEST(WasmBadInput, four_billion_of_anything) {
  const std::string many = leb(0xffffffff);
  const std::uint64_t before = peak_memory();
  for (int id = 0; id <= 13; ++id)
    refused("section " + std::to_string(id), kHeader + section(id, many));
  refused("locals", kHeader + section(1, std::string("\1\x60\0\0", 4)) +
                        section(3, std::string("\1\0", 2)) +
                        section(10, "\1" + leb(8) + "\1" + many + "\x7f\x0b"));
  refused("parameters", kHeader + section(1, "\1\x60" + many));
  refused("targets of br_table", program("\x41" + std::string(1, '\0') + "\x0e" + many));
  refused("a data segment", kHeader + section(5, std::string("\1\0\1", 3)) +
                                section(11, "\1" + std::string("\0\x41\0\x0b", 4) + many));
  refused("pages", wasm("(module (memory 65536 65536) (memory 65537))"));
  EXPECT_LT(peak_memory(), before + (256u << 20));
}

TEST(WasmBadInput, deep_nesting) {
  // A million blocks in each other are well formed: they must neither overflow a stack nor take
  // the deadline with them.
  std::string code;
  constexpr int kDepth = 1'000'000;
  for (int i = 0; i < kDepth; ++i)
    code += "\x02\x40";
  code.append(kDepth, '\x0b');
  Guests guests;
  const auto loaded = guests.load(program(code));
  if (!loaded) {
    EXPECT_EQ(loaded.error().kind, kind::kWasmCompileFailed);
  }
  refused("blocks without end", program(std::string(100'000, '\x02')));
}

TEST(WasmBadInput, sections_twice_or_out_of_order) {
  const std::string types = section(1, std::string("\1\x60\0\0", 4));
  refused("twice", kHeader + types + types);
  refused("out of order", kHeader + section(3, std::string("\1\0", 2)) + types);
  refused("no code for a function", kHeader + types + section(3, std::string("\1\0", 2)));
  refused("an unknown section", kHeader + section(99, "x"));
  refused("a size that ends inside", kHeader + "\1\2\1\x60" + std::string("\0\0", 2));
  refused("bytes behind the end", program("") + "trailing");
}

TEST(WasmBadInput, every_byte_of_a_module_changed) {
  const std::string whole = wasm(R"((module
    (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (table 2 funcref) (global i32 (i32.const 5))
    (data (i32.const 0) "text") (elem (i32.const 0) 1)
    (func (export "_start") (local i64) (loop $l (br_if $l (i32.eqz (global.get 0)))))))");
  Guests guests;
  for (std::size_t at = 8; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x40, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      const auto loaded = guests.load(bytes, lane::Metering::Fuel);
      if (!loaded)
        continue;
      lane::GuestSpec spec = until(200ms);
      spec.fuel = 10'000;
      spec.argv = {"guest.wasm"};
      const auto job = guests.lane().start(*loaded, spec);
      if (job)
        (*job)->finish();
    }
  }
}

TEST(WasmBadInput, names_that_are_not_utf8) {
  refused("an export", kHeader + section(1, std::string("\1\x60\0\0", 4)) +
                           section(3, std::string("\1\0", 2)) +
                           section(7, std::string("\1\2\xff\xfe\0\0", 6)) +
                           section(10, std::string("\1\2\0\x0b", 4)));
  refused("an import", kHeader + section(1, std::string("\1\x60\0\0", 4)) +
                           section(2, std::string("\1\2\xff\xfe\1f\0\0", 8)));
  // Names that say what terminals would obey are not repeated as they are.
  const Error error = Guests().refused(
      wasm(R"((module (import "\1b[31m" "x\07" (func)) (func (export "_start"))))"));
  EXPECT_EQ(error.kind, kind::kWasmCapabilityDenied);
}

TEST(WasmBadInput, every_import_with_arguments_out_of_range) {
  const TempDir temp;
  write_file(temp / "file", "text");
  Guests guests;
  for (const GuestImport& import : kGuestImports) {
    for (const char* value :
         {"0", "1", "3", "65535", "65536", "0x7fffffff", "0x80000000", "0xffffffff"}) {
      lane::GuestSpec spec = with_mount(temp.path(), "/d", true);
      spec.stdio = {-1, -1, -1};
      spec.cancel = sys::CancelToken::root()->child(std::chrono::steady_clock::now() +
                                                    std::chrono::seconds(5));
      const std::string module = calling(import, value);
      auto job = guests.start(module, std::move(spec));
      ASSERT_NE(job, nullptr);
      const lane::Ended ended = job->finish();
      EXPECT_TRUE(ended.how == How::Exited || ended.how == How::Trapped)
          << import.name << " " << value << ": " << ended.error.message;
      EXPECT_EQ(ended.error.message.find("panic"), std::string::npos) << import.name;
    }
  }
}

TEST(WasmBadInput, a_guest_that_closes_its_standard_streams) {
  // Closes 0 to 2 and then uses them: 8 is EBADF.
  const std::string module = wasm(R"((module
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\01\00\00\00x")
    (func $must (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
    (func (export "_start")
      (call $must (call $close (i32.const 0)) (i32.const 0))
      (call $must (call $close (i32.const 1)) (i32.const 0))
      (call $must (call $close (i32.const 2)) (i32.const 0))
      (call $must (call $close (i32.const 1)) (i32.const 8))
      (call $must (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))
                  (i32.const 8))
      (call $must (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))
                  (i32.const 8))
      (call $exit (i32.const 7)))))");
  Guests guests;
  EXPECT_EQ(guests.run(module).ended.code, 7);
  // They were the guest's own: the next one has them, and so has perch.
  EXPECT_EQ(guests.run(built_guest("wat/binary_out")).out.size(), 256u);
}

TEST(WasmBadInput, objects_count_as_memory) {
  // A thousand arrays of a megabyte, all kept.
  const std::string module = wasm(R"((module (type $bytes (array (mut i8)))
    (type $list (array (mut (ref null $bytes)))) (memory (export "memory") 1)
    (func (export "_start") (local $i i32) (local $all (ref null $list))
      (local.set $all (array.new_default $list (i32.const 1000)))
      (loop $l
        (array.set $list (local.get $all) (local.get $i)
                         (array.new_default $bytes (i32.const 1000000)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 1000)))))))");
  const std::uint64_t before = peak_memory();
  lane::GuestSpec spec;
  spec.memory_bytes = 16u << 20;
  const lane::Ended ended = Guests().run(module, std::move(spec)).ended;
  EXPECT_EQ(ended.how, How::Trapped) << ended.error.message;
  EXPECT_LT(peak_memory(), before + (64u << 20));
}

TEST(WasmBadInput, a_flood_of_output_is_not_kept) {
  const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Guests guests;
  const std::string module = built_guest("wat/flood");
  ASSERT_TRUE(guests.load(module));
  lane::GuestSpec spec = until(500ms);
  spec.stdio = {-1, fd, -1};
  const std::uint64_t before = peak_memory();
  auto job = guests.start(module, std::move(spec));
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->finish().error.kind, kind::kTimeoutExceeded);
  EXPECT_LT(peak_memory(), before + (64u << 20));
  ::close(fd);
}

TEST(WasmBadInput, a_module_that_is_mostly_ballast) {
  // 200 MB in a section that nobody reads.
  const std::string ballast = "\4name" + std::string(200u << 20, 'x');
  const std::string bytes = program("").insert(8, section(0, ballast));
  EXPECT_EQ(Guests().run(bytes).ended.code, 0);
}

} // namespace perch::test
