#pragma once
// The walk behind plan(): follows the statements of a command with a state that knows some
// values and knows which it does not.

#include "op/value.h"
#include "program/program.h"
#include "run/arguments.h"
#include "run/gate.h"
#include "run/plan.h"
#include "run/slots.h"
#include "run/state.h"

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::run {

/// The variables of one call: a slot may be set, be unset, or hold what only the run can know.
struct PlanFrame {
  PlanFrame(const program::Command& command, SharedRun& run);

  void set(program::Slot slot, std::optional<op::Value> value);

  Slots slots;
  std::vector<bool> unknown;
};

/// What a plan must not show of a word, beside what is known to be secret.
enum class Hidden : std::uint8_t { Nothing, Value /* behind its first `=` */, All };

class Planner {
public:
  /// `state` is one that may be evaluated in: hooks off, output to memory.
  explicit Planner(State& state) : state_(state) {}

  /// A call: with `arguments`, or, where they are null, with arguments only the run can know.
  void command(const program::Command& command, CallArguments* arguments,
               const std::vector<std::pair<std::string_view, std::string>>& variables,
               PlanStep& into);

  /// Whether evaluating `expr` now gives what the run will have, without touching the outside.
  [[nodiscard]] bool certain(const program::Expr& expr) const;

private:
  using Steps = std::vector<PlanStep>;
  using Slot = program::Slot;

  // plan.cc
  void body(program::Body nodes, Steps& out);
  void statement(const program::Node& node, Steps& out);
  void op(const program::OpNode& node, Steps& out);
  void literal(const program::LiteralNode& node, Steps& out);
  void chain(const program::ChainNode& node, Steps& out);
  void call(const program::CommandCallNode& node, Steps& out);
  void open_call(const program::CommandCallNode& node, PlanStep& step);
  void bind(const program::Command& command, CallArguments* arguments);
  void configuration(const program::Command& command, Steps& out);
  PlanStep& add(Steps& out, const program::Node& node, std::string_view kind, std::string text);
  [[nodiscard]] bool full();

  // plan_blocks.cc
  void block(const program::Node& node, Steps& out);
  void scope(const program::ScopeNode& node, Steps& out);
  void if_block(const program::IfNode& node, Steps& out);
  void for_each(const program::ForEachNode& node, Steps& out);
  void match(const program::MatchNode& node, Steps& out);
  void try_block(const program::TryNode& node, Steps& out);
  void platform(const program::PlatformNode& node, Steps& out);
  void parallel(const program::ParallelNode& node, Steps& out);
  void with_env(const program::WithEnvNode& node, Steps& out);
  void context(const program::Node& node, std::string text, program::Body nodes, Steps& out);
  void with_cwd(const program::WithCwdNode& node, Steps& out);
  void guest(const program::WasmRunNode& node, Steps& out);
  /// A body of which it is not known whether, or how often, it runs: afterwards what it assigns
  /// is unknown, during it too when it may run again.
  enum class Runs : std::uint8_t { Perhaps, Repeatedly };
  void uncertain(program::Body nodes, Runs runs, Steps& out);
  void forget_assigned(program::Body nodes);

  // plan_policy.cc
  void sandbox(const program::SandboxNode& node, Steps& out);
  /// What a call will be refused, in `refusal_`.
  void foresee(const program::Node& node);
  void foresee(const program::Cond& cond);
  void foresee(const program::OpNode& node, const op::Need& need);
  Status ask_about(const op::Need& need, Actor actor, std::string_view subject);
  Status ask_about(const program::WasmMount& mount);
  Status ask_about_variables(const program::Expr& names);
  void note_refusal(const Status& asked);
  void note_on(PlanStep& line);
  void enter(std::string_view by, const program::Expr& path);

  // plan_words.cc
  [[nodiscard]] bool certain(const program::Piece& piece) const;
  [[nodiscard]] bool certain(const program::OpNode& call) const;
  [[nodiscard]] std::vector<Hidden> hidden_in(const program::CommandCallNode& call);
  [[nodiscard]] bool certain(const program::Cond& cond) const;
  /// The value, or nothing when it is not certain or cannot be made; then the reason is `problem_`.
  std::optional<op::Value> value(const program::Expr& expr);
  std::optional<bool> decided(const program::Cond& cond);
  std::string word(const program::Expr& expr, Hidden hidden = Hidden::Nothing);
  std::string hidden_word(const program::Expr& expr, Hidden hidden);
  std::string words(std::span<const program::Expr> exprs);
  std::string words_of_call(const program::CommandCallNode& call);
  std::string environment_word(const program::Expr& pairs);
  std::string option(std::string_view name, const program::Expr* expr);
  std::string piece_text(const program::Piece& piece);
  std::string condition(const program::Cond& cond);
  std::string call_text(const program::OpNode& call);
  [[nodiscard]] const program::Expr* secret_param(const program::OpNode& call);
  std::string written(const program::Node& node);

  State& state_;
  PlanFrame* frame_ = nullptr;
  std::string problem_; ///< of the statement being planned
  std::string refusal_; ///< of that statement: what the policy will say
  bool directory_known_ = true;
  std::set<const program::Command*> open_;
  std::set<std::string_view> unknown_env_;  ///< variables whose values only the run can know
  mutable std::set<std::int32_t> bindings_; ///< being looked at, for cycles
  std::size_t steps_ = 0;
};

} // namespace perch::run
