#pragma once
// How the files of a program find each other once they are in an archive. Analysis of such a
// program, when it is built and when it runs, starts in a directory that exists nowhere, so that
// what it asks for does not depend on any machine.

#include <map>
#include <string>
#include <string_view>

namespace perch::bundle {

class ImportPaths {
public:
  /// `root`: the directory of the program on this machine, or what stands for it.
  explicit ImportPaths(std::string root);

  /// Where analysis starts.
  [[nodiscard]] static const std::string& directory();

  /// What stands for a name in an import path (`home`, a host variable) whose value is `value` on
  /// this machine. `absolute`: whether that was, or is to be, an absolute path.
  std::string name(std::string_view name, std::string_view value, bool absolute);

  /// What the manifest calls a path of analysis: `lib/x.perch`, `../x.perch`, `/${home}/x.perch`.
  [[nodiscard]] static std::string key(std::string_view path);
  /// Whether a name is one of absolute paths, by the keys that use it.
  [[nodiscard]] static bool uses_absolute(std::string_view key, std::string_view name);

  /// Where a path of analysis is on this machine.
  [[nodiscard]] std::string real(std::string_view path) const;

private:
  std::string root_;
  std::map<std::string, std::string> values_; ///< by what stands for them
};

} // namespace perch::bundle
