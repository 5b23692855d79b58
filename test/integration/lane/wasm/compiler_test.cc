// Compiling in a process of its own: what it hands back, what bounds it, and what ends it.

#include "base/error_kinds.h"
#include "base/text.h"
#include "guests.h"
#include "lane/wasm/background.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace perch::test {

namespace {

using namespace std::chrono_literals;

lane::WasmOptions compiled_by(std::vector<std::string> program) {
  lane::WasmOptions options;
  options.compiler = std::move(program);
  return options;
}

lane::WasmOptions compiled_by_script(const std::string& script) {
  return compiled_by({"/bin/sh", "-c", script});
}

std::string repeated(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

/// A few kilobytes that take hundreds of megabytes to compile: each call has a thousand arguments
/// and a thousand results.
std::string bomb() {
  constexpr std::size_t kValues = 1000, kCalls = 2000;
  const std::string values = repeated(kValues, " i32");
  return wasm(base::cat("(module (func $f (param", values, ") (result", values, ") unreachable)\n",
                        "(func (export \"_start\")", repeated(kValues, " i32.const 0"),
                        repeated(kCalls, " call $f"), repeated(kValues, " drop"), "))"));
}

std::string why_not(lane::WasmOptions options, std::string_view bytes) {
  Guests guests(std::move(options));
  const auto module = guests.load(bytes);
  if (module)
    return "it compiles";
  EXPECT_EQ(module.error().kind, kind::kWasmCompileFailed);
  return module.error().message;
}

} // namespace

TEST(WasmCompiler, code_from_another_process_runs) {
  Guests guests(compiled_by(compiler_program()));
  EXPECT_EQ(guests.run(built_guest("wat/exit")).ended.code,
            Guests().run(built_guest("wat/exit")).ended.code);
  lane::GuestSpec metered;
  metered.fuel = 1'000'000;
  EXPECT_EQ(guests.run(built_guest("wat/nop"), std::move(metered)).ended.code, 0);
}

TEST(WasmCompiler, code_for_other_machines_is_the_same_from_either_process) {
  const std::string module = built_guest("wat/nop");
  const auto code = [&](lane::WasmOptions options) {
    return Guests(std::move(options)).lane().compile_ahead("nop", module, lane::Metering::Fuel);
  };
  const auto mine = code({}), theirs = code(compiled_by(compiler_program()));
  ASSERT_TRUE(mine && theirs);
  EXPECT_EQ(*mine, *theirs);
}

TEST(WasmCompiler, refuses_with_the_same_words_in_either_process) {
  const std::string broken("\0asm\1\0\0\0\x0a\x05\1", 11);
  const std::string words = why_not({}, broken);
  EXPECT_TRUE(words.starts_with("`guest.wasm` does not compile: ")) << words;
  EXPECT_EQ(why_not(compiled_by(compiler_program()), broken), words);
}

TEST(WasmCompiler, a_module_made_to_use_up_memory_is_refused) {
#ifdef PERCH_SANITIZED
  GTEST_SKIP() << "a sanitizer takes memory of its own";
#endif
  const auto compiler = compiler_program();
  const std::string words =
      why_not(compiled_by_script(base::cat("ulimit -d 150000; exec ", compiler[0], " ", compiler[1],
                                           " \"$0\" \"$@\"")),
              bomb());
  EXPECT_TRUE(words.contains("it takes more than the ") &&
              words.contains(" MiB of memory that compiling may take"))
      << words;
}

TEST(WasmCompiler, how_one_ended_that_did_not_get_to_its_end_is_told) {
  const std::string module = built_guest("wat/nop");
  EXPECT_EQ(why_not(compiled_by_script("echo a bug >&2; kill -SEGV $$"), module),
            "`guest.wasm` does not compile: the compiler ended before it was done, by signal 11: "
            "a bug");
  EXPECT_EQ(why_not(compiled_by({"/bin/false"}), module),
            "`guest.wasm` does not compile: the compiler ended before it was done, with status 1");
  EXPECT_EQ(why_not(compiled_by_script("kill -XCPU $$"), module),
            "`guest.wasm` does not compile: it takes more than half an hour of processor time");
}

TEST(WasmCompiler, not_any_number_of_them_waits_in_the_background) {
  const TempDir temp;
  write_file(temp / "wait", "");
  const std::vector<std::string> program = {
      "/bin/sh", "-c", base::cat("while [ -e '", temp / "wait", "' ]; do sleep 0.1; done")};
  lane::BackgroundCompiler compiler;
  for (int i = 0; i < 16; ++i) {
    EXPECT_TRUE(compiler.has_room()) << i;
    compiler.start({.program = program, .module = "x"});
  }
  EXPECT_FALSE(compiler.has_room());
  std::filesystem::remove(temp / "wait");
  while (!compiler.has_room()) // the test's own time limit bounds this
    std::this_thread::yield();
}

TEST(WasmCompiler, one_that_cannot_be_started_is_an_error) {
  Guests guests(compiled_by({"/nowhere/perch"}));
  const auto module = guests.load(built_guest("wat/nop"));
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().message, "cannot start `the compiler`: no such file or directory");
}

TEST(WasmCompiler, is_ended_when_nobody_waits_any_more) {
  const TempDir temp;
  const std::string note = temp / "pid";
  Guests guests(compiled_by_script("echo $$ >" + note + ".new; mv " + note + ".new " + note +
                                   "; exec sleep 1000"));
  const auto token = sys::CancelToken::root()->child();
  std::jthread stopper([&] {
    while (::access(note.c_str(), F_OK) != 0)
      std::this_thread::sleep_for(1ms);
    token->stop(sys::StopReason::Client);
  });
  EXPECT_FALSE(guests.lane().load("guest.wasm", built_guest("wat/nop"), {}, lane::Metering::None,
                                  token.get()));
  const int pid = std::atoi(read_file(note).c_str());
  ASSERT_GT(pid, 0);
  while (::kill(pid, 0) == 0) // the test's own limit of time ends a failure
    std::this_thread::sleep_for(1ms);
}

} // namespace perch::test
