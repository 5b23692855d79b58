// Ops that end, delay or redirect the command they stand in.

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

Result<Value> fail_op(Call& call) {
  const auto message = call.text(0);
  return fail(kind::kUserFail, std::string(message.empty() ? "(no message)" : message));
}

Result<Value> exit_op(Call& call) {
  auto ending = fail(op::kExitKind, base::cat("exit ", call.text(0)));
  ending.error().code = static_cast<int>(call.integer(0) & 0xff);
  return ending;
}

Result<Value> sleep(Call& call) {
  const auto duration = call.duration(0);
  if (duration < op::Duration::zero()) {
    return fail(kind::kBadArgument, base::cat("cannot sleep for ", call.text(0)),
                std::string(call.text(0)));
  }
  PERCH_TRY(call.sleep(duration));
  return Value();
}

Result<Value> cd(Call& call) {
  PERCH_TRY(call.set_directory(call.text(0)));
  return Value();
}

constexpr OpDecl kTable[] = {
    {.name = "fail",
     .aliases = {"throw"},
     .family = op::Family::Control,
     .summary = "Fails with the message, as an error of kind `user_fail`.",
     .params = {{{.name = "message", .type = Type::Any, .arity = Arity::Optional}}},
     .example = R"(try
    fail "no flour"
rescue
    print "${err.kind}: ${err.message}"
end)",
     .bare_names = false,
     .run = fail_op},
    {.name = "exit",
     .family = op::Family::Control,
     .summary = "Ends the command with an exit status, after every open `finally`.",
     .params = {{{.name = "status",
                  .type = Type::Int,
                  .arity = Arity::Optional,
                  .fallback = "0",
                  .about = "taken modulo 256"}}},
     .example = "exit 0",
     .run = exit_op},
    {.name = "sleep",
     .family = op::Family::Control,
     .summary = "Waits; a deadline or a signal ends the wait.",
     .params = {{{.name = "duration", .type = Type::Duration}}},
     .example = "sleep 1ms",
     .run = sleep},
    {.name = "cd",
     .family = op::Family::Control,
     .summary = "Changes the directory of the ops that follow in this command.",
     .params = {{{.name = "path", .type = Type::Path}}},
     .needs = {{{.cap = Cap::Read, .subject = "path"}}},
     .example = R"(mkdir "kitchen"
cd "kitchen")",
     .bare_names = false,
     .run = cd},
};

} // namespace

extern const std::span<const OpDecl> kControlOps;
const std::span<const OpDecl> kControlOps{kTable};

} // namespace perch::ops
