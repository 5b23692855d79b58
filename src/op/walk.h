#pragma once
// Whole directories, as the ops that copy and pack them see them.

#include "op/call.h"

namespace perch::op {

struct TreeEntry {
  std::string path; ///< below the root; "" for the root itself
  FileType type = FileType::Regular;
  std::uint32_t mode = 0;
};

/// `path` below `root`; the root itself when `path` is empty.
[[nodiscard]] std::string below(std::string_view root, std::string_view path);

/// Everything below `root`, each directory before its entries, which are in the order of their
/// names. A link to a file counts as the file.
///
/// Needs:  Cap::Read for `root`.
/// Errors: bad_argument for a root that is no directory, a link to a directory, and what is neither
///         file nor directory; file_not_found for a link that leads nowhere.
[[nodiscard]] Result<std::vector<TreeEntry>> walk(Call& call, std::string_view root);

} // namespace perch::op
