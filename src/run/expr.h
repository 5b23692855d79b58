#pragma once
// Expressions to values and texts.

#include "op/value.h"
#include "program/program.h"
#include "run/state.h"

#include <span>
#include <string>
#include <vector>

namespace perch::run {

/// The most bytes an interpolation may make.
inline constexpr std::size_t kLongestText = 256 << 20;

/// The value of a word; a word that is exactly one placeholder keeps its type and its list.
/// Errors: unresolved_name; the policy's denial of a host variable; what an op in it fails with;
/// output_too_large past kLongestText.
[[nodiscard]] Eval<op::Value> value_of(State& state, const program::Expr& expr);

/// As value_of without the copy where the word is exactly one variable that is set: then the
/// variable itself, valid until it is set again; else `storage`, which gets the value.
[[nodiscard]] Eval<const op::Value*> value_in(State& state, const program::Expr& expr,
                                              op::Value& storage);

/// The text of a word; a list is its elements joined by newlines.
[[nodiscard]] Eval<std::string> text_of(State& state, const program::Expr& expr);

/// As text_of, with names that have no value counting as empty: for conditions.
[[nodiscard]] Eval<std::string> text_or_empty(State& state, const program::Expr& expr);

/// Appends the words of `exprs`: one each, except that a word that is exactly one placeholder
/// holding a list (or an omitted argument) becomes its elements.
[[nodiscard]] Flow append_words(State& state, std::span<const program::Expr> exprs,
                                std::vector<std::string>& words);

/// A state for what belongs to a file and not to a command: its bindings, its `requires`. No
/// variables of a command, no `with_env`, the directory the run started in; the policy stays the
/// one in force, so that a sandboxed body cannot have done for it what it may not do.
[[nodiscard]] State file_scope(const State& state, const program::Module* module);

/// The text of an optional part of a block's head; `fallback` when it was not written.
[[nodiscard]] Eval<std::string> text_or(State& state, const program::Expr* expr,
                                        std::string_view fallback);

/// `text` as a value of `type` where that is its own spelling, else as text: `1.10` stays `1.10`.
[[nodiscard]] op::Value typed_value(std::string text, op::Type type);

} // namespace perch::run
