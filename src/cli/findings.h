#pragma once
// What is wrong with a program, for people or for tools.

#include "cli/load.h"

#include <string>
#include <string_view>

namespace perch::cli {

/// What was found in `file`, as one line of JSON. Sorts `diags`.
[[nodiscard]] std::string findings_json(const Context& context, std::string_view file,
                                        diag::Diags& diags);

/// The finding that the program could not be read at all, as the same line.
[[nodiscard]] std::string unreadable_json(const Context& context, const Error& error);

enum class Form : std::uint8_t { Text, Json };

/// Loads a program that has no mistakes. Otherwise what is wrong was said, as text on standard
/// error or as JSON on standard output, and nothing comes back.
[[nodiscard]] std::optional<Loaded> load_sound(const Context& context, const op::OpTable& ops,
                                               Form form);

} // namespace perch::cli
