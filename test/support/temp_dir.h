#pragma once
// A directory of a test's own, with real files in it.

#include <cstdint>
#include <string>
#include <string_view>

namespace perch::test {

/// Made empty, its path absolute and free of links; removed with all that is in it.
class TempDir {
public:
  TempDir();
  explicit TempDir(const std::string& parent);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const;

private:
  std::string path_;
};

void write_file(const std::string& path, std::string_view bytes, std::uint32_t mode = 0644);
[[nodiscard]] std::string read_file(const std::string& path);
void make_directory(const std::string& path);
void make_link(const std::string& target, const std::string& path);
/// Whether there is anything of that name, a dangling link too.
[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] std::uint32_t mode_of(const std::string& path);
[[nodiscard]] int entries_in(const std::string& path);

/// Without the rights of the superuser as long as it lives; nothing when there were none.
class WithoutRoot {
public:
  WithoutRoot();
  ~WithoutRoot();
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

private:
  bool was_root_;
};

} // namespace perch::test
