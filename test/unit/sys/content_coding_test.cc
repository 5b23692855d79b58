#include "base/error_kinds.h"
#include "sys/content_coding.h"

#include <gtest/gtest.h>

namespace perch::sys {
namespace {

ByteSink into(std::string& out) {
  return [&out](std::string_view bytes) -> Status {
    out += bytes;
    return {};
  };
}

std::string packed(Framing framing, std::string_view bytes) {
  std::string out;
  Deflater deflater(framing);
  EXPECT_TRUE(deflater.write(bytes, into(out)));
  EXPECT_TRUE(deflater.finish(into(out)));
  return out;
}

Result<std::string> decoded(std::string_view coding, std::string_view bytes, std::size_t piece) {
  std::string out;
  PERCH_TRY_ASSIGN(ContentDecoder decoder, ContentDecoder::make(coding));
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    PERCH_TRY(decoder.write(bytes.substr(at, piece), into(out)));
  PERCH_TRY(decoder.finish());
  return out;
}

struct Sent {
  std::string_view coding;
  Framing framing;
};

/// `deflate` is sent in two formats.
constexpr Sent kSent[] = {{"gzip", Framing::Gzip},
                          {" X-GZIP ", Framing::Gzip},
                          {"deflate", Framing::Zlib},
                          {"Deflate", Framing::Raw}};

TEST(content_coding, every_format_is_undone_in_pieces_of_any_size) {
  for (const Sent& sent : kSent) {
    for (const std::size_t piece : {1u, 2u, 1000u})
      EXPECT_EQ(decoded(sent.coding, packed(sent.framing, "soup and bread"), piece).value_or("-"),
                "soup and bread");
  }
  EXPECT_EQ(decoded("", "soup", 1).value_or("-"), "soup");
  EXPECT_EQ(decoded("identity", "soup", 4).value_or("-"), "soup");
}

TEST(content_coding, a_cut_body_is_an_error_at_every_length) {
  for (const Sent& sent : kSent) {
    const std::string code = packed(sent.framing, "soup and bread, and then some more bread");
    for (std::size_t size = 0; size < code.size(); ++size)
      EXPECT_FALSE(decoded(sent.coding, std::string_view(code).substr(0, size), 7))
          << sent.coding << ' ' << size;
  }
}

TEST(content_coding, an_empty_text_has_an_end_too) {
  for (const Sent& sent : kSent)
    EXPECT_EQ(decoded(sent.coding, packed(sent.framing, ""), 1).value_or("-"), "");
}

TEST(content_coding, a_coding_nobody_asked_for_is_an_error) {
  for (const std::string_view coding : {"br", "zstd", "gzip, gzip", "compress"}) {
    const auto made = ContentDecoder::make(coding);
    ASSERT_FALSE(made) << coding;
    EXPECT_EQ(made.error().kind, kind::kBadArgument);
  }
}

} // namespace
} // namespace perch::sys
