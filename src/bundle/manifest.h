#pragma once
// The manifest of an archive, `perch/manifest.json`: what there is, and what every byte must be.

#include "base/result.h"

#include <cstdint>
#include <optional>
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
inline constexpr std::string_view kNativePrefix = "native/";

/// One entry but the manifest itself. Offsets count from the beginning of the executable.
struct Entry {
  std::string name;
  std::uint32_t mode = 0644;
  std::uint64_t size = 0;
  std::string sha256; ///< hex, of the content
  std::string xxh3; ///< hex, of the content; of native code only, which is checked with it when it
                    ///< is used, as fast as memory is read
  std::uint64_t header = 0, content = 0, packed = 0;
  bool stored = false;
  std::string frame; ///< CRC-32, hex, of the local header, and of the packed bytes of what is
                     ///< not stored
};

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
  std::vector<std::pair<std::string, std::string>> aliases; ///< alias, entry; sorted
  std::vector<Import> imports;                              ///< in the order they are loaded
  std::vector<Entry> entries;                               ///< sorted by name

  [[nodiscard]] const Entry* find(std::string_view name) const;
};

[[nodiscard]] std::string to_json(const Manifest& manifest);
/// Checks all there is to check without the archive: nothing in it is trusted. Errors:
/// bundle_error.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view json);

/// `native/SHA256`, with `-fuel` for code that counts instructions.
[[nodiscard]] std::string native_entry(std::string_view module_sha256, bool metered);

/// True for a relative path of plain components, in UTF-8, that no unpacking can lead astray.
[[nodiscard]] bool is_safe_name(std::string_view name);

} // namespace perch::bundle
