#include "run/asking.h"

#include "op/call.h"
#include "run/shared_run.h"

#include <algorithm>

namespace perch::run {

bool asks(const State& state) { return state.run.setting().asker != nullptr; }

bool changes_something(const op::OpDecl& op) {
  return std::ranges::any_of(op.requests(), [](const op::Need& need) {
    return need.cap != op::Cap::Read && need.cap != op::Cap::Env;
  });
}

Eval<bool> ask_first(State& state, const std::string& text) {
  SharedRun& run = state.run;
  // What was printed before belongs before the question.
  PERCH_TRY(placed(state, state.out->flush(*state.cancel)));
  PERCH_TRY_ASSIGN(
      const Asker::Answer answer,
      placed(state, run.setting().asker->ask(
                        {.position = state.node != nullptr
                                         ? run.setting().sources.file_line(state.node->span)
                                         : std::string(),
                         .text = run.secrets().mask(text)})));
  if (answer == Asker::Answer::Quit) {
    Error stop{.kind = op::kExitKind, .message = "stopped by the user"};
    stop.code = 1;
    return raise(state, std::move(stop));
  }
  return answer == Asker::Answer::Run;
}

} // namespace perch::run
