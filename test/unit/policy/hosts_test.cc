#include "base/error_kinds.h"
#include "policy/hosts.h"

#include <gtest/gtest.h>

namespace perch::policy {
namespace {

/// Whether the pattern as written matches the host as written, as the gate would have it.
bool matches(std::string_view pattern, std::string_view host, int port = 443) {
  const auto p = normalize_host_pattern(pattern);
  const auto h = normalize_host(host);
  EXPECT_TRUE(p) << pattern;
  EXPECT_TRUE(h) << host;
  return p && h && host_matches(*p, *h, port);
}

std::string normal(std::string_view host) {
  auto out = normalize_host(host);
  return out ? *out : "refused: " + out.error().message;
}

TEST(Hosts, an_exact_name_matches_itself_alone) {
  EXPECT_TRUE(matches("example.com", "example.com"));
  EXPECT_FALSE(matches("example.com", "a.example.com"));
  EXPECT_FALSE(matches("example.com", "example.com.evil.net"));
  EXPECT_FALSE(matches("example.com", "notexample.com"));
  EXPECT_FALSE(matches("example.com", "example.co"));
}

TEST(Hosts, a_star_covers_any_depth_below_a_name_but_not_the_name) {
  EXPECT_TRUE(matches("*.example.com", "a.example.com"));
  EXPECT_TRUE(matches("*.example.com", "b.a.example.com"));
  EXPECT_FALSE(matches("*.example.com", "example.com"));
  EXPECT_FALSE(matches("*.example.com", "notexample.com"));
  EXPECT_FALSE(matches("*.example.com", "example.com.evil.net"));
  EXPECT_TRUE(matches("*", "anything.at.all"));
}

TEST(Hosts, case_and_a_trailing_dot_do_not_matter) {
  EXPECT_TRUE(matches("API.Example.COM", "api.example.com."));
  EXPECT_TRUE(matches("api.example.com.", "API.EXAMPLE.com"));
  EXPECT_TRUE(matches("*.Example.com.", "A.example.COM"));
}

TEST(Hosts, a_port_limits_the_pattern_to_it) {
  EXPECT_TRUE(matches("x.org:443", "x.org", 443));
  EXPECT_FALSE(matches("x.org:443", "x.org", 80));
  EXPECT_FALSE(matches("x.org:443", "x.org", 4433));
  EXPECT_TRUE(matches("x.org:443", "x.org", 0));
  EXPECT_TRUE(matches("*.x.org:8080", "a.x.org", 8080));
  EXPECT_FALSE(matches("*:8080", "a.x.org", 80));
  EXPECT_TRUE(matches("x.org", "x.org", 65535));
}

TEST(Hosts, ip_literals_compare_by_value) {
  EXPECT_TRUE(matches("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(matches("::1", "[0:0::0:1]"));
  EXPECT_TRUE(matches("[2001:DB8::1]:443", "2001:db8:0:0::1", 443));
  EXPECT_FALSE(matches("[2001:db8::1]:443", "2001:db8::1", 80));
  EXPECT_FALSE(matches("192.0.2.1", "192.0.2.10"));
  EXPECT_FALSE(matches("*.0.2.1.example", "192.0.2.1"));
}

TEST(Hosts, other_spellings_of_an_ipv4_address_are_refused) {
  for (const std::string_view host :
       {"127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.01", "0x7f000001", "1.2.3.4.5",
        "256.1.1.1", "127.0.0.0x1", "a.b.127", "0x"}) {
    const auto out = normalize_host(host);
    ASSERT_FALSE(out) << host;
    EXPECT_EQ(out.error().kind, kind::kBadArgument);
  }
  EXPECT_EQ(normal("127.0.0.1."), "127.0.0.1");
}

TEST(Hosts, labels_beyond_ascii_become_punycode) {
  EXPECT_EQ(normal("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(normal("BÜCHER.example"), "xn--bcher-kva.example");
  EXPECT_EQ(normal("münchen.de"), "xn--mnchen-3ya.de");
  EXPECT_EQ(normal("例え.テスト"), "xn--r8jz45g.xn--zckzah");
  EXPECT_EQ(normal("пример.испытание"), "xn--e1afmkfd.xn--80akhbyknj4f");
  EXPECT_EQ(normal("παράδειγμα.δοκιμή"), "xn--hxajbheg2az3al.xn--jxalpdlp");
  EXPECT_EQ(normal("실례.테스트"), "xn--9n2bp8q.xn--9t4b11yi5a");
  EXPECT_EQ(normal("ŽLUŤOUČKÝ.example"), normal("žluťoučký.example"));
  EXPECT_TRUE(matches("*.bücher.example", "a.xn--bcher-kva.example"));
}

TEST(Hosts, a_look_alike_is_another_name) {
  // The first letter is Cyrillic.
  EXPECT_FALSE(matches("api.example", "аpi.example"));
  EXPECT_EQ(normal("аpi.example"), "xn--pi-6kc.example");
}

TEST(Hosts, characters_that_unicode_maps_to_others_are_refused) {
  // Fullwidth letters, the ideographic full stop, a ligature, a combining accent, a soft hyphen,
  // the Kelvin sign: each would turn into another name on its way to the resolver.
  for (const std::string_view host :
       {"ａｐｉ.example", "api。example", "oﬀice.example", "api.exa\u0301mple", "a\u00adpi.example",
        "\u212aelvin.example", "İstanbul.example", "a\u200bpi.example"}) {
    EXPECT_FALSE(normalize_host(host)) << host;
  }
}

TEST(Hosts, what_is_no_name_is_refused) {
  for (const std::string_view host : {"",
                                      ".",
                                      "..",
                                      "a..b",
                                      ".a",
                                      "a b",
                                      "a/b",
                                      "a@b",
                                      "a%2eb",
                                      "a\\b",
                                      "a#b",
                                      "a?b",
                                      "[::1",
                                      "::1%eth0",
                                      "a:b",
                                      "[a]",
                                      "[192.0.2.1]",
                                      "[]",
                                      "\xff.example",
                                      "a\nb",
                                      "*",
                                      "*.example.com"}) {
    EXPECT_FALSE(normalize_host(host)) << host;
  }
  EXPECT_FALSE(normalize_host(std::string(64, 'a') + ".example"));
  EXPECT_FALSE(normalize_host("a" + std::string(300, 'b')));
  std::string long_name;
  for (int i = 0; i < 70; ++i)
    long_name += "abc.";
  EXPECT_FALSE(normalize_host(long_name));
  EXPECT_FALSE(normalize_host(std::string_view("a\0b", 3)));
}

TEST(Hosts, patterns_that_mean_something_else_are_refused_with_the_way_out) {
  const auto help = [](std::string_view pattern) {
    const auto out = normalize_host_pattern(pattern);
    return out ? "accepted as " + *out : out.error().message + " | " + out.error().help;
  };
  EXPECT_EQ(help("https://api.x.org/v1"),
            "`https://api.x.org/v1` is no host pattern: a pattern has no scheme and no path | "
            "write just the host: api.x.org");
  EXPECT_EQ(help("api.x.org/v1"), "`api.x.org/v1` is no host pattern: a pattern has no path | "
                                  "write just the host: api.x.org");
  EXPECT_EQ(help("10.0.0.0/8"), "`10.0.0.0/8` is no host pattern: address ranges are not supported "
                                "| list the addresses");
  EXPECT_EQ(help("*x.org"), "`*x.org` is no host pattern: `*` stands only for whole labels at the "
                            "start | write *.example.com for every name below example.com");
  for (const std::string_view pattern :
       {"", "x.org:", "x.org:0", "x.org:65536", "x.org:http", "x.org:+80", "[::1", "[::1]80",
        "[x.org]", "*.*.org", "a.*.org", "x.*", "*.192.0.2.1", "me@x.org", ":443", "**.x.org", "*.",
        "::1:99999", "127.1"}) {
    EXPECT_FALSE(check_host_pattern(pattern)) << pattern;
  }
}

} // namespace
} // namespace perch::policy
