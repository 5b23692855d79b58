#pragma once
// The files a program brings along: from the archive of a built executable, or, in a plain run,
// from beside the script, so that both behave alike.

#include "base/result.h"
#include "run/gate.h"
#include "run/state.h"

#include <string>
#include <string_view>

namespace perch::run {

/// The bytes of an included file by its path as the program writes it. Needs no capability: it is
/// part of the program. Errors: file_not_found, naming the entries there are; bundle_error for a
/// damaged one.
[[nodiscard]] Result<std::string> bundle_entry(State& state, std::string_view path);

/// The same place written without `.`, `..` and double slashes, as the archive has it.
[[nodiscard]] std::string archive_path(std::string_view path);

/// In a plain run, where the file it is beside the script lies. Errors: as bundle_entry.
[[nodiscard]] Result<std::string> included_file(State& state, std::string_view path);

/// The archive's digest. Errors: requirement_unmet in a plain run, which has no archive.
[[nodiscard]] Result<std::string> bundle_digest(State& state);

/// A directory with the bundle's files: of a plain run the script's own.
[[nodiscard]] Result<std::string> bundle_directory(State& state);

/// Writes one entry, or a directory of them, to `to`. Errors: as bundle_entry; those of writing.
[[nodiscard]] Status bundle_extract(State& state, Actor actor, std::string_view entry,
                                    std::string_view to);

} // namespace perch::run
