#include "run/gated_files.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/gate_glob.h"
#include "sys/os_error.h"
#include "sys/poll_item.h"

#include <algorithm>
#include <array>

namespace perch::run {

using base::cat;
using op::Cap;
using op::FileType;
using sys::Final;
using sys::NodeType;

namespace {

FileType type_of(NodeType type) {
  switch (type) {
  case NodeType::Regular:
    return FileType::Regular;
  case NodeType::Directory:
    return FileType::Directory;
  case NodeType::Symlink:
    return FileType::Symlink;
  case NodeType::Missing:
  case NodeType::Other:
    return FileType::Other;
  }
  return FileType::Other;
}

std::unexpected<Error> missing(std::string_view action, std::string_view path) {
  return fail(kind::kFileNotFound,
              cat("cannot ", action, " `", path, "`: no such file or directory"),
              std::string(path));
}

/// A file of sys as the ops know it.
class Pending final : public op::PendingFile {
public:
  explicit Pending(std::unique_ptr<sys::PendingReplace> file) : file_(std::move(file)) {}
  Status write(std::string_view bytes) override { return file_->write(bytes); }
  Status commit() override { return file_->commit(); }

private:
  std::unique_ptr<sys::PendingReplace> file_;
};

} // namespace

Result<op::FileInfo> GatedFiles::stat(std::string_view path, op::Follow follow) {
  const Final final = follow == op::Follow::Yes ? Final::Follow : Final::NoFollow;
  PERCH_TRY_ASSIGN(const sys::Spot spot, readable(path, final));
  if (spot.info.type == NodeType::Missing)
    return missing("look at", path);
  return op::FileInfo{.type = type_of(spot.info.type),
                      .size = spot.info.size,
                      .mode = spot.info.mode,
                      .mtime_ns = spot.info.mtime_ns};
}

Result<bool> GatedFiles::exists(std::string_view path) {
  const auto spot = readable(path);
  if (spot)
    return spot->info.type != NodeType::Missing;
  if (spot.error().kind == kind::kFileNotFound)
    return false;
  return std::unexpected(spot.error());
}

Result<sys::Fd> GatedFiles::open_to_read(std::string_view path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, readable(path));
  if (spot.info.type == NodeType::Missing)
    return missing("read", path);
  if (spot.info.type == NodeType::Directory) {
    return fail(kind::kFileError, cat("cannot read `", path, "`: it is a directory"),
                std::string(path));
  }
  return gate_.world().fs.open(spot, sys::Access::Read, 0);
}

Result<std::string> GatedFiles::read(std::string_view path, std::uint64_t limit_bytes) {
  PERCH_TRY_ASSIGN(const sys::Fd fd, open_to_read(path));
  return sys::read_all(fd.get(), limit_bytes, path);
}

Status GatedFiles::read_stream(std::string_view path,
                               const std::function<Status(std::string_view)>& sink) {
  PERCH_TRY_ASSIGN(const sys::Fd fd, open_to_read(path));
  std::vector<char> buffer(256 << 10);
  while (true) {
    PERCH_TRY(scope_.cancel->check());
    PERCH_TRY_ASSIGN(const sys::Transfer got, sys::read_some(fd.get(), buffer));
    if (got.state == sys::Transfer::State::Closed)
      return {};
    PERCH_TRY(sink({buffer.data(), got.bytes}));
  }
}

Result<std::vector<op::DirEntry>> GatedFiles::list(std::string_view path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, readable(path));
  if (spot.info.type == NodeType::Missing)
    return missing("list", path);
  PERCH_TRY_ASSIGN(const auto entries, gate_.world().fs.list(spot));
  std::vector<op::DirEntry> out;
  out.reserve(entries.size());
  for (const auto& [name, type] : entries)
    out.push_back({.name = name, .type = type_of(type)});
  std::ranges::sort(out, {}, &op::DirEntry::name);
  return out;
}

Result<std::string> GatedFiles::read_link(std::string_view path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, readable(path, Final::NoFollow));
  return gate_.world().fs.read_link(spot);
}

Result<std::vector<std::string>> GatedFiles::glob(std::string_view pattern) {
  return run::glob(gate_, scope_, actor_, pattern);
}

Status GatedFiles::make_directories(std::string_view path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path));
  return gate_.world().fs.make_directories(spot, 0755);
}

Status GatedFiles::write(std::string_view path, std::string_view bytes) {
  PERCH_TRY_ASSIGN(const auto file, create(path, 0644));
  PERCH_TRY(file->write(bytes));
  return file->commit();
}

Status GatedFiles::append(std::string_view path, std::string_view bytes) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path));
  PERCH_TRY_ASSIGN(const sys::Fd fd, gate_.world().fs.open(spot, sys::Access::Append, 0644));
  return sys::write_all(fd.get(), bytes, path);
}

Status GatedFiles::append_line(std::string_view path, std::string_view line) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path));
  bool ends_open = false;
  if (spot.info.type == NodeType::Regular && spot.info.size > 0) {
    PERCH_TRY_ASSIGN(const sys::Fd old, gate_.world().fs.open(spot, sys::Access::Read, 0));
    PERCH_TRY_ASSIGN(const auto last, sys::last_byte(old.get(), path));
    ends_open = last.has_value() && *last != '\n';
  }
  PERCH_TRY_ASSIGN(const sys::Fd fd, gate_.world().fs.open(spot, sys::Access::Append, 0644));
  return sys::write_all(fd.get(), cat(ends_open ? "\n" : "", line, '\n'), path);
}

Result<std::unique_ptr<op::PendingFile>> GatedFiles::create(std::string_view path,
                                                            std::uint32_t mode) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path));
  PERCH_TRY_ASSIGN(auto file, gate_.world().fs.replace(spot, mode));
  return std::make_unique<Pending>(std::move(file));
}

Status GatedFiles::refuse_essential(const sys::Spot& spot, std::string_view verb) const {
  PERCH_TRY(gate_.refuse_protected(scope_, actor_, spot.real, Cap::None));
  const auto refuse = [&](std::string_view what) {
    return fail(kind::kBadArgument,
                cat(actor_.name, " does not ", verb, ' ', spot.real, ": it ", what), spot.real,
                "name what is in it instead");
  };
  const auto holds = [&](const std::string& path) {
    if (!path.starts_with('/'))
      return false;
    const auto place = gate_.world().fs.locate(path, Final::Follow);
    return place && policy::is_below(spot.real, place->real);
  };
  if (spot.real == "/")
    return refuse("is the root directory");
  if (holds(gate_.world().host.home()))
    return refuse("is or holds the home directory");
  if (holds(std::string(scope_.directory)))
    return refuse("is or holds the current directory");
  for (const auto& layer : scope_.policy.layers()) {
    for (const Cap cap : {Cap::Read, Cap::Write}) {
      for (const std::string& root : layer->rule(cap).allowed) {
        if (policy::is_below(spot.real, root))
          return refuse(cat("is or holds a root of ", layer->origin));
      }
    }
  }
  return {};
}

Status GatedFiles::remove(std::string_view path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path, Final::NoFollow));
  if (spot.info.type == NodeType::Missing)
    return {};
  PERCH_TRY(refuse_essential(spot, "remove"));
  return gate_.world().fs.remove_tree(spot);
}

Status GatedFiles::rename(std::string_view from, std::string_view to) {
  PERCH_TRY_ASSIGN(const sys::Spot source, writable(from, Final::NoFollow));
  PERCH_TRY_ASSIGN(const sys::Spot target, writable(to, Final::NoFollow));
  if (source.info.type == NodeType::Missing)
    return missing("rename", from);
  PERCH_TRY(refuse_essential(source, "move"));
  return gate_.world().fs.rename(source, target);
}

Status GatedFiles::set_mode(std::string_view path, std::uint32_t mode) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path));
  return gate_.world().fs.set_mode(spot, mode);
}

Status GatedFiles::touch(std::string_view path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(path));
  return gate_.world().fs.touch(spot);
}

Status GatedFiles::symlink(std::string_view target, std::string_view link) {
  if (target.empty())
    return fail(kind::kBadArgument, cat(actor_.name, ": the link's target is empty"));
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(link, Final::NoFollow));
  return gate_.world().fs.symlink(target, spot);
}

Result<std::string> GatedFiles::make_temp(std::string_view prefix, FileType type) {
  std::string directory(gate_.world().env.get("TMPDIR").value_or(""));
  if (!directory.starts_with('/'))
    directory = "/tmp";
  PERCH_TRY_ASSIGN(const sys::Spot spot, writable(directory));
  const NodeType node = type == FileType::Directory ? NodeType::Directory : NodeType::Regular;
  PERCH_TRY_ASSIGN(const std::string name, gate_.world().fs.make_temporary(spot, prefix, node));
  std::string path = spot.real == "/" ? cat('/', name) : cat(spot.real, '/', name);
  gate_.remove_at_end(path);
  return path;
}

std::string GatedFiles::absolute(std::string_view path) const {
  return sys::absolute_path(scope_.directory, path);
}

} // namespace perch::run
