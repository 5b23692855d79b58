// Environment variables, as far as the program may see them.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

Status check_name(std::string_view name) {
  if (!name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos)
    return {};
  return fail(kind::kBadArgument, base::cat("`", name, "` cannot be a variable's name"),
              std::string(name));
}

/// The variable named by the first argument.
Result<std::optional<std::string>> look_up(Call& call) {
  PERCH_TRY(check_name(call.text(0)));
  return call.env(call.text(0));
}

Result<Value> get_env(Call& call) {
  PERCH_TRY_ASSIGN(auto value, look_up(call));
  return Value(std::move(value).value_or(std::string()));
}

Result<Value> env_has(Call& call) {
  PERCH_TRY_ASSIGN(const auto value, look_up(call));
  return Value::boolean(value.has_value());
}

Result<Value> env_default(Call& call) {
  PERCH_TRY_ASSIGN(auto value, look_up(call));
  if (value && !value->empty())
    return Value(std::move(*value));
  return Value(std::string(call.text(1)));
}

Result<Value> set_env(Call& call) {
  PERCH_TRY(check_name(call.text(0)));
  PERCH_TRY(call.set_env(call.text(0), std::string(call.text(1))));
  return Value();
}

Result<Value> unset_env(Call& call) {
  PERCH_TRY(check_name(call.text(0)));
  PERCH_TRY(call.set_env(call.text(0), std::nullopt));
  return Value();
}

constexpr std::array<op::Param, 6> kName = {{{.name = "name", .type = Type::Text}}};
constexpr std::array<op::Need, 3> kEnvName = {{{.cap = Cap::Env, .subject = "name"}}};

constexpr OpDecl kTable[] = {
    {.name = "get_env",
     .family = op::Family::Environment,
     .summary = "The value of a variable; nothing when it is not set.",
     .params = kName,
     .returns = Type::Text,
     .needs = kEnvName,
     .example = R"(set_env "OVEN" "hot"
v = get_env "OVEN"  # => hot)",
     .run = get_env},
    {.name = "env_has",
     .family = op::Family::Environment,
     .summary = "Whether a variable is set, be it empty.",
     .params = kName,
     .returns = Type::Bool,
     .needs = kEnvName,
     .example = R"(yes = env_has "NO_SUCH_OVEN"  # => false)",
     .run = env_has},
    {.name = "env_default",
     .family = op::Family::Environment,
     .summary = "The value of a variable, or the default when it is not set or empty.",
     .params = {{{.name = "name", .type = Type::Text},
                 {.name = "default", .type = Type::Any, .arity = Arity::Optional}}},
     .returns = Type::Text,
     .needs = kEnvName,
     .example = R"(v = env_default "NO_SUCH_OVEN" "cold"  # => cold)",
     .run = env_default},
    {.name = "set_env",
     .aliases = {"export"},
     .family = op::Family::Environment,
     .summary = "Sets a variable for this program and the programs it starts.",
     .params = {{{.name = "name", .type = Type::Text}, {.name = "value", .type = Type::Any}}},
     .needs = kEnvName,
     .example = R"(set_env "OVEN" "hot"
t = shell_output "echo $OVEN"  # => hot)",
     .bare_names = false,
     .run = set_env},
    {.name = "unset_env",
     .aliases = {"unset"},
     .family = op::Family::Environment,
     .summary = "Removes a variable from this program and the programs it starts.",
     .params = kName,
     .needs = kEnvName,
     .example = R"(set_env "OVEN" "hot"
unset_env "OVEN"
yes = env_has "OVEN"  # => false)",
     .bare_names = false,
     .run = unset_env},
};

} // namespace

extern const std::span<const OpDecl> kEnvironmentOps;
const std::span<const OpDecl> kEnvironmentOps{kTable};

} // namespace perch::ops
