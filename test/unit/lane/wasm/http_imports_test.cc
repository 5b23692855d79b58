#include "lane/wasm/http_imports.h"

#include <gtest/gtest.h>

namespace perch::lane {

TEST(GuestHeaders, lines_become_names_and_values) {
  const auto headers = parse_guest_headers("Accept: text/html\nX-Empty:\nX-Spaced: \t a b \n");
  ASSERT_TRUE(headers);
  ASSERT_EQ(headers->size(), 3u);
  EXPECT_EQ((*headers)[0], std::pair(std::string("Accept"), std::string("text/html")));
  EXPECT_EQ((*headers)[1].second, "");
  EXPECT_EQ((*headers)[2].second, "a b");
  EXPECT_TRUE(parse_guest_headers("")->empty());
}

TEST(GuestHeaders, what_is_no_header_is_refused) {
  for (std::string_view text : {"no colon", ": no name", "a b: c", "A: b\r", "A: b\rHost: x",
                                "A\0: b", "A: b\n\nC: d", "\xc3\xa4: b", "A : b", " A: b"})
    EXPECT_FALSE(parse_guest_headers(text)) << text;
  EXPECT_FALSE(parse_guest_headers(std::string_view("A: b\0c", 6)));
}

TEST(GuestHeaders, what_belongs_to_the_connection_is_refused_in_any_case) {
  for (std::string_view name :
       {"Host", "HOST", "hOsT", "Transfer-Encoding", "Connection", "TE", "Keep-Alive", "Upgrade",
        "Trailer", "Proxy-Authorization", "Content-Length"})
    EXPECT_FALSE(parse_guest_headers(std::string(name) + ": x")) << name;
}

TEST(GuestMemory, only_ranges_inside_are_given) {
  std::uint8_t bytes[16]{};
  GuestMemory memory(bytes, sizeof bytes);
  EXPECT_EQ(memory.read(0, 16)->size(), 16u);
  EXPECT_EQ(memory.read(16, 0)->size(), 0u);
  EXPECT_FALSE(memory.read(16, 1));
  EXPECT_FALSE(memory.read(17, 0));
  EXPECT_FALSE(memory.read(-1, 1));
  EXPECT_FALSE(memory.read(0, -1));
  EXPECT_FALSE(memory.read(-1, -1));
  EXPECT_FALSE(memory.write(8, 9));
  EXPECT_FALSE(GuestMemory(nullptr, 0).read(0, 0));
}

} // namespace perch::lane
