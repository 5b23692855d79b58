#include "policy/hosts.h"
#include "policy/policy.h"

#include <algorithm>

namespace perch::policy {
namespace {

using Mode = Rule::Mode;

bool contains(const Rule& rule, std::string_view entry) {
  return std::ranges::find(rule.allowed, entry) != rule.allowed.end();
}

bool any_root(const Rule& rule, std::string_view path) {
  return std::ranges::any_of(rule.allowed,
                             [&](const std::string& root) { return is_below(root, path); });
}

/// Names match names and paths match paths, so a declared `git` never lets `./git` through and a
/// declared path never lets a same-named program of PATH through.
bool exec_listed(const Rule& rule, const Request& request) {
  if (request.shell && request.shell_builtin)
    return true;
  return std::ranges::any_of(rule.allowed, [&](const std::string& entry) {
    const std::string_view found = entry.starts_with('/') ? request.resolved : request.known_as;
    return !found.empty() && entry == found;
  });
}

bool net_listed(const Rule& rule, const Request& request) {
  if (request.subject.empty())
    return !rule.allowed.empty();
  return std::ranges::any_of(rule.allowed, [&](const std::string& pattern) {
    return host_matches(pattern, request.subject, request.port);
  });
}

bool read_listed(const Layer& layer, const Request& request) {
  if (any_root(layer.rule(op::Cap::Read), request.subject))
    return true;
  const Rule& write = layer.rule(op::Cap::Write);
  return write.mode == Mode::Only && any_root(write, request.subject);
}

bool listed(const Layer& layer, const Request& request) {
  const Rule& rule = layer.rule(request.cap);
  switch (request.cap) {
  case op::Cap::None:
    return true;
  case op::Cap::Exec:
    return exec_listed(rule, request);
  case op::Cap::Read:
    return read_listed(layer, request);
  case op::Cap::Write:
    return any_root(rule, request.subject);
  case op::Cap::Net:
    return net_listed(rule, request);
  case op::Cap::Env:
    return contains(rule, request.subject) ||
           (layer.source == Layer::Source::Requires && is_operational_variable(request.subject));
  case op::Cap::Wasm:
    return contains(rule, request.subject);
  }
  return false;
}

bool allows(const Layer& layer, const Request& request) {
  if (request.guest && layer.source == Layer::Source::Requires)
    return true;
  if (request.shell && !layer.shell_allowed)
    return false;
  if (request.shell && request.shell_metachars && !layer.shell_metachars)
    return false;
  switch (layer.rule(request.cap).mode) {
  case Mode::Any:
    return true;
  case Mode::None:
    return false;
  case Mode::Only:
    return listed(layer, request);
  }
  return false;
}

} // namespace

Policy Policy::with(std::shared_ptr<const Layer> layer) const {
  PERCH_ASSERT(layer != nullptr);
  auto layers = layers_ ? std::make_shared<Layers>(*layers_) : std::make_shared<Layers>();
  layers->push_back(std::move(layer));
  Policy out;
  out.layers_ = std::move(layers);
  return out;
}

Decision decide(const Policy& policy, const Request& request) {
  for (const std::shared_ptr<const Layer>& layer : policy.layers()) {
    if (!allows(*layer, request))
      return {.denied_by = layer.get()};
  }
  return {};
}

bool is_operational_variable(std::string_view name) {
  static constexpr std::string_view kNames[] = {"PATH",  "HOME",   "USER",     "LOGNAME",
                                                "SHELL", "LANG",   "LANGUAGE", "TERM",
                                                "TZ",    "TMPDIR", "TMP",      "TEMP"};
  return name.starts_with("LC_") || std::ranges::find(kNames, name) != std::end(kNames);
}

bool is_below(std::string_view root, std::string_view path) {
  if (root == "/")
    return path.starts_with('/');
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

} // namespace perch::policy
