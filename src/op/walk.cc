#include "op/walk.h"

#include "base/error_kinds.h"
#include "base/text.h"

namespace perch::op {

std::string below(std::string_view root, std::string_view path) {
  return path.empty() ? std::string(root) : base::cat(root, root.ends_with('/') ? "" : "/", path);
}

namespace {

std::unexpected<Error> refuse(std::string_view path, std::string_view what, std::string help) {
  return fail(kind::kBadArgument, base::cat("`", path, "` is ", what), std::string(path),
              std::move(help));
}

Result<TreeEntry> look_at(Call& call, std::string_view root, const DirEntry& entry,
                          std::string path) {
  const std::string whole = below(root, path);
  PERCH_TRY_ASSIGN(const auto info, call.files().stat(whole));
  if (entry.type == FileType::Symlink && info.type == FileType::Directory)
    return refuse(whole, "a link to a directory", "use what it points to instead");
  if (info.type != FileType::Directory && info.type != FileType::Regular)
    return refuse(whole, "neither a file nor a directory", "leave it out");
  return TreeEntry{.path = std::move(path), .type = info.type, .mode = info.mode};
}

} // namespace

Result<std::vector<TreeEntry>> walk(Call& call, std::string_view root) {
  PERCH_TRY_ASSIGN(const auto top, call.files().stat(root));
  if (top.type != FileType::Directory)
    return refuse(root, "not a directory", "name the directory that holds it");
  std::vector<TreeEntry> tree{{.path = {}, .type = top.type, .mode = top.mode}};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    if (tree[i].type != FileType::Directory)
      continue;
    PERCH_TRY(call.check_cancelled());
    const std::string prefix = tree[i].path.empty() ? std::string() : tree[i].path + '/';
    PERCH_TRY_ASSIGN(const auto entries, call.files().list(below(root, tree[i].path)));
    for (const auto& entry : entries) {
      PERCH_TRY_ASSIGN(auto found, look_at(call, root, entry, prefix + entry.name));
      tree.push_back(std::move(found));
    }
  }
  return tree;
}

} // namespace perch::op
