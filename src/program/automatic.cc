#include "program/automatic.h"

#include <algorithm>
#include <array>

namespace perch::program {

namespace {

struct Entry {
  std::string_view name;
  Automatic automatic;
};

// Sorted by name.
constexpr std::array kNames = {
    Entry{"arch", Automatic::Arch},
    Entry{"cache_dir", Automatic::CacheDir},
    Entry{"config_dir", Automatic::ConfigDir},
    Entry{"cpu_count", Automatic::CpuCount},
    Entry{"data_dir", Automatic::DataDir},
    Entry{"exe_dir", Automatic::ExeDir},
    Entry{"exe_ext", Automatic::ExeExt},
    Entry{"exe_name", Automatic::ExeName},
    Entry{"exe_path", Automatic::ExePath},
    Entry{"home", Automatic::Home},
    Entry{"home_dir", Automatic::Home},
    Entry{"hostname", Automatic::Hostname},
    Entry{"is_amd64", Automatic::IsAmd64},
    Entry{"is_arm64", Automatic::IsArm64},
    Entry{"is_linux", Automatic::IsLinux},
    Entry{"is_macos", Automatic::IsMacos},
    Entry{"is_unix", Automatic::IsUnix},
    Entry{"is_windows", Automatic::IsWindows},
    Entry{"now_unix", Automatic::NowUnix},
    Entry{"null_device", Automatic::NullDevice},
    Entry{"os", Automatic::Os},
    Entry{"path_list_sep", Automatic::PathListSep},
    Entry{"path_sep", Automatic::PathSep},
    Entry{"pid", Automatic::Pid},
    Entry{"script_dir", Automatic::ScriptDir},
    Entry{"script_path", Automatic::ScriptPath},
    Entry{"shell_name", Automatic::ShellName},
    Entry{"temp_dir", Automatic::TempDir},
    Entry{"uid", Automatic::Uid},
    Entry{"user", Automatic::User},
};
static_assert(std::ranges::is_sorted(kNames, {}, &Entry::name));

} // namespace

Automatic automatic_name(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kNames, name, {}, &Entry::name);
  return found != kNames.end() && found->name == name ? found->automatic : Automatic::None;
}

std::vector<std::string_view> automatic_names() {
  std::vector<std::string_view> names;
  names.reserve(kNames.size());
  for (const Entry& entry : kNames)
    names.push_back(entry.name);
  return names;
}

} // namespace perch::program
