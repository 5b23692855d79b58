// Modules from files whose digest is remembered: the file is not read again while nothing has
// changed it, and always when a proof is asked for.

#include "base/error_kinds.h"
#include "guests.h"
#include "lane/wasm/disk_cache.h"
#include "sys/fd.h"
#include "sys/file_digest.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::test {

namespace {

using lane::DiskCache;
using lane::Proof;
using sys::FileMark;

class KnownFile : public testing::Test {
protected:
  void SetUp() override { write_file(path_, second_, 0600); }

  [[nodiscard]] lane::WasmOptions options() const {
    lane::WasmOptions options;
    options.cache_directory = temp_ / "cache/perch/wasm";
    options.tier = tier_;
    if (tier_ == lane::WasmOptions::Tier::Auto)
      options.compiler = compiler_for_now_only();
    return options;
  }
  [[nodiscard]] DiskCache cache() const {
    return std::move(DiskCache::open(options().cache_directory)).value();
  }
  [[nodiscard]] FileMark mark() const {
    struct stat info{};
    EXPECT_EQ(::stat(path_.c_str(), &info), 0);
    return sys::mark_of(info);
  }
  /// Digest of what a new process gets for the file; empty when it gets an error.
  std::string digest(Proof proof, std::string_view pin = {}) {
    Guests guests(options());
    const sys::Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    auto module =
        guests.lane().load_file("m.wasm", file.get(), pin, proof, lane::Metering::None, nullptr);
    return module ? (*module)->sha256() : std::string();
  }
  /// Compiles `bytes` into the cache and returns their digest.
  std::string compiled(const std::string& bytes) {
    Guests guests(options());
    auto module = guests.load(bytes);
    return module ? (*module)->sha256() : std::string();
  }

  lane::WasmOptions::Tier tier_ = lane::WasmOptions::Tier::Full;
  TempDir temp_;
  const std::string path_ = temp_ / "m.wasm";
  const std::string first_ = wasm(R"((module (func (export "_start") nop)))");
  const std::string second_ = wasm(R"((module (func (export "_start"))))");
};

} // namespace

TEST_F(KnownFile, is_not_read_while_nothing_has_changed_it) {
  // What is remembered is not what the file holds, which shows who was asked.
  const std::string remembered = compiled(first_), held = compiled(second_);
  ASSERT_NE(remembered, held);
  cache().remember_digest(mark(), remembered);
  EXPECT_EQ(digest(Proof::Memory), remembered);
}

TEST_F(KnownFile, is_read_when_a_proof_or_a_pin_asks_for_it) {
  const std::string remembered = compiled(first_), held = compiled(second_);
  cache().remember_digest(mark(), remembered);
  EXPECT_EQ(digest(Proof::Bytes), held);
  EXPECT_EQ(digest(Proof::Memory, held), held);
  EXPECT_EQ(digest(Proof::Memory, remembered), "");
}

TEST_F(KnownFile, is_read_when_anything_of_it_has_changed) {
  const std::string held = compiled(second_);
  const std::string other = compiled(first_);
  const auto change = [](FileMark mark, std::uint64_t FileMark::* field) {
    mark.*field += 1;
    return mark;
  };
  FileMark earlier = mark(), another_boot = mark();
  earlier.changed_ns -= 1;
  another_boot.boot[0] = 'x';
  for (const FileMark& stale : {change(mark(), &FileMark::size), earlier, another_boot}) {
    cache().remember_digest(stale, other);
    EXPECT_EQ(cache().known_digest(mark()), "");
    EXPECT_EQ(digest(Proof::Memory), held);
  }
}

TEST_F(KnownFile, is_not_read_while_others_optimise_its_code) {
  tier_ = lane::WasmOptions::Tier::Auto;
  const std::string remembered = compiled(first_); // and claimed
  cache().remember_digest(mark(), remembered);
  EXPECT_EQ(digest(Proof::Memory), remembered);
  for (const auto& entry : std::filesystem::directory_iterator(options().cache_directory))
    if (entry.path().extension() == ".try")
      std::filesystem::remove(entry.path());
  EXPECT_NE(digest(Proof::Memory), remembered) << "to optimise it, its bytes are needed";
}

TEST_F(KnownFile, is_read_when_its_code_has_gone) {
  cache().remember_digest(mark(), compiled(first_));
  const std::string held = compiled(second_);
  for (const auto& entry : std::filesystem::directory_iterator(options().cache_directory))
    if (entry.path().extension() == ".cwasm")
      std::filesystem::remove(entry.path());
  EXPECT_EQ(digest(Proof::Memory), held);
}

TEST_F(KnownFile, is_not_remembered_while_a_change_could_go_unseen) {
  FileMark file;
  file.changed_s = 1000;
  EXPECT_FALSE(file.is_settled(999));
  EXPECT_FALSE(file.is_settled(1000));
  EXPECT_FALSE(file.is_settled(1002));
  EXPECT_TRUE(file.is_settled(1003));
  EXPECT_NE(digest(Proof::Bytes), "");
  EXPECT_EQ(cache().known_digest(mark()), "") << "it was written just now";
}

TEST_F(KnownFile, what_others_could_have_written_is_not_believed) {
  const std::string remembered = compiled(first_), held = compiled(second_);
  cache().remember_digest(mark(), remembered);
  for (const auto& entry : std::filesystem::directory_iterator(options().cache_directory))
    if (entry.path().extension() == ".sum")
      ::chmod(entry.path().c_str(), 0620);
  EXPECT_EQ(digest(Proof::Memory), held);
}

TEST_F(KnownFile, is_forgotten_with_the_cache) {
  cache().remember_digest(mark(), compiled(first_));
  EXPECT_TRUE(lane::clear_code_cache(options().cache_directory));
  EXPECT_EQ(cache().known_digest(mark()), "");
}

} // namespace perch::test
