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

namespace perch::cli {

namespace {

constexpr std::uint64_t kMaxModule = 1ull << 30;

/// Paths of the modules that are written out; the rest is counted.
struct Modules {
  std::set<std::string> paths;
  std::size_t computed = 0;
};

Modules modules_of(const program::Program& program, const std::string& directory) {
  Modules modules;
  program::each_node(program, [&](const program::Node& node) {
    if (node.kind != program::NodeKind::WasmRun)
      return;
    const auto& run = static_cast<const program::WasmRunNode&>(node);
    if (!run.alias.empty()) {
      for (const program::BundleEntry& entry : program.bundle) {
        if (entry.alias == run.alias) {
          modules.paths.insert(sys::absolute_path(program.root().directory, entry.path));
        }
      }
    } else if (const auto path = program::known_text(run.path, program)) {
      if (!path->starts_with(run::kRemoteModule))
        modules.paths.insert(sys::absolute_path(directory, *path));
    } else {
      ++modules.computed;
    }
  });
  return modules;
}

Status warm_one(const Context& context, lane::WasmLane& guests, const std::string& path) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, context.world.fs.locate(path, sys::Final::Follow));
  PERCH_TRY_ASSIGN(const sys::Fd fd, context.world.fs.open(spot, sys::Access::Read, 0));
  PERCH_TRY_ASSIGN(const std::string bytes, sys::read_all(fd.get(), kMaxModule, path));
  return guests.warm(path, bytes);
}

void say_compiled(const Context& context, const std::string& name) {
  if (!context.options.quiet)
    context.err(base::cat("compiled ", name, '\n'));
}

/// Those of the network; false when something went wrong and was reported.
bool warm_remote(const Context& context, const Loaded& loaded, lane::WasmLane& guests,
                 const std::vector<RemoteUse>& uses) {
  diag::Diags diags;
  use_remote_modules(context, loaded, uses, diags,
                     [&](const RemoteUse& use, const run::RemoteModule& module) -> Status {
                       PERCH_TRY(guests.warm(use.url, module.bytes));
                       say_compiled(context, use.url);
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
  for (const std::string& path : modules.paths) {
    if (const Status done = warm_one(context, *guests, path); !done) {
      context.report(done.error());
      status = kFailure;
    } else {
      say_compiled(context, path);
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
