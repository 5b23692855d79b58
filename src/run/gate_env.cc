#include "run/gate_env.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/variables.h"

#include <algorithm>
#include <map>

namespace perch::run {

using base::cat;
using op::Cap;
using policy::Layer;
using policy::Rule;

namespace {

Status check_name(Actor actor, std::string_view name) {
  if (!name.empty() && name.find('=') == std::string_view::npos &&
      name.find('\0') == std::string_view::npos)
    return {};
  return fail(kind::kBadArgument, cat(actor.name, ": `", name, "` can be no variable's name"),
              std::string(name), "a name is not empty and holds no `=` and no NUL byte");
}

/// The layer that lists which bins may run, if one does.
const Layer* bin_list(const policy::Policy& policy) {
  for (const auto& layer : policy.layers()) {
    if (layer->rule(Cap::Exec).mode == Rule::Mode::Only)
      return layer.get();
  }
  return nullptr;
}

bool declared(const policy::Policy& policy, std::string_view name) {
  return std::ranges::any_of(policy.layers(), [&](const auto& layer) {
    const Rule& rule = layer->rule(Cap::Env);
    return layer->source == Layer::Source::Requires &&
           std::ranges::find(rule.allowed, name) != rule.allowed.end();
  });
}

std::unexpected<Error> refused(const Gate& gate, const Scope& scope, Actor actor,
                               std::string_view name, const Layer& layer) {
  PERCH_TRY(
      gate.record_denial(scope, actor, Cap::Env, std::string(name), layer.origin, layer.span));
  Error error{.kind = kind::kCapabilityDenied,
              .message = cat(actor.name, " may not set ", name,
                             ", which decides what the bins that may run really are"),
              .detail = layer.origin,
              .help = cat("to allow it, add: env \"", name, '"'),
              .note = cat("denied by: ", layer.origin, ", which lists the bins that may run"),
              .code = {},
              .code_name = {},
              .op = {}};
  if (layer.source != Layer::Source::Requires)
    error.help += " to a requires block of the file";
  return std::unexpected(std::move(error));
}

bool restricts_variables(const policy::Policy& policy) {
  return std::ranges::any_of(policy.layers(), [](const auto& layer) {
    return layer->rule(Cap::Env).mode != Rule::Mode::Any;
  });
}

bool passes(const policy::Policy& policy, std::string_view name) {
  return policy::is_operational_variable(name) ||
         policy::decide(policy, {.cap = Cap::Env, .subject = name}).allowed();
}

} // namespace

Result<std::optional<std::string>> variable(const Gate& gate, const Scope& scope, Actor actor,
                                            std::string_view name) {
  PERCH_TRY(check_name(actor, name));
  if (const EnvOverlay::Entry* own = scope.env.find(name))
    return own->value;
  PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Env, .subject = name}));
  const auto value = gate.world().env.get(name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

Status may_change(const Gate& gate, const Scope& scope, Actor actor, std::string_view name) {
  PERCH_TRY(check_name(actor, name));
  const Layer* layer = bin_list(scope.policy);
  if (layer != nullptr && (name == "PATH" || policy::loads_code(name)) &&
      !declared(scope.policy, name))
    return refused(gate, scope, actor, name, *layer);
  return gate.ask(scope, actor, {.cap = Cap::Env, .subject = name});
}

Result<std::vector<std::string>> child_environment(const Gate& gate, const Scope& scope,
                                                   Actor actor) {
  std::map<std::string, std::string, std::less<>> values;
  const bool restricted = restricts_variables(scope.policy);
  for (const std::string_view entry : gate.world().env.all()) {
    const std::size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      continue;
    const std::string_view name = entry.substr(0, equals);
    if (!restricted || passes(scope.policy, name))
      values.insert_or_assign(std::string(name), std::string(entry.substr(equals + 1)));
  }
  const Layer* layer = bin_list(scope.policy);
  for (const EnvOverlay::Entry* entry : scope.env.entries()) {
    PERCH_TRY(check_name(actor, entry->name));
    if (!entry->value) {
      values.erase(entry->name);
      continue;
    }
    if (layer != nullptr && policy::loads_code(entry->name) && !declared(scope.policy, entry->name))
      return refused(gate, scope, actor, entry->name, *layer);
    if (entry->value->find('\0') != std::string::npos) {
      return fail(kind::kBadArgument,
                  cat(actor.name, ": the value of ", entry->name, " holds a NUL byte"),
                  entry->name);
    }
    values.insert_or_assign(entry->name, *entry->value);
  }
  std::vector<std::string> out;
  out.reserve(values.size());
  for (const auto& [name, value] : values)
    out.push_back(cat(name, '=', value));
  return out;
}

std::string search_path(const Gate& gate, const Scope& scope) {
  if (const EnvOverlay::Entry* own = scope.env.find("PATH"))
    return own->value.value_or("");
  return std::string(gate.world().env.get("PATH").value_or(""));
}

} // namespace perch::run
