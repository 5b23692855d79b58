#include "run/gate_confine.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace perch::run {

using base::cat;
using op::Cap;
using policy::Layer;
using policy::Rule;
using Mode = Rule::Mode;
using Roots = std::vector<std::string>;

namespace {

/// Roots that both sides contain. nullopt stands for everything.
std::optional<Roots> intersect(std::optional<Roots> a, const std::optional<Roots>& b) {
  if (!a)
    return b;
  if (!b)
    return a;
  Roots out;
  const auto add_below = [&](const Roots& roots, const Roots& others) {
    for (const std::string& root : roots) {
      const bool inside = std::ranges::any_of(
          others, [&](const std::string& other) { return policy::is_below(other, root); });
      if (inside && std::ranges::find(out, root) == out.end())
        out.push_back(root);
    }
  };
  add_below(*a, *b);
  add_below(*b, *a);
  return out;
}

std::optional<Roots> roots_of(const Layer& layer, Cap cap) {
  const Rule& rule = layer.rule(cap);
  if (rule.mode == Mode::Any)
    return std::nullopt;
  Roots out = rule.mode == Mode::Only ? rule.allowed : Roots();
  // As in policy::decide: what may be written in a listed root may be read there.
  const Rule& write = layer.rule(Cap::Write);
  if (cap == Cap::Read && rule.mode == Mode::Only && write.mode == Mode::Only)
    out.insert(out.end(), write.allowed.begin(), write.allowed.end());
  return out;
}

bool closes_network(const Layer& layer, bool allow_child_network) {
  switch (layer.rule(Cap::Net).mode) {
  case Mode::Any:
    return false;
  case Mode::None:
    return true;
  case Mode::Only:
    return !layer.child_network && !allow_child_network;
  }
  return true;
}

} // namespace

namespace {

std::string roots_text(std::string_view verb, const Roots& roots) {
  if (roots.empty())
    return cat(verb, " nothing");
  return cat(verb, " only below ", base::join(roots, ", "));
}

/// What one layer forbids its children, by the kernel.
std::string held_by(const Layer& layer, bool allow_child_network) {
  std::string out;
  const auto add = [&](std::string_view what) { out += cat(out.empty() ? "" : ", ", what); };
  if (const auto read = roots_of(layer, Cap::Read))
    add(roots_text("read", *read));
  if (const auto write = roots_of(layer, Cap::Write))
    add(roots_text("write", *write));
  if (layer.source != Layer::Source::Requires && closes_network(layer, allow_child_network))
    add("use no network");
  return out;
}

} // namespace

std::string confinement_note(const policy::Policy& policy, bool allow_child_network) {
  std::string out;
  for (const auto& layer : policy.layers()) {
    if (!layer->confine_children)
      continue;
    const std::string held = held_by(*layer, allow_child_network);
    if (!held.empty())
      out +=
          cat(out.empty() ? "the kernel held it: by " : "; by ", layer->origin, " it could ", held);
  }
  return out;
}

lane::Confinement confinement(const policy::Policy& policy, bool allow_child_network,
                              std::string_view program) {
  lane::Confinement out;
  std::optional<Roots> read, write;
  for (const auto& layer : policy.layers()) {
    if (!layer->confine_children)
      continue;
    // A manifest lists the hosts of perch's own ops; `confine` speaks of its roots.
    if (layer->source != Layer::Source::Requires)
      out.no_network = out.no_network || closes_network(*layer, allow_child_network);
    out.apart = out.apart || layer->rule(Cap::Env).mode != Mode::Any;
    read = intersect(std::move(read), roots_of(*layer, Cap::Read));
    write = intersect(std::move(write), roots_of(*layer, Cap::Write));
  }
  if (!read && !write)
    return out;
  out.limit_files = true;
  out.read_roots = read.value_or(Roots{"/"});
  out.write_roots = write.value_or(Roots{"/"});
  if (!program.empty())
    out.read_roots.emplace_back(program);
  return out;
}

} // namespace perch::run
