// The HTTP imports as guests see them, with a broker of the test's.

#include "base/error_kinds.h"
#include "guests.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace perch::test {

using namespace std::chrono_literals;
using Token = std::shared_ptr<sys::CancelToken>;

namespace {

/// A module that calls one of the imports with arguments from a table and exits with 0 when the
/// result is what was expected.
std::string calls(const std::string& body) {
  return wasm(R"((module
    (import "perch" "http_get" (func $get (param i32 i32) (result i32)))
    (import "perch" "http_status" (func $status (param i32) (result i32)))
    (import "perch" "http_body_len" (func $len (param i32) (result i32)))
    (import "perch" "http_read_body" (func $read (param i32 i32 i32) (result i32)))
    (import "perch" "http_close" (func $close (param i32) (result i32)))
    (import "perch" "http_request"
      (func $request (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "perch" "http_header" (func $header (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "http://x/")
    (data (i32.const 100) "GETPOST")
    (data (i32.const 200) "A: b\nHost: evil")
    (data (i32.const 300) "content-type")
    (global $n (mut i32) (i32.const 0))
    ;; Counts its calls; exits with the number of the first that differs.
    (func $is (param $got i32) (param $want i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (if (i32.ne (local.get $got) (local.get $want)) (then (call $exit (global.get $n)))))
    (func (export "_start") )" +
              body + "))");
}

lane::HttpBroker page(std::string body) {
  return [body](const op::HttpRequest&, const Token&) -> Result<op::HttpResponse> {
    return op::HttpResponse{
        .status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = body};
  };
}

int run_code(const std::string& module, lane::HttpBroker broker) {
  lane::GuestSpec spec;
  spec.http = std::move(broker);
  const Ran ran = Guests().run(module, std::move(spec));
  return ran.ended.how == lane::Ended::How::Exited ? ran.ended.code : -1;
}

} // namespace

TEST(WasmHttp, a_response_is_read_in_pieces_to_its_end) {
  EXPECT_EQ(run_code(calls(R"(
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 1))
      (call $is (call $status (i32.const 1)) (i32.const 200))
      (call $is (call $len (i32.const 1)) (i32.const 5))
      (call $is (call $read (i32.const 1) (i32.const 1000) (i32.const 3)) (i32.const 3))
      (call $is (i32.load8_u (i32.const 1002)) (i32.const 108))
      (call $is (call $read (i32.const 1) (i32.const 1000) (i32.const 30)) (i32.const 2))
      (call $is (call $read (i32.const 1) (i32.const 1000) (i32.const 30)) (i32.const 0))
      (call $is (call $header (i32.const 1) (i32.const 300) (i32.const 12)
                              (i32.const 1000) (i32.const 4)) (i32.const 10))
      (call $is (i32.load (i32.const 1000)) (i32.const 0x74786574))
      (call $is (call $close (i32.const 1)) (i32.const 0))
      (call $is (call $close (i32.const 1)) (i32.const -1))
      (call $is (call $status (i32.const 1)) (i32.const -1)))"),
                     page("hello")),
            0);
}

TEST(WasmHttp, without_a_broker_every_request_is_refused) {
  EXPECT_EQ(
      run_code(calls("(call $is (call $get (i32.const 0) (i32.const 9)) (i32.const -1))"), {}), 0);
}

TEST(WasmHttp, a_refusal_is_just_minus_one) {
  auto refuse = [](const op::HttpRequest&, const Token&) -> Result<op::HttpResponse> {
    return fail(kind::kHttpSsrfBlocked, "no");
  };
  EXPECT_EQ(
      run_code(calls("(call $is (call $get (i32.const 0) (i32.const 9)) (i32.const -1))"), refuse),
      0);
}

TEST(WasmHttp, a_request_carries_method_headers_and_body) {
  std::mutex mutex;
  op::HttpRequest seen;
  auto broker = [&](const op::HttpRequest& request, const Token&) -> Result<op::HttpResponse> {
    const std::lock_guard lock(mutex);
    seen = request;
    return op::HttpResponse{.status = 201, .headers = {}, .body = {}};
  };
  EXPECT_EQ(run_code(calls(R"(
      (call $is (call $request (i32.const 103) (i32.const 4) (i32.const 0) (i32.const 9)
                               (i32.const 200) (i32.const 4) (i32.const 0) (i32.const 4))
                (i32.const 1))
      (call $is (call $status (i32.const 1)) (i32.const 201)))"),
                     broker),
            0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.url, "http://x/");
  EXPECT_EQ(seen.body, "http");
  ASSERT_EQ(seen.headers.size(), 1u);
  EXPECT_EQ(seen.headers[0].first, "A");
  EXPECT_EQ(seen.headers[0].second, "b");
}

TEST(WasmHttp, a_header_that_is_not_the_guests_to_set_refuses_the_request) {
  std::atomic<int> asked = 0;
  auto broker = [&](const op::HttpRequest&, const Token&) -> Result<op::HttpResponse> {
    ++asked;
    return op::HttpResponse{};
  };
  EXPECT_EQ(run_code(calls(R"(
      (call $is (call $request (i32.const 100) (i32.const 3) (i32.const 0) (i32.const 9)
                               (i32.const 200) (i32.const 15) (i32.const 0) (i32.const 0))
                (i32.const -1)))"),
                     broker),
            0);
  EXPECT_EQ(asked, 0);
}

TEST(WasmHttp, why_a_request_cannot_be_made_is_told) {
  std::vector<std::string> told;
  lane::GuestSpec spec;
  spec.http = page("x");
  spec.http_misused = [&](const op::HttpRequest& request, std::string_view why) {
    told.push_back(request.method + ' ' + request.url + ": " + std::string(why));
  };
  const Ran ran = Guests().run(calls(R"((local $i i32)
      (drop (call $request (i32.const 101) (i32.const 3) (i32.const 0) (i32.const 9)
                           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
      (drop (call $request (i32.const 103) (i32.const 4) (i32.const 0) (i32.const 9)
                           (i32.const 200) (i32.const 15) (i32.const 0) (i32.const 0)))
      (drop (call $request (i32.const 103) (i32.const 4) (i32.const 0) (i32.const 9)
                           (i32.const 300) (i32.const 12) (i32.const 0) (i32.const 0)))
      (drop (call $request (i32.const 103) (i32.const 4) (i32.const 0) (i32.const 9)
                           (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 2)))
      (drop (call $get (i32.const -1) (i32.const 9)))
      (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $is (call $get (i32.const 0) (i32.const 9)) (local.get $i))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 64))))
      (drop (call $get (i32.const 0) (i32.const 9))))"),
                               std::move(spec));
  EXPECT_EQ(ran.ended.code, 0);
  EXPECT_EQ(told, (std::vector<std::string>{
                      "ETP http://x/: the method is none of GET, HEAD, POST, PUT, PATCH and DELETE",
                      "POST http://x/: the header `Host` is not for a module to set",
                      "POST http://x/: a line of the headers is no `Name: value`",
                      "POST http://x/: the module passes what lies outside its memory",
                      "GET : the module passes what lies outside its memory",
                      "GET http://x/: 64 responses are open, of which the module has to close some "
                      "before it asks for more"}));
}

TEST(WasmHttp, pointers_out_of_range_are_minus_one) {
  EXPECT_EQ(run_code(calls(R"(
      (call $is (call $get (i32.const -1) (i32.const 9)) (i32.const -1))
      (call $is (call $get (i32.const 0) (i32.const -1)) (i32.const -1))
      (call $is (call $get (i32.const 65530) (i32.const 9)) (i32.const -1))
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 1))
      (call $is (call $read (i32.const 1) (i32.const 65536) (i32.const 1)) (i32.const -1))
      (call $is (call $read (i32.const 1) (i32.const -1) (i32.const -1)) (i32.const -1))
      (call $is (call $read (i32.const 1) (i32.const 65536) (i32.const 0)) (i32.const 0))
      (call $is (call $read (i32.const 2) (i32.const 0) (i32.const 1)) (i32.const -1))
      (call $is (call $header (i32.const 1) (i32.const 65535) (i32.const 2)
                              (i32.const 0) (i32.const 0)) (i32.const -1))
      (call $is (call $len (i32.const 0)) (i32.const -1))
      (call $is (call $len (i32.const -2147483648)) (i32.const -1)))"),
                     page("hello")),
            0);
}

TEST(WasmHttp, at_most_64_handles_are_open) {
  EXPECT_EQ(run_code(calls(R"((local $i i32)
      (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $is (call $get (i32.const 0) (i32.const 9)) (local.get $i))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 64))))
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const -1))
      (call $is (call $close (i32.const 7)) (i32.const 0))
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 65)))"),
                     page("x")),
            0);
}

TEST(WasmHttp, open_bodies_are_at_most_256_mib_together) {
  EXPECT_EQ(run_code(calls(R"((local $i i32)
      (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $is (call $get (i32.const 0) (i32.const 9)) (local.get $i))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 8))))
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const -1))
      (call $is (call $close (i32.const 3)) (i32.const 0))
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 9))
      (call $is (call $get (i32.const 0) (i32.const 9)) (i32.const -1)))"),
                     page(std::string(32u << 20, 'x'))),
            0);
}

TEST(WasmHttp, a_body_over_32_mib_is_refused) {
  EXPECT_EQ(run_code(calls("(call $is (call $get (i32.const 0) (i32.const 9)) (i32.const -1))"),
                     page(std::string((32u << 20) + 1, 'x'))),
            0);
}

TEST(WasmHttp, a_module_without_memory_gets_minus_one) {
  const std::string module = wasm(R"((module
    (import "perch" "http_get" (func $get (param i32 i32) (result i32)))
    (func (export "_start")
      (if (i32.ne (call $get (i32.const 0) (i32.const 0)) (i32.const -1)) (then unreachable)))))");
  EXPECT_EQ(run_code(module, page("x")), 0);
}

TEST(WasmHttp, the_broker_is_called_on_a_thread_that_may_open_sockets) {
  std::atomic<int> made = -1;
  auto broker = [&](const op::HttpRequest&, const Token&) -> Result<op::HttpResponse> {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    made = fd >= 0 ? 1 : 0;
    ::close(fd);
    return op::HttpResponse{.status = 200, .headers = {}, .body = {}};
  };
  EXPECT_EQ(
      run_code(calls("(call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 1))"), broker),
      0);
  EXPECT_EQ(made, 1);
}

namespace {

/// A server that never answers; its transfer ends with the token only.
Result<op::HttpResponse> silence(const op::HttpRequest&, const Token& cancel) {
  cancel->wait_until(std::chrono::steady_clock::now() + 1h);
  PERCH_TRY(cancel->check());
  return fail(kind::kHttpTimeout, "an hour has passed");
}

} // namespace

TEST(WasmHttp, a_guest_inside_a_call_stops_at_its_deadline) {
  Guests guests;
  const std::string module =
      calls("(call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 1))");
  ASSERT_TRUE(guests.load(module));
  lane::GuestSpec spec = until(100ms);
  spec.http = silence;
  const auto begin = std::chrono::steady_clock::now();
  auto job = guests.start(module, std::move(spec));
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->finish().error.kind, kind::kTimeoutExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 400ms);
}

TEST(WasmHttp, a_transfer_ends_with_its_guest_whatever_stopped_that) {
  // Nothing stops the run: the stage behind it in a pipe went away, say.
  const std::string module =
      calls("(call $is (call $get (i32.const 0) (i32.const 9)) (i32.const 1))");
  std::atomic<bool> asked = false, ended = false;
  Guests guests;
  lane::GuestSpec spec;
  spec.cancel = sys::CancelToken::root();
  spec.stdio = {-1, -1, -1};
  spec.http = [&](const op::HttpRequest& request, const Token& cancel) {
    asked = true;
    asked.notify_all();
    auto answer = silence(request, cancel);
    ended = true;
    return answer;
  };
  auto job = guests.start(module, std::move(spec));
  ASSERT_NE(job, nullptr);
  asked.wait(false);
  const auto begin = std::chrono::steady_clock::now();
  job->terminate(lane::Job::Force::Now);
  EXPECT_EQ(job->finish().how, lane::Ended::How::Signalled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 300ms);
  EXPECT_TRUE(ended); // and is not left behind either
}

TEST(WasmHttp, random_arguments_do_no_harm) {
  std::mt19937 random(7);
  auto number = [&] {
    const std::uint32_t choices[] = {
        0,     1,          9,          100,        65535,
        65536, 0x7fffffff, 0x80000000, 0xffffffff, static_cast<std::uint32_t>(random())};
    return "(i32.const " + std::to_string(choices[random() % std::size(choices)]) + ")";
  };
  const std::pair<const char*, int> functions[] = {{"$get", 2},   {"$status", 1}, {"$len", 1},
                                                   {"$read", 3},  {"$close", 1},  {"$request", 8},
                                                   {"$header", 5}};
  std::string body;
  for (int i = 0; i < 2000; ++i) {
    const auto& [name, count] = functions[random() % std::size(functions)];
    body += "(drop (call " + std::string(name);
    for (int k = 0; k < count; ++k)
      body += number();
    body += "))\n";
  }
  EXPECT_EQ(run_code(calls(body), page("hello")), 0);
}

} // namespace perch::test
