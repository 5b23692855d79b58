// Ops that look at the file system and change nothing.

#include "base/error_kinds.h"
#include "op/call.h"

namespace perch::ops {

using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// Text is held in memory; past this a program wants a child process or a module.
constexpr std::uint64_t kMaxTextBytes = 256ull << 20;

Result<Value> read_file(Call& call) {
  PERCH_TRY_ASSIGN(std::string bytes, call.files().read(call.text(0), kMaxTextBytes));
  return Value(std::move(bytes));
}

Result<Value> exists(Call& call) {
  PERCH_TRY_ASSIGN(const bool found, call.files().exists(call.text(0)));
  return Value::boolean(found);
}

/// What the file system cannot tell (missing, unreadable) is false; a refusal stays an error.
Result<Value> has_type(Call& call, op::FileType type) {
  const auto info = call.files().stat(call.text(0));
  if (info)
    return Value::boolean(info->type == type);
  const auto kind = info.error().kind;
  if (kind == kind::kFileNotFound || kind == kind::kFilePermissionDenied ||
      kind == kind::kFileError) {
    return Value::boolean(false);
  }
  return std::unexpected(info.error());
}

Result<Value> is_dir(Call& call) { return has_type(call, op::FileType::Directory); }
Result<Value> is_file(Call& call) { return has_type(call, op::FileType::Regular); }

Result<Value> file_size(Call& call) {
  PERCH_TRY_ASSIGN(const auto info, call.files().stat(call.text(0)));
  return Value::integer(static_cast<std::int64_t>(info.size));
}

Result<Value> file_mtime(Call& call) {
  PERCH_TRY_ASSIGN(const auto info, call.files().stat(call.text(0)));
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  const bool before_epoch = info.mtime_ns % kNanoseconds < 0;
  return Value::integer(info.mtime_ns / kNanoseconds - (before_epoch ? 1 : 0));
}

Result<Value> glob(Call& call) {
  PERCH_TRY_ASSIGN(auto paths, call.files().glob(call.text(0)));
  return Value::list(std::move(paths));
}

Result<Value> list_dir(Call& call) {
  PERCH_TRY_ASSIGN(auto entries, call.files().list(call.text(0)));
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (auto& entry : entries)
    names.push_back(std::move(entry.name));
  return Value::list(std::move(names));
}

Result<Value> read_link(Call& call) {
  PERCH_TRY_ASSIGN(std::string target, call.files().read_link(call.text(0)));
  return Value(std::move(target));
}

constexpr std::array<op::Param, 6> kPath = {{{.name = "path", .type = Type::Path}}};
constexpr std::array<op::Need, 3> kReadPath = {{{.cap = Cap::Read, .subject = "path"}}};

constexpr OpDecl kTable[] = {
    {.name = "read_file",
     .family = op::Family::Files,
     .summary = "The bytes of a file, at most 256 MiB.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kReadPath,
     .example = R"(write_file "menu.txt" "soup"
menu = read_file "menu.txt"  # => soup)",
     .run = read_file},
    {.name = "exists",
     .family = op::Family::Files,
     .summary = "Whether something is there; a link counts when its target does.",
     .params = kPath,
     .returns = Type::Bool,
     .needs = kReadPath,
     .example = R"(found = exists "no-such-file"  # => false)",
     .run = exists},
    {.name = "is_dir",
     .family = op::Family::Files,
     .summary = "Whether the path is a directory, or a link to one.",
     .params = kPath,
     .returns = Type::Bool,
     .needs = kReadPath,
     .example = R"(mkdir "pantry"
yes = is_dir "pantry"  # => true)",
     .run = is_dir},
    {.name = "is_file",
     .family = op::Family::Files,
     .summary = "Whether the path is a regular file, or a link to one.",
     .params = kPath,
     .returns = Type::Bool,
     .needs = kReadPath,
     .example = R"(touch "salt"
yes = is_file "salt"  # => true)",
     .run = is_file},
    {.name = "file_size",
     .family = op::Family::Files,
     .summary = "Size of a file, in bytes.",
     .params = kPath,
     .returns = Type::Int,
     .needs = kReadPath,
     .example = R"(write_file "menu.txt" "soup"
n = file_size "menu.txt"  # => 4)",
     .run = file_size},
    {.name = "file_mtime",
     .family = op::Family::Files,
     .summary = "When a file was last changed, in seconds since 1970.",
     .params = kPath,
     .returns = Type::Int,
     .needs = kReadPath,
     .example = R"(touch "salt"
t = file_mtime "salt")",
     .run = file_mtime},
    {.name = "glob",
     .family = op::Family::Files,
     .summary = "The paths that match a pattern, sorted; relative where the pattern is.",
     .params = {{{.name = "pattern",
                  .type = Type::Path,
                  .about = "`*`, `?` and `[a-z]` within a name, `**` across directories"}}},
     .returns = Type::List,
     .needs = {{{.cap = Cap::Read, .subject = "pattern"}}},
     .example = R"(touch "a.txt"
touch "b.md"
texts = glob "*.txt"  # => a.txt)",
     .run = glob},
    {.name = "list_dir",
     .family = op::Family::Files,
     .summary = "The names in a directory, hidden ones included, sorted.",
     .params = kPath,
     .returns = Type::List,
     .needs = kReadPath,
     .example = R"(mkdir "jar"
touch "jar/plums"
names = list_dir "jar"  # => plums)",
     .run = list_dir},
    {.name = "read_link",
     .family = op::Family::Files,
     .summary = "The target of a symbolic link, as it was written.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kReadPath,
     .example = R"(symlink "jar/plums" "dessert"
target = read_link "dessert"  # => jar/plums)",
     .run = read_link},
};

} // namespace

extern const std::span<const OpDecl> kFilesOps;
const std::span<const OpDecl> kFilesOps{kTable};

} // namespace perch::ops
