// `perch --restrictions [-f FILE]`: the layers that hold before a command starts, and what they
// leave to each op.

#include "base/text.h"
#include "cli/load.h"
#include "cli/run_command.h"
#include "cli/verbs.h"
#include "policy/describe.h"
#include "scan/manifest.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;
using Mode = policy::Rule::Mode;

std::string padded(std::string_view text, std::size_t cells) {
  std::string out(text);
  out.append(out.size() < cells ? cells - out.size() : 1, ' ');
  return out;
}

/// What the layers say to one need of an op: yes, only what a list holds, or no.
std::string answer(const policy::Policy& policy, const op::Need& need) {
  std::string only;
  for (const auto& layer : policy.layers()) {
    const policy::Rule& rule = layer->rule(need.cap);
    if (rule.mode == Mode::None || (need.shell && !layer->shell_allowed))
      return cat("no: ", layer->origin);
    if (rule.mode == Mode::Only)
      only += cat(only.empty() ? "" : ", ", layer->origin);
  }
  return only.empty() ? "yes" : cat("what is listed by ", only);
}

std::string need_text(const op::Need& need) {
  const std::string_view cap = op::cap_name(need.cap);
  return need.subject.empty() ? cat(cap, " (any)") : cat(cap, ' ', need.subject);
}

std::string op_lines(const policy::Policy& policy, const op::OpDecl& op) {
  std::string out, name(op.name);
  for (const op::Need& need : op.requests()) {
    out += cat("  ", padded(name, 20), padded(need_text(need), 18), answer(policy, need), '\n');
    name.clear();
  }
  return out;
}

std::string ops_text(const policy::Policy& policy, const op::OpTable& table) {
  std::vector<const op::OpDecl*> all;
  for (const auto family : table.families()) {
    for (const op::OpDecl& op : family)
      all.push_back(&op);
  }
  std::ranges::sort(all, {}, &op::OpDecl::name);
  std::string out = "\nops, what they ask for, and whether that is left\n", free;
  for (const op::OpDecl* op : all) {
    if (op->requests().empty())
      free += cat(free.empty() ? "" : " ", op->name);
    else
      out += op_lines(policy, *op);
  }
  static constexpr op::Need kProgram{.cap = op::Cap::Exec, .subject = "program"};
  static constexpr op::Need kModule{.cap = op::Cap::Wasm, .subject = "module"};
  out += cat("  ", padded("exec, pipe", 20), padded(need_text(kProgram), 18),
             answer(policy, kProgram), '\n');
  out += cat("  ", padded("wasm_run", 20), padded(need_text(kModule), 18), answer(policy, kModule),
             "; and what its block declares\n");
  return out + cat("\nops that ask for nothing\n  ", free, '\n');
}

std::string layers_text(const policy::Policy& policy) {
  if (policy.layers().empty())
    return "no layers: what the user may do, the program may do\n";
  std::string out = "layers, the lowest first; a request must pass them all\n";
  for (const auto& layer : policy.layers()) {
    out += cat("  ", layer->origin, '\n');
    for (const std::string& line : policy::describe(*layer))
      out += cat("    ", line, '\n');
    if (!layer->confine_children)
      out += "    programs it starts are not held to it by the kernel\n";
  }
  return out;
}

} // namespace

int restrictions(const Context& context) {
  const op::OpTable& ops = op_table();
  std::optional<Loaded> loaded;
  if (!context.options.file.empty() || find_program(context)) {
    loaded = load_to_run(context);
    if (!loaded)
      return kUsage;
  }
  auto policy = command_line_policy(context, loaded && loaded->found.from_stdin);
  if (!policy) {
    context.report(policy.error());
    return kUsage;
  }
  diag::Diags diags;
  if (loaded && loaded->program->requirements.present) {
    policy::Layer layer = scan::manifest_layer(*loaded->program, context.sources, diags);
    layer.confine_children = loaded->program->requirements.confine;
    *policy = policy->with(std::make_shared<const policy::Layer>(std::move(layer)));
  }
  if (diags.has_errors()) {
    context.report(diags);
    return kUsage;
  }
  context.out(layers_text(*policy) + ops_text(*policy, ops));
  return kOk;
}

} // namespace perch::cli
