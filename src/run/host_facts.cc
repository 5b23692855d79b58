// The names every program has, and the same facts as ops see them.

#include "base/text.h"
#include "run/shared_run.h"
#include "sys/fs.h"

namespace perch::run {

namespace {

using program::Automatic;

std::string env_or(const sys::Env& env, std::string_view name, std::string fallback) {
  const auto value = env.get(name);
  return value && !value->empty() ? std::string(*value) : std::move(fallback);
}

/// `$NAME`, else a directory below the home directory; empty when there is no home either.
std::string user_directory(const op::HostFacts& facts, const sys::Env& env, std::string_view name,
                           std::string_view below_home) {
  return env_or(env, name,
                facts.home.empty() ? std::string() : base::cat(facts.home, '/', below_home));
}

std::string_view parent(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash == path.npos ? 0 : slash);
}

std::string_view last(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Of the root file as the request says: `-` for standard input. Of an imported file its own path.
/// Empty in a built executable, whose sources are no files.
std::string script_path(const program::Module& module, const Request& request) {
  if (&module == &request.program->root() || request.script_path.empty())
    return request.script_path;
  return sys::absolute_path(module.directory, last(module.path));
}

std::string script_dir(const program::Module& module, const Request& request) {
  const std::string path = script_path(module, request);
  if (path == "-")
    return ".";
  return path.empty() ? std::string() : module.directory;
}

std::string_view truth(bool value) { return value ? "true" : "false"; }

std::optional<std::string> unless_empty(std::string text) {
  if (text.empty())
    return std::nullopt;
  return text;
}

} // namespace

const op::HostFacts& SharedRun::host() {
  std::call_once(host_once_, [this] {
    sys::World& world = setting_.world;
    sys::Host& host = world.host;
    host_.os = sys::os_name();
    host_.arch = sys::arch_name();
    host_.user = host.user();
    host_.home = host.home();
    host_.hostname = host.hostname();
    host_.os_version = host.os_version();
    host_.temp_dir = env_or(world.env, "TMPDIR", "/tmp");
    host_.cache_dir = user_directory(host_, world.env, "XDG_CACHE_HOME", ".cache");
    host_.config_dir = user_directory(host_, world.env, "XDG_CONFIG_HOME", ".config");
    host_.data_dir = user_directory(host_, world.env, "XDG_DATA_HOME", ".local/share");
    host_.exe_path = host.exe_path();
    host_.script_path = script_path(program().root(), request_);
    host_.script_dir = script_dir(program().root(), request_);
    host_.uid = host.uid();
    host_.pid = host.pid();
    host_.cpu_count = host.cpu_count();
    host_.start_unix = start_unix_;
    host_.is_admin = host_.uid == 0;
    host_.stdout_is_tty = host.is_tty(world.out);
  });
  return host_;
}

namespace {

/// Names that need no question to the system.
std::optional<std::string_view> constant(Automatic name) {
  switch (name) {
  case Automatic::Os:
    return sys::os_name();
  case Automatic::Arch:
    return sys::arch_name();
  case Automatic::IsWindows:
    return truth(sys::os_name() == "windows");
  case Automatic::IsMacos:
    return truth(sys::os_name() == "darwin");
  case Automatic::IsLinux:
    return truth(sys::os_name() == "linux");
  case Automatic::IsUnix:
    return truth(sys::os_name() != "windows");
  case Automatic::IsArm64:
    return truth(sys::arch_name() == "arm64");
  case Automatic::IsAmd64:
    return truth(sys::arch_name() == "amd64");
  case Automatic::PathSep:
    return "/";
  case Automatic::PathListSep:
    return ":";
  case Automatic::ExeExt:
    return "";
  case Automatic::NullDevice:
    return "/dev/null";
  case Automatic::ShellName:
    return "bash";
  case Automatic::None:
  case Automatic::CpuCount:
  case Automatic::Pid:
  case Automatic::NowUnix:
  case Automatic::Home:
  case Automatic::ConfigDir:
  case Automatic::CacheDir:
  case Automatic::DataDir:
  case Automatic::TempDir:
  case Automatic::ExePath:
  case Automatic::ExeDir:
  case Automatic::ExeName:
  case Automatic::ScriptPath:
  case Automatic::ScriptDir:
  case Automatic::User:
  case Automatic::Uid:
  case Automatic::Hostname:
    break;
  }
  return std::nullopt;
}

} // namespace

std::optional<std::string> SharedRun::automatic(Automatic name, const program::Module* module) {
  if (const auto text = constant(name))
    return std::string(*text);
  const program::Module& file = module != nullptr ? *module : program().root();
  sys::Host& system = setting_.world.host;
  switch (name) {
  case Automatic::CpuCount:
    return base::cat(system.cpu_count());
  case Automatic::Pid:
    return base::cat(system.pid());
  case Automatic::NowUnix:
    return base::cat(start_unix_);
  case Automatic::Home:
    return unless_empty(system.home());
  case Automatic::ConfigDir:
    return unless_empty(host().config_dir);
  case Automatic::CacheDir:
    return unless_empty(host().cache_dir);
  case Automatic::DataDir:
    return unless_empty(host().data_dir);
  case Automatic::TempDir:
    return env_or(setting_.world.env, "TMPDIR", "/tmp");
  case Automatic::ExePath:
    return unless_empty(system.exe_path());
  case Automatic::ExeDir:
    return unless_empty(std::string(parent(system.exe_path())));
  case Automatic::ExeName:
    return unless_empty(std::string(last(system.exe_path())));
  case Automatic::ScriptPath:
    return script_path(file, request_);
  case Automatic::ScriptDir:
    return script_dir(file, request_);
  case Automatic::User:
    return unless_empty(system.user());
  case Automatic::Uid:
    return base::cat(system.uid());
  case Automatic::Hostname:
    return unless_empty(system.hostname());
  case Automatic::None:
  case Automatic::Os:
  case Automatic::Arch:
  case Automatic::IsWindows:
  case Automatic::IsMacos:
  case Automatic::IsLinux:
  case Automatic::IsUnix:
  case Automatic::IsArm64:
  case Automatic::IsAmd64:
  case Automatic::PathSep:
  case Automatic::PathListSep:
  case Automatic::ExeExt:
  case Automatic::NullDevice:
  case Automatic::ShellName:
    break;
  }
  return std::nullopt;
}

} // namespace perch::run
