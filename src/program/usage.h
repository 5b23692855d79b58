#pragma once
// How a call is written, for messages and help.

#include "op/op_decl.h"
#include "program/program.h"

#include <string>

namespace perch::program {

/// `cp SRC DST [MODE]`; `name`: how the op is called where it is written, if not by its own name.
[[nodiscard]] std::string op_usage(const op::OpDecl& op, std::string_view name = {});
/// `deploy <target> [-env=…]`
[[nodiscard]] std::string command_usage(const Command& command);

} // namespace perch::program
