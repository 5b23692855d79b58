#pragma once
// What can be said about a shell text without being a shell.

#include <cstdint>
#include <string_view>

namespace perch::policy {

/// The first command word of a shell text, after variable assignments.
struct ShellHead {
  enum class Kind : std::uint8_t {
    Program, ///< a plain word: the program the shell will look for
    Builtin, ///< echo cd true false pwd : set unset export test [
    Unknown, ///< cannot be told: `word` is empty and `why` says what stands in the way
  };
  Kind kind = Kind::Unknown;
  std::string_view word; ///< Lifetime: a view into the text
  std::string_view why;  ///< "it starts with a quoted word", …
};

/// Assignments that change what the word means (PATH, LD_*, BASH_ENV, …) or run something
/// themselves (`A=$(id)`), keywords, redirections and expansions make the head Unknown. Only the
/// head is looked at: the text may go on with other commands.
[[nodiscard]] ShellHead shell_head(std::string_view text);

/// True when the text holds any of | & ; < > ( ) ` or a line break, quoted or not.
[[nodiscard]] bool has_shell_metachars(std::string_view text);

} // namespace perch::policy
