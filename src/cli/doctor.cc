// `perch doctor [--json]`: what this machine can enforce, and what perch does about each gap.

#include "cli/doctor.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/directories.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "sys/fs.h"

namespace perch::cli {

namespace {

OwnDirectory own_directory(const Context& context, std::string name, std::string path) {
  OwnDirectory out{.name = std::move(name), .path = std::move(path)};
  if (out.path.empty())
    return out;
  const auto spot = context.world.fs.locate(out.path, sys::Final::Follow);
  if (!spot || spot->info.type == sys::NodeType::Missing)
    return out;
  constexpr std::uint32_t kOthersWrite = 022;
  if (spot->info.type != sys::NodeType::Directory)
    out.state = OwnDirectory::State::NoDirectory;
  else if ((spot->info.mode & kOthersWrite) != 0 || spot->info.uid != context.world.host.uid())
    out.state = OwnDirectory::State::Open;
  else
    out.state = OwnDirectory::State::Trusted;
  return out;
}

/// The one `shell` ops run: bash, or sh where there is none.
std::string shell_path(const Context& context) {
  const auto path = context.world.env.get("PATH");
  for (const std::string_view name : {"bash", "sh"}) {
    for (const std::string_view directory : base::split(path.value_or(""), ':')) {
      if (!directory.starts_with('/'))
        continue;
      std::string candidate = base::cat(directory, '/', name);
      const auto spot = context.world.fs.locate(candidate, sys::Final::Follow);
      if (spot && spot->info.type == sys::NodeType::Regular && (spot->info.mode & 0111) != 0)
        return candidate;
    }
  }
  return {};
}

} // namespace

int doctor(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  const bool json = context.options.json || (words.size() == 1 && words[0] == "--json");
  if (words.size() > 1 || (words.size() == 1 && words[0] != "--json")) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "doctor takes no arguments but --json",
                         .help = "usage: perch doctor [--json]"});
    return kUsage;
  }
  const DoctorFacts facts{
      .version = std::string(kVersion),
      .kernel = lane::kernel_features(),
      .wall = lane::make_wasm_lane({})->kernel_wall(),
      .directories = {own_directory(context, "cache", cache_directory(context.world)),
                      own_directory(context, "state", state_directory(context.world))},
      .shell = shell_path(context)};
  context.out(json ? base::json_text(doctor_json(facts), 2) + "\n" : doctor_text(facts));
  return kOk;
}

} // namespace perch::cli
