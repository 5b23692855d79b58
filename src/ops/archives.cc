// Compression and archives. Extraction trusts nothing an archive says: names stay below the
// target, no link is made or followed, and what comes out is bounded.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "op/walk.h"
#include "sys/tar.h"
#include "sys/zip.h"

#include <map>
#include <set>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// Entries of a ZIP archive, and the archive itself, are held in memory.
constexpr std::uint64_t kMaxZipBytes = 1ull << 30;
constexpr std::size_t kMaxEntries = 1'000'000;

/// Names the archive in errors that come from its bytes.
Status about(std::string_view archive, Status status) {
  if (!status && status.error().kind == kind::kBadArgument && status.error().detail.empty()) {
    status.error().message = base::cat("`", archive, "`: ", status.error().message);
    status.error().detail = archive;
  }
  return status;
}

Result<std::uint64_t> byte_limit(std::string_view written) {
  const auto bytes = base::parse_byte_count(written);
  if (bytes)
    return *bytes;
  return fail(kind::kBadArgument, base::cat("`", written, "` is not a size"), std::string(written),
              "write it as in 512MiB");
}

Status check_limit(std::string_view written) {
  PERCH_TRY(byte_limit(written));
  return {};
}

std::unexpected<Error> too_large(std::string_view archive, std::uint64_t limit) {
  return fail(kind::kOutputTooLarge,
              base::cat("`", archive, "` expands to more than ", limit, " bytes"),
              std::string(archive), "raise `limit` if that is meant to be");
}

// ---- gzip ---------------------------------------------------------------------------------------

Status compress_into(op::PendingFile& out, sys::Deflater& deflater, std::string_view bytes) {
  return deflater.write(bytes, [&](std::string_view packed) { return out.write(packed); });
}

Status finish_into(op::PendingFile& out, sys::Deflater& deflater) {
  PERCH_TRY(deflater.finish([&](std::string_view packed) { return out.write(packed); }));
  return out.commit();
}

Result<Value> gzip(Call& call) {
  PERCH_TRY_ASSIGN(const auto out, call.files().create(call.text(1)));
  sys::Deflater deflater(sys::Framing::Gzip);
  const auto compress = [&](std::string_view bytes) -> Status {
    PERCH_TRY(call.check_cancelled());
    return compress_into(*out, deflater, bytes);
  };
  PERCH_TRY(call.files().read_stream(call.text(0), compress));
  PERCH_TRY(finish_into(*out, deflater));
  return Value();
}

Result<Value> ungzip(Call& call) {
  const auto from = call.text(0);
  PERCH_TRY_ASSIGN(const auto limit, byte_limit(call.text(2)));
  PERCH_TRY_ASSIGN(const auto out, call.files().create(call.text(1)));
  sys::Inflater inflater(sys::Framing::Gzip);
  std::uint64_t size = 0;
  const sys::ByteSink keep = [&](std::string_view bytes) -> Status {
    size += bytes.size();
    if (size > limit)
      return too_large(from, limit);
    return out->write(bytes);
  };
  const auto expand = [&](std::string_view bytes) -> Status {
    PERCH_TRY(call.check_cancelled());
    return inflater.write(bytes, keep);
  };
  PERCH_TRY(about(from, call.files().read_stream(from, expand)));
  PERCH_TRY(about(from, inflater.finish()));
  PERCH_TRY(out->commit());
  return Value();
}

// ---- packing ------------------------------------------------------------------------------------

/// What to pack: everything below the directory but the archive that is being made.
Result<std::vector<op::TreeEntry>> tree_to_pack(Call& call) {
  auto& files = call.files();
  const std::string archive = files.absolute(call.text(1));
  PERCH_TRY_ASSIGN(auto tree, op::walk(call, call.text(0)));
  std::erase_if(tree, [&](const op::TreeEntry& entry) {
    return entry.path.empty() || files.absolute(op::below(call.text(0), entry.path)) == archive;
  });
  return tree;
}

Status pack_file(Call& call, const std::string& path, sys::TarWriter& tar) {
  const auto copy = [&](std::string_view bytes) -> Status {
    PERCH_TRY(call.check_cancelled());
    return tar.content(bytes);
  };
  return call.files().read_stream(path, copy);
}

Result<Value> tar_create(Call& call) {
  PERCH_TRY_ASSIGN(const auto tree, tree_to_pack(call));
  PERCH_TRY_ASSIGN(const auto out, call.files().create(call.text(1)));
  sys::Deflater deflater(sys::Framing::Gzip);
  sys::TarWriter tar([&](std::string_view bytes) { return compress_into(*out, deflater, bytes); });
  for (const auto& entry : tree) {
    const std::string path = op::below(call.text(0), entry.path);
    const bool directory = entry.type == op::FileType::Directory;
    PERCH_TRY_ASSIGN(const auto info, call.files().stat(path));
    PERCH_TRY(
        tar.begin({.name = entry.path,
                   .kind = directory ? sys::TarEntry::Kind::Directory : sys::TarEntry::Kind::File,
                   .mode = entry.mode & 0777,
                   .size = directory ? 0 : info.size}));
    if (!directory)
      PERCH_TRY(pack_file(call, path, tar));
    PERCH_TRY(tar.end());
  }
  PERCH_TRY(tar.finish());
  PERCH_TRY(finish_into(*out, deflater));
  return Value();
}

Result<Value> zip_create(Call& call) {
  PERCH_TRY_ASSIGN(const auto tree, tree_to_pack(call));
  PERCH_TRY_ASSIGN(const auto out, call.files().create(call.text(1)));
  sys::ZipWriter zip([&](std::string_view bytes) { return out->write(bytes); });
  for (const auto& entry : tree) {
    PERCH_TRY(call.check_cancelled());
    if (entry.type == op::FileType::Directory) {
      PERCH_TRY(zip.add({.name = entry.path + '/', .mode = entry.mode & 0777}, {}));
      continue;
    }
    PERCH_TRY_ASSIGN(const std::string bytes,
                     call.files().read(op::below(call.text(0), entry.path), kMaxZipBytes));
    PERCH_TRY(zip.add({.name = entry.path, .mode = entry.mode & 0777}, bytes));
  }
  PERCH_TRY(zip.finish());
  PERCH_TRY(out->commit());
  return Value();
}

// ---- unpacking ----------------------------------------------------------------------------------

/// Writes an archive's entries below a directory. Every entry passes begin(), which is where the
/// trust ends: the name is taken apart and put together again, and on the way to it only
/// directories may be there.
class Extraction : public sys::TarVisitor {
public:
  Extraction(Call& call, std::string_view archive, std::string_view target, std::uint64_t limit)
      : call_(call), archive_(archive), target_(target), limit_(limit) {}

  Status begin(const sys::TarEntry& entry) override {
    PERCH_TRY(call_.check_cancelled());
    if (++entries_ > kMaxEntries)
      return refuse(entry.name, "there are more than a million entries");
    if (entry.kind == sys::TarEntry::Kind::Link)
      return refuse(entry.name, "it is a link");
    if (entry.kind == sys::TarEntry::Kind::Other)
      return refuse(entry.name, "it is neither a file nor a directory");
    PERCH_TRY_ASSIGN(const auto parts, safe_parts(entry.name));
    if (entry.kind == sys::TarEntry::Kind::Directory) {
      PERCH_TRY_ASSIGN(const std::string path, make_directories(parts));
      directory_modes_[path] = entry.mode;
      return {};
    }
    if (parts.empty())
      return refuse(entry.name, "it has no name");
    PERCH_TRY_ASSIGN(const std::string parent,
                     make_directories(std::span(parts).first(parts.size() - 1)));
    const std::string path = op::below(parent, parts.back());
    PERCH_TRY(refuse_link(entry.name, path));
    PERCH_TRY_ASSIGN(file_, call_.files().create(path, entry.mode));
    return {};
  }

  Status content(std::string_view bytes) override {
    PERCH_TRY(call_.check_cancelled());
    size_ += bytes.size();
    if (size_ > limit_)
      return too_large(archive_, limit_);
    return file_->write(bytes);
  }

  Status end() override {
    if (!file_)
      return {};
    const auto file = std::move(file_);
    return file->commit();
  }

  /// Gives the directories their modes, now that nothing more is written into them. The owner keeps
  /// access, without which nobody could remove them again.
  Status finish() {
    PERCH_TRY(make_directories({}));
    for (const auto& [path, mode] : directory_modes_)
      PERCH_TRY(call_.files().set_mode(path, mode | 0700));
    return {};
  }

private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view name, std::string_view why) const {
    return fail(kind::kBadArgument, base::cat("`", archive_, "` holds `", name, "`: ", why),
                std::string(name), "perch unpacks only files and directories below the target");
  }

  /// The components of a name, none of which leads up or away.
  Result<std::vector<std::string_view>> safe_parts(std::string_view name) const {
    if (name.empty() || name.find('\0') != std::string_view::npos)
      return refuse(name, "that is no name");
    if (name.starts_with('/'))
      return refuse(name, "the name is absolute");
    std::vector<std::string_view> parts;
    for (const auto part : base::split(name, '/')) {
      if (part == "..")
        return refuse(name, "the name leads out of the target");
      if (!part.empty() && part != ".")
        parts.push_back(part);
    }
    return parts;
  }

  Status refuse_link(std::string_view name, const std::string& path) {
    const auto info = call_.files().stat(path, op::Follow::No);
    if (info && info->type == op::FileType::Symlink)
      return refuse(name, base::cat("`", path, "` is a link"));
    if (!info && info.error().kind != kind::kFileNotFound)
      return std::unexpected(info.error());
    return {};
  }

  /// Makes the directory `parts` below the target, refusing to pass through links.
  Result<std::string> make_directories(std::span<const std::string_view> parts) {
    std::string path(target_);
    for (const auto part : parts) {
      path = op::below(path, part);
      if (!made_.contains(path))
        PERCH_TRY(refuse_link(path, path));
    }
    if (made_.insert(path).second)
      PERCH_TRY(call_.files().make_directories(path));
    return path;
  }

  Call& call_;
  std::string_view archive_;
  std::string_view target_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  std::size_t entries_ = 0;
  std::unique_ptr<op::PendingFile> file_;
  std::set<std::string> made_; ///< known to be directories
  std::map<std::string, std::uint32_t> directory_modes_;
};

/// Feeds a file, expanded when it is gzipped, to `sink`.
class Unpacker {
public:
  explicit Unpacker(sys::ByteSink sink) : sink_(std::move(sink)) {}

  Status write(std::string_view bytes) {
    if (decided_)
      return pass_on(bytes);
    head_ += bytes;
    if (head_.size() < 2)
      return {};
    decide();
    return pass_on(head_);
  }

  Status finish() {
    if (!decided_) {
      decide();
      PERCH_TRY(pass_on(head_));
    }
    return inflater_ ? inflater_->finish() : Status();
  }

private:
  void decide() {
    decided_ = true;
    if (head_.starts_with("\x1f\x8b"))
      inflater_.emplace(sys::Framing::Gzip);
  }

  Status pass_on(std::string_view bytes) {
    return inflater_ ? inflater_->write(bytes, sink_) : sink_(bytes);
  }

  sys::ByteSink sink_;
  std::string head_;
  bool decided_ = false;
  std::optional<sys::Inflater> inflater_;
};

Result<Value> tar_extract(Call& call) {
  const auto archive = call.text(0);
  PERCH_TRY_ASSIGN(const auto limit, byte_limit(call.text(2)));
  Extraction extraction(call, archive, call.text(1), limit);
  sys::TarReader tar(extraction);
  Unpacker unpacker([&](std::string_view bytes) { return tar.write(bytes); });
  const auto feed = [&](std::string_view bytes) { return unpacker.write(bytes); };
  PERCH_TRY(about(archive, call.files().read_stream(archive, feed)));
  PERCH_TRY(about(archive, unpacker.finish()));
  PERCH_TRY(about(archive, tar.finish()));
  PERCH_TRY(extraction.finish());
  return Value();
}

sys::TarEntry as_tar_entry(const sys::ZipEntry& entry) {
  sys::TarEntry same{.name = std::string(entry.name),
                     .kind = sys::TarEntry::Kind::File,
                     .mode = entry.mode,
                     .size = entry.size};
  switch (entry.kind) {
  case sys::ZipEntry::Kind::File:
    break;
  case sys::ZipEntry::Kind::Directory:
    same.kind = sys::TarEntry::Kind::Directory;
    break;
  case sys::ZipEntry::Kind::Link:
    same.kind = sys::TarEntry::Kind::Link;
    break;
  case sys::ZipEntry::Kind::Other:
    same.kind = sys::TarEntry::Kind::Other;
    break;
  }
  if (same.mode == 0)
    same.mode = same.kind == sys::TarEntry::Kind::Directory ? 0755 : 0644;
  return same;
}

Result<Value> zip_extract(Call& call) {
  const auto path = call.text(0);
  PERCH_TRY_ASSIGN(const auto limit, byte_limit(call.text(2)));
  PERCH_TRY_ASSIGN(const std::string archive, call.files().read(path, kMaxZipBytes));
  PERCH_TRY_ASSIGN(const auto entries, sys::read_zip(archive, path));
  Extraction extraction(call, path, call.text(1), limit);
  const sys::ByteSink write = [&](std::string_view bytes) { return extraction.content(bytes); };
  for (const auto& entry : entries) {
    PERCH_TRY(extraction.begin(as_tar_entry(entry)));
    if (entry.kind == sys::ZipEntry::Kind::File)
      PERCH_TRY(sys::extract_zip(entry, write));
    PERCH_TRY(extraction.end());
  }
  PERCH_TRY(extraction.finish());
  return Value();
}

// ---- the table ----------------------------------------------------------------------------------

using Params = std::array<op::Param, 6>;
using Needs = std::array<op::Need, 3>;

constexpr op::Param kLimit = {.name = "limit",
                              .type = Type::Text,
                              .arity = Arity::Named,
                              .fallback = "4GiB",
                              .about = "the most that may come out, as in 512MiB",
                              .check = check_limit};
constexpr Params kFromTo = {
    {{.name = "from", .type = Type::Path}, {.name = "to", .type = Type::Path}}};
constexpr Params kFromToLimit = {
    {{.name = "from", .type = Type::Path}, {.name = "to", .type = Type::Path}, kLimit}};
constexpr Needs kReadWrite = {
    {{.cap = Cap::Read, .subject = "from"}, {.cap = Cap::Write, .subject = "to"}}};
constexpr Needs kUnpack = {{{.cap = Cap::Read, .subject = "from"},
                            {.cap = Cap::Write, .subject = "to"},
                            {.cap = Cap::Read, .subject = "to"}}};

constexpr OpDecl kTable[] = {
    {.name = "gzip",
     .family = op::Family::Archives,
     .summary = "Compresses a file.",
     .params = kFromTo,
     .needs = kReadWrite,
     .example = R"(write_file "menu.txt" "soup"
gzip "menu.txt" "menu.txt.gz"
made = is_file "menu.txt.gz"  # => true)",
     .bare_names = false,
     .run = gzip},
    {.name = "ungzip",
     .family = op::Family::Archives,
     .summary = "Expands a gzipped file.",
     .params = kFromToLimit,
     .needs = kReadWrite,
     .example = R"(write_file "menu.txt" "soup"
gzip "menu.txt" "menu.txt.gz"
ungzip "menu.txt.gz" "again.txt"
menu = read_file "again.txt"  # => soup)",
     .bare_names = false,
     .run = ungzip},
    {.name = "tar_create",
     .family = op::Family::Archives,
     .summary = "Packs what a directory holds into a gzipped tar archive.",
     .params = kFromTo,
     .needs = kReadWrite,
     .example = R"(mkdir "jar"
write_file "jar/label" "plums"
tar_create "jar" "jar.tar.gz"
made = is_file "jar.tar.gz"  # => true)",
     .run = tar_create},
    {.name = "tar_extract",
     .family = op::Family::Archives,
     .summary = "Unpacks a tar archive, gzipped or not, into a directory.",
     .params = kFromToLimit,
     .needs = kUnpack,
     .example = R"(mkdir "jar"
write_file "jar/label" "plums"
tar_create "jar" "jar.tar.gz"
tar_extract "jar.tar.gz" "copy"
label = read_file "copy/label"  # => plums)",
     .run = tar_extract},
    {.name = "zip_create",
     .family = op::Family::Archives,
     .summary = "Packs what a directory holds into a ZIP archive.",
     .params = kFromTo,
     .needs = kReadWrite,
     .example = R"(mkdir "jar"
write_file "jar/label" "plums"
zip_create "jar" "jar.zip"
made = is_file "jar.zip"  # => true)",
     .run = zip_create},
    {.name = "zip_extract",
     .family = op::Family::Archives,
     .summary = "Unpacks a ZIP archive into a directory.",
     .params = kFromToLimit,
     .needs = kUnpack,
     .example = R"(mkdir "jar"
write_file "jar/label" "plums"
zip_create "jar" "jar.zip"
zip_extract "jar.zip" "copy"
label = read_file "copy/label"  # => plums)",
     .run = zip_extract},
};

} // namespace

extern const std::span<const OpDecl> kArchivesOps;
const std::span<const OpDecl> kArchivesOps{kTable};

} // namespace perch::ops
