#include "run/step.h"

#include "base/text.h"
#include "diag/source.h"
#include "op/call.h"
#include "run/shared_run.h"

namespace perch::run {

namespace {

/// More words than this are counted, not shown.
constexpr std::size_t kMostWords = 1000;

/// The namespace of an imported file, or its path where it was imported flat.
std::string_view import_name(const program::Module* module, const program::Program& program) {
  if (module == nullptr || module == &program.root())
    return {};
  return module->ns.empty() ? std::string_view(module->path) : module->ns;
}

/// Masks every text of a value.
struct Masking {
  const Secrets& secrets;

  void operator()(std::string& text) const { text = secrets.mask(std::move(text)); }
  void operator()(std::int64_t) const {}
  void operator()(bool) const {}
  void operator()(std::chrono::nanoseconds) const {}
  void operator()(std::vector<std::string>& texts) const {
    for (std::string& text : texts)
      (*this)(text);
  }
  void operator()(trace::Record& record) const {
    for (auto& [name, value] : record) {
      if (auto* text = std::get_if<std::string>(&value))
        (*this)(*text);
    }
  }
  void operator()(std::vector<trace::Record>& records) const {
    for (trace::Record& record : records)
      (*this)(record);
  }
};

} // namespace

bool watched(const State& state) { return state.run.sink() != nullptr; }

Step::~Step() {
  if (!open_)
    return;
  end_.skipped = !end_.began; // it was not needed: another stage could not be started
  (void)end(nullptr);
}

void Step::begin_event(const StepInfo& info, trace::Begin& begin) const {
  SharedRun& run = state_.run;
  begin.what = info.what;
  begin.kind = info.kind;
  begin.whole_op = info.whole_op;
  const auto* node = state_.node;
  begin.from_template = info.from_template;
  if (begin.from_template.empty() && node != nullptr && node->from != nullptr)
    begin.from_template = node->from->name;
  const diag::Span at = info.at.known() || node == nullptr ? info.at : node->span;
  if (at.known())
    begin.position = run.setting().sources.file_line(at);
  begin.from_import = import_name(state_.module, run.program());
  begin.branch = state_.branch;
  begin.unix_ns = run.setting().world.clock.unix_ns();
  begin.steady_ns = run.setting().world.clock.steady_ns();
}

Flow Step::open(StepInfo info) {
  SharedRun& run = state_.run;
  if (run.sink() == nullptr)
    return {};
  // Trace lines and the program's own output share a terminal: keep them in their order.
  PERCH_TRY(placed(state_, state_.out->flush(*state_.cancel)));
  trace::Begin begin{.id = run.next_span(), .parent = state_.span};
  begin.args = std::move(info.args);
  for (trace::Field& field : begin.args)
    std::visit(Masking{run.secrets()}, field.value);
  begin_event(info, begin);
  PERCH_TRY(placed(state_, run.sink()->begin(begin)));
  end_.id = begin.id;
  outer_ = std::exchange(state_.span, begin.id);
  open_ = true;
  return {};
}

void Step::fact(std::string_view name, trace::Field::Value value) {
  if (!open_)
    return;
  std::visit(Masking{state_.run.secrets()}, value);
  end_.facts.push_back({.name = name, .value = std::move(value)});
}

void Step::late_argument(std::string_view name, trace::Field::Value value) {
  if (!open_)
    return;
  std::visit(Masking{state_.run.secrets()}, value);
  end_.args.push_back({.name = name, .value = std::move(value)});
}

Status Step::before_start() const {
  if (!open_)
    return {};
  SharedRun& run = state_.run;
  return run.sink()->before_start({.id = end_.id,
                                   .unix_ns = run.setting().world.clock.unix_ns(),
                                   .args = end_.args,
                                   .facts = end_.facts});
}

void Step::note_end() {
  if (open_)
    end_.steady_ns = state_.run.setting().world.clock.steady_ns();
}

Status Step::end(const Error* error) {
  open_ = false;
  state_.span = outer_;
  SharedRun& run = state_.run;
  Error masked;
  if (error != nullptr) {
    masked = run.secrets().mask(*error);
    end_.error = &masked;
  }
  end_.unix_ns = run.setting().world.clock.unix_ns();
  if (end_.steady_ns == 0)
    end_.steady_ns = run.setting().world.clock.steady_ns();
  Status told = run.sink()->end(end_);
  end_.error = nullptr;
  return told;
}

Flow Step::close(Flow result) {
  if (!open_)
    return result;
  if (const auto flushed = state_.out->flush(*state_.cancel); !flushed && result)
    result = raise(state_, flushed.error());
  const bool failed = !result && result.error()->error.kind != op::kExitKind;
  if (failed)
    result.error()->told = true;
  auto ended = end(failed ? &result.error()->error : nullptr);
  if (!ended)
    return raise(state_, std::move(ended).error());
  return result;
}

Status Step::close(Status result) {
  if (open_)
    PERCH_TRY(end(result ? nullptr : &result.error()));
  return result;
}

namespace {

/// The span of a statement, as far as it is known before anything of it is.
StepInfo unbegun(const program::Node& node) {
  using program::NodeKind;
  StepInfo info{.kind = statement_name(node)};
  if (node.kind == NodeKind::Op) {
    info.what = trace::What::Op;
  } else if (node.kind == NodeKind::Exec) {
    info.what = trace::What::Child;
  } else if (node.kind == NodeKind::WasmRun) {
    info.what = trace::What::Guest;
  } else if (node.kind == NodeKind::CommandCall) {
    const auto& call = static_cast<const program::CommandCallNode&>(node);
    info.what = trace::What::Command;
    info.kind = "command";
    info.args = {{.name = "name", .value = std::string(call.command->name)}};
  } else if (node.kind == NodeKind::Literal) {
    info.kind = "assign";
  } else if (node.kind == NodeKind::Scope) {
    info.kind = "template";
  }
  return info;
}

} // namespace

Flow told(State& state, const program::Node& node, Flow result) {
  if (result || result.error()->told || !watched(state) || unwinds(state, *result.error()))
    return result;
  StepInfo info = unbegun(node);
  if (info.kind.empty())
    return result;
  Step step(state);
  PERCH_TRY(step.open(std::move(info)));
  return step.close(std::move(result));
}

std::string shown(const State& state, std::string_view text) {
  return state.run.secrets().shown(text);
}

std::vector<std::string> shown(const State& state, std::span<const std::string> texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts.first(std::min(texts.size(), kMostWords)))
    out.push_back(shown(state, text));
  if (texts.size() > kMostWords)
    out.push_back(base::cat("… and ", texts.size() - kMostWords, " more"));
  return out;
}

} // namespace perch::run
