// Paths as texts: nothing here looks at the disk.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

/// The components of the cleaned path: no `.`, no empty ones, `..` only at the front of a relative
/// path.
std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const auto part : base::split(path, '/')) {
    if (part.empty() || part == ".")
      continue;
    const bool up = part == "..";
    if (up && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!up || !is_absolute(path)) {
      kept.push_back(part);
    }
  }
  return kept;
}

std::string clean(std::string_view path) {
  std::string out = is_absolute(path) ? "/" : "";
  for (const auto part : components(path)) {
    if (!out.empty() && out.back() != '/')
      out += '/';
    out += part;
  }
  return out.empty() ? "." : out;
}

std::string_view without_trailing_slashes(std::string_view path) {
  const auto last = path.find_last_not_of('/');
  return last == std::string_view::npos ? path.substr(0, 1) : path.substr(0, last + 1);
}

std::string_view base_name(std::string_view path) {
  if (path.empty())
    return ".";
  path = without_trailing_slashes(path);
  const auto slash = path.find_last_of('/');
  return path.size() == 1 || slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Where the extension of the last element starts, or the end; the dot of `.bashrc` starts none.
std::size_t extension_at(std::string_view path) {
  const auto name_at = path.find_last_of('/') + 1; // npos + 1 is 0
  const auto name = path.substr(name_at);
  const auto dot = name.find_last_of('.');
  const bool hidden = name.find_first_not_of('.') > dot;
  return dot == std::string_view::npos || hidden ? path.size() : name_at + dot;
}

Result<Value> path_join(Call& call) {
  std::string joined;
  for (const Value& part : call.rest()) {
    if (part.text().empty())
      continue;
    if (!joined.empty())
      joined += '/';
    joined += part.text();
  }
  return Value(joined.empty() ? joined : clean(joined));
}

Result<Value> path_dir(Call& call) {
  const auto path = call.text(0);
  return Value(clean(path.substr(0, path.find_last_of('/') + 1)));
}

Result<Value> path_base(Call& call) { return Value(std::string(base_name(call.text(0)))); }

Result<Value> path_ext(Call& call) {
  const auto path = call.text(0);
  return Value(std::string(path.substr(extension_at(path))));
}

Result<Value> path_with_ext(Call& call) {
  const auto path = call.text(0);
  const auto ext = call.text(1);
  const bool dot = !ext.empty() && !ext.starts_with('.');
  return Value(base::cat(path.substr(0, extension_at(path)), dot ? "." : "", ext));
}

Result<Value> path_clean(Call& call) { return Value(clean(call.text(0))); }

Result<Value> path_abs(Call& call) { return Value(call.files().absolute(call.text(0))); }

Result<Value> path_rel(Call& call) {
  const auto from = call.text(0);
  const auto to = call.text(1);
  const auto impossible = [&](std::string_view why) {
    return fail(kind::kBadArgument,
                base::cat("no relative path leads from `", from, "` to `", to, "`: ", why),
                std::string(to));
  };
  if (is_absolute(from) != is_absolute(to))
    return impossible("one of them is absolute, the other is not");
  const auto start = components(from);
  const auto target = components(to);
  const auto [left, right] = std::ranges::mismatch(start, target);
  if (std::find(left, start.end(), "..") != start.end())
    return impossible("the start is above a directory whose name is not known");
  std::string out;
  for (auto up = left; up != start.end(); ++up)
    out += "../";
  for (auto down = right; down != target.end(); ++down)
    out.append(*down) += '/';
  if (out.empty())
    return Value(std::string("."));
  out.pop_back();
  return Value(std::move(out));
}

Result<Value> path_within(Call& call) {
  const std::string base = call.files().absolute(call.text(0));
  return Value::boolean(sys::is_within(base, call.files().absolute(call.text(1))));
}

Result<Value> is_abs(Call& call) { return Value::boolean(is_absolute(call.text(0))); }

/// On hosts whose separator is `\`, one separator for the other; elsewhere the text itself.
Value swap_separators(Call& call, char from, char to) {
  std::string path(call.text(0));
  if (call.host().os == "windows")
    std::ranges::replace(path, from, to);
  return Value(std::move(path));
}

Result<Value> to_slash(Call& call) { return swap_separators(call, '\\', '/'); }
Result<Value> from_slash(Call& call) { return swap_separators(call, '/', '\\'); }

Result<Value> expand_path(Call& call) {
  const auto path = call.text(0);
  if (path != "~" && !path.starts_with("~/"))
    return Value(std::string(path));
  if (call.host().home.empty()) {
    return fail(kind::kUnknownName, "the home directory is not known", std::string(path),
                "set HOME");
  }
  return Value(base::cat(call.host().home, path.substr(1)));
}

constexpr std::array<op::Param, 6> kPath = {{{.name = "path", .type = Type::Text}}};

constexpr OpDecl kTable[] = {
    {.name = "path_join",
     .family = op::Family::Paths,
     .summary = "Joins the parts that are not empty to one clean path.",
     .params = {{{.name = "part", .type = Type::Text, .arity = Arity::Rest}}},
     .returns = Type::Text,
     .example = R"(p = path_join "a" "b" "../c"  # => a/c)",
     .run = path_join},
    {.name = "path_dir",
     .family = op::Family::Paths,
     .summary = "The path without its last element.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = path_dir "jars/red/plums.txt"  # => jars/red)",
     .run = path_dir},
    {.name = "path_base",
     .family = op::Family::Paths,
     .summary = "The last element of the path.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = path_base "jars/red/plums.txt"  # => plums.txt)",
     .run = path_base},
    {.name = "path_ext",
     .family = op::Family::Paths,
     .summary = "The extension of the last element with its dot, or nothing.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = path_ext "jars/plums.tar.gz"  # => .gz)",
     .run = path_ext},
    {.name = "path_with_ext",
     .family = op::Family::Paths,
     .summary = "The path with another extension; an empty one removes it.",
     .params = {{{.name = "path", .type = Type::Text},
                 {.name = "extension", .type = Type::Text, .about = "with or without its dot"}}},
     .returns = Type::Text,
     .example = R"(p = path_with_ext "src/app.ts" "js"  # => src/app.js)",
     .run = path_with_ext},
    {.name = "path_clean",
     .family = op::Family::Paths,
     .summary = "The shortest path that means the same as text; links are not looked at.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = path_clean "a//b/./c/.."  # => a/b)",
     .run = path_clean},
    {.name = "path_abs",
     .family = op::Family::Paths,
     .summary = "The path made absolute against the command's directory.",
     .params = {{{.name = "path", .type = Type::Path}}},
     .returns = Type::Text,
     .example = R"(p = path_abs "/srv/../srv/app"  # => /srv/app)",
     .run = path_abs},
    {.name = "path_rel",
     .family = op::Family::Paths,
     .summary = "The path that leads from a directory to a target, as text.",
     .params = {{{.name = "base", .type = Type::Text}, {.name = "target", .type = Type::Text}}},
     .returns = Type::Text,
     .example = R"(p = path_rel "/srv/app" "/srv/data/x"  # => ../data/x)",
     .run = path_rel},
    {.name = "path_within",
     .family = op::Family::Paths,
     .summary =
         "Whether a path is a directory or below it, by whole names; links are not looked at.",
     .params = {{{.name = "base", .type = Type::Path}, {.name = "path", .type = Type::Path}}},
     .returns = Type::Bool,
     .example = R"(inside = path_within "/srv/app" "/srv/application"  # => false)",
     .run = path_within},
    {.name = "is_abs",
     .family = op::Family::Paths,
     .summary = "Whether the path is absolute.",
     .params = kPath,
     .returns = Type::Bool,
     .example = R"(yes = is_abs "/srv"  # => true)",
     .run = is_abs},
    {.name = "to_slash",
     .family = op::Family::Paths,
     .summary = "The path with `/` as its separator.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = to_slash "a/b"  # => a/b)",
     .run = to_slash},
    {.name = "from_slash",
     .family = op::Family::Paths,
     .summary = "The path with the host's separator.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = from_slash "notes"  # => notes)",
     .run = from_slash},
    {.name = "expand_path",
     .family = op::Family::Paths,
     .summary = "The path with a leading `~` replaced by the home directory.",
     .params = kPath,
     .returns = Type::Text,
     .example = R"(p = expand_path "/etc/~"  # => /etc/~)",
     .run = expand_path},
};

} // namespace

extern const std::span<const OpDecl> kPathTextOps;
const std::span<const OpDecl> kPathTextOps{kTable};

} // namespace perch::ops
