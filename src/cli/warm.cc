// `perch warm`: compiles every module a file names, fully, ahead of time.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/directories.h"
#include "cli/load.h"
#include "cli/remote_modules.h"
#include "cli/verbs.h"
#include "lane/lane.h"
#include "program/walk.h"
#include "sys/fs.h"

#include <set>
#include <string>
#include <utility>

namespace perch::cli {

namespace {

constexpr std::uint64_t kMaxModule = 1ull << 30;

/// Paths of the modules that are written out, each with the code that its blocks need: a budget of
/// instructions needs code that counts them. The rest is counted.
struct Modules {
  std::set<std::pair<std::string, lane::Metering>> known;
  std::size_t computed = 0;
};

lane::Metering metering_of(bool has_fuel) {
  return has_fuel ? lane::Metering::Fuel : lane::Metering::None;
}

Modules modules_of(const program::Program& program, const std::string& directory) {
  Modules modules;
  program::each_node(program, [&](const program::Node& node) {
    if (node.kind != program::NodeKind::WasmRun)
      return;
    const auto& run = static_cast<const program::WasmRunNode&>(node);
    const lane::Metering metering = metering_of(run.fuel != nullptr);
    if (!run.alias.empty()) {
      for (const program::BundleEntry& entry : program.bundle) {
        if (entry.alias == run.alias)
          modules.known.emplace(sys::absolute_path(program.root().directory, entry.path), metering);
      }
    } else if (const auto path = program::known_text(run.path, program)) {
      if (!path->starts_with(run::kRemoteModule))
        modules.known.emplace(sys::absolute_path(directory, *path), metering);
    } else {
      ++modules.computed;
    }
  });
  return modules;
}

Status warm_one(const Context& context, lane::WasmLane& guests, const std::string& path,
                lane::Metering metering) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, context.world.fs.locate(path, sys::Final::Follow));
  // Opening a FIFO would wait for its other end, and a device may have no end.
  if (spot.info.type != sys::NodeType::Regular && spot.info.type != sys::NodeType::Missing) {
    return fail(kind::kFileError, base::cat("the module `", path, "` is not a regular file"),
                std::string(path));
  }
  PERCH_TRY_ASSIGN(const sys::Fd fd, context.world.fs.open(spot, sys::Access::Read, 0));
  PERCH_TRY_ASSIGN(const std::string bytes, sys::read_all(fd.get(), kMaxModule, path));
  return guests.warm(path, bytes, metering);
}

void say_compiled(const Context& context, const std::string& name, lane::Metering metering) {
  if (!context.options.quiet)
    context.err(base::cat("compiled ", name,
                          metering == lane::Metering::Fuel ? ", counting instructions\n" : "\n"));
}

/// Those of the network; false when something went wrong and was reported.
bool warm_remote(const Context& context, const Loaded& loaded, lane::WasmLane& guests,
                 const std::vector<RemoteUse>& uses) {
  diag::Diags diags;
  use_remote_modules(context, loaded, uses, diags,
                     [&](const RemoteUse& use, const run::RemoteModule& module) -> Status {
                       const lane::Metering metering = metering_of(use.metered);
                       PERCH_TRY(guests.warm(use.url, module.bytes, metering));
                       say_compiled(context, use.url, metering);
                       return {};
                     });
  context.report(diags);
  return !diags.has_errors();
}

} // namespace

int warm(const Context& context) {
  if (!context.options.words.empty()) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = base::cat("warm takes no `", context.options.words[0], '`'),
                         .help = "name the file before it: perch -f FILE warm"});
    return kUsage;
  }
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  const std::optional<Loaded> loaded = load_program(context, ops, program::Strictness::Run, diags);
  if (!loaded)
    return kUsage;
  if (loaded->program == nullptr) {
    context.report(diags);
    return kUsage;
  }
  const auto guests = lane::make_wasm_lane(
      {.cache_directory = code_directory(context.world), .compiler = compiler_program()});
  const Modules modules = modules_of(*loaded->program, context.world.host.current_directory());
  int status = kOk;
  for (const auto& [path, metering] : modules.known) {
    if (const Status done = warm_one(context, *guests, path, metering); !done) {
      context.report(done.error());
      status = kFailure;
    } else {
      say_compiled(context, path, metering);
    }
  }
  const RemoteUses remote = remote_uses(*loaded->program);
  if (!warm_remote(context, *loaded, *guests, remote.known))
    status = kFailure;
  if (const std::size_t computed = modules.computed + remote.computed; computed > 0) {
    context.err(
        base::cat("perch: ", base::plural(static_cast<std::int64_t>(computed), "module path"),
                  " can only be known when the command runs\n"));
  }
  return status;
}

} // namespace perch::cli
