#include "run/gate_http_rules.h"

#include <gtest/gtest.h>

#include <map>

namespace perch::run {
namespace {

using Table = std::map<std::string, std::string, std::less<>>;

class TableEnv final : public sys::Env {
public:
  explicit TableEnv(Table table) : table_(std::move(table)) {}
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const override {
    const auto found = table_.find(name);
    return found == table_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  [[nodiscard]] std::vector<std::string_view> all() const override { return {}; }

private:
  Table table_;
};

op::HttpRequest with_header(std::string name, std::string value) {
  return {.url = "http://x.org", .headers = {{std::move(name), std::move(value)}}};
}

TEST(HttpRules, headers_that_decide_where_a_message_goes_or_ends_are_refused) {
  for (const char* name :
       {"Host", "host", "HOST", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
        "Proxy-Authorization", "proxy-connection", "TE", "Trailer", "Upgrade", "Expect"})
    EXPECT_FALSE(first_message(with_header(name, "x"))) << name;
  for (const char* name : {"", "a b", "a:b", "a\nb", "ä", "a(b"})
    EXPECT_FALSE(first_message(with_header(name, "x"))) << name;
  for (const std::string& value : {std::string("a\r\nHost: evil"), std::string("a\nb"),
                                   std::string("a\0b", 3), std::string("\x7f")})
    EXPECT_FALSE(first_message(with_header("X-A", value)));
  EXPECT_TRUE(first_message(with_header("Authorization", "Bearer x")));
  EXPECT_TRUE(first_message(with_header("X-Tab", "a\tb")));
}

TEST(HttpRules, methods_are_those_of_the_list) {
  for (const char* method : {"get", "TRACE", "CONNECT", "", "GET /x", "GET\r\n"})
    EXPECT_FALSE(first_message({.method = method, .url = "http://x.org"})) << method;
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
    EXPECT_TRUE(first_message({.method = method, .url = "http://x.org"})) << method;
}

TEST(HttpRules, a_resumed_request_asks_for_the_rest) {
  const auto message = first_message({.url = "http://x.org", .resume_from = 100});
  ASSERT_TRUE(message);
  EXPECT_EQ(header_of(message->headers, "range"), "bytes=100-");
  EXPECT_EQ(header_of(message->headers, "User-Agent"), "perch");
}

/// The message after a redirect, as "METHOD URL body headers".
std::string redirected(std::string method, int status, std::string_view target) {
  HttpMessage message{
      .method = std::move(method),
      .url = *policy::parse_url("https://x.org/a"),
      .headers = {{"Authorization", "s"}, {"Cookie", "c"}, {"X-A", "1"}, {"Content-Type", "t"}},
      .body = "body"};
  redirect(message, status, *policy::parse_url(target));
  std::string out = message.method + " " + message.url.text() + " " + message.body;
  for (const auto& [name, value] : message.headers)
    out += " " + name;
  return out;
}

TEST(HttpRules, a_redirect_keeps_or_changes_the_method_as_its_status_says) {
  EXPECT_EQ(redirected("POST", 307, "https://x.org/b"),
            "POST https://x.org/b body Authorization Cookie X-A Content-Type");
  EXPECT_EQ(redirected("POST", 308, "https://x.org/b"),
            "POST https://x.org/b body Authorization Cookie X-A Content-Type");
  for (const int status : {301, 302, 303})
    EXPECT_EQ(redirected("POST", status, "https://x.org/b"),
              "GET https://x.org/b  Authorization Cookie X-A");
  EXPECT_EQ(redirected("PUT", 302, "https://x.org/b"),
            "PUT https://x.org/b body Authorization Cookie X-A Content-Type");
  EXPECT_EQ(redirected("PUT", 303, "https://x.org/b"),
            "GET https://x.org/b  Authorization Cookie X-A");
  EXPECT_EQ(redirected("HEAD", 303, "https://x.org/b"),
            "HEAD https://x.org/b body Authorization Cookie X-A Content-Type");
}

TEST(HttpRules, credentials_do_not_go_to_another_origin) {
  for (const char* target :
       {"https://y.org/b", "http://x.org/b", "https://x.org:8443/b", "https://a.x.org/b"})
    EXPECT_EQ(redirected("GET", 307, target),
              std::string("GET ") + target + " body X-A Content-Type");
}

TEST(HttpRules, proxies_come_from_the_environment_but_never_from_a_request) {
  const auto http = *policy::parse_url("http://x.org/"),
             https = *policy::parse_url("https://x.org/");
  const TableEnv env(Table{{"http_proxy", "http://p:1"}, {"HTTPS_PROXY", "http://p:2"}});
  EXPECT_EQ(proxy_for(env, http), "http://p:1");
  EXPECT_EQ(proxy_for(env, https), "http://p:2");
  EXPECT_EQ(proxy_for(TableEnv(Table{{"HTTP_PROXY", "http://p:1"}}), http), "");
  EXPECT_EQ(proxy_for(TableEnv(Table{{"ALL_PROXY", "http://p:3"}}), http), "http://p:3");
  EXPECT_EQ(proxy_for(TableEnv(Table{}), https), "");
}

TEST(HttpRules, no_proxy_names_what_goes_straight) {
  const auto goes_straight = [](std::string list, std::string_view url) {
    return proxy_for(TableEnv(Table{{"all_proxy", "p"}, {"no_proxy", std::move(list)}}),
                     *policy::parse_url(url))
        .empty();
  };
  EXPECT_TRUE(goes_straight("*", "http://x.org"));
  EXPECT_TRUE(goes_straight("y.org, x.org", "http://x.org"));
  EXPECT_TRUE(goes_straight("x.org", "http://a.X.org"));
  EXPECT_TRUE(goes_straight(".x.org", "http://a.x.org"));
  EXPECT_TRUE(goes_straight("*.x.org", "http://a.x.org"));
  EXPECT_TRUE(goes_straight("x.org:80", "http://x.org"));
  EXPECT_FALSE(goes_straight("x.org:81", "http://x.org"));
  EXPECT_FALSE(goes_straight("x.org", "http://ax.org"));
  EXPECT_FALSE(goes_straight("", "http://x.org"));
  EXPECT_FALSE(goes_straight(",", "http://x.org"));
}

} // namespace
} // namespace perch::run
