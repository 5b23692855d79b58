#include "bundle/unpack.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/digest.h"
#include "sys/directory_lock.h"
#include "sys/mapped_file.h"
#include "sys/tree_files.h"

#include <algorithm>
#include <optional>

namespace perch::bundle {

namespace {

using base::cat;
using sys::Final;
using sys::NodeType;

constexpr std::string_view kTemporary = "tmp-";
constexpr std::string_view kRecord = ".seen";
/// A temporary directory this old belongs to a process that was killed.
constexpr std::int64_t kAbandonedAfterNs = 3'600'000'000'000;
constexpr std::uint64_t kLongestRecord = 64;

class Unpacking {
public:
  Unpacking(sys::World& world, const Reader& reader, const std::string& parent)
      : world_(world), fs_(world.fs), reader_(reader), parent_(parent),
        directory_(cat(parent, '/', reader.sha256())) {
    reader.manifest().entries.each_below(kFilesPrefix, [&](const Entry&) { ++files_; });
  }

  Result<UnpackedFiles> run();

private:
  [[nodiscard]] std::optional<UnpackedFiles> find() const;
  [[nodiscard]] std::optional<UnpackedFiles> find_whole() const;
  Result<UnpackedFiles> make() const;
  Status open_parent();
  [[nodiscard]] bool is_private(const sys::NodeInfo& info) const;
  [[nodiscard]] std::optional<std::string> fingerprint() const;
  [[nodiscard]] bool is_as_recorded() const;
  [[nodiscard]] bool is_as_packed() const;
  [[nodiscard]] bool is_as_packed(const Entry& entry) const;
  Status record() const;
  Status unpack_into(const std::string& directory) const;
  Status write_file(const Entry& entry, const std::string& path) const;
  Status put_in_place(const std::string& made) const;
  Status move_away(const sys::Spot& from, const std::string& old) const;
  void remove_abandoned(const sys::Spot& parent) const;

  sys::World& world_;
  sys::Fs& fs_;
  const Reader& reader_;
  const std::string& parent_;
  const std::string directory_;
  std::size_t files_ = 0;
};

bool Unpacking::is_private(const sys::NodeInfo& info) const {
  return static_cast<std::int64_t>(info.uid) == world_.host.uid() && (info.mode & 0077) == 0;
}

Status Unpacking::open_parent() {
  PERCH_TRY_ASSIGN(sys::Spot parent, fs_.locate(parent_, Final::NoFollow));
  if (parent.info.type == NodeType::Missing) {
    PERCH_TRY(fs_.make_directories(parent, 0700));
    PERCH_TRY_ASSIGN(parent, fs_.locate(parent_, Final::NoFollow));
  }
  if (parent.info.type == NodeType::Directory && is_private(parent.info))
    return {};
  return fail(kind::kFilePermissionDenied, cat(parent_, " is not a directory of yours alone"),
              parent_, cat("chmod 700 ", base::shell_quote(parent_), ", as its owner"));
}

/// What is there, in a few bytes; nullopt when it cannot be what was unpacked.
std::optional<std::string> Unpacking::fingerprint() const {
  const auto spot = fs_.locate(directory_, Final::NoFollow);
  if (!spot || spot->info.type != NodeType::Directory || !is_private(spot->info))
    return std::nullopt;
  const auto found = sys::files_below(fs_, {.from = directory_, .within = directory_});
  if (!found || found->size() != files_)
    return std::nullopt;
  sys::Digest digest(sys::DigestKind::Sha256);
  for (const sys::TreeFile& file : *found) {
    digest.update(cat(file.below, '\0', file.info.size, ' ', file.info.mode, ' ',
                      file.info.changed_ns, ' ', file.info.inode, '\n'));
  }
  return digest.hex();
}

bool Unpacking::is_as_recorded() const {
  const auto spot = fs_.locate(directory_ + std::string(kRecord), Final::NoFollow);
  if (!spot || spot->info.type != NodeType::Regular || !is_private(spot->info))
    return false;
  const auto file = fs_.open(*spot, sys::Access::Read, 0);
  if (!file)
    return false;
  const auto recorded = sys::read_all(file->get(), kLongestRecord, directory_);
  return recorded && *recorded == fingerprint();
}

/// The long way: every byte.
bool Unpacking::is_as_packed() const {
  bool same = fingerprint().has_value();
  reader_.manifest().entries.each_below(
      kFilesPrefix, [&](const Entry& entry) { same = same && is_as_packed(entry); });
  return same;
}

bool Unpacking::is_as_packed(const Entry& entry) const {
  const std::string path = cat(directory_, '/', entry.name.substr(kFilesPrefix.size()));
  const auto spot = fs_.locate(path, Final::NoFollow);
  if (!spot || spot->info.type != NodeType::Regular || spot->info.size != entry.size ||
      (spot->info.mode & 0777) != entry.mode)
    return false;
  const auto file = fs_.open(*spot, sys::Access::Read, 0);
  sys::Digest digest(sys::DigestKind::Sha256);
  const auto count = [&](std::string_view piece) -> Status {
    digest.update(piece);
    return {};
  };
  return file && sys::read_pieces(file->get(), path, count) && digest.hex() == entry.sha256;
}

Status Unpacking::record() const {
  const auto now = fingerprint();
  if (!now)
    return {}; // changed already: the next start looks at every byte
  PERCH_TRY_ASSIGN(const auto spot, fs_.locate(directory_ + std::string(kRecord), Final::NoFollow));
  PERCH_TRY_ASSIGN(const auto file, fs_.replace(spot, 0600));
  PERCH_TRY(file->write(*now));
  return file->commit();
}

Status Unpacking::write_file(const Entry& entry, const std::string& path) const {
  PERCH_TRY_ASSIGN(sys::Spot spot, fs_.locate(path.substr(0, path.rfind('/')), Final::NoFollow));
  if (spot.info.type == NodeType::Missing)
    PERCH_TRY(fs_.make_directories(spot, 0700));
  PERCH_TRY_ASSIGN(spot, fs_.locate(path, Final::NoFollow));
  PERCH_TRY_ASSIGN(const auto file, fs_.replace(spot, 0600));
  PERCH_TRY(reader_.stream(entry, [&](std::string_view piece) { return file->write(piece); }));
  PERCH_TRY(file->commit());
  PERCH_TRY_ASSIGN(spot, fs_.locate(path, Final::NoFollow));
  return fs_.set_mode(spot, entry.mode);
}

Status Unpacking::unpack_into(const std::string& directory) const {
  Status done;
  reader_.manifest().entries.each_below(kFilesPrefix, [&](const Entry& entry) {
    if (done)
      done = write_file(entry, cat(directory, '/', entry.name.substr(kFilesPrefix.size())));
  });
  return done;
}

/// Gives what was made the directory's name. What has it now is damaged, or another process was
/// here first, whose work is as good and may be in use.
Status Unpacking::put_in_place(const std::string& made) const {
  PERCH_TRY_ASSIGN(const sys::Spot from, fs_.locate(made, Final::NoFollow));
  PERCH_TRY_ASSIGN(const sys::Spot to, fs_.locate(directory_, Final::NoFollow));
  if (to.info.type != NodeType::Missing)
    PERCH_TRY(move_away(to, made + "-old"));
  return fs_.rename(from, to);
}

Status Unpacking::move_away(const sys::Spot& from, const std::string& old) const {
  // Kept until it is away: nobody begins to use it meanwhile.
  const auto alone = sys::lock_directory(directory_, sys::Holders::One);
  if (from.info.type == NodeType::Directory && !alone)
    return fail(kind::kFileError, cat("`", directory_, "` was changed while a program uses it"),
                directory_, "end that program, or run `perch cache clear` after it");
  PERCH_TRY_ASSIGN(const sys::Spot away, fs_.locate(old, Final::NoFollow));
  PERCH_TRY(fs_.rename(from, away));
  PERCH_TRY_ASSIGN(const sys::Spot gone, fs_.locate(old, Final::NoFollow));
  return fs_.remove_tree(gone);
}

/// What is there, when every byte of it is as it should be.
std::optional<UnpackedFiles> Unpacking::find_whole() const {
  auto use = sys::lock_directory(directory_, sys::Holders::Many);
  if (!use || !is_as_packed())
    return std::nullopt;
  return UnpackedFiles{.directory = directory_, .use = std::move(*use)};
}

void Unpacking::remove_abandoned(const sys::Spot& parent) const {
  const auto entries = fs_.list(parent);
  if (!entries)
    return;
  for (const auto& [name, type] : *entries) {
    if (!name.starts_with(kTemporary))
      continue;
    const auto spot = fs_.locate(cat(parent_, '/', name), Final::NoFollow);
    if (spot && world_.clock.unix_ns() - spot->info.mtime_ns > kAbandonedAfterNs)
      (void)fs_.remove_tree(*spot); // what cannot be removed is tried again the next time
  }
}

/// What is there, when it is as it should be.
std::optional<UnpackedFiles> Unpacking::find() const {
  auto use = sys::lock_directory(directory_, sys::Holders::Many);
  if (!use || !is_as_recorded())
    return std::nullopt;
  return UnpackedFiles{.directory = directory_, .use = std::move(*use)};
}

Result<UnpackedFiles> Unpacking::make() const {
  PERCH_TRY_ASSIGN(const sys::Spot parent, fs_.locate(parent_, Final::NoFollow));
  remove_abandoned(parent);
  PERCH_TRY_ASSIGN(const std::string name,
                   fs_.make_temporary(parent, kTemporary, NodeType::Directory));
  const std::string made = cat(parent_, '/', name);
  auto use = sys::lock_directory(made, sys::Holders::Many);
  Status done = unpack_into(made);
  std::optional<UnpackedFiles> others;
  if (done)
    others = find_whole();
  if (done && !others) {
    done = put_in_place(made);
    if (!done)
      others = find_whole();
    if (others) // somebody was faster just now
      done = {};
  }
  if (const auto left = fs_.locate(made, Final::NoFollow);
      left && left->info.type != NodeType::Missing)
    (void)fs_.remove_tree(*left); // reported is what went wrong before
  PERCH_TRY(std::move(done));
  if (others)
    return std::move(*others);
  return UnpackedFiles{.directory = directory_, .use = use ? std::move(*use) : sys::Fd()};
}

Result<UnpackedFiles> Unpacking::run() {
  PERCH_TRY(open_parent());
  if (auto found = find())
    return std::move(*found);
  auto files = find_whole();
  if (!files) {
    PERCH_TRY_ASSIGN(UnpackedFiles made, make());
    files = std::move(made);
  }
  PERCH_TRY(record());
  return std::move(*files);
}

} // namespace

Result<UnpackedFiles> unpack(sys::World& world, const Reader& reader, const std::string& parent) {
  return Unpacking(world, reader, parent).run();
}

} // namespace perch::bundle
