#include "cli/remote_modules.h"

#include "cli/directories.h"
#include "cli/run_command.h"
#include "lane/lane.h"
#include "program/walk.h"
#include "run/outcome.h"

namespace perch::cli {

RemoteUses remote_uses(const program::Program& program) {
  RemoteUses uses;
  program::each_node(program, [&](const program::Node& node) {
    if (node.kind != program::NodeKind::WasmRun)
      return;
    const auto& run = static_cast<const program::WasmRunNode&>(node);
    if (!run.alias.empty())
      return;
    const auto url = program::known_text(run.path, program);
    if (!url || !url->starts_with(run::kRemoteModule))
      return;
    const auto pin = run.hash == nullptr ? std::string() : program::known_text(*run.hash, program);
    if (!pin) {
      ++uses.computed;
      return;
    }
    uses.known.push_back({.url = *url,
                          .pin = run::digest_text(*pin),
                          .metered = run.fuel != nullptr,
                          .span = run.path.span});
  });
  return uses;
}

void use_remote_modules(
    const Context& context, const Loaded& loaded, const std::vector<RemoteUse>& uses,
    diag::Diags& diags,
    const std::function<Status(const RemoteUse&, const run::RemoteModule&)>& use) {
  if (uses.empty())
    return;
  Result<run::Request> request = request_of(context, loaded);
  if (!request) {
    context.report(request.error());
    return;
  }
  const program::Program& program = *loaded.program;
  request->program = loaded.program;
  request->command = program.commands.empty() ? program.catch_command : program.commands.front();
  request->cancel = sys::CancelToken::root();
  const auto children = lane::make_process_lane();
  const auto guests = lane::make_wasm_lane({});
  const run::Setting setting{
      .world = context.world,
      .ops = op_table(),
      .sources = context.sources,
      .children = *children,
      .guests = *guests,
      .cache_directory = cache_directory(context.world),
      .state_directory = state_directory(context.world),
      .say = [&context](const std::string& line) { context.err(line + "\n"); }};
  for (const RemoteUse& each : uses) {
    const Status used =
        run::use_remote_module(setting, *request, each.url, each.pin,
                               [&](const run::RemoteModule& module) { return use(each, module); });
    if (!used)
      diags.add(run::to_diag({.error = used.error(), .span = each.span, .chain = {}}));
  }
}

} // namespace perch::cli
