// Plans: what must not be shown where it is written, because of the name it is given.

#include "base/text.h"
#include "program/env_pairs.h"
#include "run/arguments.h"
#include "run/nodes.h"
#include "run/planner.h"
#include "run/shared_run.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using program::Expr;
using program::Piece;

/// The literal text that a word begins with.
std::string_view literal_start(const Expr& expr) {
  if (expr.plain())
    return expr.text;
  return expr.pieces[0].kind == Piece::Kind::Text ? expr.pieces[0].text : std::string_view();
}

/// The argument that a word such as `--name` or `-name=value` is for; null: none.
const program::Arg* flag_of(const program::Command& command, std::string_view word) {
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  const auto found =
      std::ranges::find(command.args, word.substr(0, word.find('=')), &program::Arg::name);
  return found == command.args.end() || found->index ? nullptr : &*found;
}

} // namespace

/// The parameter with the value that an op gives a variable of a telling name; null: none.
const Expr* Planner::secret_param(const program::OpNode& call) {
  const auto given = [&](std::string_view param) -> const Expr* {
    const int index = call.op->index_of(param);
    const bool there = index >= 0 && static_cast<std::size_t>(index) < call.params.size();
    return there ? call.params[static_cast<std::size_t>(index)] : nullptr;
  };
  for (const op::Need& need : call.op->requests()) {
    const Expr* name = need.cap == op::Cap::Env ? given(need.subject) : nullptr;
    const auto known = name != nullptr ? value(*name) : std::nullopt;
    if (known && is_secret_name(known->text()))
      return given("value");
  }
  return nullptr;
}

/// No value, known or not, only the names of what is not known.
std::string Planner::hidden_word(const Expr& expr, Hidden hidden) {
  std::string text;
  const auto add_hidden = [&] { text += text.ends_with(kMask) ? "" : kMask; };
  const auto add_literal = [&](std::string_view literal, bool first) {
    const std::size_t end = first && hidden == Hidden::Value ? literal.find('=') + 1 : 0;
    text += base::escape_quoted(literal.substr(0, end));
    if (literal.size() > end)
      add_hidden();
  };
  if (expr.plain())
    add_literal(expr.text, true);
  for (const Piece& piece : expr.pieces) {
    if (piece.kind == Piece::Kind::Text)
      add_literal(piece.text, &piece == expr.pieces.data());
    else if (certain(piece))
      add_hidden();
    else
      text += piece_text(piece);
  }
  return cat('"', text, '"');
}

/// The `NAME=value` of a with_env.
std::string Planner::environment_word(const Expr& pairs) {
  const std::string_view start = literal_start(pairs);
  if (!pairs.plain()) {
    const bool secret = is_secret_name(start.substr(0, start.find('=')));
    return word(pairs, secret ? Hidden::Value : Hidden::Nothing);
  }
  const auto all = program::env_pairs(start);
  if (std::ranges::none_of(all, [](const auto& pair) { return is_secret_name(pair.name); }))
    return word(pairs);
  std::string text;
  for (const auto& [name, value] : all) {
    const bool secret = is_secret_name(name) && !value.empty();
    text += cat(text.empty() ? "" : ",", name, '=', secret ? kMask : value);
  }
  return cat('"', base::escape_quoted(state_.run.secrets().mask(std::move(text))), '"');
}

/// What to hide of each word of a call, by the argument it goes to.
std::vector<Hidden> Planner::hidden_in(const program::CommandCallNode& call) {
  const program::Command& command = *call.command;
  std::vector<Hidden> hidden(call.args.size(), Hidden::Nothing);
  const std::vector<std::size_t> positions = by_position(command);
  const auto secret_at = [&](std::size_t position) { return is_secret(command.args[position]); };
  bool flags_end = false;
  bool placed = true; // no list before it of which nobody knows how long it is
  std::size_t next = 0;
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const Expr& expr = call.args[i];
    const std::string start(literal_start(expr));
    if (!flags_end && expr.plain() && start == "--") {
      flags_end = true;
    } else if (!flags_end && is_flag({.text = start, .span = expr.span})) {
      const program::Arg* arg = flag_of(command, start);
      const bool secret = arg != nullptr && is_secret(*arg);
      if (start.contains('='))
        hidden[i] = secret ? Hidden::Value : Hidden::Nothing;
      else if (arg != nullptr && arg->type != op::Type::Bool && i + 1 < hidden.size())
        hidden[++i] = secret ? Hidden::All : Hidden::Nothing;
    } else {
      if (expr.spreads()) {
        const auto known = value(expr);
        placed = placed && known && !known->is_list();
      }
      const bool secret = placed ? next < positions.size() && secret_at(positions[next])
                                 : std::ranges::any_of(positions, secret_at);
      hidden[i] = secret ? Hidden::All : Hidden::Nothing;
      if (next < positions.size() && !command.args[positions[next]].rest)
        ++next;
    }
  }
  return hidden;
}

std::string Planner::words_of_call(const program::CommandCallNode& call) {
  std::string text;
  const std::vector<Hidden> hidden = hidden_in(call);
  for (std::size_t i = 0; i < hidden.size(); ++i)
    text += hidden[i] == Hidden::Nothing ? words(call.args.subspan(i, 1))
                                         : cat(' ', word(call.args[i], hidden[i]));
  return text;
}

} // namespace perch::run
