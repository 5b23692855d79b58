#include "run/arguments.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "program/argument_text.h"
#include "program/usage.h"
#include "run/expr.h"
#include "run/shared_run.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using op::Type;
using op::Value;
using program::Arg;
using program::Command;

std::string usage_help(const Command& command) {
  return cat("usage: ", program::command_usage(command));
}

std::unexpected<ArgumentError> refuse(std::string message, std::string help, diag::Span span = {},
                                      std::string detail = {}) {
  return std::unexpected(ArgumentError{.error = {.kind = kind::kBadArgument,
                                                 .message = std::move(message),
                                                 .detail = std::move(detail),
                                                 .help = std::move(help)},
                                       .span = span});
}

std::string shown_name(const Arg& arg) {
  return arg.index ? cat('<', arg.name, '>') : cat('-', arg.name);
}

/// `text` is no value for `arg`, and what would be one.
std::unexpected<Error> refuse_value(const Arg& arg, std::string_view text,
                                    std::string_view expected, std::string help = {}) {
  const std::string_view told = is_secret(arg) ? kMask : text;
  return fail(kind::kBadArgument,
              cat("invalid value `", told, "` for ", shown_name(arg), ": ", expected),
              std::string(told), std::move(help));
}

Status check_choice(const Arg& arg, std::string_view text) {
  if (program::is_choice(arg, text))
    return {};
  const auto near = is_secret(arg) ? std::nullopt : base::nearest(text, arg.choices);
  return refuse_value(arg, text, cat("it is one of ", program::choices_text(arg)),
                      near ? cat("did you mean `", *near, "`?") : std::string());
}

/// Assigns words from left to right.
class Assignment {
public:
  Assignment(const Command& command, std::span<const CallWord> words,
             std::span<const std::string_view> own_flags)
      : command_(command), words_(words), own_flags_(own_flags), positional_(by_position(command)) {
    result_.values.resize(command.args.size());
  }

  std::expected<CallArguments, ArgumentError> run();

private:
  using Step = std::expected<void, ArgumentError>;

  Step flag(const CallWord& word);
  Step flag_value(std::size_t arg, const CallWord& word, std::string_view name,
                  std::optional<std::string_view> value);
  Step positional(const CallWord& word);
  Step finish_rest();
  Step missing() const;
  Step store(std::size_t arg, std::string_view text, diag::Span span);
  [[nodiscard]] std::unexpected<ArgumentError> unknown_flag(std::string_view name,
                                                            diag::Span span) const;

  const Command& command_;
  std::span<const CallWord> words_;
  std::span<const std::string_view> own_flags_;
  const std::vector<std::size_t> positional_; ///< indices into args, by position
  CallArguments result_;
  std::size_t next_positional_ = 0;
  std::size_t at_ = 0;
  std::vector<std::string> rest_;
  bool rest_given_ = false;
};

std::expected<CallArguments, ArgumentError> Assignment::run() {
  bool flags_end = false;
  while (at_ < words_.size()) {
    const CallWord& word = words_[at_++];
    if (!flags_end && word.may_be_flag && word.text == "--") {
      flags_end = true;
    } else if (!flags_end && is_flag(word)) {
      PERCH_TRY(flag(word));
    } else {
      PERCH_TRY(positional(word));
    }
  }
  PERCH_TRY(finish_rest());
  PERCH_TRY(missing());
  return std::move(result_);
}

Assignment::Step Assignment::store(std::size_t arg, std::string_view text, diag::Span span) {
  auto value = argument_value(command_.args[arg], text);
  if (!value)
    return std::unexpected(ArgumentError{.error = std::move(value).error(), .span = span});
  result_.values[arg] = std::move(*value);
  return {};
}

Assignment::Step Assignment::flag(const CallWord& word) {
  std::string_view name = word.text;
  name.remove_prefix(name.starts_with("--") ? 2 : 1);
  std::optional<std::string_view> value;
  if (const auto equals = name.find('='); equals != std::string_view::npos) {
    value = name.substr(equals + 1);
    name = name.substr(0, equals);
  }
  const auto found = std::ranges::find(command_.args, name, &Arg::name);
  if (found == command_.args.end())
    return unknown_flag(name, word.span);
  if (found->index) {
    return refuse(cat('-', name, " is no flag of `", command_.name, "`: <", name,
                      "> is given by its position"),
                  usage_help(command_), word.span, std::string(name));
  }
  return flag_value(static_cast<std::size_t>(found - command_.args.begin()), word, name, value);
}

Assignment::Step Assignment::flag_value(std::size_t arg, const CallWord& word,
                                        std::string_view name,
                                        std::optional<std::string_view> value) {
  if (value)
    return store(arg, *value, word.span);
  if (command_.args[arg].type == Type::Bool)
    return store(arg, "true", word.span);
  if (at_ == words_.size()) {
    return refuse(cat("flag needs an argument: -", name), usage_help(command_), word.span,
                  std::string(name));
  }
  const CallWord& next = words_[at_++];
  return store(arg, next.text, next.span.known() ? next.span : word.span);
}

std::unexpected<ArgumentError> Assignment::unknown_flag(std::string_view name,
                                                        diag::Span span) const {
  std::vector<std::string_view> known;
  for (const Arg& arg : command_.args) {
    if (!arg.index)
      known.push_back(arg.name);
  }
  std::string help = usage_help(command_);
  if (std::ranges::find(own_flags_, name) != own_flags_.end())
    help = cat("perch's own flags go before the command: perch --", name, " … ", command_.name);
  else if (const auto near = base::nearest(name, known))
    help = cat("did you mean `-", *near, "`?");
  return refuse(cat("`", command_.name, "` has no flag -", name), std::move(help), span,
                std::string(name));
}

Assignment::Step Assignment::positional(const CallWord& word) {
  if (next_positional_ == positional_.size()) {
    std::string help = usage_help(command_);
    if (positional_.empty() && command_.args.empty())
      help = cat("`", command_.name, "` takes no arguments");
    return refuse(cat("unexpected argument `", word.text, "`"), std::move(help), word.span,
                  word.text);
  }
  const std::size_t arg = positional_[next_positional_];
  if (command_.args[arg].rest) {
    rest_.push_back(word.text);
    rest_given_ = true;
    if (auto chosen = check_choice(command_.args[arg], word.text); !chosen) {
      return std::unexpected(ArgumentError{.error = std::move(chosen).error(), .span = word.span});
    }
    return {};
  }
  ++next_positional_;
  return store(arg, word.text, word.span);
}

Assignment::Step Assignment::finish_rest() {
  if (!rest_given_)
    return {};
  result_.values[positional_[next_positional_]] = Value::list(std::move(rest_));
  return {};
}

Assignment::Step Assignment::missing() const {
  for (std::size_t i = 0; i < command_.args.size(); ++i) {
    const Arg& arg = command_.args[i];
    if (result_.values[i] || arg.fallback != nullptr || arg.optional || arg.rest)
      continue;
    const std::string what = arg.index
                                 ? cat("positional argument #", *arg.index + 1, " (", arg.name, ')')
                                 : cat("required argument -", arg.name);
    return refuse(cat("missing ", what), usage_help(command_), {}, std::string(arg.name));
  }
  return {};
}

/// What an argument nobody gave and that needs none is.
Value absent_value(const Arg& arg) {
  if (arg.index || arg.rest)
    return Value::omitted();
  if (arg.type == Type::Bool)
    return Value::boolean(false);
  if (arg.type == Type::Int || arg.type == Type::Float)
    return Value::integer(0);
  return Value::omitted();
}

} // namespace

bool is_flag(const CallWord& word) {
  if (!word.may_be_flag || !word.text.starts_with('-') || word.text == "-")
    return false;
  const char next = word.text[1];
  return !(next >= '0' && next <= '9') && next != '.';
}

std::vector<std::size_t> by_position(const Command& command) {
  std::vector<std::size_t> positional;
  for (std::size_t i = 0; i < command.args.size(); ++i) {
    if (command.args[i].index)
      positional.push_back(i);
  }
  std::ranges::sort(positional, {}, [&](std::size_t i) { return *command.args[i].index; });
  return positional;
}

Result<Value> argument_value(const Arg& arg, std::string_view text) {
  PERCH_TRY(check_choice(arg, text));
  if (const std::string_view missed = program::type_missed(arg, text); !missed.empty())
    return refuse_value(arg, text, cat("not ", missed));
  if (arg.type == Type::Int)
    return Value::integer(program::argument_integer(text).value_or(0));
  if (arg.type == Type::Float)
    return Value::number(base::parse_float(text).value_or(0));
  if (arg.type == Type::Bool)
    return Value::boolean(program::argument_truth(text).value_or(false));
  return Value(std::string(text));
}

std::expected<CallArguments, ArgumentError>
assign_words(const Command& command, std::span<const CallWord> words,
             std::span<const std::string_view> own_flags) {
  if (!command.proxy_args)
    return Assignment(command, words, own_flags).run();
  CallArguments all;
  for (const CallWord& word : words)
    all.proxied.push_back(word.text);
  return all;
}

Flow bind_arguments(State& callee, const Command& command, CallArguments arguments) {
  if (command.proxy_args) {
    callee.slots->set(command.proxy_slot, Value::list(std::move(arguments.proxied)));
    return {};
  }
  for (std::size_t i = 0; i < command.args.size(); ++i) {
    const Arg& arg = command.args[i];
    Value value;
    if (arguments.values[i]) {
      value = std::move(*arguments.values[i]);
    } else {
      PERCH_TRY_ASSIGN(value, missing_argument(callee, arg));
    }
    bind_argument(callee, arg, std::move(value));
  }
  return {};
}

bool is_secret(const Arg& arg) { return arg.secret || is_secret_name(arg.name); }

bool is_secret_bind(const program::ScopeNode::Bind& argument) {
  return argument.secret || is_secret_name(argument.name);
}

void note_secrets(SharedRun& run, const Command& command, const CallArguments& arguments) {
  for (std::size_t i = 0; i < arguments.values.size(); ++i) {
    if (arguments.values[i] && is_secret(command.args[i]))
      run.secrets().add(*arguments.values[i]);
  }
}

std::vector<std::string> words_to_show(SharedRun& run, const Command& command,
                                       const CallArguments& arguments,
                                       std::span<const std::string> words) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    out.push_back(run.secrets().shown(word));
    // A value too short to be hidden everywhere is still hidden here.
    for (std::size_t i = 0; i < arguments.values.size(); ++i) {
      if (!arguments.values[i] || !is_secret(command.args[i]))
        continue;
      const std::string& value = arguments.values[i]->text();
      if (word == value)
        out.back() = kMask;
      else if (!value.empty() && word.ends_with(cat('=', value)))
        out.back() = cat(word.substr(0, word.size() - value.size()), kMask);
    }
  }
  return out;
}

trace::Fields arguments_to_show(SharedRun& run, const Command& command,
                                const CallArguments& arguments) {
  trace::Fields fields;
  for (std::size_t i = 0; i < arguments.values.size(); ++i) {
    if (!arguments.values[i])
      continue;
    const Arg& arg = command.args[i];
    fields.push_back({.name = arg.name,
                      .value = is_secret(arg) ? std::string(kMask)
                                              : run.secrets().shown(arguments.values[i]->text())});
  }
  for (const std::string& word : arguments.proxied)
    fields.push_back({.name = "word", .value = run.secrets().shown(word)});
  return fields;
}

Eval<Value> missing_argument(State& callee, const Arg& arg) {
  if (arg.fallback == nullptr)
    return absent_value(arg);
  PERCH_TRY_ASSIGN(const std::string text, text_of(callee, *arg.fallback));
  return placed(callee, arg.fallback->span, argument_value(arg, text));
}

void bind_argument(State& callee, const Arg& arg, Value value) {
  if (is_secret(arg))
    callee.run.secrets().add(value);
  if (arg.count_slot >= 0) {
    const std::size_t count = value.is_list() ? value.items().size() : 0;
    callee.slots->set(arg.count_slot, Value::integer(static_cast<std::int64_t>(count)));
  }
  callee.slots->set(arg.slot, std::move(value));
}

Eval<std::vector<CallWord>> evaluate_words(State& state, std::span<const program::Expr> exprs) {
  std::vector<CallWord> words;
  words.reserve(exprs.size());
  for (const program::Expr& expr : exprs) {
    const bool literal = expr.plain() || expr.pieces[0].kind == program::Piece::Kind::Text;
    std::vector<std::string> texts;
    PERCH_TRY(append_words(state, std::span(&expr, 1), texts));
    for (std::string& text : texts) {
      words.push_back({.text = std::move(text), .span = expr.span, .may_be_flag = literal});
    }
  }
  return words;
}

} // namespace perch::run
