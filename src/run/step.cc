#include "run/step.h"

#include "diag/source.h"
#include "op/call.h"
#include "run/shared_run.h"

namespace perch::run {

namespace {

/// The namespace of an imported file, or its path where it was imported flat.
std::string_view import_name(const program::Module* module, const program::Program& program) {
  if (module == nullptr || module == &program.root())
    return {};
  return module->ns.empty() ? std::string_view(module->path) : module->ns;
}

} // namespace

bool watched(const State& state) { return state.run.setting().sink != nullptr; }

Step::~Step() {
  if (!open_)
    return;
  end_.skipped = true; // it was begun and then not needed: another stage could not be started
  (void)end(nullptr);
}

Flow Step::open(std::string_view kind, StepArgs args) {
  SharedRun& run = state_.run;
  if (run.setting().sink == nullptr)
    return {};
  // Trace lines and the program's own output share a terminal: keep them in their order.
  PERCH_TRY(placed(state_, state_.out->flush()));
  trace::Begin begin{.id = run.next_span(), .parent = state_.span, .kind = kind};
  for (auto& [name, value] : args)
    begin.args.emplace_back(std::move(name), run.secrets().mask(std::move(value)));
  if (const auto* node = state_.node; node != nullptr) {
    begin.position = run.setting().sources.file_line(node->span);
    if (node->from != nullptr)
      begin.from_template = node->from->name;
  }
  begin.from_import = import_name(state_.module, run.program());
  begin.unix_ns = run.setting().world.clock.unix_ns();
  begin.steady_ns = run.setting().world.clock.steady_ns();
  begin.branch = state_.branch;
  PERCH_TRY(placed(state_, run.setting().sink->begin(begin)));
  end_.id = begin.id;
  outer_ = std::exchange(state_.span, begin.id);
  open_ = true;
  return {};
}

void Step::fact(std::string name, std::string json) {
  if (open_)
    end_.facts.emplace_back(std::move(name), std::move(json));
}

Status Step::end(const Error* error) {
  open_ = false;
  state_.span = outer_;
  end_.error = error;
  end_.steady_ns = state_.run.setting().world.clock.steady_ns();
  return state_.run.setting().sink->end(end_);
}

Flow Step::close(Flow result) {
  if (!open_)
    return result;
  if (const auto flushed = state_.out->flush(); !flushed && result)
    result = raise(state_, flushed.error());
  const bool failed = !result && result.error()->error.kind != op::kExitKind;
  auto ended = end(failed ? &result.error()->error : nullptr);
  if (!ended)
    return raise(state_, std::move(ended).error());
  return result;
}

} // namespace perch::run
