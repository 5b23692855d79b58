#include "policy/urls.h"

#include <gtest/gtest.h>

namespace perch::policy {
namespace {

std::string parsed(std::string_view text) {
  const auto url = parse_url(text);
  return url ? url->text() : "refused: " + url.error().message;
}

std::string resolved(std::string_view base, std::string_view location) {
  const auto url = resolve_url(*parse_url(base), location);
  return url ? url->text() : "refused";
}

TEST(Urls, parts_are_normalized) {
  const auto url = parse_url("HTTPS://API.Example.com.:8443/a/../b?q=1#part");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->https);
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/b?q=1");
  EXPECT_EQ(url->text(), "https://api.example.com:8443/b?q=1");
  EXPECT_EQ(parsed("http://x.org"), "http://x.org/");
  EXPECT_EQ(parsed("http://x.org:80/"), "http://x.org/");
  EXPECT_EQ(parsed("https://x.org:443"), "https://x.org/");
  EXPECT_EQ(parsed("http://x.org?q"), "http://x.org/?q");
  EXPECT_EQ(parsed("http://[::1]:8080/x"), "http://[::1]:8080/x");
  EXPECT_EQ(parsed("http://bücher.example/ü b"), "http://xn--bcher-kva.example/%C3%BC%20b");
}

TEST(Urls, dots_never_leave_the_root) {
  EXPECT_EQ(parsed("http://x/../../a"), "http://x/a");
  EXPECT_EQ(parsed("http://x/a/./b/.."), "http://x/a/");
  EXPECT_EQ(parsed("http://x/a/."), "http://x/a/");
  EXPECT_EQ(parsed("http://x/.."), "http://x/");
  EXPECT_EQ(parsed("http://x/a//b"), "http://x/a//b");
  EXPECT_EQ(parsed("http://x/a?b/../c"), "http://x/a?b/../c");
}

TEST(Urls, other_schemes_and_hosts_that_are_none_are_refused) {
  for (const std::string_view text :
       {"", "x.org", "ftp://x.org", "file:///etc/passwd", "http:/x.org", "http:x.org", "http://",
        "http:///x", "http://:80/", "http://x:0/", "http://x:65536/", "http://x:/", "http://x:1a/",
        "http://x:+1/", "gopher://x", "javascript:1", "//x.org/"})
    EXPECT_FALSE(parse_url(text)) << text;
  EXPECT_EQ(parse_url("x.org/a").error().help, "write https://x.org/a");
}

TEST(Urls, what_parsers_read_differently_is_refused) {
  for (const std::string_view text :
       {"http://good.org@evil.org/", "http://user:pw@x.org/", "http://x.org\\@evil.org/",
        "http://x.org\\evil", "http://x.org%2eevil.org/", "http://x.org\tevil/", "http://x.org\n/",
        "http://x.org /", "http://127.1/", "http://0x7f000001/", "http://2130706433/",
        "http://[::1", "http://::1/", "http://[::1%25lo]/", "http://[x.org]/",
        "http://x.org:80:90/"})
    EXPECT_FALSE(parse_url(text)) << text;
  // What follows `#` is no part of what is asked for.
  EXPECT_EQ(parsed("http://x.org#@evil.org/"), "http://x.org/");
  EXPECT_EQ(parsed("http://x.org?@evil.org/"), "http://x.org/?@evil.org/");
  EXPECT_EQ(parsed("http://x.org/@evil.org"), "http://x.org/@evil.org");
}

TEST(Urls, locations_are_seen_from_the_page_that_named_them) {
  EXPECT_EQ(resolved("https://x.org/a/b?q", "c"), "https://x.org/a/c");
  EXPECT_EQ(resolved("https://x.org/a/b?q", "../c"), "https://x.org/c");
  EXPECT_EQ(resolved("https://x.org/a/b?q", "/c"), "https://x.org/c");
  EXPECT_EQ(resolved("https://x.org/a/b?q", "?r"), "https://x.org/a/b?r");
  EXPECT_EQ(resolved("https://x.org/a/b?q", ""), "https://x.org/a/b?q");
  EXPECT_EQ(resolved("https://x.org/a/b?q", "#f"), "https://x.org/a/b?q");
  EXPECT_EQ(resolved("https://x.org:8443/a", "//y.org/c"), "https://y.org/c");
  EXPECT_EQ(resolved("https://x.org:8443/a", "/c"), "https://x.org:8443/c");
  EXPECT_EQ(resolved("http://x.org/a", " https://y.org "), "https://y.org/");
  EXPECT_EQ(resolved("http://x.org/a", "a:b"), "refused");
  EXPECT_EQ(resolved("http://x.org/a", "file:///etc/passwd"), "refused");
  EXPECT_EQ(resolved("http://x.org/a", "//u@y.org/"), "refused");
  EXPECT_EQ(resolved("http://[::1]:80/a", "b"), "http://[::1]/b");
}

} // namespace
} // namespace perch::policy
