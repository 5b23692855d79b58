#pragma once
// The evaluator: one function per kind of statement. run_node() is its table of contents; each
// group of functions is a file of its own.

#include "policy/policy.h"
#include "program/program.h"
#include "run/state.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

// body.cc
/// Runs statements in order. Errors: of the first that fails; of the cancel token as soon as it is
/// stopped; recursion_limit when bodies nest too deeply.
[[nodiscard]] Flow run_body(State& state, program::Body body);
[[nodiscard]] Flow run_node(State& state, const program::Node& node);

// flow.cc
[[nodiscard]] Flow run_scope(State& state, const program::ScopeNode& node);
[[nodiscard]] Flow run_if(State& state, const program::IfNode& node);
[[nodiscard]] Flow run_for_each(State& state, const program::ForEachNode& node);
[[nodiscard]] Flow run_match(State& state, const program::MatchNode& node);
[[nodiscard]] Flow run_platform(State& state, const program::PlatformNode& node);
/// Whether the block, its word being `wanted`, is for the machine perch runs on.
[[nodiscard]] bool fits_platform(const program::PlatformNode& node, std::string_view wanted);
/// Calls `once` for every line that for_each visits: elements of a list, or the lines of a text
/// without their ends; empty ones are skipped.
[[nodiscard]] Flow each_loop_line(const op::Value& source,
                                  const std::function<Flow(std::string_view)>& once);

// rescue.cc
[[nodiscard]] Flow run_try(State& state, const program::TryNode& node);
[[nodiscard]] Flow run_rethrow(State& state);

// chain.cc
[[nodiscard]] Flow run_chain(State& state, const program::ChainNode& node);

// contexts.cc
[[nodiscard]] Flow run_with_env(State& state, const program::WithEnvNode& node);
/// Adds what one word of with_env says to `env`. Errors: bad_argument when it is no NAME=value.
[[nodiscard]] Flow add_env_pairs(State& state, const program::Expr& expr, EnvOverlay& env);
[[nodiscard]] Flow run_with_cwd(State& state, const program::WithCwdNode& node);
[[nodiscard]] Flow run_sandbox(State& state, const program::SandboxNode& node);
/// The policy inside a sandbox block. Errors: those of policy::sandbox_layer and Gate::pin.
[[nodiscard]] Eval<policy::Policy> sandboxed(State& state, const program::SandboxNode& node,
                                             const std::vector<std::string>& flags);

// timeout.cc, retry.cc, cache.cc, parallel.cc, pipe.cc, guest.cc
[[nodiscard]] Flow run_timeout(State& state, const program::TimeoutNode& node);
[[nodiscard]] Flow run_retry(State& state, const program::RetryNode& node);
[[nodiscard]] Flow run_cache(State& state, const program::CacheNode& node);
[[nodiscard]] Flow run_parallel(State& state, const program::ParallelNode& node);
[[nodiscard]] Flow run_pipe(State& state, const program::PipeNode& node);
[[nodiscard]] Flow run_wasm(State& state, const program::WasmRunNode& node);

} // namespace perch::run
