// What is installed, and where a shell looks for it.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

Result<Value> which(Call& call) {
  if (call.text(0).empty())
    return Value();
  return Value(call.which(call.text(0)).value_or(std::string()));
}

Result<Value> has_bin(Call& call) {
  return Value::boolean(!call.text(0).empty() && call.which(call.text(0)).has_value());
}

/// Nothing when the program is missing or fails; what the policy refuses stays an error.
Result<Value> bin_version(Call& call) {
  const op::Launch launch{.program = std::string(call.text(0)),
                          .args = {std::string(call.text(1))},
                          .directory = {},
                          .input = std::nullopt,
                          .stdin_inherited = false,
                          .capture_errors = true};
  const auto ended = call.run(launch);
  if (ended && ended->status == 0 && ended->signal == 0)
    return Value(std::string(base::trim(ended->output)));
  if (ended || ended.error().kind == kind::kBinNotFound ||
      ended.error().kind == kind::kFilePermissionDenied)
    return Value();
  return std::unexpected(ended.error());
}

/// The directories of PATH. An empty one means the current directory to a shell.
Result<Value> on_path(Call& call) {
  const std::string wanted = call.files().absolute(call.text(0));
  const std::string path = call.search_path();
  const auto entries = base::split(path, ':');
  return Value::boolean(std::ranges::any_of(entries, [&](std::string_view entry) {
    return call.files().absolute(entry.empty() ? "." : entry) == wanted;
  }));
}

Result<Value> shell_rc_path(Call& call) {
  PERCH_TRY_ASSIGN(const auto shell, call.env("SHELL"));
  const auto& host = call.host();
  if (host.os == "windows" || host.home.empty())
    return Value();
  const std::string_view path = shell ? std::string_view(*shell) : std::string_view();
  const auto name = path.substr(path.find_last_of('/') + 1);
  std::string_view file = "/.profile";
  if (name == "zsh")
    file = "/.zshrc";
  if (name == "bash")
    file = host.os == "darwin" ? "/.bash_profile" : "/.bashrc";
  if (name == "fish")
    file = "/.config/fish/config.fish";
  return Value(base::cat(host.home, file));
}

// ---- package managers ---------------------------------------------------------------------------

struct Manager {
  std::string_view os;
  std::string_view name;
  std::string_view install; ///< words before the package's name
};

/// In the order in which they are looked for.
constexpr Manager kManagers[] = {
    {"darwin", "brew", "brew install"},
    {"darwin", "port", "port install"},
    {"linux", "apt", "apt-get install -y"},
    {"linux", "dnf", "dnf install -y"},
    {"linux", "yum", "yum install -y"},
    {"linux", "pacman", "pacman -S --noconfirm"},
    {"linux", "apk", "apk add"},
    {"linux", "zypper", "zypper --non-interactive install"},
    {"windows", "winget", "winget install"},
    {"windows", "choco", "choco install -y"},
    {"windows", "scoop", "scoop install"},
};

const Manager* find_manager(Call& call) {
  const auto* found = std::ranges::find_if(kManagers, [&](const Manager& manager) {
    return manager.os == call.host().os && call.which(manager.name).has_value();
  });
  return found == std::end(kManagers) ? nullptr : found;
}

Result<Value> detect_pkg_mgr(Call& call) {
  const Manager* manager = find_manager(call);
  return manager == nullptr ? Value() : Value(std::string(manager->name));
}

Result<Value> pkg_install(Call& call) {
  const auto package = call.text(0);
  if (package.empty() || package.starts_with('-')) {
    return fail(kind::kBadArgument, base::cat("`", package, "` is not a package's name"),
                std::string(package));
  }
  const Manager* manager = find_manager(call);
  if (manager == nullptr)
    return fail(kind::kBinNotFound, "no package manager that perch knows is installed");
  const bool sudo = manager->os == "linux" && !call.host().is_admin;
  const std::string line = base::cat(sudo ? "sudo " : "", manager->install, ' ', package);
  auto words = base::split(line, ' ');
  const op::Launch launch{.program = std::string(words.front()),
                          .args = {words.begin() + 1, words.end()},
                          .directory = {},
                          .input = std::nullopt,
                          .capture_output = false};
  PERCH_TRY_ASSIGN(const auto ended, call.run(launch));
  if (ended.status == 0 && ended.signal == 0)
    return Value();
  auto failed = fail(kind::kShellExitNonzero, base::cat("`", line, "` failed"), line);
  failed.error().code = ended.status;
  return failed;
}

constexpr std::array<op::Param, 6> kName = {{{.name = "name", .type = Type::Text}}};

constexpr OpDecl kTable[] = {
    {.name = "which",
     .family = op::Family::Install,
     .summary = "The absolute path of a program on PATH; nothing when it is not there.",
     .params = kName,
     .returns = Type::Text,
     .example = R"(p = which "no-such-program"  # => )",
     .run = which},
    {.name = "has_bin",
     .family = op::Family::Install,
     .summary = "Whether a program is on PATH.",
     .params = kName,
     .returns = Type::Bool,
     .example = R"(yes = has_bin "no-such-program"  # => false)",
     .run = has_bin},
    {.name = "bin_version",
     .family = op::Family::Install,
     .summary = "What a program says about its version; nothing when it fails or is missing.",
     .params = {{{.name = "name", .type = Type::Text},
                 {.name = "flag",
                  .type = Type::Text,
                  .arity = Arity::Optional,
                  .fallback = "--version"}}},
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Exec, .subject = "name"}}},
     .example = R"(v = bin_version "no-such-program"  # => )",
     .run = bin_version},
    {.name = "on_path",
     .aliases = {"path_contains"},
     .family = op::Family::Install,
     .summary = "Whether a directory is one of those in PATH.",
     .params = {{{.name = "directory", .type = Type::Path}}},
     .returns = Type::Bool,
     .example = R"(yes = on_path "/no/such/directory"  # => false)",
     .run = on_path},
    {.name = "shell_rc_path",
     .family = op::Family::Install,
     .summary = "The file the user's shell reads when it starts.",
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Env}}},
     .example = R"(p = shell_rc_path)",
     .run = shell_rc_path},
    {.name = "detect_pkg_mgr",
     .family = op::Family::Install,
     .summary = "The package manager of this machine; nothing when none is known.",
     .returns = Type::Text,
     .example = R"(manager = detect_pkg_mgr)",
     .run = detect_pkg_mgr},
    {.name = "pkg_install",
     .family = op::Family::Install,
     .summary = "Installs a package with the package manager of this machine.",
     .params = kName,
     .needs = {{{.cap = Cap::Exec}}},
     .example = R"(pkg_install "jq")",
     .deprecated = "the package manager itself, which a reader of the program then sees",
     .run = pkg_install},
};

} // namespace

extern const std::span<const OpDecl> kInstallOps;
const std::span<const OpDecl> kInstallOps{kTable};

} // namespace perch::ops
