#pragma once
// The files of an archive as a directory, for what needs real files.

#include "bundle/reader.h"
#include "sys/fd.h"
#include "sys/world.h"

#include <string>

namespace perch::bundle {

struct UnpackedFiles {
  std::string directory;
  sys::Fd use; ///< while this is open, nobody removes the directory
};

/// The directory of this archive below `parent` (absolute; made with mode 0700), with every file
/// under its own name and mode. It is unpacked once, beside its place, and appears there whole;
/// later it is looked over and made anew when something in it was changed, is missing or too much.
/// Errors: bundle_error when the archive is damaged; file_permission_denied when `parent` is not
/// the user's alone; those of writing. Threads and processes: several may ask for it at the same
/// time.
[[nodiscard]] Result<UnpackedFiles> unpack(sys::World& world, const Reader& reader,
                                           const std::string& parent);

} // namespace perch::bundle
