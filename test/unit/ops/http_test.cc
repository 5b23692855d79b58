#include "op_fixture.h"

namespace perch::ops {
namespace {

constexpr const char* kUrl = "https://jam.example/jars";

class HttpOps : public Ops {
protected:
  HttpOps() {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH"})
      world.pages[std::string(method) + ' ' + kUrl] = {.body = std::string(method) + " done"};
    world.pages["HEAD https://jam.example/jars"] = {.status = 204, .body = {}};
    world.pages["GET https://jam.example/gone"] = {.status = 404, .body = "no such jar"};
    world.pages["HEAD https://jam.example/gone"] = {.status = 404, .body = {}};
    world.pages["HEAD https://jam.example/headless"] = {.status = 405, .body = {}};
    world.pages["GET https://jam.example/headless"] = {.status = 200, .body = "here"};
    refuse("https://secret.example/", kind::kHostNotDeclared);
    refuse("https://slow.example/", kind::kHttpTimeout);
    refuse("https://inside.example/", kind::kHttpSsrfBlocked);
  }

  void refuse(const std::string& url, std::string_view kind) {
    for (const char* method : {"GET ", "HEAD "})
      world.pages[method + url] = {.body = {}, .error = fail(kind, "no", url).error()};
  }

  std::string header(std::string_view name) {
    for (const auto& [have, value] : world.requests.back().headers) {
      if (have == name)
        return value;
    }
    return "(none)";
  }
};

TEST_F(HttpOps, each_method_returns_the_body) {
  EXPECT_EQ(text("http_get", {kUrl}), "GET done");
  EXPECT_EQ(text("http_post", {kUrl, "{}"}), "POST done");
  EXPECT_EQ(text("http_put", {kUrl, "{}"}), "PUT done");
  EXPECT_EQ(text("http_delete", {kUrl}), "DELETE done");
  EXPECT_EQ(text("http_request", {"PATCH", kUrl, "x"}), "PATCH done");
}

TEST_F(HttpOps, a_request_is_bounded_in_time_and_size) {
  text("http_get", {kUrl});
  EXPECT_EQ(world.requests.back().timeout, std::chrono::seconds(30));
  EXPECT_EQ(world.requests.back().max_body_bytes, 32u << 20);
  text("http_get", {kUrl, named("timeout", "500ms")});
  EXPECT_EQ(world.requests.back().timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(kind("http_get", {kUrl, named("timeout", "0")}), kind::kBadArgument);
  EXPECT_EQ(kind("http_get", {kUrl, named("timeout", "soon")}), kind::kBadArgument);
}

TEST_F(HttpOps, a_body_is_json_unless_a_header_says_otherwise) {
  text("http_post", {kUrl, R"({"n": 1})"});
  EXPECT_EQ(world.requests.back().body, R"({"n": 1})");
  EXPECT_EQ(header("Content-Type"), "application/json");
  text("http_post", {kUrl, "plums", named("headers", "content-type: text/plain")});
  EXPECT_EQ(header("content-type"), "text/plain");
  EXPECT_EQ(header("Content-Type"), "(none)");
  text("http_get", {kUrl});
  EXPECT_EQ(header("Content-Type"), "(none)");
}

TEST_F(HttpOps, headers_are_lines_or_elements) {
  text("http_get", {kUrl, named("headers", "A: 1\nB:  two words \n")});
  EXPECT_EQ(header("A"), "1");
  EXPECT_EQ(header("B"), "two words");
  text("http_get", {kUrl, Arg("headers", list_of({"C: 3", "D:"}))});
  EXPECT_EQ(header("C"), "3");
  EXPECT_EQ(header("D"), "");
}

TEST_F(HttpOps, a_header_cannot_smuggle_another) {
  EXPECT_EQ(kind("http_get", {kUrl, Arg("headers", list_of({"A: 1\r\nHost: evil"}))}),
            kind::kBadArgument);
  EXPECT_EQ(kind("http_get", {kUrl, named("headers", "A: 1\rB: 2")}), kind::kBadArgument);
  for (const char* broken : {"no colon", ": value", "  : x"})
    EXPECT_EQ(kind("http_get", {kUrl, named("headers", broken)}), kind::kBadArgument) << broken;
  EXPECT_TRUE(world.requests.empty());
}

TEST_F(HttpOps, a_status_is_an_error_only_when_strict) {
  EXPECT_EQ(text("http_get", {"https://jam.example/gone"}), "no such jar");
  const Error gone = error("http_get", {"https://jam.example/gone", named("strict", "true")});
  EXPECT_EQ(gone.kind, kind::kHttpStatus);
  EXPECT_EQ(gone.code, 404);
  EXPECT_EQ(text("http_get", {kUrl, named("strict", "true")}), "GET done");
  EXPECT_EQ(kind("http_get", {kUrl, named("strict", "maybe")}), kind::kBadArgument);
}

TEST_F(HttpOps, http_request_knows_its_methods) {
  for (const char* method : {"", "get", "TRACE", "CONNECT", "GET /x HTTP/1.1\r\n"})
    EXPECT_EQ(kind("http_request", {method, kUrl}), kind::kBadArgument) << method;
}

TEST_F(HttpOps, http_status_is_0_when_nobody_answers) {
  EXPECT_EQ(text("http_status", {kUrl}), "204");
  EXPECT_EQ(text("http_status", {"https://jam.example/gone"}), "404");
  EXPECT_EQ(text("http_status", {"https://nowhere.example/"}), "0");
  EXPECT_EQ(text("http_status", {"https://slow.example/"}), "0");
  EXPECT_EQ(value("http_status", {kUrl}).type(), op::Type::Int);
}

TEST_F(HttpOps, http_status_asks_again_where_heads_are_not_allowed) {
  EXPECT_EQ(text("http_status", {"https://jam.example/headless"}), "200");
  EXPECT_EQ(world.requests.back().method, "GET");
}

TEST_F(HttpOps, a_refusal_is_never_a_status) {
  EXPECT_EQ(kind("http_status", {"https://secret.example/"}), kind::kHostNotDeclared);
  EXPECT_EQ(kind("http_status", {"https://inside.example/"}), kind::kHttpSsrfBlocked);
  EXPECT_EQ(kind("http_get", {"https://secret.example/"}), kind::kHostNotDeclared);
  world.denied = {op::Cap::Net};
  EXPECT_EQ(kind("http_status", {kUrl}), kind::kCapabilityDenied);
}

// ---- download -----------------------------------------------------------------------------------

constexpr const char* kOtherDigest =
    "0000000000000000000000000000000000000000000000000000000000000000";

TEST_F(HttpOps, download_writes_the_body) {
  text("download", {kUrl, "jars.txt"});
  EXPECT_EQ(world.files.bytes("jars.txt"), "GET done");
}

TEST_F(HttpOps, download_checks_the_digest_before_the_file_appears) {
  const std::string right = text("sha256", {"GET done"});
  text("download", {kUrl, "jars.txt", named("sha256", "sha256:" + right)});
  EXPECT_EQ(world.files.bytes("jars.txt"), "GET done");
  world.files.put("old.txt", "yesterday");
  EXPECT_EQ(kind("download", {kUrl, "old.txt", named("sha256", kOtherDigest)}),
            kind::kAssertFailed);
  EXPECT_EQ(world.files.bytes("old.txt"), "yesterday");
}

TEST_F(HttpOps, download_asks_nobody_when_the_digest_is_none) {
  EXPECT_EQ(kind("download", {kUrl, "x", named("sha256", "abc")}), kind::kBadArgument);
  EXPECT_TRUE(world.requests.empty());
}

TEST_F(HttpOps, an_error_page_is_no_download) {
  world.files.put("jars.txt", "yesterday");
  const Error gone = error("download", {"https://jam.example/gone", "jars.txt"});
  EXPECT_EQ(gone.kind, kind::kHttpStatus);
  EXPECT_EQ(gone.code, 404);
  EXPECT_EQ(world.files.bytes("jars.txt"), "yesterday");
}

TEST_F(HttpOps, a_failed_download_leaves_nothing) {
  EXPECT_EQ(kind("download", {"https://slow.example/", "x"}), kind::kHttpTimeout);
  EXPECT_EQ(world.files.bytes("x"), "(missing)");
}

TEST_F(HttpOps, download_asks_nobody_when_it_may_not_write) {
  EXPECT_EQ(kind("download", {kUrl, "no/parent"}), kind::kFileNotFound);
  world.denied = {op::Cap::Write};
  EXPECT_EQ(kind("download", {kUrl, "x"}), kind::kCapabilityDenied);
  EXPECT_TRUE(world.requests.empty());
}

} // namespace
} // namespace perch::ops
