#pragma once
// The pieces of the real file system, for this folder.

#include "sys/fs.h"

struct stat;

namespace perch::sys {

[[nodiscard]] NodeInfo node_info(const struct stat& status);

[[nodiscard]] Result<Spot> locate_posix(std::string_view absolute, Final final);

/// The place's name within its base. Errors: file_not_found when its parents are missing, so that
/// what is done next never walks through several components, and so through a link.
[[nodiscard]] Result<const char*> entry_name(const Spot& spot, std::string_view action);

using Entries = std::vector<std::pair<std::string, NodeType>>;
/// All entries but `.` and `..`, unsorted. The error is an errno: the path that goes with it may be
/// long and is put together only when it is needed.
[[nodiscard]] std::expected<Entries, int> scan_directory(int directory);

[[nodiscard]] Status remove_tree_posix(const Spot& spot);

[[nodiscard]] Result<std::unique_ptr<PendingReplace>> replace_posix(const Spot& spot,
                                                                    std::uint32_t mode);

/// 64 random bits as decimal digits: a name nobody can have made beforehand.
[[nodiscard]] std::string unpredictable_name();

[[nodiscard]] Result<std::string> make_temporary_posix(const Spot& directory,
                                                       std::string_view prefix, NodeType type);

} // namespace perch::sys
