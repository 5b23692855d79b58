// Ops that copy and move files and directories.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "op/walk.h"

namespace perch::ops {

using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

std::unexpected<Error> bad_argument(std::string message, std::string_view detail,
                                    std::string help = {}) {
  return fail(kind::kBadArgument, std::move(message), std::string(detail), std::move(help));
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string_view::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Copies one regular file under a temporary name, so that a reader of `to` sees the old or the new
/// file whole. Missing parents of `to` are made.
Status copy_file(Call& call, std::string_view from, std::string_view to, std::uint32_t mode) {
  auto& files = call.files();
  auto out = files.create(to, mode);
  if (!out && out.error().kind == kind::kFileNotFound) {
    PERCH_TRY(files.make_directories(parent_of(to)));
    out = files.create(to, mode);
  }
  if (!out)
    return std::unexpected(std::move(out).error());
  const auto write = [&](std::string_view bytes) -> Status {
    PERCH_TRY(call.check_cancelled());
    return (*out)->write(bytes);
  };
  PERCH_TRY(files.read_stream(from, write));
  PERCH_TRY((*out)->commit());
  return files.set_mode(to, mode);
}

Result<Value> cp(Call& call) {
  auto& files = call.files();
  const auto from = call.text(0);
  const auto to = call.text(1);
  if (files.absolute(from) == files.absolute(to)) {
    return bad_argument(base::cat("cannot copy `", from, "` onto itself"), from);
  }
  PERCH_TRY_ASSIGN(const auto info, files.stat(from));
  if (info.type == op::FileType::Directory) {
    return bad_argument(base::cat("`", from, "` is a directory"), from,
                        "use `copy_dir` to copy a directory");
  }
  if (info.type != op::FileType::Regular) {
    return bad_argument(base::cat("`", from, "` is not a regular file"), from);
  }
  PERCH_TRY(copy_file(call, from, to, info.mode));
  return Value();
}

/// The tree is read before anything is written. Modes of directories are set last, when nothing
/// more has to be written into them.
Status copy_tree(Call& call, std::string_view from, std::string_view to) {
  auto& files = call.files();
  PERCH_TRY_ASSIGN(const auto tree, op::walk(call, from));
  for (const auto& entry : tree) {
    if (entry.type == op::FileType::Directory) {
      PERCH_TRY(files.make_directories(op::below(to, entry.path)));
    } else {
      PERCH_TRY(
          copy_file(call, op::below(from, entry.path), op::below(to, entry.path), entry.mode));
    }
  }
  for (auto entry = tree.rbegin(); entry != tree.rend(); ++entry) {
    if (entry->type != op::FileType::Directory)
      continue;
    PERCH_TRY(files.set_mode(op::below(to, entry->path), entry->mode));
  }
  return {};
}

Status refuse_inside(Call& call, std::string_view from, std::string_view to) {
  std::string source = call.files().absolute(from);
  if (source != "/")
    source += '/';
  const std::string target = call.files().absolute(to) + '/';
  if (!target.starts_with(source))
    return {};
  return bad_argument(base::cat("`", to, "` is inside `", from, "`"), to);
}

Result<Value> copy_dir(Call& call) {
  PERCH_TRY(refuse_inside(call, call.text(0), call.text(1)));
  PERCH_TRY(copy_tree(call, call.text(0), call.text(1)));
  return Value();
}

/// What rename cannot do between file systems: copy, then remove the original.
Status move_across(Call& call, std::string_view from, std::string_view to) {
  auto& files = call.files();
  PERCH_TRY_ASSIGN(const auto info, files.stat(from, op::Follow::No));
  if (info.type == op::FileType::Symlink) {
    PERCH_TRY_ASSIGN(const std::string target, files.read_link(from));
    PERCH_TRY(files.symlink(target, to));
  } else if (info.type == op::FileType::Directory) {
    PERCH_TRY(copy_tree(call, from, to));
  } else {
    PERCH_TRY(copy_file(call, from, to, info.mode));
  }
  return files.remove(from);
}

Result<Value> mv(Call& call) {
  PERCH_TRY(refuse_inside(call, call.text(0), call.text(1)));
  auto moved = call.files().rename(call.text(0), call.text(1));
  if (!moved && moved.error().code_name == "EXDEV") {
    moved = move_across(call, call.text(0), call.text(1));
  }
  PERCH_TRY(std::move(moved));
  return Value();
}

Result<Value> backup_file(Call& call) {
  const auto path = call.text(0);
  const std::string backup = base::cat(path, ".bak");
  PERCH_TRY_ASSIGN(const auto info, call.files().stat(path));
  if (info.type != op::FileType::Regular) {
    return bad_argument(base::cat("`", path, "` is not a regular file"), path);
  }
  PERCH_TRY(copy_file(call, path, backup, info.mode));
  return Value(call.files().absolute(backup));
}

constexpr std::array<op::Param, 6> kFromTo = {
    {{.name = "from", .type = Type::Path}, {.name = "to", .type = Type::Path}}};
constexpr std::array<op::Need, 3> kCopy = {
    {{.cap = Cap::Read, .subject = "from"}, {.cap = Cap::Write, .subject = "to"}}};

constexpr OpDecl kTable[] = {
    {.name = "cp",
     .family = op::Family::Files,
     .summary = "Copies a file with its mode; missing parents of the target are made.",
     .params = kFromTo,
     .needs = kCopy,
     .example = R"(write_file "a.txt" "jam"
cp "a.txt" "copies/a.txt"
text = read_file "copies/a.txt"  # => jam)",
     .bare_names = false,
     .run = cp},
    {.name = "copy_dir",
     .family = op::Family::Files,
     .summary = "Copies a directory with all it holds, into an existing one too.",
     .params = kFromTo,
     .needs = kCopy,
     .example = R"(mkdir "jar"
write_file "jar/label" "plums"
copy_dir "jar" "jar2"
label = read_file "jar2/label"  # => plums)",
     .run = copy_dir},
    {.name = "mv",
     .family = op::Family::Files,
     .summary = "Renames a file or directory; an existing file is replaced.",
     .params = kFromTo,
     .needs = {{{.cap = Cap::Write, .subject = "from"},
                {.cap = Cap::Write, .subject = "to"},
                {.cap = Cap::Read, .subject = "from"}}},
     .example = R"(write_file "a.txt" "jam"
mv "a.txt" "b.txt"
left = exists "a.txt"  # => false)",
     .bare_names = false,
     .run = mv},
    {.name = "backup_file",
     .family = op::Family::Files,
     .summary = "Copies a file beside itself as `NAME.bak`; returns that absolute path.",
     .params = {{{.name = "path", .type = Type::Path}}},
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Write, .subject = "path"}, {.cap = Cap::Read, .subject = "path"}}},
     .example = R"(write_file "menu.txt" "soup"
copy = backup_file "menu.txt"
name = path_base copy  # => menu.txt.bak)",
     .run = backup_file},
};

} // namespace

extern const std::span<const OpDecl> kFilesCopyOps;
const std::span<const OpDecl> kFilesCopyOps{kTable};

} // namespace perch::ops
