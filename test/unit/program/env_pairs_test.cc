#include "base/text.h"
#include "program/env_pairs.h"

#include <gtest/gtest.h>

namespace perch::program {
namespace {

std::string shown(const std::vector<EnvPair>& pairs) {
  std::string out;
  for (const EnvPair& pair : pairs)
    out += base::cat('[', pair.name, '|', pair.value, ']');
  return out;
}

TEST(EnvPairs, commas_join_pairs_when_every_piece_begins_with_a_name) {
  EXPECT_EQ(shown(env_pairs("A=1,B=2")), "[A|1][B|2]");
  EXPECT_EQ(shown(env_pairs("A=1 , B=\"two words\"")), "[A|1][B|two words]");
  EXPECT_EQ(shown(env_pairs("A=x=y,B=")), "[A|x=y][B|]");
}

TEST(EnvPairs, other_commas_are_part_of_the_value) {
  EXPECT_EQ(shown(env_pairs("A=1,2")), "[A|1,2]");
  EXPECT_EQ(shown(env_pairs("J=-Dx=1,-Dy=2")), "[J|-Dx=1,-Dy=2]");
  EXPECT_EQ(shown(env_pairs("A=1,2b=3")), "[A|1,2b=3]");
  EXPECT_EQ(shown(env_pairs("A=1,=3")), "[A|1,=3]");
  EXPECT_EQ(shown(env_pair("A=1,B=2")), "[A|1,B=2]");
}

TEST(EnvPairs, a_text_without_a_sign_is_none) {
  EXPECT_EQ(shown(env_pairs("")), "");
  EXPECT_EQ(shown(env_pairs("A,B")), "");
  EXPECT_EQ(shown(env_pair("A")), "");
}

} // namespace
} // namespace perch::program
