// Statements that choose or repeat: templates' scopes, if, for_each, match, os and arch.

#include "run/arguments.h"
#include "run/condition.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/shared_run.h"
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
    if (is_secret_bind(bind))
      state.run.secrets().add(value);
    values.push_back(std::move(value));
  }
  for (const program::Slot local : node.locals)
    state.slots->clear(local);
  for (std::size_t i = 0; i < values.size(); ++i)
    state.slots->set(node.binds[i].slot, std::move(values[i]));
  return run_body(state, node.body);
}

namespace {

/// The branch whose condition holds: its number from 1, or 0.
Eval<std::size_t> chosen_branch(State& state, const program::IfNode& node) {
  for (std::size_t i = 0; i < node.branches.size(); ++i) {
    if (node.branches[i].cond == nullptr)
      return i + 1;
    PERCH_TRY_ASSIGN(const bool chosen, holds(state, *node.branches[i].cond));
    if (chosen)
      return i + 1;
  }
  return 0;
}

/// `step`: the block's span; null: nobody listens.
Flow run_branches(State& state, const program::IfNode& node, Step* step) {
  PERCH_TRY_ASSIGN(const std::size_t chosen, chosen_branch(state, node));
  if (step != nullptr && chosen == 0)
    step->mark_skipped();
  else if (step != nullptr)
    step->fact("taken", static_cast<std::int64_t>(chosen));
  if (chosen == 0)
    return {};
  return run_body(state, node.branches[chosen - 1].body);
}

} // namespace

Flow run_if(State& state, const program::IfNode& node) {
  if (!watched(state))
    return run_branches(state, node, nullptr);
  // The ops of the condition belong to the block.
  Step step(state);
  PERCH_TRY(step.open({.kind = "if", .args = {}}));
  return step.close(run_branches(state, node, &step));
}

Flow each_loop_line(const op::Value& source, const std::function<Flow(std::string_view)>& once) {
  if (source.is_list()) {
    for (const std::string& item : source.items()) {
      if (!item.empty())
        PERCH_TRY(once(item));
    }
    return {};
  }
  std::string_view rest = source.text();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (!line.empty())
      PERCH_TRY(once(line));
  }
  return {};
}

Flow run_for_each(State& state, const program::ForEachNode& node) {
  // A copy: the body may assign to what it walks over.
  PERCH_TRY_ASSIGN(const op::Value source, value_of(state, node.source));
  Flow result = stepped(
      state, "for_each", [&] { return StepArgs{{"variable", std::string(node.variable_name)}}; },
      [&] {
        return each_loop_line(source, [&](std::string_view line) {
          state.slots->set(node.variable, op::Value(std::string(line)));
          return run_body(state, node.body);
        });
      });
  state.slots->clear(node.variable);
  return result;
}

namespace {

Eval<const program::MatchNode::Case*> chosen_case(State& state, const program::MatchNode& node,
                                                  const std::string& subject) {
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
  return chosen;
}

Flow run_chosen(State& state, const program::MatchNode& node, const std::string& subject,
                Step* step) {
  PERCH_TRY_ASSIGN(const auto* chosen, chosen_case(state, node, subject));
  if (chosen != nullptr)
    return run_body(state, chosen->body);
  if (step != nullptr)
    step->mark_skipped();
  return {};
}

} // namespace

Flow run_match(State& state, const program::MatchNode& node) {
  PERCH_TRY_ASSIGN(const std::string subject, text_or_empty(state, node.subject));
  if (!watched(state))
    return run_chosen(state, node, subject, nullptr);
  Step step(state);
  PERCH_TRY(step.open({.kind = "match", .args = {{"value", shown(state, subject)}}}));
  return step.close(run_chosen(state, node, subject, &step));
}

bool fits_platform(const program::PlatformNode& node, std::string_view wanted) {
  if (node.arch)
    return wanted == sys::arch_name();
  return wanted == sys::os_name() || (wanted == "unix" && sys::os_name() != "windows");
}

Flow run_platform(State& state, const program::PlatformNode& node) {
  PERCH_TRY_ASSIGN(const std::string wanted, text_of(state, node.value));
  Step step(state);
  if (watched(state))
    PERCH_TRY(step.open({.kind = statement_name(node), .args = {{"name", wanted}}}));
  if (fits_platform(node, wanted))
    return step.close(run_body(state, node.body));
  step.mark_skipped();
  return step.close(Flow());
}

} // namespace perch::run
