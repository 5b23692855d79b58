#pragma once
// What a built executable knows about its archive. It lies in perch's own image, in a place that is
// all zeros in perch itself, so perch pays one look at its memory to know that it is not a built
// one, and a built one knows what to expect of its file however that was damaged.

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perch::bundle {

/// Offsets in the file. The archive ends with the manifest's entry and the ZIP directory: its tail.
struct Marker {
  std::uint64_t archive_begin = 0, archive_end = 0;
  std::uint64_t tail_begin = 0;
  std::uint64_t manifest_begin = 0, manifest_size = 0;
  std::string sha256;      ///< hex, of the manifest: the archive's digest
  std::string tail_sha256; ///< hex, of everything from tail_begin to archive_end
};

/// Whether the executable of this process was built with an archive. Costs no system call.
[[nodiscard]] bool in_built_executable();

/// Of the executable of this process, when that was built. Errors: bundle_error when it is damaged.
[[nodiscard]] Result<Marker> own_marker();

/// Where the marker is in the file of a perch, built or not; nullopt: it is no perch.
[[nodiscard]] std::optional<std::size_t> find_marker(std::string_view executable);

/// What the marker at `at` says; nullopt: it is a perch without an archive. Errors: bundle_error
/// when it is damaged.
[[nodiscard]] Result<std::optional<Marker>> read_marker(std::string_view executable,
                                                        std::size_t at);

/// The marker's bytes, to be written over those that find_marker() found.
[[nodiscard]] std::string marker_bytes(const Marker& marker);

/// The file up to the archive with the marker emptied: the perch it was made of, in pieces.
struct PerchPart {
  std::string_view before; ///< the marker
  std::string zeros;       ///< in the place of what the marker says
  std::string_view after;
};
[[nodiscard]] PerchPart perch_part(std::string_view executable, std::size_t marker_at,
                                   std::uint64_t size);

} // namespace perch::bundle
