#include "policy/describe.h"

#include "base/text.h"

#include <array>
#include <utility>

namespace perch::policy {

namespace {

using base::cat;
using op::Cap;

constexpr std::array<std::pair<Cap, std::string_view>, 6> kVerbs = {{{Cap::Exec, "run"},
                                                                     {Cap::Read, "read"},
                                                                     {Cap::Write, "write"},
                                                                     {Cap::Net, "reach"},
                                                                     {Cap::Env, "see variables"},
                                                                     {Cap::Wasm, "run modules"}}};

} // namespace

std::string summary(const Layer& layer) {
  if (layer.source != Layer::Source::CommandLine)
    return layer.origin;
  for (const Rule& rule : layer.rules) {
    if (rule.mode == Rule::Mode::Only)
      return cat(layer.origin, '=', base::join(rule.allowed, ","));
  }
  return layer.origin;
}

std::vector<std::string> describe(const Layer& layer) {
  std::vector<std::string> out;
  for (const auto& [cap, verb] : kVerbs) {
    const Rule& rule = layer.rule(cap);
    if (rule.mode == Rule::Mode::Any)
      continue;
    const bool nothing = rule.mode == Rule::Mode::None || rule.allowed.empty();
    out.push_back(cat(verb, ": ", nothing ? "nothing" : base::join(rule.allowed, ", ")));
    if (cap == Cap::Read && !nothing && layer.rule(Cap::Write).mode == Rule::Mode::Only)
      out.back() += ", and what may be written";
  }
  if (!layer.shell_allowed)
    out.emplace_back("no shell text");
  if (!layer.shell_metachars)
    out.emplace_back("shell text of one plain command only");
  return out;
}

} // namespace perch::policy
