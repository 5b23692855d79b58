#include "run/failure.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "run/shared_run.h"

namespace perch::run {

std::string_view statement_name(const program::Node& node) {
  using program::NodeKind;
  switch (node.kind) {
  case NodeKind::Op:
    return static_cast<const program::OpNode&>(node).op->name;
  case NodeKind::Exec:
    return "exec";
  case NodeKind::CommandCall:
    return "run";
  case NodeKind::Rethrow:
    return "throw";
  case NodeKind::If:
    return "if";
  case NodeKind::ForEach:
    return "for_each";
  case NodeKind::Match:
    return "match";
  case NodeKind::Try:
    return "try";
  case NodeKind::Platform:
    return static_cast<const program::PlatformNode&>(node).arch ? "arch" : "os";
  case NodeKind::Pipe:
    return "pipe";
  case NodeKind::Parallel:
    return "parallel";
  case NodeKind::Timeout:
    return "timeout";
  case NodeKind::Retry:
    return "retry";
  case NodeKind::WithEnv:
    return "with_env";
  case NodeKind::WithCwd:
    return "with_cwd";
  case NodeKind::Sandbox:
    return "sandbox";
  case NodeKind::Cache:
    return "cache";
  case NodeKind::WasmRun:
    return "wasm_run";
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Scope:
    return "";
  }
  return "";
}

namespace {

void add_templates(const program::TemplateUse* use, std::vector<Frame>& chain) {
  for (; use != nullptr; use = use->outer)
    chain.push_back({.text = base::cat("template ", use->name), .span = use->call});
}

std::string_view link_word(CallLink::Kind kind) {
  switch (kind) {
  case CallLink::Kind::Command:
    return "command ";
  case CallLink::Kind::Hook:
    return "hook ";
  case CallLink::Kind::Signal:
    return "on_signal handler ";
  case CallLink::Kind::Binding:
    return "binding ";
  }
  return "";
}

std::vector<Frame> chain_of(const State& state) {
  std::vector<Frame> chain;
  if (state.node != nullptr)
    add_templates(state.node->from, chain);
  for (const CallLink* call = state.calls; call != nullptr; call = call->outer) {
    chain.push_back({.text = base::cat(link_word(call->kind), call->name), .span = call->site});
    add_templates(call->from, chain);
  }
  return chain;
}

} // namespace

std::unexpected<FailurePtr> raise(const State& state, diag::Span span, Error error) {
  // Whoever comes after what was printed finds out that it could not be written.
  if (is_of_output(error) && state.out != nullptr && state.out->written_at().known()) {
    span = state.out->written_at();
    error.op = "print";
  }
  if (error.op.empty() && state.node != nullptr)
    error.op = statement_name(*state.node);
  if (error.kind == kind::kBundleError) // other branches go no further either; cleaning up does
    state.run.request().cancel->stop(sys::StopReason::Sibling);
  return std::unexpected(std::make_unique<Failure>(
      Failure{.error = std::move(error), .span = span, .chain = chain_of(state)}));
}

std::unexpected<FailurePtr> raise(const State& state, Error error) {
  const auto span = state.node != nullptr ? state.node->span : diag::Span{};
  return raise(state, span, std::move(error));
}

bool is_of_output(const Error& error) {
  return error.op.empty() && error.kind == kind::kFileError && error.detail == kOutputName;
}

bool ends_the_run(const Error& error) {
  return error.kind == kind::kAuditFailed || error.kind == kind::kBundleError;
}

bool unwinds(const State& state, const Failure& failure) {
  return failure.error.kind == op::kExitKind || ends_the_run(failure.error) ||
         state.cancel->stopped() != sys::StopReason::None;
}

} // namespace perch::run
