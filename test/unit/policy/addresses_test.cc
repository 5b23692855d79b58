#include "policy/addresses.h"

#include <gtest/gtest.h>

namespace perch::policy {
namespace {

std::string why(std::string_view text) {
  const auto ip = parse_ip(text);
  return ip ? std::string(not_public_because(ip->bytes())) : "not an address";
}

TEST(Addresses, each_special_network_is_named_from_its_first_to_its_last_address) {
  const struct {
    std::string_view first, last, name;
  } kNetworks[] = {
      {"0.0.0.0", "0.255.255.255", "unspecified"},
      {"10.0.0.0", "10.255.255.255", "private"},
      {"100.64.0.0", "100.127.255.255", "carrier-grade NAT"},
      {"127.0.0.0", "127.255.255.255", "loopback"},
      {"169.254.0.0", "169.254.255.255", "link-local"},
      {"172.16.0.0", "172.31.255.255", "private"},
      {"192.0.0.0", "192.0.0.255", "reserved"},
      {"192.0.2.0", "192.0.2.255", "documentation"},
      {"192.168.0.0", "192.168.255.255", "private"},
      {"198.18.0.0", "198.19.255.255", "benchmarking"},
      {"198.51.100.0", "198.51.100.255", "documentation"},
      {"203.0.113.0", "203.0.113.255", "documentation"},
      {"224.0.0.0", "239.255.255.255", "multicast"},
      {"240.0.0.0", "255.255.255.254", "reserved"},
      {"255.255.255.255", "255.255.255.255", "broadcast"},
      {"::", "::", "unspecified"},
      {"::1", "::1", "loopback"},
      {"::2", "::fffe:ffff:ffff", "reserved"},
      {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local NAT64"},
      {"100::", "100::ffff:ffff:ffff:ffff", "discard"},
      {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"},
      {"2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"},
      {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
      {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
      {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"},
      {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique-local"},
      {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"},
      {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"},
      {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"},
  };
  for (const auto& network : kNetworks) {
    EXPECT_EQ(why(network.first), network.name) << network.first;
    EXPECT_EQ(why(network.last), network.name) << network.last;
  }
}

TEST(Addresses, the_neighbours_of_special_networks_are_public) {
  for (const std::string_view text : {"1.0.0.0",
                                      "9.255.255.255",
                                      "11.0.0.0",
                                      "100.63.255.255",
                                      "100.128.0.0",
                                      "126.255.255.255",
                                      "128.0.0.0",
                                      "169.253.255.255",
                                      "169.255.0.0",
                                      "172.15.255.255",
                                      "172.32.0.0",
                                      "192.0.1.255",
                                      "192.0.3.0",
                                      "192.167.255.255",
                                      "192.169.0.0",
                                      "198.17.255.255",
                                      "198.20.0.0",
                                      "203.0.112.255",
                                      "203.0.114.0",
                                      "223.255.255.255",
                                      "8.8.8.8",
                                      "2001:200::",
                                      "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
                                      "2001:db9::",
                                      "2606:4700::1111",
                                      "3ffe:ffff::"}) {
    EXPECT_EQ(why(text), "") << text;
  }
}

TEST(Addresses, an_address_that_carries_another_is_judged_by_it) {
  EXPECT_EQ(why("::ffff:127.0.0.1"), "loopback");
  EXPECT_EQ(why("::ffff:a9fe:a9fe"), "link-local");
  EXPECT_EQ(why("::ffff:8.8.8.8"), "");
  EXPECT_EQ(why("64:ff9b::10.0.0.1"), "private");
  EXPECT_EQ(why("64:ff9b::8.8.8.8"), "");
  EXPECT_EQ(why("2002:7f00:1::"), "loopback");
  EXPECT_EQ(why("2002:c0a8:101::1"), "private");
  EXPECT_EQ(why("2002:808:808::"), "");
  // IPv4-compatible addresses are long dead, so none is public.
  EXPECT_EQ(why("::8.8.8.8"), "reserved");
}

TEST(Addresses, only_well_formed_text_is_an_address) {
  for (const std::string_view text : {"",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "01.2.3.4",
                                      "1.2.3.256",
                                      "1.2.3.-1",
                                      "1.2.3.4 ",
                                      "0x1.2.3.4",
                                      "1.2.3.",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "12345::",
                                      "g::",
                                      "::1%lo",
                                      "[::1]",
                                      "1.2.3.4::",
                                      "::1.2.3",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::1.2.3.4:5",
                                      "1:2:3:4:5:6:7:8::",
                                      ":1",
                                      "1:"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
}

TEST(Addresses, text_is_the_shortest_form) {
  const std::pair<std::string_view, std::string_view> kForms[] = {
      {"0:0:0:0:0:0:0:0", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:0db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"1:0:0:0:0:0:0:0", "1::"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"::ffff:1.2.3.4", "::ffff:102:304"},
      {"1.2.3.4", "1.2.3.4"},
  };
  for (const auto& [written, shortest] : kForms) {
    const auto ip = parse_ip(written);
    ASSERT_TRUE(ip) << written;
    EXPECT_EQ(ip_text(*ip), shortest);
    EXPECT_EQ(parse_ip(ip_text(*ip)), ip);
  }
}

TEST(Addresses, bytes_of_no_address_family_are_not_public) {
  EXPECT_EQ(not_public_because({}), "malformed");
  const std::uint8_t five[5] = {8, 8, 8, 8, 8};
  EXPECT_EQ(not_public_because(five), "malformed");
}

} // namespace
} // namespace perch::policy
