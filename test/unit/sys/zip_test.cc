#include "base/error_kinds.h"
#include "sys/digest.h"
#include "sys/zip.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace perch::sys {
namespace {

ByteSink into(std::string& out) {
  return [&out](std::string_view bytes) -> Status {
    out += bytes;
    return {};
  };
}

struct Content {
  ZipNew entry;
  std::string bytes;
};

std::string zip_of(const std::vector<Content>& contents, std::string front = {}) {
  std::string out = std::move(front);
  ZipWriter zip(into(out), out.size());
  for (const auto& content : contents)
    EXPECT_TRUE(zip.add(content.entry, content.bytes));
  EXPECT_TRUE(zip.finish());
  return out;
}

const std::vector<Content>& some() {
  static const std::vector<Content> contents = {
      {{.name = "dir/", .mode = 0750}, ""},
      {{.name = "dir/a", .mode = 0755}, std::string(10'000, 'a')},
      {{.name = "stored", .store = true}, "as it is"},
      {{.name = "caf\u00e9"}, "x"},
      {{.name = "empty"}, ""},
  };
  return contents;
}

std::string content_of(const ZipEntry& entry) {
  std::string out;
  const auto done = extract_zip(entry, into(out));
  return done ? out : std::string(done.error().kind);
}

void expect_some(std::string_view archive) {
  const auto entries = read_zip(archive, "some.zip");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), some().size());
  for (std::size_t i = 0; i < entries->size(); ++i) {
    EXPECT_EQ((*entries)[i].name, some()[i].entry.name);
    EXPECT_EQ((*entries)[i].mode, some()[i].entry.mode);
    EXPECT_EQ(content_of((*entries)[i]), some()[i].bytes);
  }
  EXPECT_EQ((*entries)[0].kind, ZipEntry::Kind::Directory);
  EXPECT_EQ((*entries)[1].kind, ZipEntry::Kind::File);
}

TEST(zip, gives_back_what_was_added) { expect_some(zip_of(some())); }

TEST(zip, may_stand_behind_other_bytes) {
  expect_some(zip_of(some(), std::string(12'345, 'E')));
  // Offsets that do not count the bytes in front, as when an archive was appended with `cat`.
  expect_some(std::string(777, 'E') + zip_of(some()));
}

TEST(zip, stored_entries_are_aligned_as_asked) {
  for (const std::size_t front : {0u, 1u, 4095u, 4096u}) {
    std::vector<Content> contents = some();
    contents.push_back({{.name = "code", .store = true, .align = 4096}, std::string(100, 'c')});
    contents.push_back({{.name = "more", .store = true, .align = 16384}, std::string(100, 'm')});
    const std::string archive = zip_of(contents, std::string(front, 'E'));
    const auto entries = read_zip(archive, "aligned.zip");
    ASSERT_TRUE(entries);
    const auto place = [&](std::size_t i) {
      return static_cast<std::size_t>((*entries)[i].packed.data() - archive.data());
    };
    EXPECT_EQ(place(5) % 4096, 0u);
    EXPECT_EQ(place(6) % 16384, 0u);
    EXPECT_EQ((*entries)[5].packed, std::string(100, 'c'));
  }
}

TEST(zip, what_does_not_shrink_is_stored) {
  const std::string archive = zip_of({{{.name = "x"}, "q"}});
  EXPECT_TRUE(read_zip(archive, "x.zip")->front().stored);
}

TEST(zip, names_have_limits) {
  std::string out;
  ZipWriter zip(into(out));
  EXPECT_FALSE(zip.add({.name = ""}, "x"));
  EXPECT_FALSE(zip.add({.name = std::string(65'536, 'n')}, "x"));
  EXPECT_TRUE(zip.add({.name = std::string(65'535, 'n')}, "x"));
}

TEST(zip, more_entries_than_16_bits_can_count_are_counted_in_64) {
  std::string out;
  ZipWriter zip(into(out));
  constexpr std::size_t kCount = 65'536;
  for (std::size_t i = 0; i < kCount; ++i)
    ASSERT_TRUE(zip.add({.name = std::to_string(i)}, ""));
  ASSERT_TRUE(zip.finish());
  const auto entries = read_zip(out, "many.zip");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), kCount);
  EXPECT_EQ(entries->back().name, "65535");
}

TEST(zip, offsets_beyond_32_bits_are_written_in_64) {
  // As if five gigabytes stood in front: only what the directory says is looked at.
  std::string out;
  ZipWriter zip(into(out), 5ull << 30);
  ASSERT_TRUE(zip.add({.name = "far"}, "content"));
  ASSERT_TRUE(zip.finish());
  EXPECT_EQ(zip.placed().header, 5ull << 30);
  EXPECT_NE(out.find("PK\x06\x06"), std::string::npos);
}

ZipPlace add_in_pieces(std::string& out, const ZipNew& entry, std::string_view bytes,
                       std::uint64_t hint) {
  ZipWriter zip(into(out), 0, [&](std::uint64_t offset, std::string_view piece) -> Status {
    out.replace(offset, piece.size(), piece);
    return {};
  });
  EXPECT_TRUE(zip.begin(entry, hint));
  for (std::size_t at = 0; at < bytes.size(); at += 1000)
    EXPECT_TRUE(zip.write(bytes.substr(at, 1000)));
  EXPECT_TRUE(zip.end());
  const ZipPlace place = zip.placed();
  EXPECT_TRUE(zip.finish());
  return place;
}

TEST(zip, an_entry_may_come_in_pieces) {
  const std::string bytes(10'500, 'p');
  for (const bool store : {false, true}) {
    for (const std::uint64_t hint : {bytes.size(), std::size_t{5} << 30}) {
      std::string out;
      const ZipPlace place =
          add_in_pieces(out, {.name = "x", .store = store, .align = 64}, bytes, hint);
      const auto entries = read_zip(out, "pieces.zip");
      ASSERT_TRUE(entries) << entries.error().message;
      EXPECT_EQ(content_of(entries->front()), bytes);
      EXPECT_EQ(entries->front().packed, std::string_view(out).substr(place.content, place.packed));
      EXPECT_TRUE(!store || place.content % 64 == 0);
    }
  }
}

TEST(zip, the_frame_covers_all_that_the_content_does_not) {
  for (const bool store : {false, true}) {
    std::string out;
    const ZipPlace place = add_in_pieces(out, {.name = "x", .store = store}, "some text", 9);
    std::string_view frame(out);
    frame = frame.substr(place.header, place.content - place.header + (store ? 0 : place.packed));
    char crc[9];
    std::snprintf(crc, sizeof crc, "%08x", place.frame_crc);
    EXPECT_EQ(hex_digest(DigestKind::Crc32, frame), crc);
  }
}

TEST(zip, a_cut_archive_is_refused_at_every_length) {
  const std::string archive = zip_of(some());
  for (std::size_t size = 0; size < archive.size(); ++size)
    EXPECT_FALSE(read_zip(std::string_view(archive).substr(0, size), "cut.zip")) << size;
}

TEST(zip, a_changed_byte_never_changes_a_content_unseen) {
  const std::string archive = zip_of(some());
  for (std::size_t i = 0; i < archive.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string broken = archive;
      broken[i] = static_cast<char>(broken[i] ^ flip);
      const auto entries = read_zip(broken, "broken.zip");
      if (!entries)
        continue;
      for (const ZipEntry& entry : *entries) {
        std::string out;
        const bool whole = extract_zip(entry, into(out)).has_value();
        EXPECT_LE(out.size(), entry.size);
        bool known = !whole;
        for (const auto& content : some())
          known = known || content.bytes == out;
        EXPECT_TRUE(known) << "byte " << i;
      }
    }
  }
}

TEST(zip, an_entry_that_expands_beyond_its_size_is_stopped) {
  std::string archive = zip_of({{{.name = "bomb"}, std::string(1 << 20, '\0')}});
  auto entries = read_zip(archive, "bomb.zip");
  ASSERT_TRUE(entries);
  ZipEntry entry = entries->front();
  entry.size = 1000;
  std::string out;
  EXPECT_FALSE(extract_zip(entry, into(out)));
  EXPECT_LE(out.size(), 1000u);
}

TEST(zip, an_encrypted_or_unknown_entry_is_refused) {
  std::string archive = zip_of({{{.name = "x", .store = true}, "y"}});
  const auto central = archive.find("PK\x01\x02");
  std::string encrypted = archive;
  encrypted[central + 8] = 1;
  EXPECT_NE(read_zip(encrypted, "e.zip").error().message.find("encrypted"), std::string::npos);
  std::string method = archive;
  method[central + 10] = 12;
  EXPECT_NE(read_zip(method, "m.zip").error().message.find("method 12"), std::string::npos);
}

} // namespace
} // namespace perch::sys
