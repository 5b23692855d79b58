#pragma once
// A directory for nobody else.

#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace perch::sys {

/// Made empty with mode 0700 under a name nobody can guess; removed, with all in it, when it goes.
class PrivateDirectory {
public:
  /// In `parent`, an absolute path. Errors: the file_* kinds.
  [[nodiscard]] static Result<std::unique_ptr<PrivateDirectory>> make(std::string_view parent,
                                                                      std::string_view prefix);
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  /// Absolute and free of links.
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

} // namespace perch::sys
