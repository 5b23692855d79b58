#pragma once
// How the evaluator fails: an Error that has been given its place and its chain of calls.

#include "base/result.h"
#include "diag/source.h"
#include "program/program.h"
#include "run/outcome.h"

#include <expected>
#include <memory>
#include <string_view>
#include <type_traits>

namespace perch::run {

struct State;

using FailurePtr = std::unique_ptr<Failure>;
/// A value, or the failure that unwinds the command.
template <class T>
using Eval = std::expected<T, FailurePtr>;
using Flow = Eval<void>;

/// Gives `error` the place `span` and the calls that led to the statement `state` is at. `err.op`
/// is the statement's, when the raiser did not name one.
[[nodiscard]] std::unexpected<FailurePtr> raise(const State& state, diag::Span span, Error error);
/// At the statement itself.
[[nodiscard]] std::unexpected<FailurePtr> raise(const State& state, Error error);

/// Makes a Result<T> an Eval<T>, placed at `span`.
template <class T>
[[nodiscard]] Eval<T> placed(const State& state, diag::Span span, Result<T> result) {
  if (!result)
    return raise(state, span, std::move(result).error());
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}
template <class T>
[[nodiscard]] Eval<T> placed(const State& state, Result<T> result) {
  if (!result)
    return raise(state, std::move(result).error());
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

/// What standard output is called in messages and in `err.detail`.
inline constexpr std::string_view kOutputName = "stdout";
/// Whether nothing but writing standard output has failed.
[[nodiscard]] bool is_of_output(const Error& error);

/// The word a statement is known by, in `err.op` and in traces: an op's name, `exec`, `parallel`, …
[[nodiscard]] std::string_view statement_name(const program::Node& node);

/// After an error of these kinds nothing of the run goes on: an audit that cannot be written, an
/// executable that is not what was built. No other error takes their place.
[[nodiscard]] bool ends_the_run(const Error& error);

/// What a `rescue`, a `retry` or `||` must let pass: `exit`, what ends the run, and whatever
/// happens once the scope that runs has been stopped (its deadline, a signal, a failed
/// sibling). An error of a `timeout` block inside is an ordinary one: the scope around it still
/// runs.
[[nodiscard]] bool unwinds(const State& state, const Failure& failure);

} // namespace perch::run
