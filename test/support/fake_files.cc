#include "support/fake_files.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs.h"

#include <algorithm>
#include <fnmatch.h>

namespace perch::test {

using op::Cap;
using op::FileType;
using op::Follow;

namespace {

std::unexpected<Error> file_fail(std::string_view kind, std::string_view path) {
  return fail(kind, base::cat("cannot use `", path, "`"), std::string(path));
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string child_prefix(const std::string& path) { return path == "/" ? path : path + '/'; }

} // namespace

FakeFiles::FakeFiles() {
  for (const char* path : {"/", "/work", "/tmp"})
    nodes[path] = {.type = FileType::Directory, .bytes = {}, .mode = 0755};
}

void FakeFiles::put(std::string_view path, std::string_view bytes, std::uint32_t mode) {
  const std::string at = absolute(path);
  for (std::string up = parent_of(at); !nodes.contains(up); up = parent_of(up))
    nodes[up] = {.type = FileType::Directory, .bytes = {}, .mode = 0755, .mtime_ns = now_ns};
  nodes[at] = {.bytes = std::string(bytes), .mode = mode, .mtime_ns = now_ns};
}

std::string FakeFiles::bytes(std::string_view path) const {
  const auto found = nodes.find(absolute(path));
  return found == nodes.end() ? "(missing)" : found->second.bytes;
}

std::string FakeFiles::absolute(std::string_view path) const {
  return sys::absolute_path(directory, path);
}

Result<std::string> FakeFiles::locate(Cap cap, std::string_view path, Follow follow) {
  if (path.empty())
    return fail(kind::kBadArgument, "a path must not be empty");
  if (gate)
    PERCH_TRY(gate(cap, path));
  std::string at = absolute(path);
  for (int links = 0; links < 40; ++links) {
    // The first link on the way, the last component only when it is followed.
    std::size_t end = 0;
    bool replaced = false;
    while (!replaced && end != std::string::npos) {
      end = at.find('/', end + 1);
      const std::string head = at.substr(0, end);
      const auto found = nodes.find(head);
      const bool last = end == std::string::npos;
      if (found == nodes.end() || found->second.type != FileType::Symlink ||
          (last && follow == Follow::No))
        continue;
      const std::string rest = last ? "" : at.substr(end);
      at = sys::absolute_path(parent_of(head), found->second.bytes) + rest;
      replaced = true;
    }
    if (!replaced)
      return at;
  }
  return file_fail(kind::kFileError, path);
}

Result<FakeNode*> FakeFiles::node(Cap cap, std::string_view path, Follow follow) {
  PERCH_TRY_ASSIGN(const std::string at, locate(cap, path, follow));
  const auto found = nodes.find(at);
  if (found == nodes.end())
    return file_fail(kind::kFileNotFound, path);
  if (std::ranges::find(forbidden, at) != forbidden.end())
    return file_fail(kind::kFilePermissionDenied, path);
  return &found->second;
}

Result<FakeNode*> FakeFiles::writable(std::string_view path, std::uint32_t mode) {
  PERCH_TRY_ASSIGN(const std::string at, locate(Cap::Write, path, Follow::Yes));
  if (!nodes.contains(parent_of(at)))
    return file_fail(kind::kFileNotFound, path);
  if (std::ranges::find(forbidden, at) != forbidden.end())
    return file_fail(kind::kFilePermissionDenied, path);
  auto& target = nodes.try_emplace(at, FakeNode{.bytes = {}, .mode = mode}).first->second;
  if (target.type != FileType::Regular)
    return file_fail(kind::kFileError, path);
  target.mtime_ns = now_ns;
  return &target;
}

// ---- reading ------------------------------------------------------------------------------------

Result<op::FileInfo> FakeFiles::stat(std::string_view path, Follow follow) {
  PERCH_TRY_ASSIGN(const FakeNode* found, node(Cap::Read, path, follow));
  return op::FileInfo{.type = found->type,
                      .size = found->bytes.size(),
                      .mode = found->mode,
                      .mtime_ns = found->mtime_ns};
}

Result<bool> FakeFiles::exists(std::string_view path) {
  const auto found = node(Cap::Read, path, Follow::Yes);
  if (found)
    return true;
  if (found.error().kind == kind::kFileNotFound)
    return false;
  return std::unexpected(found.error());
}

Result<std::string> FakeFiles::read(std::string_view path, std::uint64_t limit_bytes) {
  PERCH_TRY_ASSIGN(const FakeNode* found, node(Cap::Read, path, Follow::Yes));
  if (found->type != FileType::Regular)
    return file_fail(kind::kFileError, path);
  if (found->bytes.size() > limit_bytes)
    return file_fail(kind::kOutputTooLarge, path);
  return found->bytes;
}

Status FakeFiles::read_stream(std::string_view path,
                              const std::function<Status(std::string_view)>& sink) {
  PERCH_TRY_ASSIGN(const std::string bytes, read(path, UINT64_MAX));
  constexpr std::size_t kPiece = 7; // small and odd, so that pieces end anywhere
  for (std::size_t at = 0; at < bytes.size(); at += kPiece)
    PERCH_TRY(sink(std::string_view(bytes).substr(at, kPiece)));
  return {};
}

Result<std::vector<op::DirEntry>> FakeFiles::list(std::string_view path) {
  PERCH_TRY_ASSIGN(const FakeNode* found, node(Cap::Read, path, Follow::Yes));
  if (found->type != FileType::Directory)
    return file_fail(kind::kFileError, path);
  PERCH_TRY_ASSIGN(const std::string at, locate(Cap::Read, path, Follow::Yes));
  const std::string prefix = child_prefix(at);
  std::vector<op::DirEntry> entries;
  for (const auto& [name, entry] : nodes) {
    if (name.starts_with(prefix) && name != prefix &&
        name.find('/', prefix.size()) == std::string::npos)
      entries.push_back({.name = name.substr(prefix.size()), .type = entry.type});
  }
  return entries;
}

Result<std::string> FakeFiles::read_link(std::string_view path) {
  PERCH_TRY_ASSIGN(const FakeNode* found, node(Cap::Read, path, Follow::No));
  if (found->type != FileType::Symlink)
    return file_fail(kind::kFileError, path);
  return found->bytes;
}

Result<std::vector<std::string>> FakeFiles::glob(std::string_view pattern) {
  if (gate)
    PERCH_TRY(gate(Cap::Read, pattern));
  const std::string wanted = absolute(pattern);
  const std::size_t cut = pattern.starts_with('/') ? 0 : child_prefix(directory).size();
  std::vector<std::string> found;
  for (const auto& [path, entry] : nodes) {
    if (fnmatch(wanted.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0)
      found.push_back(path.substr(cut));
  }
  return found;
}

// ---- writing ------------------------------------------------------------------------------------

Status FakeFiles::make_directories(std::string_view path) {
  PERCH_TRY_ASSIGN(const std::string at, locate(Cap::Write, path, Follow::Yes));
  for (std::size_t end = 0; end != std::string::npos;) {
    end = at.find('/', end + 1);
    const auto [entry, added] = nodes.try_emplace(
        at.substr(0, end), FakeNode{.type = FileType::Directory, .bytes = {}, .mode = 0755});
    if (entry->second.type != FileType::Directory)
      return file_fail(kind::kFileAlreadyExists, path);
  }
  return {};
}

Status FakeFiles::write(std::string_view path, std::string_view bytes) {
  PERCH_TRY_ASSIGN(FakeNode * target, writable(path, 0644));
  target->bytes = bytes;
  return {};
}

Status FakeFiles::append(std::string_view path, std::string_view bytes) {
  PERCH_TRY_ASSIGN(FakeNode * target, writable(path, 0644));
  target->bytes += bytes;
  return {};
}

Status FakeFiles::append_line(std::string_view path, std::string_view line) {
  PERCH_TRY_ASSIGN(FakeNode * target, writable(path, 0644));
  if (!target->bytes.empty() && !target->bytes.ends_with('\n'))
    target->bytes += '\n';
  target->bytes.append(line) += '\n';
  return {};
}

class FakePending : public op::PendingFile {
public:
  FakePending(FakeFiles& files, std::string path, std::uint32_t mode)
      : files_(files), path_(std::move(path)), mode_(mode) {}

  Status write(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }

  Status commit() override {
    auto& target =
        files_.nodes.try_emplace(path_, FakeNode{.bytes = {}, .mode = mode_}).first->second;
    if (target.type != FileType::Regular)
      return file_fail(kind::kFileError, path_);
    target.bytes = bytes_;
    target.mtime_ns = files_.now_ns;
    return {};
  }

private:
  FakeFiles& files_;
  std::string path_;
  std::string bytes_;
  std::uint32_t mode_;
};

Result<std::unique_ptr<op::PendingFile>> FakeFiles::create(std::string_view path,
                                                           std::uint32_t mode) {
  PERCH_TRY_ASSIGN(std::string at, locate(Cap::Write, path, Follow::Yes));
  if (!nodes.contains(parent_of(at)))
    return file_fail(kind::kFileNotFound, path);
  return std::make_unique<FakePending>(*this, std::move(at), mode);
}

Status FakeFiles::remove(std::string_view path) {
  PERCH_TRY_ASSIGN(const std::string at, locate(Cap::Write, path, Follow::No));
  if (at.size() == 1 || at == directory)
    return fail(kind::kBadArgument, base::cat("will not remove `", path, "`"));
  std::erase_if(nodes, [&](const auto& entry) { return sys::is_within(at, entry.first); });
  return {};
}

Status FakeFiles::rename(std::string_view from, std::string_view to) {
  PERCH_TRY_ASSIGN(const std::string source, locate(Cap::Write, from, Follow::No));
  PERCH_TRY_ASSIGN(const std::string target, locate(Cap::Write, to, Follow::No));
  if (!nodes.contains(source) || !nodes.contains(parent_of(target)))
    return file_fail(kind::kFileNotFound, from);
  if (!other_file_system.empty() && sys::is_within(other_file_system, source)) {
    auto across = file_fail(kind::kFileError, from);
    across.error().code_name = "EXDEV";
    return across;
  }
  const auto there = nodes.find(target);
  if (there != nodes.end() && there->second.type == FileType::Directory)
    return file_fail(kind::kFileError, to);
  std::map<std::string, FakeNode> moved;
  for (const auto& [path, entry] : nodes) {
    if (sys::is_within(source, path))
      moved[target + path.substr(source.size())] = entry;
  }
  std::erase_if(nodes, [&](const auto& entry) { return sys::is_within(source, entry.first); });
  for (auto& [path, entry] : moved)
    nodes[path] = std::move(entry);
  return {};
}

Status FakeFiles::set_mode(std::string_view path, std::uint32_t mode) {
  PERCH_TRY_ASSIGN(FakeNode * target, node(Cap::Write, path, Follow::Yes));
  target->mode = mode;
  return {};
}

Status FakeFiles::touch(std::string_view path) {
  PERCH_TRY_ASSIGN(const FakeNode* target, writable(path, 0644));
  static_cast<void>(target);
  return {};
}

Status FakeFiles::symlink(std::string_view target, std::string_view link) {
  PERCH_TRY_ASSIGN(const std::string at, locate(Cap::Write, link, Follow::No));
  const bool added =
      nodes.try_emplace(at, FakeNode{.type = FileType::Symlink, .bytes = std::string(target)})
          .second;
  if (!added)
    return file_fail(kind::kFileAlreadyExists, link);
  return {};
}

Result<std::string> FakeFiles::make_temp(std::string_view prefix, FileType type) {
  if (gate)
    PERCH_TRY(gate(Cap::Write, ""));
  std::string path = base::cat("/tmp/", prefix, ++made_temps_);
  nodes[path] = {.type = type, .bytes = {}, .mode = type == FileType::Directory ? 0700u : 0600u};
  return path;
}

} // namespace perch::test
