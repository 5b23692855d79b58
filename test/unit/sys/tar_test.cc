#include "base/error_kinds.h"
#include "sys/tar.h"

#include <gtest/gtest.h>

#include <vector>

namespace perch::sys {
namespace {

struct Got {
  TarEntry entry;
  std::string bytes;
  bool ended = false;
};

class Collector : public TarVisitor {
public:
  Status begin(const TarEntry& entry) override {
    got.push_back({.entry = entry, .bytes = {}});
    return {};
  }
  Status content(std::string_view bytes) override {
    got.back().bytes += bytes;
    return {};
  }
  Status end() override {
    got.back().ended = true;
    return {};
  }
  std::vector<Got> got;
};

Result<std::vector<Got>> read(std::string_view archive, std::size_t piece) {
  Collector collector;
  TarReader reader(collector);
  for (std::size_t at = 0; at < archive.size(); at += piece)
    PERCH_TRY(reader.write(archive.substr(at, piece)));
  PERCH_TRY(reader.finish());
  return std::move(collector.got);
}

ByteSink into(std::string& out) {
  return [&out](std::string_view bytes) -> Status {
    out += bytes;
    return {};
  };
}

std::string tar_of(const std::vector<Got>& contents) {
  std::string out;
  TarWriter tar(into(out));
  for (const auto& content : contents) {
    EXPECT_TRUE(tar.begin(content.entry));
    for (std::size_t at = 0; at < content.bytes.size(); at += 100)
      EXPECT_TRUE(tar.content(std::string_view(content.bytes).substr(at, 100)));
    EXPECT_TRUE(tar.end());
  }
  EXPECT_TRUE(tar.finish());
  return out;
}

Got file(std::string name, std::string bytes, std::uint32_t mode = 0644) {
  const std::uint64_t size = bytes.size();
  return {.entry = {.name = std::move(name), .mode = mode, .size = size},
          .bytes = std::move(bytes)};
}

Got directory(std::string name) {
  return {.entry = {.name = std::move(name), .kind = TarEntry::Kind::Directory, .mode = 0755},
          .bytes = {}};
}

std::string long_path(std::size_t parts) {
  std::string path = "p";
  for (std::size_t i = 0; i < parts; ++i)
    path += "/component";
  return path;
}

TEST(tar, gives_back_what_was_written_in_pieces_of_any_size) {
  const std::vector<Got> contents = {
      directory("d"),
      file("d/a", "soup", 0755),
      file("d/empty", ""),
      file("block", std::string(512, 'b')),
      file("large", std::string(10'000, 'l')),
      file(std::string(100, 'n'), "exactly what a name field holds"),
      file(std::string(101, 'n'), "one more"),
      file(long_path(20), "with a prefix"),
      file(long_path(100), "with an attribute"),
      directory(long_path(99)),
      file("caf\u00e9\n", "any byte"),
  };
  const std::string archive = tar_of(contents);
  EXPECT_EQ(archive.size() % 512, 0u);
  for (const std::size_t piece : {1u, 511u, 512u, 513u, 1'000'000u}) {
    const auto got = read(archive, piece);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(got->size(), contents.size());
    for (std::size_t i = 0; i < got->size(); ++i) {
      const bool is_directory = contents[i].entry.kind == TarEntry::Kind::Directory;
      EXPECT_EQ((*got)[i].entry.name, contents[i].entry.name + (is_directory ? "/" : ""));
      EXPECT_EQ((*got)[i].entry.kind, contents[i].entry.kind);
      EXPECT_EQ((*got)[i].entry.mode, contents[i].entry.mode);
      EXPECT_EQ((*got)[i].bytes, contents[i].bytes);
      EXPECT_TRUE((*got)[i].ended);
    }
  }
}

TEST(tar, a_size_beyond_the_header_goes_into_an_attribute) {
  std::string out;
  TarWriter tar(into(out));
  constexpr std::uint64_t kHuge = 10ull << 30;
  ASSERT_TRUE(tar.begin({.name = "huge", .size = kHuge}));
  Collector collector;
  TarReader reader(collector);
  ASSERT_TRUE(reader.write(out));
  ASSERT_EQ(collector.got.size(), 1u);
  EXPECT_EQ(collector.got[0].entry.size, kHuge);
}

TEST(tar, content_of_another_size_is_an_error) {
  std::string out;
  TarWriter tar(into(out));
  ASSERT_TRUE(tar.begin({.name = "shrunk", .size = 5}));
  ASSERT_TRUE(tar.content("1234"));
  EXPECT_FALSE(tar.end());
  ASSERT_TRUE(tar.begin({.name = "grown", .size = 2}));
  EXPECT_FALSE(tar.content("123"));
}

TEST(tar, a_cut_archive_is_refused_at_every_length) {
  const std::string archive = tar_of({file("a", "soup"), directory("d")});
  for (std::size_t size = 0; size < archive.size() - 512; ++size)
    EXPECT_FALSE(read(archive.substr(0, size), 100)) << size;
}

TEST(tar, a_changed_header_is_seen) {
  const std::string archive = tar_of({file("a", "soup")});
  for (std::size_t i = 0; i < 512; ++i) {
    std::string broken = archive;
    broken[i] = static_cast<char>(broken[i] ^ 0x10);
    const auto got = read(broken, 512);
    EXPECT_TRUE(!got || (got->size() == 1 && got->front().entry.name == "a")) << i;
  }
}

/// A header as other programs write it, with its checksum.
std::string header(std::string_view name, char type, std::string_view size) {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 7, "0000644");
  block.replace(124, size.size(), size);
  block.replace(148, 8, "        ");
  block[156] = type;
  unsigned sum = 0;
  for (const char c : block)
    sum += static_cast<unsigned char>(c);
  for (std::size_t i = 6; i-- > 0; sum >>= 3)
    block[148 + i] = static_cast<char>('0' + (sum & 7));
  block[154] = '\0';
  return block;
}

std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 511) / 512 * 512, '\0');
  return bytes;
}

const std::string kEnd(1024, '\0');

TEST(tar, reads_long_names_as_gnu_writes_them) {
  const std::string name = long_path(30);
  const auto got = read(header("././@LongLink", 'L', "00000000455") + padded(name + '\0') +
                            header("p/component", '0', "00000000004") + padded("soup") + kEnd,
                        512);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->front().entry.name, name);
  EXPECT_EQ(got->front().bytes, "soup");
}

TEST(tar, reads_sizes_in_base_256) {
  std::string size(12, '\0');
  size[0] = '\x80';
  size[11] = 4;
  const auto got = read(header("a", '0', size) + padded("soup") + kEnd, 512);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->front().bytes, "soup");
  size.assign(12, '\xff');
  size[0] = '\x80';
  EXPECT_FALSE(read(header("a", '0', size) + kEnd, 512));
}

TEST(tar, the_old_format_marks_directories_by_a_slash) {
  const auto got =
      read(header("d/", '\0', "00000000000") + header("f", '\0', "00000000000") + kEnd, 512);
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)[0].entry.kind, TarEntry::Kind::Directory);
  EXPECT_EQ((*got)[1].entry.kind, TarEntry::Kind::File);
}

TEST(tar, attributes_are_checked) {
  const auto with = [](const std::string& record) {
    char size[12];
    std::snprintf(size, sizeof size, "%011zo", record.size());
    return header("x", 'x', size) + padded(record) + header("a", '0', "00000000000") + kEnd;
  };
  EXPECT_EQ(read(with("12 path=bcd\n"), 512)->front().entry.name, "bcd");
  EXPECT_EQ(read(with("13 mtime=1.5\n12 path=bcd\n"), 512)->front().entry.name, "bcd");
  for (const char* broken : {"99 path=b\n", "0 path=b\n", "-1 path=b\n", "path=b\n", "3 \n",
                             "8 path\nx\n", "10 size=-1\n", "10 size=xy\n", " "})
    EXPECT_FALSE(read(with(broken), 512)) << broken;
}

TEST(tar, attributes_beyond_all_measure_are_refused) {
  EXPECT_FALSE(read(header("x", 'x', "77777777777") + kEnd, 512));
}

} // namespace
} // namespace perch::sys
