#pragma once
// Landlock: what files, sockets and processes a process may reach, as a descriptor it is restricted
// by before its program runs.

#include "base/result.h"
#include "sys/fd.h"

#include <cstdint>
#include <string>
#include <vector>

namespace perch::lane {

/// The version of Landlock in this kernel, 0 without one.
[[nodiscard]] int landlock_version();

/// What a ruleset forbids apart from what it allows. Whatever it says, a process under it can
/// trace only processes that are under it too.
struct Restrictions {
  bool reading = false;
  bool writing = false;
  bool tcp = false;              ///< version 4 and newer; nothing before
  bool abstract_sockets = false; ///< to outside of it; version 6 and newer
  bool signals = false;          ///< to outside of it; version 6 and newer
};

/// How the path of a rule is opened. A rule is for the file that is there now, so a path somebody
/// may have changed must not lead through links.
enum class Place : std::uint8_t {
  System,   ///< the machine's own: links are followed, what is missing is left out
  Optional, ///< no links; what is missing, or reached through one, is left out
  Required, ///< no links; what is missing, or reached through one, is an error
};

class Ruleset {
public:
  /// Needs:  version >= 2.
  /// Errors: confinement_unavailable.
  [[nodiscard]] static Result<Ruleset> make(const Restrictions& restrictions, int version);

  /// Allows a path and all below it. Errors: file_not_found and the like, with the path.
  Status allow_reading(const std::string& path, Place place); ///< and executing
  Status allow_writing(const std::string& path, Place place); ///< making, removing, renaming
  /// An open file: reading and executing.
  Status allow_reading(int file, const std::string& path);
  /// A standard stream, to be opened again: for changing it, or for reading. What is neither a
  /// regular file nor a device needs no rule.
  Status allow_stream(int file, bool changing, const std::string& name);
  /// An existing file or device, without making or removing anything.
  Status allow_changing(const std::string& path, Place place);

  /// The descriptor a process is restricted by.
  [[nodiscard]] sys::Fd release() { return std::move(fd_); }

private:
  Status allow(const std::string& path, std::uint64_t access, Place place);
  Status allow(int file, std::uint64_t access, const std::string& path);

  sys::Fd fd_;
  std::uint64_t handled_ = 0;
};

} // namespace perch::lane
