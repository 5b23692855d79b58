#pragma once
// A file system in memory with links, modes and times, for tests of ops.

#include "op/call.h"

#include <functional>
#include <map>

namespace perch::test {

/// Asked before every operation, like the policy.
using Gate = std::function<Status(op::Cap cap, std::string_view subject)>;

struct FakeNode {
  op::FileType type = op::FileType::Regular;
  std::string bytes; ///< of a link: its target
  std::uint32_t mode = 0644;
  std::int64_t mtime_ns = 0;
};

/// Absolute clean paths and what is there. `/`, `/work` and `/tmp` exist from the start; relative
/// paths start at `/work` or where `directory` says.
class FakeFiles : public op::Files {
public:
  FakeFiles();

  // ---- for the test ---------------------------------------------------------------------------
  std::map<std::string, FakeNode> nodes;
  std::string directory = "/work";
  std::int64_t now_ns = 0;
  Gate gate;
  /// Paths that cannot be read or written, as with mode 0.
  std::vector<std::string> forbidden;
  /// A rename out of this directory is one across file systems.
  std::string other_file_system;

  /// Puts a file there, with its parents.
  void put(std::string_view path, std::string_view bytes, std::uint32_t mode = 0644);
  /// The bytes of a file, or "(missing)".
  [[nodiscard]] std::string bytes(std::string_view path) const;

  // ---- op::Files ------------------------------------------------------------------------------
  Result<op::FileInfo> stat(std::string_view path, op::Follow follow) override;
  Result<bool> exists(std::string_view path) override;
  Result<std::string> read(std::string_view path, std::uint64_t limit_bytes) override;
  Status read_stream(std::string_view path,
                     const std::function<Status(std::string_view)>& sink) override;
  Result<std::vector<op::DirEntry>> list(std::string_view path) override;
  Result<std::string> read_link(std::string_view path) override;
  Result<std::vector<std::string>> glob(std::string_view pattern) override;
  Status make_directories(std::string_view path) override;
  Status write(std::string_view path, std::string_view bytes) override;
  Status append(std::string_view path, std::string_view bytes) override;
  Status append_line(std::string_view path, std::string_view line) override;
  Result<std::unique_ptr<op::PendingFile>> create(std::string_view path,
                                                  std::uint32_t mode) override;
  Status remove(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status set_mode(std::string_view path, std::uint32_t mode) override;
  Status touch(std::string_view path) override;
  Status symlink(std::string_view target, std::string_view link) override;
  Result<std::string> make_temp(std::string_view prefix, op::FileType type) override;
  [[nodiscard]] std::string absolute(std::string_view path) const override;

private:
  friend class FakePending;
  /// The gate, then the place a path means.
  Result<std::string> locate(op::Cap cap, std::string_view path, op::Follow follow);
  Result<FakeNode*> node(op::Cap cap, std::string_view path, op::Follow follow);
  /// A regular file to write to, made when it is missing.
  Result<FakeNode*> writable(std::string_view path, std::uint32_t mode);
  int made_temps_ = 0;
};

} // namespace perch::test
