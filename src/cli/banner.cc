#include "cli/banner.h"

#include "base/text.h"
#include "policy/describe.h"

#include <algorithm>
#include <array>

namespace perch::cli {

namespace {

using base::cat;
using op::Cap;
using Mode = policy::Rule::Mode;

/// Whether a layer bounds files or the network of child processes, which is the kernel's work.
bool confines(const policy::Layer& layer) {
  return layer.confine_children &&
         std::ranges::any_of(std::array{Cap::Read, Cap::Write, Cap::Net},
                             [&](Cap cap) { return layer.rule(cap).mode != Mode::Any; });
}

bool starts_nothing(const policy::Layer& layer) { return layer.rule(Cap::Exec).mode == Mode::None; }

} // namespace

std::string banner(const policy::Policy& policy, const Options& options) {
  std::string list;
  bool confined = false, childless = false;
  for (const auto& layer : policy.layers()) {
    list += cat(list.empty() ? "" : ", ", policy::summary(*layer));
    confined = confined || confines(*layer);
    childless = childless || starts_nothing(*layer);
  }
  if (options.max_runtime_ns) {
    list += cat(list.empty() ? "" : ", ",
                "--max-runtime=", base::duration_text(*options.max_runtime_ns));
  }
  if (list.empty())
    return {};
  std::string out = cat("perch: in force: ", list);
  if (confined && !childless) {
    out += options.confine_off ? "; --confine=off: programs are NOT held to it"
                               : "; programs are held to it by the kernel";
  }
  return out + '\n';
}

void show_banner(const Context& context, const policy::Policy& policy) {
  if (!context.options.quiet && context.world.host.is_tty(context.world.err))
    context.err(banner(policy, context.options));
}

} // namespace perch::cli
