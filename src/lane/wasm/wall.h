#pragma once
// The second wall: what the kernel forbids a guest's thread. Made from the same declarations that
// configure WASI, so a mistake in path handling above meets the kernel.

#include "base/result.h"
#include "lane/lane.h"
#include "sys/fd.h"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace perch::lane {

/// What this kernel offers; asked once.
[[nodiscard]] KernelWall kernel_wall();

/// The path that leads to a mount's directory now: by its handle, when it has one.
[[nodiscard]] std::string path_of(const Mount& mount);

/// Why that path could not be used, by the errno of who tried.
[[nodiscard]] std::unexpected<Error> cannot_mount(const Mount& mount, int number);

/// Which directories with which modes: two lists of mounts with equal keys have the same wall.
struct WallKey {
  struct Place {
    std::uint64_t device = 0, inode = 0;
    bool writable = false;
    auto operator<=>(const Place&) const = default;
  };
  std::vector<Place> places; ///< sorted
  bool operator==(const WallKey&) const = default;
};
/// Errors: file_* when a mount is not there.
[[nodiscard]] Result<WallKey> wall_key(const std::vector<Mount>& mounts);

/// A wall ready to be entered: built by a thread that may still open things.
class Wall {
public:
  /// Errors: confinement_unavailable when `required` and the kernel lacks a part; file_error when a
  /// mount cannot be opened.
  [[nodiscard]] static Result<Wall> build(const std::vector<Mount>& mounts, bool required);

  /// Confines the calling thread, for good. Errors: confinement_unavailable, when the kernel
  /// refuses what it said it offers.
  /// `listener`, unless null, gets where the kernel tells of calls that name paths, or -1.
  [[nodiscard]] Status enter(sys::Fd* listener) &&;

private:
  sys::Fd ruleset_; ///< none: no Landlock here
};

} // namespace perch::lane
