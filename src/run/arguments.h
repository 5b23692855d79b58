#pragma once
// Words of a call, typed on the command line or written in a body, to the arguments of a command.

#include "op/value.h"
#include "program/program.h"
#include "run/state.h"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

struct CallWord {
  std::string text;
  diag::Span span;         ///< unknown on the command line
  bool may_be_flag = true; ///< false for what came out of a placeholder
};

/// Whether a word has the form of a flag: dashes, then a name.
[[nodiscard]] bool is_flag(const CallWord& word);

/// The indices of the arguments that are given by position, in that order.
[[nodiscard]] std::vector<std::size_t> by_position(const program::Command& command);

/// What the words give each argument; nullopt where a default or nothing has to do.
struct CallArguments {
  std::vector<std::optional<op::Value>> values; ///< by Command::args
  std::vector<std::string> proxied;             ///< of a `proxy_args` command: all words
};

struct ArgumentError {
  Error error;     ///< bad_argument
  diag::Span span; ///< of the word; unknown when it is about one that is missing
};

/// Assigns words to arguments and checks types and choices. Flags (`-n=v`, `--n=v`, `-n v`, and
/// `-b` for bools) may stand anywhere before `--`; `-` and numbers such as `-5` are no flags.
///
/// Errors: missing, surplus, unknown and malformed arguments; an unknown flag is reported with the
/// nearest one, and when it spells one of `own_flags` (perch's, without dashes) with its place.
[[nodiscard]] std::expected<CallArguments, ArgumentError>
assign_words(const program::Command& command, std::span<const CallWord> words,
             std::span<const std::string_view> own_flags);

/// The text of one argument as a value of its type. Integers may be written 0x1f, 0b101, 0o17 and
/// 1_000. Errors: bad_argument.
[[nodiscard]] Result<op::Value> argument_value(const program::Arg& arg, std::string_view text);

/// Sets the variables of `callee` from the words, then from the defaults in order of declaration,
/// so that a default may use the arguments before it.
[[nodiscard]] Flow bind_arguments(State& callee, const program::Command& command,
                                  CallArguments arguments);

/// Whether the argument's value must not be shown: it is marked so, or its name says so.
[[nodiscard]] bool is_secret(const program::Arg& arg);
[[nodiscard]] bool is_secret_bind(const program::ScopeNode::Bind& argument);

/// Remembers the values of secret arguments as secrets of the run.
void note_secrets(SharedRun& run, const program::Command& command, const CallArguments& arguments);

/// What an event may show of a call's words: not the values of secret arguments.
[[nodiscard]] std::vector<std::string> words_to_show(SharedRun& run,
                                                     const program::Command& command,
                                                     const CallArguments& arguments,
                                                     std::span<const std::string> words);
/// What an event may show of a call's arguments, by name.
[[nodiscard]] trace::Fields arguments_to_show(SharedRun& run, const program::Command& command,
                                              const CallArguments& arguments);

/// What an argument nobody gave is: its default, or what stands for nothing.
[[nodiscard]] Eval<op::Value> missing_argument(State& callee, const program::Arg& arg);

/// Sets the variables of one argument, and remembers the value of a secret one.
void bind_argument(State& callee, const program::Arg& arg, op::Value value);

/// The words of a body's call: a word is a flag only by its literal text.
[[nodiscard]] Eval<std::vector<CallWord>> evaluate_words(State& state,
                                                         std::span<const program::Expr> exprs);

} // namespace perch::run
