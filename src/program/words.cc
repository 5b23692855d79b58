// Words to expressions: placeholders and bare names become resolved names.

#include "program/analyzer.h"

#include <algorithm>

namespace perch::program {

namespace {

bool looks_like_env(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool is_hook_name(std::string_view name) {
  return name == "hook.op" || name == "hook.target" || name == "hook.timing" ||
         name == "hook.error";
}

bool is_dotted_name(std::string_view text) {
  if (text.empty())
    return false;
  for (std::string_view part : base::split(text, '.')) {
    if (!base::is_identifier(part))
      return false;
  }
  return true;
}

} // namespace

bool Analyzer::declared_env(const Context& ctx, std::string_view name) {
  if (ctx.env_names != nullptr && ctx.env_names->contains(name))
    return true;
  const std::vector<Requirement>& declared = program_->requirements.env;
  for (; required_seen_ < declared.size(); ++required_seen_)
    required_env_.insert(declared[required_seen_].text);
  return required_env_.contains(name);
}

std::optional<Name> Analyzer::lookup(const Context& ctx, std::string_view name, Span span) {
  Name found{.text = name, .span = span};
  if (ctx.frame != nullptr) {
    found.slot = ctx.frame->find(name);
    if (found.slot < 0 && is_hook_name(name))
      found.slot = ctx.frame->assign(name);
  }
  found.binding = find_binding(*ctx.unit, name);
  found.automatic = automatic_name(name);
  const bool known = found.slot >= 0 || found.binding >= 0 || found.automatic != Automatic::None;
  if (known || looks_like_env(name) || declared_env(ctx, name))
    return found;
  return std::nullopt;
}

void Analyzer::report_unknown_name(const Context& ctx, std::string_view name, Span span,
                                   bool condition) {
  std::vector<std::string_view> candidates = automatic_names();
  if (ctx.frame != nullptr)
    ctx.frame->visible(candidates);
  for (const auto& [binding, index] : ctx.unit->seen_bindings)
    candidates.push_back(binding);
  std::ranges::sort(candidates);
  diags_.error(UnknownName{name,
                           base::nearest(name, candidates, name.size() <= 4 ? 1 : 2).value_or(""),
                           condition, find_op(name) != nullptr},
               span);
}

Piece Analyzer::name_piece(Context& ctx, std::string_view name, Span span) {
  Piece piece{.kind = Piece::Kind::Name};
  if (std::optional<Name> found = lookup(ctx, name, span)) {
    piece.name = *found;
  } else {
    report_unknown_name(ctx, name, span);
    piece.name = Name{.text = name, .span = span};
  }
  return piece;
}

Expr Analyzer::expr(Context& ctx, const lang::Word& word, Bare bare) {
  Expr out{.span = word.span, .text = word.text, .quoted = word.quote != lang::Quote::None};
  if (word.plain()) {
    if (bare == Bare::Text || word.quote != lang::Quote::None || !is_dotted_name(word.text)) {
      return out;
    }
    // `true`, `false` and numbers are not names; digits cannot start one.
    if (word.text == "true" || word.text == "false")
      return out;
    std::optional<Name> found = lookup(ctx, word.text, word.span);
    const bool certain =
        found && (found->slot >= 0 || found->binding >= 0 || found->automatic != Automatic::None ||
                  declared_env(ctx, word.text));
    if (!certain && bare == Bare::Name)
      return out;
    if (!found)
      report_unknown_name(ctx, word.text, word.span);
    const Piece piece{.kind = Piece::Kind::Name,
                      .name = found.value_or(Name{.text = word.text, .span = word.span})};
    out.pieces = arena_.copy(std::span(&piece, 1));
    return out;
  }
  std::vector<Piece> pieces;
  pieces.reserve(word.parts.size());
  for (const lang::Part& part : word.parts) {
    switch (part.kind) {
    case lang::Part::Kind::Text:
      pieces.push_back({.kind = Piece::Kind::Text, .text = part.text});
      break;
    case lang::Part::Kind::Name:
      pieces.push_back(name_piece(ctx, part.text, part.span));
      break;
    case lang::Part::Kind::Call: {
      const op::OpDecl* op = find_op(part.text);
      if (op == nullptr) {
        const bool command = find_command(*ctx.unit, part.text) != nullptr;
        diags_.error(UnknownOp{part.text, nearest_op(part.text), true, command}, part.span);
        break;
      }
      if (op->returns == op::Type::None)
        diags_.error(NoValue{part.text}, part.span);
      const lang::Word head{.span = part.span, .text = part.text};
      pieces.push_back({.kind = Piece::Kind::Call,
                        .call = op_node(ctx, *op, head, part.args, false, Bare::Lookup)});
      break;
    }
    }
  }
  out.pieces = arena_.copy(pieces);
  return out;
}

std::span<const Expr> Analyzer::exprs(Context& ctx, std::span<const lang::Word> words, Bare bare) {
  std::vector<Expr> out;
  out.reserve(words.size());
  for (const lang::Word& word : words)
    out.push_back(expr(ctx, word, bare));
  return arena_.copy(out);
}

} // namespace perch::program
