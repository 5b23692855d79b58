#pragma once
// The manifest of an archive, `perch/manifest.json`: what there is, and what every byte must be.

#include "base/result.h"
#include "bundle/entry.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::bundle {

inline constexpr int kFormat = 1;
inline constexpr std::string_view kManifestEntry = "perch/manifest.json";
inline constexpr std::string_view kProgramEntry = "perch/program.perch";
inline constexpr std::string_view kImportsPrefix = "perch/imports/";
inline constexpr std::string_view kFilesPrefix = "files/";
inline constexpr std::string_view kModulesPrefix = "modules/"; ///< fetched for the executable
inline constexpr std::string_view kNativePrefix = "native/";

/// A file that the program or one of its imports imports, under the name analysis asks for it.
struct Import {
  std::string path;
  std::string entry;
};

struct Manifest {
  std::string name, version;            ///< of the program; may be empty
  std::string source;                   ///< the program's file name, for messages
  std::optional<std::int64_t> built_at; ///< seconds since 1970, from SOURCE_DATE_EPOCH
  std::string perch_version, engine;
  std::string perch_sha256; ///< hex, of the perch it was made of
  bool strict = false;
  std::vector<std::string> flags;                           ///< perch's own, given to --build
  std::vector<std::pair<std::string, std::string>> aliases; ///< alias or address, entry; sorted
  std::vector<Import> imports;                              ///< in the order they are loaded
  EntryList entries;                                        ///< of a manifest that was parsed
};

/// `entries`: sorted by name; those of `manifest` do not count.
[[nodiscard]] std::string to_json(const Manifest& manifest, std::span<const Entry> entries);
/// Checks all there is to check without the archive: nothing in it is trusted. `accept` is asked
/// about each entry. Errors: bundle_error. Lifetime: the entries stay in `json`.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view json,
                                              const EntryList::Take& accept = nullptr);

/// `native/SHA256`, with `-fuel` for code that counts instructions.
[[nodiscard]] std::string native_entry(std::string_view module_sha256, bool metered);

/// `modules/SHA256.wasm`
[[nodiscard]] std::string fetched_entry(std::string_view module_sha256);

} // namespace perch::bundle
