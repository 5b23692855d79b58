#pragma once
// Why a program could not be started, in words that say what to do about it.

#include "base/result.h"
#include "lane/lane.h"

#include <string>
#include <string_view>

namespace perch::lane {

/// For an execve that failed with `number`. Looks at the program's file to tell a missing program
/// from a missing interpreter, a text without `#!` from a program for another processor, and so on.
[[nodiscard]] Error exec_error(const ChildSpec& spec, int number);

/// What kind of program the first bytes of a file say it is, when this system cannot run it; empty
/// when they say nothing. "is a Windows program", "is built for another processor (aarch64)".
[[nodiscard]] std::string foreign_format(std::string_view head);

/// The interpreter that the `#!` line of a script names; empty when there is none.
[[nodiscard]] std::string_view script_interpreter(std::string_view head);

/// The loader an ELF program names (PT_INTERP); empty when there is none or it is not in `head`.
[[nodiscard]] std::string_view elf_loader(std::string_view head);

} // namespace perch::lane
