#pragma once
// Which texts an argument of a command takes as its value, on the command line and in a body.

#include "program/program.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perch::program {

/// Go's integer syntax, except that a leading zero does not mean octal.
[[nodiscard]] std::optional<std::int64_t> argument_integer(std::string_view text);
/// Go's: 1 t T true TRUE True, and their opposites.
[[nodiscard]] std::optional<bool> argument_truth(std::string_view text);

/// What a value of the argument's type must be, when `text` is none: "an integer". Else empty.
[[nodiscard]] std::string_view type_missed(const Arg& arg, std::string_view text);
/// Whether `text` is one of the argument's choices; true when it has none.
[[nodiscard]] bool is_choice(const Arg& arg, std::string_view text);
/// "a, b, c"
[[nodiscard]] std::string choices_text(const Arg& arg);

} // namespace perch::program
