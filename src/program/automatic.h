#pragma once
// The names every program has without declaring them. Their values are computed when asked for.

#include <cstdint>
#include <string_view>
#include <vector>

namespace perch::program {

enum class Automatic : std::uint8_t {
  None,
  Os,
  Arch,
  IsWindows,
  IsMacos,
  IsLinux,
  IsUnix,
  IsArm64,
  IsAmd64,
  CpuCount,
  Pid,
  NowUnix,
  PathSep,
  PathListSep,
  ExeExt,
  NullDevice,
  ShellName,
  Home,
  ConfigDir,
  CacheDir,
  DataDir,
  TempDir,
  ExePath,
  ExeDir,
  ExeName,
  ScriptPath,
  ScriptDir,
  User,
  Uid,
  Hostname,
};

/// None when `name` is not automatic. `home_dir` is `home`.
[[nodiscard]] Automatic automatic_name(std::string_view name);

/// All of them, sorted; for suggestions and editors.
[[nodiscard]] std::vector<std::string_view> automatic_names();

} // namespace perch::program
