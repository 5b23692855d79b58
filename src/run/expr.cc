#include "run/expr.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/gate_env.h"
#include "run/op_call.h"
#include "run/shared_run.h"

namespace perch::run {

namespace {

using base::cat;
using op::Value;
using program::Expr;
using program::Name;
using program::Piece;

/// Bindings that need each other, one inside the other; each takes some hundred bytes of stack.
constexpr int kDeepestBinding = 1000;

std::string cycle_text(const State& state, std::int32_t binding) {
  const auto& bindings = state.run.program().bindings;
  const auto name = [&](std::int32_t i) { return bindings[static_cast<std::size_t>(i)].name; };
  std::string text(name(binding));
  for (const BindingLink* link = state.evaluating; link != nullptr; link = link->outer) {
    text = cat(name(link->binding), " → ", text);
    if (link->binding == binding)
      break;
  }
  return text;
}

Eval<const Value*> binding_value(State& state, std::int32_t index, diag::Span use) {
  SharedRun& run = state.run;
  if (const Value* known = run.bindings().find(index))
    return known;
  for (const BindingLink* link = state.evaluating; link != nullptr; link = link->outer) {
    if (link->binding == index) {
      return raise(state, use,
                   {.kind = kind::kUnknownName,
                    .message = cat("file bindings need each other: ", cycle_text(state, index)),
                    .detail = std::string(run.program().bindings[std::size_t(index)].name),
                    .help = "give one of them a value of its own"});
    }
  }
  const program::FileBinding& binding = run.program().bindings[static_cast<std::size_t>(index)];
  const int depth = state.evaluating == nullptr ? 1 : state.evaluating->depth + 1;
  if (depth > kDeepestBinding) {
    return raise(
        state, use,
        {.kind = kind::kRecursionLimit,
         .message = cat("file bindings need each other more than ", kDeepestBinding, " deep"),
         .detail = std::string(binding.name),
         .help = "give the ones in between a value of their own"});
  }
  const CallLink call{.kind = CallLink::Kind::Binding,
                      .name = binding.name,
                      .site = use,
                      .from = state.node != nullptr ? state.node->from : nullptr,
                      .outer = state.calls};
  const BindingLink evaluating{.binding = index, .depth = depth, .outer = state.evaluating};
  State scope = file_scope(state, binding.module);
  scope.calls = &call;
  scope.evaluating = &evaluating;
  PERCH_TRY_ASSIGN(Value value, value_of(scope, binding.value));
  if (binding.value.plain())
    value = typed_value(std::move(value).text(), binding.type);
  if (is_secret_name(binding.name))
    run.secrets().add(value);
  return &run.bindings().store(index, std::move(value));
}

/// A variable of the overlay or the host. Null when it is not set.
Eval<const Value*> variable_value(State& state, const Name& name, Value& storage) {
  const std::string actor = cat("${", name.text, '}');
  auto found = variable(state.run.gate(), state.scope(), {.name = actor}, name.text);
  if (!found) {
    // A variable of the program that merely has no value yet is no request for a host's.
    if (name.slot >= 0)
      return nullptr;
    return raise(state, name.span, std::move(found).error());
  }
  if (!*found)
    return nullptr;
  if (is_secret_name(name.text))
    state.run.secrets().add(std::string_view(**found));
  storage = Value(std::move(**found));
  return &storage;
}

/// Where a name's value is: in its slot, in the binding, or in `storage`. Null when it has none.
Eval<const Value*> find_value(State& state, const Name& name, Value& storage) {
  if (state.slots != nullptr) {
    if (const Value* value = state.slots->get(name.slot))
      return value;
  }
  if (name.binding >= 0)
    return binding_value(state, name.binding, name.span);
  if (name.automatic != program::Automatic::None) {
    if (auto text = state.run.automatic(name.automatic, state.module)) {
      storage = Value(std::move(*text));
      return &storage;
    }
  }
  return variable_value(state, name, storage);
}

std::unexpected<FailurePtr> no_value(const State& state, const Name& name) {
  std::string help = name.slot >= 0
                         ? "it is set only by a statement that has not run on this way"
                         : cat("set the variable ", name.text, ", or bind the name in this file");
  return raise(state, name.span,
               {.kind = kind::kUnknownName,
                .message = cat("`", name.text, "` has no value here"),
                .detail = std::string(name.text),
                .help = std::move(help)});
}

enum class Unset : std::uint8_t { Fails, IsEmpty };

Eval<const Value*> piece_value(State& state, const Piece& piece, Unset unset, Value& storage) {
  if (piece.kind == Piece::Kind::Call) {
    PERCH_TRY_ASSIGN(storage, run_op(state, *piece.call));
    return &storage;
  }
  PERCH_TRY_ASSIGN(const Value* found, find_value(state, piece.name, storage));
  if (found != nullptr)
    return found;
  if (unset == Unset::Fails)
    return no_value(state, piece.name);
  storage = Value();
  return &storage;
}

Flow append_bounded(const State& state, const Expr& expr, std::string_view text, std::string& out) {
  if (text.size() > kLongestText - out.size()) {
    return raise(
        state, expr.span,
        {.kind = kind::kOutputTooLarge,
         .message = cat("the text of this word is larger than ", kLongestText >> 20, " MiB"),
         .help = "keep large data in files"});
  }
  out += text;
  return {};
}

Eval<std::string> joined_text(State& state, const Expr& expr, Unset unset) {
  std::string out;
  for (const Piece& piece : expr.pieces) {
    if (piece.kind == Piece::Kind::Text) {
      PERCH_TRY(append_bounded(state, expr, piece.text, out));
      continue;
    }
    Value storage;
    PERCH_TRY_ASSIGN(const Value* value, piece_value(state, piece, unset, storage));
    PERCH_TRY(append_bounded(state, expr, value->text(), out));
  }
  return out;
}

} // namespace

State file_scope(const State& state, const program::Module* module) {
  State scope = state;
  scope.slots = nullptr;
  scope.node = nullptr;
  scope.module = module;
  scope.rescued = nullptr;
  scope.env = {};
  scope.directory = state.run.request().directory;
  return scope;
}

Eval<const Value*> value_in(State& state, const Expr& expr, Value& storage) {
  if (expr.whole_placeholder())
    return piece_value(state, expr.pieces[0], Unset::Fails, storage);
  if (expr.plain()) {
    storage = Value(std::string(expr.text));
    return &storage;
  }
  PERCH_TRY_ASSIGN(std::string text, joined_text(state, expr, Unset::Fails));
  storage = Value(std::move(text));
  return &storage;
}

Eval<Value> value_of(State& state, const Expr& expr) {
  Value storage;
  PERCH_TRY_ASSIGN(const Value* value, value_in(state, expr, storage));
  if (value == &storage)
    return storage;
  return *value;
}

Eval<std::string> text_of(State& state, const Expr& expr) {
  if (expr.plain())
    return std::string(expr.text);
  return joined_text(state, expr, Unset::Fails);
}

Eval<std::string> text_or_empty(State& state, const Expr& expr) {
  if (expr.plain())
    return std::string(expr.text);
  return joined_text(state, expr, Unset::IsEmpty);
}

Flow append_words(State& state, std::span<const Expr> exprs, std::vector<std::string>& words) {
  words.reserve(words.size() + exprs.size());
  for (const Expr& expr : exprs) {
    Value storage;
    PERCH_TRY_ASSIGN(const Value* value, value_in(state, expr, storage));
    if (expr.spreads() && value->is_list())
      words.insert(words.end(), value->items().begin(), value->items().end());
    else
      words.push_back(value == &storage ? std::move(storage).text() : value->text());
  }
  return {};
}

Eval<std::string> text_or(State& state, const Expr* expr, std::string_view fallback) {
  if (expr == nullptr)
    return std::string(fallback);
  return text_of(state, *expr);
}

Value typed_value(std::string text, op::Type type) {
  Value typed;
  if (type == op::Type::Int) {
    if (const auto number = base::parse_int(text))
      typed = Value::integer(*number);
  } else if (type == op::Type::Float) {
    if (const auto number = base::parse_float(text))
      typed = Value::number(*number);
  } else if (type == op::Type::Bool && (text == "true" || text == "false")) {
    typed = Value::boolean(text == "true");
  }
  return typed.text() == text ? typed : Value(std::move(text));
}

} // namespace perch::run
