// Statements that choose or repeat: templates' scopes, if, for_each, match, os and arch.

#include "run/condition.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/step.h"
#include "sys/world.h"

#include <algorithm>

namespace perch::run {

Flow run_scope(State& state, const program::ScopeNode& node) {
  // Arguments first, all of them: they may use what the names meant outside.
  std::vector<op::Value> values;
  values.reserve(node.binds.size());
  for (const auto& bind : node.binds) {
    PERCH_TRY_ASSIGN(op::Value value, value_of(state, bind.value));
    values.push_back(std::move(value));
  }
  for (const program::Slot local : node.locals)
    state.slots->clear(local);
  for (std::size_t i = 0; i < values.size(); ++i)
    state.slots->set(node.binds[i].slot, std::move(values[i]));
  return run_body(state, node.body);
}

Flow run_if(State& state, const program::IfNode& node) {
  for (const auto& branch : node.branches) {
    if (branch.cond != nullptr) {
      PERCH_TRY_ASSIGN(const bool chosen, holds(state, *branch.cond));
      if (!chosen)
        continue;
    }
    return stepped(
        state, "if", [] { return StepArgs(); }, [&] { return run_body(state, branch.body); });
  }
  return {};
}

namespace {

/// Runs the body once per line; a list has its elements for lines. Empty ones are skipped.
Flow each_line(State& state, const program::ForEachNode& node, const op::Value& source) {
  const auto once = [&](std::string_view line) -> Flow {
    if (line.empty())
      return {};
    state.slots->set(node.variable, op::Value(std::string(line)));
    return run_body(state, node.body);
  };
  if (source.is_list()) {
    for (const std::string& item : source.items())
      PERCH_TRY(once(item));
    return {};
  }
  std::string_view rest = source.text();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    PERCH_TRY(once(line));
  }
  return {};
}

} // namespace

Flow run_for_each(State& state, const program::ForEachNode& node) {
  // A copy: the body may assign to what it walks over.
  PERCH_TRY_ASSIGN(const op::Value source, value_of(state, node.source));
  Flow result = stepped(
      state, "for_each", [&] { return StepArgs{{"variable", std::string(node.variable_name)}}; },
      [&] { return each_line(state, node, source); });
  state.slots->clear(node.variable);
  return result;
}

Flow run_match(State& state, const program::MatchNode& node) {
  PERCH_TRY_ASSIGN(const std::string subject, text_of(state, node.subject));
  const program::MatchNode::Case* chosen = nullptr;
  for (const auto& arm : node.cases) {
    if (arm.value == nullptr) {
      if (chosen == nullptr)
        chosen = &arm; // the fallback, wherever it stands
      continue;
    }
    PERCH_TRY_ASSIGN(const std::string value, text_of(state, *arm.value));
    if (value == subject) {
      chosen = &arm;
      break;
    }
  }
  if (chosen == nullptr)
    return {};
  return stepped(
      state, "match", [&] { return StepArgs{{"value", subject}}; },
      [&] { return run_body(state, chosen->body); });
}

Flow run_platform(State& state, const program::PlatformNode& node) {
  PERCH_TRY_ASSIGN(const std::string wanted, text_of(state, node.value));
  const bool unix_like = !node.arch && wanted == "unix" && sys::os_name() != "windows";
  if (wanted != (node.arch ? sys::arch_name() : sys::os_name()) && !unix_like)
    return {};
  return stepped(
      state, statement_name(node), [&] { return StepArgs{{"name", wanted}}; },
      [&] { return run_body(state, node.body); });
}

} // namespace perch::run
