#pragma once
// Walking a Program without running it: for warm, scan, checks and schemas.

#include "program/program.h"

#include <functional>
#include <optional>
#include <string>

namespace perch::program {

/// Calls `visit` for `node` and everything in it: bodies, chains, stages, branches; conditions' and
/// placeholders' op calls are not visited.
void each_node(const Node& node, const std::function<void(const Node&)>& visit);
/// The same for every body of the program, catch included.
void each_node(const Program& program, const std::function<void(const Node&)>& visit);

/// The text an expression certainly has: plain, or made of `script_dir` and of file bindings that
/// are certain themselves.
[[nodiscard]] std::optional<std::string> known_text(const Expr& expr, const Program& program);

} // namespace perch::program
