#include "base/error_kinds.h"
#include "support/http_server.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace perch::sys {
namespace {

using test::answer;
using test::HttpServer;

constexpr Address kLoopback{.data = {127, 0, 0, 1}};

class TableEnv final : public Env {
public:
  std::map<std::string, std::string, std::less<>> table;
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const override {
    const auto found = table.find(name);
    return found == table.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  [[nodiscard]] std::vector<std::string_view> all() const override { return {}; }
};

class HttpCurlTest : public testing::Test {
protected:
  static HttpExchange to(const HttpServer& server, std::string path = "/") {
    return {.method = "GET",
            .url = "http://x.example:" + std::to_string(server.port()) + path,
            .host = "x.example",
            .port = server.port(),
            .addresses = {kLoopback},
            .timeout = std::chrono::seconds(20)};
  }
  std::string kind(const HttpExchange& exchange) {
    const auto reply = transport->exchange(exchange, *cancel);
    return reply ? "status " + std::to_string(reply->status) : std::string(reply.error().kind);
  }
  TableEnv env;
  std::unique_ptr<HttpTransport> transport = curl_transport(env);
  std::shared_ptr<CancelToken> cancel = CancelToken::root();
};

TEST_F(HttpCurlTest, an_exchange_brings_status_headers_and_body) {
  const HttpServer server(
      [](const std::string&) { return answer("hello", "X-A: 1\r\nX-A: 2\r\n", "201 Created"); });
  const auto reply = transport->exchange(to(server, "/a?b"), *cancel);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->body, "hello");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"Content-Length", "5"}, {"Connection", "close"}, {"X-A", "1"}, {"X-A", "2"}};
  EXPECT_EQ(reply->headers, expected);
  EXPECT_EQ(server.requests(),
            std::vector<std::string>{
                "GET /a?b HTTP/1.1\r\nHost: x.example:" + std::to_string(server.port()) +
                "\r\nAccept-Encoding: gzip, deflate\r\n\r\n"});
}

TEST_F(HttpCurlTest, method_headers_and_body_go_out_as_given) {
  const HttpServer server([](const std::string&) { return answer(""); });
  HttpExchange exchange = to(server);
  exchange.method = "PUT";
  exchange.headers = {{"Content-Type", "text/x"}, {"X-Empty", ""}};
  exchange.body = std::string("a\0b", 3);
  EXPECT_EQ(kind(exchange), "status 200");
  const std::string sent = server.requests().at(0);
  EXPECT_TRUE(sent.starts_with("PUT / HTTP/1.1\r\n")) << sent;
  EXPECT_NE(sent.find("Content-Type: text/x\r\nX-Empty:\r\n"), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with(std::string("\r\n\r\na\0b", 7))) << sent;
  exchange.method = "POST";
  exchange.body.clear();
  exchange.headers.clear();
  EXPECT_EQ(kind(exchange), "status 200");
  EXPECT_NE(server.requests().at(1).find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_EQ(server.requests().at(1).find("Content-Type"), std::string::npos);
}

TEST_F(HttpCurlTest, head_has_no_body) {
  const HttpServer server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  });
  HttpExchange exchange = to(server);
  exchange.method = "HEAD";
  EXPECT_EQ(kind(exchange), "status 200");
}

TEST_F(HttpCurlTest, nothing_is_followed) {
  const HttpServer server([](const std::string&) {
    return answer("moved", "Location: http://x.example/\r\n", "302 Found");
  });
  HttpExchange exchange = to(server);
  EXPECT_EQ(kind(exchange), "status 302");
  exchange.wants_body = [](int status) { return status == 200; };
  const auto reply = transport->exchange(exchange, *cancel);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "");
  EXPECT_EQ(reply->headers.back().second, "http://x.example/");
}

TEST_F(HttpCurlTest, no_socket_is_opened_to_an_address_that_was_not_vetted) {
  const HttpServer server([](const std::string&) { return answer("secret"); });
  HttpExchange exchange = to(server);
  // The name in the URL is the server itself, but nobody vetted that address.
  exchange.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  exchange.host = "127.0.0.1";
  exchange.addresses = {{.data = {192, 0, 2, 1}}};
  EXPECT_EQ(kind(exchange), kind::kHttpError);
  exchange.url = "http://localhost:" + std::to_string(server.port()) + "/";
  exchange.host = "localhost";
  exchange.addresses.clear();
  EXPECT_EQ(kind(exchange), kind::kHttpError);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpCurlTest, proxies_of_the_environment_are_not_used) {
  const HttpServer proxy([](const std::string&) { return answer("proxy"); });
  const HttpServer server([](const std::string&) { return answer("server"); });
  const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})
    ASSERT_EQ(::setenv(name, url.c_str(), 1), 0);
  const auto reply = transport->exchange(to(server), *cancel);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})
    ASSERT_EQ(::unsetenv(name), 0);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "server");
  HttpExchange exchange = to(server);
  exchange.proxy = url;
  EXPECT_EQ(transport->exchange(exchange, *cancel).value().body, "proxy");
}

TEST_F(HttpCurlTest, a_body_past_its_limit_is_an_error) {
  const HttpServer server([](const std::string&) { return answer(std::string(100000, 'x')); });
  HttpExchange exchange = to(server);
  exchange.max_body_bytes = 99999;
  EXPECT_EQ(kind(exchange), kind::kOutputTooLarge);
  exchange.max_body_bytes = 100000;
  EXPECT_EQ(kind(exchange), "status 200");
}

TEST_F(HttpCurlTest, a_sink_gets_the_body_in_pieces_and_may_end_it) {
  const HttpServer server([](const std::string&) { return answer(std::string(300000, 'x')); });
  HttpExchange exchange = to(server);
  std::size_t seen = 0;
  exchange.sink = [&](std::string_view piece) {
    seen += piece.size();
    return Status();
  };
  const auto reply = transport->exchange(exchange, *cancel);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "");
  EXPECT_EQ(seen, 300000u);
  exchange.sink = [](std::string_view) -> Status { return fail(kind::kFileError, "disk full"); };
  EXPECT_EQ(kind(exchange), kind::kFileError);
}

TEST_F(HttpCurlTest, interim_answers_and_broken_ones_are_told_apart) {
  const std::string early = "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer("x");
  std::atomic<const char*> reply = early.c_str();
  const HttpServer server([&](const std::string&) { return std::string(reply); });
  const auto got = transport->exchange(to(server), *cancel);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->headers.size(), 2u);
  for (const char* broken :
       {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}) {
    reply = broken;
    EXPECT_EQ(kind(to(server)), kind::kHttpError) << broken;
  }
}

TEST_F(HttpCurlTest, silence_ends_at_the_timeout) {
  const HttpServer server([](const std::string&) { return std::string("hang"); });
  HttpExchange exchange = to(server);
  exchange.timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(kind(exchange), kind::kHttpTimeout);
}

TEST_F(HttpCurlTest, a_stopped_run_ends_its_exchange_at_once) {
  const HttpServer server([](const std::string&) { return std::string("hang"); });
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel->stop(StopReason::Client);
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(transport->exchange(to(server), *cancel));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  stopper.join();
}

TEST_F(HttpCurlTest, a_refused_connection_is_an_error_that_names_the_host) {
  int port = 0;
  {
    const HttpServer gone([](const std::string&) { return answer(""); });
    port = gone.port();
  }
  HttpExchange exchange{.method = "GET",
                        .url = "http://x.example:" + std::to_string(port) + "/",
                        .host = "x.example",
                        .port = port,
                        .addresses = {kLoopback}};
  const auto reply = transport->exchange(exchange, *cancel);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, kind::kHttpError);
  EXPECT_TRUE(reply.error().message.starts_with("cannot talk to x.example: "));
}

TEST_F(HttpCurlTest, a_certificate_that_nobody_trusts_ends_the_exchange) {
  const HttpServer server([](const std::string&) { return answer("secret"); },
                          HttpServer::Security::SelfSigned);
  HttpExchange exchange = to(server);
  exchange.url = "https://localhost:" + std::to_string(server.port()) + "/";
  exchange.host = "localhost";
  EXPECT_EQ(kind(exchange), kind::kHttpError);
  EXPECT_TRUE(server.requests().empty());

  // Named as an authority it is trusted, but only for the name it was made for.
  const test::TempDir directory;
  test::write_file(directory / "ca.pem", server.certificate());
  env.table["SSL_CERT_FILE"] = directory / "ca.pem";
  EXPECT_EQ(kind(exchange), "status 200");
  exchange.url = "https://other.example:" + std::to_string(server.port()) + "/";
  exchange.host = "other.example";
  EXPECT_EQ(kind(exchange), kind::kHttpError);
}

} // namespace
} // namespace perch::sys
