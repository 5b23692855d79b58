#include "base/error_kinds.h"
#include "sys/deflate.h"

#include <gtest/gtest.h>

namespace perch::sys {
namespace {

ByteSink into(std::string& out) {
  return [&out](std::string_view bytes) -> Status {
    out += bytes;
    return {};
  };
}

std::string packed(Framing framing, std::string_view bytes, std::size_t piece) {
  std::string out;
  Deflater deflater(framing);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    EXPECT_TRUE(deflater.write(bytes.substr(at, piece), into(out)));
  EXPECT_TRUE(deflater.finish(into(out)));
  return out;
}

Result<std::string> expanded(Framing framing, std::string_view bytes, std::size_t piece) {
  std::string out;
  Inflater inflater(framing);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    PERCH_TRY(inflater.write(bytes.substr(at, piece), into(out)));
  PERCH_TRY(inflater.finish());
  return out;
}

std::string mixed(std::size_t size) {
  std::string bytes;
  std::uint32_t random = 1;
  while (bytes.size() < size) {
    random = random * 1664525 + 1013904223;
    bytes.append((random >> 8) % 50, static_cast<char>(random >> 24));
  }
  return bytes;
}

TEST(deflate, gives_back_what_it_was_given_in_pieces_of_any_size) {
  for (const std::string& bytes : {std::string(), std::string("x"), mixed(300'000)}) {
    for (const auto framing : {Framing::Gzip, Framing::Zlib, Framing::Raw}) {
      for (const std::size_t piece : {1u, 1000u, 1'000'000u}) {
        const std::string code = packed(framing, bytes, piece);
        EXPECT_EQ(expanded(framing, code, piece).value_or("(failed)"), bytes);
      }
    }
  }
}

TEST(deflate, a_changed_byte_never_passes_unseen) {
  const std::string bytes = mixed(5000);
  const std::string code = packed(Framing::Gzip, bytes, 5000);
  constexpr std::size_t kTimeStamp = 4; // header bytes that no checksum covers: time, flags, system
  constexpr std::size_t kHeader = 10;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (i >= kTimeStamp && i < kHeader)
      continue;
    std::string broken = code;
    broken[i] = static_cast<char>(broken[i] ^ 0x15);
    const auto result = expanded(Framing::Gzip, broken, 777);
    EXPECT_TRUE(!result || *result == bytes) << "byte " << i;
    EXPECT_TRUE(result || result.error().kind == kind::kBadArgument) << "byte " << i;
  }
}

TEST(deflate, a_cut_stream_is_an_error_at_every_length) {
  const std::string code = packed(Framing::Gzip, mixed(2000), 2000);
  for (std::size_t size = 0; size < code.size(); ++size)
    EXPECT_FALSE(expanded(Framing::Gzip, std::string_view(code).substr(0, size), 64)) << size;
}

TEST(deflate, an_error_of_the_sink_ends_the_work) {
  const std::string code = packed(Framing::Gzip, mixed(500'000), 500'000);
  int calls = 0;
  Inflater inflater(Framing::Gzip);
  const auto stopped = inflater.write(code, [&](std::string_view) -> Status {
    ++calls;
    return fail(kind::kOutputTooLarge, "enough");
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, kind::kOutputTooLarge);
  EXPECT_EQ(calls, 1);
}

TEST(deflate, bytes_behind_a_raw_stream_are_ignored) {
  const std::string code = packed(Framing::Raw, "soup", 4) + "junk";
  EXPECT_EQ(expanded(Framing::Raw, code, 1).value_or("(failed)"), "soup");
}

} // namespace
} // namespace perch::sys
