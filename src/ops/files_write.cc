// Ops that change the file system.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"

#include <algorithm>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// Text is held in memory; past this a program wants a child process or a module.
constexpr std::uint64_t kMaxTextBytes = 256ull << 20;

std::unexpected<Error> bad_argument(std::string message, std::string_view detail,
                                    std::string help = {}) {
  return fail(kind::kBadArgument, std::move(message), std::string(detail), std::move(help));
}

// ---- directories --------------------------------------------------------------------------------

Result<Value> make_dir(Call& call) {
  PERCH_TRY(call.files().make_directories(call.text(0)));
  return Value(call.files().absolute(call.text(0)));
}

Result<Value> rm(Call& call) {
  PERCH_TRY(call.files().remove(call.text(0)));
  return Value();
}

// ---- attributes and links -----------------------------------------------------------------------

Result<std::uint32_t> parse_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || mode > 07777) {
    return bad_argument(base::cat("`", text, "` is not a file mode"), text,
                        "write it in octal, such as 755, behind the path: chmod PATH MODE");
  }
  return mode;
}

Status check_mode(std::string_view text) {
  PERCH_TRY(parse_mode(text));
  return {};
}

Result<Value> chmod(Call& call) {
  PERCH_TRY_ASSIGN(const auto mode, parse_mode(call.text(1)));
  PERCH_TRY(call.files().set_mode(call.text(0), mode));
  return Value();
}

Result<Value> make_executable(Call& call) {
  PERCH_TRY_ASSIGN(const auto info, call.files().stat(call.text(0)));
  PERCH_TRY(call.files().set_mode(call.text(0), info.mode | 0111));
  return Value();
}

Result<Value> touch(Call& call) {
  PERCH_TRY(call.files().touch(call.text(0)));
  return Value();
}

/// Makes room for a link: a file, a link or an empty directory goes, anything else stays.
Status clear_for_link(Call& call, std::string_view link) {
  auto& files = call.files();
  PERCH_TRY_ASSIGN(const auto info, files.stat(link, op::Follow::No));
  if (info.type == op::FileType::Directory) {
    PERCH_TRY_ASSIGN(const auto entries, files.list(link));
    if (!entries.empty()) {
      return fail(kind::kFileAlreadyExists, base::cat("`", link, "` is a directory with entries"),
                  std::string(link), "remove it first");
    }
  }
  return files.remove(link);
}

Result<Value> symlink(Call& call) {
  auto& files = call.files();
  const auto target = call.text(0);
  const auto link = call.text(1);
  auto made = files.symlink(target, link);
  if (!made && made.error().kind == kind::kFileAlreadyExists) {
    PERCH_TRY(clear_for_link(call, link));
    made = files.symlink(target, link);
  }
  PERCH_TRY(std::move(made));
  return Value();
}

Result<Value> make_temp(Call& call, op::FileType type) {
  const auto prefix = call.text(0);
  if (prefix.find_first_of(std::string_view("/\\\0", 3)) != std::string_view::npos) {
    return bad_argument(base::cat("`", prefix, "` holds a path separator"), prefix,
                        "the prefix is the start of a name in the temporary directory");
  }
  PERCH_TRY_ASSIGN(std::string path, call.files().make_temp(prefix, type));
  return Value(std::move(path));
}

Result<Value> mktemp_dir(Call& call) { return make_temp(call, op::FileType::Directory); }
Result<Value> mktemp_file(Call& call) { return make_temp(call, op::FileType::Regular); }

// ---- contents -----------------------------------------------------------------------------------

Result<Value> write_file(Call& call) {
  PERCH_TRY(call.files().write(call.text(0), call.text(1)));
  return Value();
}

Result<Value> append_file(Call& call) {
  PERCH_TRY(call.files().append(call.text(0), call.text(1)));
  return Value();
}

Result<Value> append_line(Call& call) {
  PERCH_TRY(call.files().append_line(call.text(0), call.text(1)));
  return Value();
}

bool has_line(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line == wanted)
      return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

Result<Value> ensure_line_in_file(Call& call) {
  auto line = call.text(1);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  const auto text = call.files().read(call.text(0), kMaxTextBytes);
  if (!text && text.error().kind != kind::kFileNotFound)
    return std::unexpected(text.error());
  if (text && has_line(*text, line))
    return Value::boolean(false);
  PERCH_TRY(call.files().append_line(call.text(0), line));
  return Value::boolean(true);
}

Result<Value> replace_in_file(Call& call) {
  const auto old = call.text(1);
  const auto replacement = call.text(2);
  if (old.empty())
    return bad_argument("the text to replace is empty", call.text(0));
  PERCH_TRY_ASSIGN(const std::string text, call.files().read(call.text(0), kMaxTextBytes));
  std::string out;
  std::int64_t count = 0;
  std::size_t at = 0;
  for (std::size_t hit = 0; (hit = text.find(old, at)) != std::string::npos; ++count) {
    out.append(text, at, hit - at).append(replacement);
    at = hit + old.size();
  }
  if (count == 0)
    return Value::integer(0);
  PERCH_TRY(call.files().write(call.text(0), out.append(text, at)));
  return Value::integer(count);
}

// ---- the table ----------------------------------------------------------------------------------

using Params = std::array<op::Param, 6>;
using Needs = std::array<op::Need, 3>;

constexpr Params kPath = {{{.name = "path", .type = Type::Path}}};
constexpr Params kPathContent = {
    {{.name = "path", .type = Type::Path}, {.name = "content", .type = Type::Any}}};
constexpr Params kPathLine = {
    {{.name = "path", .type = Type::Path}, {.name = "line", .type = Type::Any}}};
constexpr Params kPrefix = {{{.name = "prefix",
                              .type = Type::Text,
                              .arity = Arity::Optional,
                              .fallback = "perch-",
                              .about = "start of the name"}}};
constexpr Needs kWritePath = {{{.cap = Cap::Write, .subject = "path"}}};
constexpr Needs kWriteReadPath = {
    {{.cap = Cap::Write, .subject = "path"}, {.cap = Cap::Read, .subject = "path"}}};
constexpr Needs kWriteAnywhere = {{{.cap = Cap::Write}}};

constexpr OpDecl kTable[] = {
    {.name = "mkdir",
     .family = op::Family::Files,
     .summary = "Makes a directory and its parents, and returns its absolute path.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kWritePath,
     .example = R"(mkdir "larder/jars"
made = is_dir "larder/jars"  # => true)",
     .bare_names = false,
     .run = make_dir},
    {.name = "ensure_dir",
     .family = op::Family::Files,
     .summary = "Does what `mkdir` does; a bare name may be a binding.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kWritePath,
     .example = R"(path = ensure_dir "larder"
name = path_base path  # => larder)",
     .run = make_dir},
    {.name = "rm",
     .family = op::Family::Files,
     .summary = "Removes a file or a whole directory; missing is fine, links are not followed.",
     .params = kPath,
     .needs = kWritePath,
     .example = R"(mkdir "old/things"
rm "old"
left = exists "old"  # => false)",
     .bare_names = false,
     .run = rm},
    {.name = "chmod",
     .family = op::Family::Files,
     .summary = "Sets the mode of a file.",
     .params =
         {{{.name = "path", .type = Type::Path},
           {.name = "mode", .type = Type::Text, .about = "octal, as in 755", .check = check_mode}}},
     .needs = kWritePath,
     .example = R"(touch "run.sh"
chmod "run.sh" "755")",
     .bare_names = false,
     .run = chmod},
    {.name = "make_executable",
     .family = op::Family::Files,
     .summary = "Lets everybody who may read a file execute it.",
     .params = kPath,
     .needs = kWriteReadPath,
     .example = R"(touch "run.sh"
make_executable "run.sh")",
     .run = make_executable},
    {.name = "touch",
     .family = op::Family::Files,
     .summary = "Creates an empty file, or sets the time of an existing one to now.",
     .params = kPath,
     .needs = kWritePath,
     .example = R"(touch "salt"
n = file_size "salt"  # => 0)",
     .bare_names = false,
     .run = touch},
    {.name = "write_file",
     .family = op::Family::Files,
     .summary = "Replaces a file's content at once, keeping its mode; adds no newline.",
     .params = kPathContent,
     .needs = kWritePath,
     .example = R"(write_file "menu.txt" "soup\n"
n = file_size "menu.txt"  # => 5)",
     .bare_names = false,
     .run = write_file},
    {.name = "append_file",
     .family = op::Family::Files,
     .summary = "Appends text to a file as it is; creates it when it is missing.",
     .params = kPathContent,
     .needs = kWritePath,
     .example = R"(append_file "menu.txt" "so"
append_file "menu.txt" "up"
menu = read_file "menu.txt"  # => soup)",
     .run = append_file},
    {.name = "append_line",
     .family = op::Family::Files,
     .summary = "Appends a line to a file, on a line of its own.",
     .params = kPathLine,
     .needs = kWritePath,
     .example = R"(append_line "menu.txt" "soup"
append_line "menu.txt" "bread"
n = file_size "menu.txt"  # => 11)",
     .run = append_line},
    {.name = "ensure_line_in_file",
     .family = op::Family::Files,
     .summary = "Appends a line unless the file has it; true when it was added.",
     .params = kPathLine,
     .returns = Type::Bool,
     .needs = kWriteReadPath,
     .example = R"(append_line "menu.txt" "soup"
added = ensure_line_in_file "menu.txt" "soup"  # => false)",
     .run = ensure_line_in_file},
    {.name = "replace_in_file",
     .family = op::Family::Files,
     .summary = "Replaces every occurrence of a text in a file; returns how many.",
     .params = {{{.name = "path", .type = Type::Path},
                 {.name = "old", .type = Type::Any},
                 {.name = "new", .type = Type::Any}}},
     .returns = Type::Int,
     .needs = kWriteReadPath,
     .example = R"(write_file "menu.txt" "soup, soup"
n = replace_in_file "menu.txt" "soup" "stew"  # => 2)",
     .run = replace_in_file},
    {.name = "symlink",
     .family = op::Family::Files,
     .summary = "Makes a symbolic link, in place of a file, link or empty directory.",
     .params = {{{.name = "target", .type = Type::Text, .about = "what the link says, unchecked"},
                 {.name = "link", .type = Type::Path}}},
     .needs = {{{.cap = Cap::Write, .subject = "link"}, {.cap = Cap::Read, .subject = "link"}}},
     .example = R"(symlink "menu.txt" "today"
target = read_link "today"  # => menu.txt)",
     .run = symlink},
    {.name = "mktemp_dir",
     .family = op::Family::Files,
     .summary = "Makes a private directory that is removed when perch ends.",
     .params = kPrefix,
     .returns = Type::Text,
     .needs = kWriteAnywhere,
     .example = R"(dir = mktemp_dir
made = is_dir dir  # => true)",
     .run = mktemp_dir},
    {.name = "mktemp_file",
     .family = op::Family::Files,
     .summary = "Makes an empty private file that is removed when perch ends.",
     .params = kPrefix,
     .returns = Type::Text,
     .needs = kWriteAnywhere,
     .example = R"(file = mktemp_file "draft-"
n = file_size file  # => 0)",
     .run = mktemp_file},
};

} // namespace

extern const std::span<const OpDecl> kFilesWriteOps;
const std::span<const OpDecl> kFilesWriteOps{kTable};

} // namespace perch::ops
