#include "run/secrets.h"

#include <gtest/gtest.h>

namespace perch::run {

TEST(Secrets, names_tell_in_any_case) {
  for (const char* name : {"TOKEN", "api_token", "GithubTokenV2", "db_password", "PASSWORD_FILE",
                           "my_secret", "AWS_ACCESS_KEY", "ssh_key"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const char* name : {"", "key", "KEYS", "monkey", "tok", "passwd", "a_key_b"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

TEST(Secrets, every_occurrence_is_hidden) {
  Secrets secrets;
  EXPECT_EQ(secrets.mask("hunter22"), "hunter22");
  secrets.add(std::string_view("hunter22"));
  EXPECT_EQ(secrets.mask("a hunter22 b hunter22"), "a ••• b •••");
}

TEST(Secrets, one_inside_another_leaves_no_rest) {
  Secrets secrets;
  secrets.add(std::string_view("word"));
  secrets.add(std::string_view("password1"));
  EXPECT_EQ(secrets.mask("password1 word"), "••• •••");
}

TEST(Secrets, of_two_that_overlap_nothing_is_left) {
  Secrets secrets;
  secrets.add(std::string_view("abcdefgh"));
  secrets.add(std::string_view("efghijkl"));
  secrets.add(std::string_view("ababab"));
  EXPECT_EQ(secrets.mask("<abcdefghijkl>"), "<•••>");
  EXPECT_EQ(secrets.mask("<abababab>"), "<•••>");
  EXPECT_EQ(secrets.mask("abcdefghefghijkl"), "••••••");
}

TEST(Secrets, white_space_around_one_is_not_part_of_it) {
  Secrets secrets;
  secrets.add(std::string_view(" hunter22\n"));
  EXPECT_EQ(secrets.mask("a hunter22 b, c hunter22\n"), "a ••• b, c•••");
}

TEST(Secrets, one_in_json_is_the_same) {
  Secrets secrets;
  secrets.add(std::string_view("say \"friend\"\n"));
  EXPECT_EQ(secrets.mask(R"({"k":"say \"friend\""})"), R"({"k":"•••"})");
  EXPECT_EQ(secrets.mask(R"({"k":"say \"friend\"\n"})"), R"({"k":"•••\n"})");
}

TEST(Secrets, lines_of_one_count_each_when_they_are_long) {
  Secrets secrets;
  secrets.add(std::string_view("-----BEGIN KEY-----\r\nMIIEabcdef\r\nsmall\r\n"));
  EXPECT_EQ(secrets.mask("x MIIEabcdef y small"), "x ••• y small");
}

TEST(Secrets, short_texts_are_none) {
  Secrets secrets;
  secrets.add(std::string_view("abc"));
  secrets.add(std::string_view(""));
  EXPECT_EQ(secrets.mask("abc"), "abc");
}

TEST(Secrets, elements_of_a_list_count_each) {
  Secrets secrets;
  secrets.add(op::Value::list({"first-one", "second-one"}));
  EXPECT_EQ(secrets.mask("x second-one"), "x •••");
}

TEST(Secrets, all_texts_of_an_error_are_masked) {
  Secrets secrets;
  secrets.add(std::string_view("hunter22"));
  const Error masked = secrets.mask(Error{.kind = "user_fail",
                                          .message = "m hunter22",
                                          .detail = "d hunter22",
                                          .help = "h hunter22",
                                          .note = "n hunter22"});
  EXPECT_EQ(masked.message + masked.detail + masked.help + masked.note, "m •••d •••h •••n •••");
}

TEST(Secrets, long_texts_are_cut_between_characters_and_say_their_size) {
  const Secrets secrets;
  const std::string text = std::string(Secrets::kLongestShown - 1, 'x') + "é" + std::string(9, 'y');
  EXPECT_EQ(secrets.shown(text), std::string(Secrets::kLongestShown - 1, 'x') + "… (4106 bytes)");
}

TEST(Secrets, a_cut_never_shows_the_first_part_of_one) {
  Secrets secrets;
  const std::string secret = "correct-horse-battery";
  secrets.add(std::string_view(secret));
  for (std::size_t before = Secrets::kLongestShown - 30; before < Secrets::kLongestShown + 60;
       ++before) {
    const std::string shown =
        secrets.shown(std::string(before, 'x') + secret + std::string(99, 'y'));
    EXPECT_EQ(shown.find("corr"), shown.npos) << before;
  }
  // Masking makes the text shorter: what comes after is then in sight.
  std::string many;
  for (int i = 0; i < 400; ++i)
    many += secret;
  EXPECT_EQ(secrets.shown(many).find("corr"), std::string::npos);
}

} // namespace perch::run
