// Facts about the machine and this run.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"

#include <optional>

namespace perch::ops {

using op::Call;
using op::Cap;
using op::HostFacts;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

template <std::string HostFacts::* kFact>
Result<Value> text_fact(Call& call) {
  return Value(call.host().*kFact);
}

template <std::int64_t HostFacts::* kFact>
Result<Value> number_fact(Call& call) {
  return Value::integer(call.host().*kFact);
}

template <bool HostFacts::* kFact>
Result<Value> truth_fact(Call& call) {
  return Value::boolean(call.host().*kFact);
}

/// A directory that a program is going to use: none is an error rather than a path at the root.
template <std::string HostFacts::* kFact>
Result<Value> directory_fact(Call& call) {
  if (!(call.host().*kFact).empty())
    return Value(call.host().*kFact);
  return fail(kind::kUnknownName, base::cat("the ", call.decl().name, " cannot be determined"), {},
              "set HOME or the XDG variable for it");
}

Result<Value> cwd(Call& call) { return Value(call.directory()); }

Result<Value> exe_dir(Call& call) {
  const std::string_view path = call.host().exe_path;
  const auto slash = path.find_last_of('/');
  return Value(std::string(slash == 0 ? path.substr(0, 1) : path.substr(0, slash)));
}

/// What differs between hosts as text: their separators and names.
Value by_host(Call& call, std::string_view windows, std::string_view others) {
  return Value(std::string(call.host().os == "windows" ? windows : others));
}

Result<Value> path_sep(Call& call) { return by_host(call, "\\", "/"); }
Result<Value> path_list_sep(Call& call) { return by_host(call, ";", ":"); }
Result<Value> exe_ext(Call& call) { return by_host(call, ".exe", ""); }
Result<Value> null_device(Call& call) { return by_host(call, "NUL", "/dev/null"); }

/// A variable the program may not see counts as not set; it is a refusal only when it may see none.
Result<Value> is_ci(Call& call) {
  std::optional<Error> refusal;
  bool seen = false;
  for (const char* name : {"CI", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "TRAVIS", "BUILDKITE",
                           "JENKINS_URL", "TEAMCITY_VERSION"}) {
    const auto value = call.env(name);
    if (value && *value && !(*value)->empty())
      return Value::boolean(true);
    seen = seen || value.has_value();
    if (!value && !refusal)
      refusal = value.error();
  }
  if (!seen && refusal)
    return std::unexpected(*refusal);
  return Value::boolean(false);
}

constexpr OpDecl kTable[] = {
    {.name = "get_os",
     .family = op::Family::Host,
     .summary = "The operating system, as in linux, darwin or windows.",
     .returns = Type::Text,
     .example = R"(t = get_os)",
     .run = text_fact<&HostFacts::os>},
    {.name = "get_arch",
     .family = op::Family::Host,
     .summary = "The processor, as in amd64 or arm64.",
     .returns = Type::Text,
     .example = R"(t = get_arch)",
     .run = text_fact<&HostFacts::arch>},
    {.name = "os_version",
     .family = op::Family::Host,
     .summary = "The version of the operating system or its kernel.",
     .returns = Type::Text,
     .example = R"(t = os_version)",
     .run = text_fact<&HostFacts::os_version>},
    {.name = "cpu_count",
     .family = op::Family::Host,
     .summary = "How many processors this process may use.",
     .returns = Type::Int,
     .example = R"(n = cpu_count)",
     .run = number_fact<&HostFacts::cpu_count>},
    {.name = "hostname",
     .family = op::Family::Host,
     .summary = "The name of this machine.",
     .returns = Type::Text,
     .example = R"(t = hostname)",
     .run = text_fact<&HostFacts::hostname>},
    {.name = "user",
     .family = op::Family::Host,
     .summary = "The account perch runs as.",
     .returns = Type::Text,
     .example = R"(t = user)",
     .run = text_fact<&HostFacts::user>},
    {.name = "pid",
     .family = op::Family::Host,
     .summary = "Perch's process id.",
     .returns = Type::Int,
     .example = R"(n = pid)",
     .run = number_fact<&HostFacts::pid>},
    {.name = "is_admin",
     .family = op::Family::Host,
     .summary = "Whether perch runs with all rights.",
     .returns = Type::Bool,
     .example = R"(yes = is_admin)",
     .run = truth_fact<&HostFacts::is_admin>},
    {.name = "is_tty",
     .family = op::Family::Host,
     .summary = "Whether stdout is a terminal.",
     .returns = Type::Bool,
     .example = R"(yes = is_tty)",
     .run = truth_fact<&HostFacts::stdout_is_tty>},
    {.name = "is_ci",
     .family = op::Family::Host,
     .summary = "Whether a variable says that this is a build server.",
     .returns = Type::Bool,
     .needs = {{{.cap = Cap::Env}}},
     .example = R"(yes = is_ci)",
     .run = is_ci},
    {.name = "cwd",
     .family = op::Family::Host,
     .summary = "The command's directory.",
     .returns = Type::Text,
     .example = R"(p = cwd)",
     .run = cwd},
    {.name = "home_dir",
     .family = op::Family::Host,
     .summary = "The home directory; nothing when there is none.",
     .returns = Type::Text,
     .example = R"(p = home_dir)",
     .run = text_fact<&HostFacts::home>},
    {.name = "temp_dir",
     .family = op::Family::Host,
     .summary = "The directory for temporary files.",
     .returns = Type::Text,
     .example = R"(p = temp_dir)",
     .run = directory_fact<&HostFacts::temp_dir>},
    {.name = "cache_dir",
     .family = op::Family::Host,
     .summary = "The user's directory for caches.",
     .returns = Type::Text,
     .example = R"(p = cache_dir)",
     .run = directory_fact<&HostFacts::cache_dir>},
    {.name = "config_dir",
     .family = op::Family::Host,
     .summary = "The user's directory for settings.",
     .returns = Type::Text,
     .example = R"(p = config_dir)",
     .run = directory_fact<&HostFacts::config_dir>},
    {.name = "data_dir",
     .aliases = {"app_data_dir"},
     .family = op::Family::Host,
     .summary = "The user's directory for data.",
     .returns = Type::Text,
     .example = R"(p = data_dir)",
     .run = directory_fact<&HostFacts::data_dir>},
    {.name = "exe_path",
     .family = op::Family::Host,
     .summary = "The path of the running executable, links resolved.",
     .returns = Type::Text,
     .example = R"(p = exe_path)",
     .run = text_fact<&HostFacts::exe_path>},
    {.name = "exe_dir",
     .family = op::Family::Host,
     .summary = "The directory of the running executable.",
     .returns = Type::Text,
     .example = R"(p = exe_dir)",
     .run = exe_dir},
    {.name = "script_path",
     .family = op::Family::Host,
     .summary = "The path of the program's file; nothing in a built executable, `-` for stdin.",
     .returns = Type::Text,
     .example = R"(p = script_path)",
     .run = text_fact<&HostFacts::script_path>},
    {.name = "script_dir",
     .family = op::Family::Host,
     .summary = "The directory of the program's file.",
     .returns = Type::Text,
     .example = R"(p = script_dir)",
     .run = text_fact<&HostFacts::script_dir>},
    {.name = "path_sep",
     .family = op::Family::Host,
     .summary = "What separates the names in a path.",
     .returns = Type::Text,
     .example = R"(t = path_sep)",
     .run = path_sep},
    {.name = "path_list_sep",
     .family = op::Family::Host,
     .summary = "What separates the directories in PATH.",
     .returns = Type::Text,
     .example = R"(t = path_list_sep)",
     .run = path_list_sep},
    {.name = "exe_ext",
     .family = op::Family::Host,
     .summary = "What the names of executables end in.",
     .returns = Type::Text,
     .example = R"(t = exe_ext)",
     .run = exe_ext},
    {.name = "null_device",
     .family = op::Family::Host,
     .summary = "The file that swallows all that is written to it.",
     .returns = Type::Text,
     .example = R"(p = null_device)",
     .run = null_device},
};

} // namespace

extern const std::span<const OpDecl> kHostOps;
const std::span<const OpDecl> kHostOps{kTable};

} // namespace perch::ops
