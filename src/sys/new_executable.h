#pragma once
// A new executable file that appears under its name whole or not at all.

#include "base/result.h"
#include "sys/fd.h"
#include "sys/fs.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace perch::sys {

/// Written without a name where the file system can do that, so that even a kill leaves nothing;
/// else under a temporary name beside the target. Dropped uncommitted it leaves nothing.
class NewExecutable {
public:
  /// `target`: located without following a link; its directory exists. Errors: file_*.
  [[nodiscard]] static Result<std::unique_ptr<NewExecutable>> make(const Spot& target);
  ~NewExecutable();
  NewExecutable(const NewExecutable&) = delete;
  NewExecutable& operator=(const NewExecutable&) = delete;

  [[nodiscard]] Status write(std::string_view bytes);
  /// Over what was written before.
  [[nodiscard]] Status write_at(std::uint64_t offset, std::string_view bytes);
  /// Waits until everything is on the disk, then takes the target's name from whatever has it.
  /// Mode 0755 less the umask.
  [[nodiscard]] Status commit();

private:
  NewExecutable(Fd directory, Fd file, std::string temporary, std::string name, std::string path)
      : directory_(std::move(directory)), file_(std::move(file)), temporary_(std::move(temporary)),
        name_(std::move(name)), path_(std::move(path)) {}
  [[nodiscard]] int give_name();

  Fd directory_;
  Fd file_;
  std::string temporary_; ///< its name now; empty while it has none, or its final one
  std::string name_;
  std::string path_;
};

} // namespace perch::sys
