#include "run/op_call.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/asking.h"
#include "run/bundle.h"
#include "run/exec.h"
#include "run/expr.h"
#include "run/gate_env.h"
#include "run/gate_exec.h"
#include "run/gate_http.h"
#include "run/gate_net.h"
#include "run/gated_files.h"
#include "run/hooks.h"
#include "run/shared_run.h"
#include "run/step.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace perch::run {

namespace {

using base::cat;
using op::OpDecl;
using op::Value;
using program::OpNode;

/// One execution of an op. Standard output is flushed before anything that touches the world or
/// takes time, so that what was printed is seen before its consequences are.
class GatedCall final : public op::Call {
public:
  GatedCall(State& state, const OpDecl& decl) : state_(state), decl_(decl) {}

  /// Evaluates and checks the arguments.
  Flow bind(const OpNode& node, const Value* piped);

  [[nodiscard]] const OpDecl& decl() const override { return decl_; }
  [[nodiscard]] bool given(std::size_t param) const override { return given_[param]; }
  [[nodiscard]] const Value& value(std::size_t param) const override { return *values_[param]; }
  [[nodiscard]] std::span<const Value> rest() const override { return rest_; }

  op::Files& files() override;
  Result<op::Ended> run(const op::Launch& launch) override;
  Result<op::HttpResponse> fetch(const op::HttpRequest& request) override;
  Status may_reach(std::string_view host, int port) override;
  Result<std::vector<std::string>> resolve(std::string_view host) override;
  Result<bool> connects(std::string_view host, int port, op::Duration limit) override;
  Result<std::optional<int>> free_port(int port) override;
  Result<op::LocalNetwork> local_network() override;
  Result<bool> process_runs(std::string_view name) override;
  Result<std::optional<std::string>> env(std::string_view name) override;
  Status set_env(std::string_view name, std::optional<std::string> value) override;
  [[nodiscard]] std::string search_path() const override;
  [[nodiscard]] std::optional<std::string> which(std::string_view name) const override;
  [[nodiscard]] const op::HostFacts& host() const override { return state_.run.host(); }

  Status print(op::Stream stream, std::string_view bytes) override;
  [[nodiscard]] std::string directory() const override { return state_.directory; }
  Status set_directory(std::string_view path) override;
  Status sleep(op::Duration duration) override;
  [[nodiscard]] std::int64_t now_unix_ns() const override;
  Status check_cancelled() override { return state_.cancel->check(); }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> commands() const override;
  Result<std::string> bundle_hash() override;
  Result<std::string> bundle_dir() override;
  Status bundle_extract(std::string_view entry, std::string_view to) override;

private:
  Flow bind_rest(const OpNode& node, const op::Param& param);
  Flow bind_one(const OpNode& node, std::size_t index, const op::Param& param);
  Flow check(const Value& value, const op::Param& param, diag::Span span);
  [[nodiscard]] Actor actor() const { return Actor::of(decl_); }
  [[nodiscard]] Gate& gate() const { return state_.run.gate(); }

  static constexpr std::size_t kParams = std::tuple_size_v<decltype(OpDecl::params)>;

  State& state_;
  const OpDecl& decl_;
  std::array<const Value*, kParams> values_ = {};
  std::array<bool, kParams> given_ = {};
  std::array<Value, kParams> storage_;
  std::vector<Value> rest_;
  std::optional<GatedFiles> files_;
};

Flow GatedCall::check(const Value& value, const op::Param& param, diag::Span span) {
  auto problem = op::mismatch(value, param.type);
  if (!problem)
    return {};
  return raise(state_, span,
               {.kind = kind::kBadArgument,
                .message = cat(decl_.name, ": ", param.name, ": ", *problem),
                .detail = value.text()});
}

Flow GatedCall::bind_one(const OpNode& node, std::size_t index, const op::Param& param) {
  const program::Expr* expr = index < node.params.size() ? node.params[index] : nullptr;
  if (expr == nullptr) {
    if (!param.fallback.empty())
      storage_[index] = Value(std::string(param.fallback));
    values_[index] = &storage_[index];
    return {};
  }
  given_[index] = true;
  PERCH_TRY_ASSIGN(values_[index], value_in(state_, *expr, storage_[index]));
  return check(*values_[index], param, expr->span);
}

Flow GatedCall::bind_rest(const OpNode& node, const op::Param& param) {
  for (const program::Expr& expr : node.rest) {
    PERCH_TRY_ASSIGN(Value value, value_of(state_, expr));
    if (expr.spreads() && value.is_list()) {
      for (const std::string& item : value.items())
        rest_.emplace_back(item);
    } else {
      rest_.push_back(std::move(value));
    }
  }
  for (const Value& value : rest_)
    PERCH_TRY(check(value, param, node.span));
  return {};
}

Flow GatedCall::bind(const OpNode& node, const Value* piped) {
  const auto params = decl_.parameters();
  const int fed = piped != nullptr ? piped_parameter(node) : -1;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].arity == op::Arity::Rest) {
      PERCH_TRY(bind_rest(node, params[i]));
      given_[i] = !rest_.empty();
      values_[i] = &storage_[i];
    } else if (static_cast<int>(i) == fed) {
      given_[i] = true;
      values_[i] = piped;
    } else {
      PERCH_TRY(bind_one(node, i, params[i]));
    }
  }
  return {};
}

op::Files& GatedCall::files() {
  (void)state_.out->flush(*state_.cancel);
  if (!files_)
    files_.emplace(gate(), state_.scope(), actor());
  return *files_;
}

Result<op::Ended> GatedCall::run(const op::Launch& launch) {
  return run_launch(state_, actor(), launch);
}

Result<op::HttpResponse> GatedCall::fetch(const op::HttpRequest& request) {
  PERCH_TRY(state_.out->flush(*state_.cancel));
  return run::fetch(gate(), state_.scope(), actor(), request);
}

Status GatedCall::may_reach(std::string_view host, int port) {
  return run::may_reach(gate(), state_.scope(), actor(), host, port);
}

Result<std::vector<std::string>> GatedCall::resolve(std::string_view host) {
  PERCH_TRY(state_.out->flush(*state_.cancel));
  return run::resolve(gate(), state_.scope(), actor(), host);
}

Result<bool> GatedCall::connects(std::string_view host, int port, op::Duration limit) {
  PERCH_TRY(state_.out->flush(*state_.cancel));
  return run::connects(gate(), state_.scope(), actor(), host, port, limit);
}

Result<std::optional<int>> GatedCall::free_port(int port) {
  return run::free_port(gate(), state_.scope(), actor(), port);
}

Result<op::LocalNetwork> GatedCall::local_network() {
  return run::local_network(gate(), state_.scope(), actor());
}

Result<bool> GatedCall::process_runs(std::string_view name) {
  return run::process_runs(gate(), state_.scope(), actor(), name);
}

Result<std::optional<std::string>> GatedCall::env(std::string_view name) {
  PERCH_TRY_ASSIGN(auto value, variable(gate(), state_.scope(), actor(), name));
  if (value && is_secret_name(name))
    state_.run.secrets().add(std::string_view(*value));
  return value;
}

Status GatedCall::set_env(std::string_view name, std::optional<std::string> value) {
  PERCH_TRY(may_change(gate(), state_.scope(), actor(), name));
  if (value && is_secret_name(name))
    state_.run.secrets().add(std::string_view(*value));
  state_.env.set_exported(name, std::move(value));
  return {};
}

std::string GatedCall::search_path() const { return run::search_path(gate(), state_.scope()); }

std::optional<std::string> GatedCall::which(std::string_view name) const {
  return run::which(gate(), state_.scope(), name);
}

Status GatedCall::print(op::Stream stream, std::string_view bytes) {
  if (stream == op::Stream::Out) {
    state_.out->written_at(state_.node->span);
    return state_.out->write(bytes, *state_.cancel);
  }
  PERCH_TRY(state_.out->flush(*state_.cancel));
  return state_.err->write(bytes, *state_.cancel);
}

Status GatedCall::set_directory(std::string_view path) {
  PERCH_TRY_ASSIGN(state_.directory, enter_directory(state_, actor(), path));
  return {};
}

Status GatedCall::sleep(op::Duration duration) {
  PERCH_TRY(state_.out->flush(*state_.cancel));
  // Later than this is never: adding a duration must not overflow the clock.
  constexpr op::Duration kNever = std::chrono::hours(24 * 365 * 100);
  const auto until = std::chrono::steady_clock::now() + std::min(duration, kNever);
  if (state_.cancel->wait_until(until) != sys::StopReason::None)
    return state_.cancel->check();
  return {};
}

std::int64_t GatedCall::now_unix_ns() const { return state_.run.setting().world.clock.unix_ns(); }

std::vector<std::pair<std::string, std::string>> GatedCall::commands() const {
  std::vector<std::pair<std::string, std::string>> listed;
  for (const program::Command* command : state_.run.program().commands) {
    if (command->is_private || command->is_test || command->is_catch)
      continue;
    const std::string_view about = command->description;
    listed.emplace_back(command->name, about.substr(0, about.find('\n')));
  }
  std::ranges::sort(listed);
  return listed;
}

Result<std::string> GatedCall::bundle_hash() { return bundle_digest(state_); }

Result<std::string> GatedCall::bundle_dir() { return bundle_directory(state_); }

Status GatedCall::bundle_extract(std::string_view entry, std::string_view to) {
  PERCH_TRY(state_.out->flush(*state_.cancel));
  return run::bundle_extract(state_, actor(), entry, to);
}

/// The arguments of an op's span, by parameter. `secret`: the index of one not to be shown; -1:
/// none.
StepArgs op_args(const State& state, const GatedCall& call, int secret) {
  StepArgs args;
  const auto params = call.decl().parameters();
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].arity == op::Arity::Rest) {
      std::vector<std::string> words;
      for (const Value& value : call.rest())
        words.push_back(value.text());
      if (!words.empty())
        args.push_back({.name = params[i].name, .value = shown(state, words)});
    } else if (call.given(i)) {
      const bool hidden = static_cast<int>(i) == secret;
      args.push_back({.name = params[i].name,
                      .value = hidden ? std::string(kMask) : shown(state, call.value(i).text())});
    }
  }
  return args;
}

/// The index of the value that an op gives a variable of a telling name; -1: none.
int secret_param(const GatedCall& call) {
  const OpDecl& decl = call.decl();
  for (const op::Need& need : decl.requests()) {
    const int name = need.cap == op::Cap::Env ? decl.index_of(need.subject) : -1;
    const int value = decl.index_of("value");
    if (name < 0 || value < 0 || !call.given(static_cast<std::size_t>(value)))
      continue;
    if (is_secret_name(call.value(static_cast<std::size_t>(name)).text()))
      return value;
  }
  return -1;
}

/// What hooks are told of an op: its subject is that of its first need, else its first argument.
HookEvent op_event(const GatedCall& call) {
  const OpDecl& decl = call.decl();
  HookEvent event{.op = decl.name, .needs = decl.requests(), .target = {}};
  int subject = event.needs.empty() ? 0 : decl.index_of(event.needs.front().subject);
  if (subject < 0)
    return event;
  if (decl.params[static_cast<std::size_t>(subject)].arity == op::Arity::Rest)
    event.target = call.rest().empty() ? std::string() : call.rest().front().text();
  else if (!decl.parameters().empty())
    event.target = call.value(static_cast<std::size_t>(subject)).text();
  return event;
}

/// What rescuing leads to: an error raised while another is handled names that one.
Error op_error(const State& state, const OpDecl& decl, Error error) {
  if (error.op.empty() && !is_of_output(error))
    error.op = decl.name;
  if ((error.kind == kind::kShellExitNonzero || error.kind == kind::kShellSignalKilled) &&
      error.note.empty())
    error.note = held_note(state);
  if (state.rescued != nullptr && error.kind == kind::kUserFail && error.note.empty()) {
    error.note = cat("raised while handling ", state.rescued->error.kind, ": ",
                     state.rescued->error.message);
  }
  return error;
}

/// The op itself: over `lines`, or by its arguments alone.
Eval<Value> call_body(State& state, GatedCall& call, op::LineStream* lines) {
  if (lines != nullptr) {
    if (auto streamed = call.decl().stream(call, *lines); !streamed)
      return raise(state, op_error(state, call.decl(), std::move(streamed).error()));
    return Value();
  }
  auto result = call.decl().run(call);
  if (!result)
    return raise(state, op_error(state, call.decl(), std::move(result).error()));
  // A secret in other letters is the same secret; what is asked about one is not.
  const bool spells =
      call.decl().family == op::Family::Encoding && call.decl().returns == op::Type::Text;
  if (spells && state.run.secrets().is_in(call.value(0).text()))
    state.run.secrets().add(*result);
  return std::move(*result);
}

/// An op as a line of a program, its arguments evaluated.
std::string op_text(const GatedCall& call) {
  std::string text(call.decl().name);
  const auto params = call.decl().parameters();
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].arity == op::Arity::Rest) {
      for (const Value& value : call.rest())
        text += cat(' ', base::shell_quote(value.text()));
    } else if (call.given(i)) {
      text += cat(' ', base::shell_quote(call.value(i).text()));
    }
  }
  return text;
}

/// The slow way: somebody listens, or hooks may be interested.
Eval<Value> call_observed(State& state, GatedCall& call, op::LineStream* lines) {
  Step step(state);
  if (watched(state)) {
    const int secret = secret_param(call);
    if (secret >= 0)
      state.run.secrets().add(call.value(static_cast<std::size_t>(secret)));
    PERCH_TRY(step.open(
        {.what = trace::What::Op, .kind = call.decl().name, .args = op_args(state, call, secret)}));
  }
  Value value;
  const auto run = [&]() -> Flow {
    PERCH_TRY_ASSIGN(value, call_body(state, call, lines));
    return {};
  };
  PERCH_TRY(step.close(hooked(state, [&] { return op_event(call); }, run)));
  return value;
}

Eval<Value> call_op(State& state, const OpNode& node, const Value* piped, op::LineStream* lines) {
  const Restoring<const program::Node*> at(state.node, &node);
  GatedCall call(state, *node.op);
  PERCH_TRY(call.bind(node, piped));
  if (asks(state) && changes_something(*node.op)) {
    PERCH_TRY_ASSIGN(const bool goes_on, ask_first(state, op_text(call)));
    if (!goes_on)
      return Value();
  }
  if (watched(state) || has_hooks(state))
    return call_observed(state, call, lines);
  return call_body(state, call, lines);
}

} // namespace

int piped_parameter(const OpNode& node) {
  const auto params = node.op->parameters();
  for (std::size_t i = params.size(); i-- > 0;) {
    const bool missing = i >= node.params.size() || node.params[i] == nullptr;
    if (params[i].arity == op::Arity::Required && missing)
      return static_cast<int>(i);
  }
  return -1;
}

Eval<Value> run_op(State& state, const OpNode& node, const Value* piped) {
  return call_op(state, node, piped, nullptr);
}

Flow run_op_stream(State& state, const OpNode& node, op::LineStream& lines) {
  const Value streamed; // stands for the text, which is not there at once
  PERCH_TRY(call_op(state, node, &streamed, &lines));
  return {};
}

Result<std::string> enter_directory(State& state, Actor actor, std::string_view path) {
  PERCH_TRY_ASSIGN(const auto spot,
                   state.run.gate().read_spot(state.scope(), actor, path, sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Directory)
    return spot.real;
  const bool missing = spot.info.type == sys::NodeType::Missing;
  return fail(kind::kFileNotFound,
              cat('`', path, missing ? "` does not exist" : "` is not a directory"),
              std::string(path));
}

} // namespace perch::run
