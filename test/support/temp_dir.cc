#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::test {

namespace fs = std::filesystem;

TempDir::TempDir() : TempDir(fs::temp_directory_path().string()) {}

TempDir::TempDir(const std::string& parent) {
  std::string pattern = fs::canonical(parent).string() + "/perch-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    ADD_FAILURE() << "cannot make " << pattern;
  path_ = pattern;
}

TempDir::~TempDir() {
  // Not std::filesystem::remove_all, which recurses: some tests make very deep trees.
  std::string command = "chmod -R u+rwx '" + path_ + "' 2>/dev/null; rm -rf '" + path_ + "'";
  if (std::system(command.c_str()) != 0)
    ADD_FAILURE() << "cannot remove " << path_;
}

std::string TempDir::operator/(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

void write_file(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(::chmod(path.c_str(), mode), 0) << path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << "cannot read " << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void make_directory(const std::string& path) { fs::create_directories(path); }

void make_link(const std::string& target, const std::string& path) {
  fs::create_symlink(target, path);
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::uint32_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

int entries_in(const std::string& path) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(path))
    ++count;
  return count;
}

WithoutRoot::WithoutRoot() : was_root_(::geteuid() == 0) {
  if (was_root_) {
    EXPECT_EQ(::seteuid(65534), 0);
  }
}

WithoutRoot::~WithoutRoot() {
  if (was_root_) {
    EXPECT_EQ(::seteuid(0), 0);
  }
}

} // namespace perch::test
