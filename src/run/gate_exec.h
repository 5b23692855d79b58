#pragma once
// From a program as a statement names it to a child process that may be started.

#include "base/result.h"
#include "lane/lane.h"
#include "run/gate.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// A program and how it is to be started.
struct Invocation {
  std::string head; ///< name, path, or the shell text, as written
  /// What `head` stands for when the analyzer bound it to a declared bin; without one the gate
  /// looks among its declared bins itself.
  std::optional<DeclaredBin> bin;
  std::vector<std::string> args; ///< without argv[0]; none with a shell text
  bool shell = false;            ///< `head` is shell text
  std::string directory;         ///< as written; empty: the scope's
};

/// The child to start, complete but for stdio, foreground and new_session, when the policy allows
/// it. A declared bin is looked for on the PATH perch was started with, or at its path; any other
/// name on the PATH the child gets; any other path from the scope's directory.
///
/// Errors: bin_not_found with similar names; the denial (bin_not_declared with the line to add,
/// shell_bin_not_allowed, …); requirement_unmet when a pinned digest differs; bad_argument for NUL
/// bytes; file_* for the directory; those of child_environment.
/// Lifetime: `program_fd` is the Gate's.
[[nodiscard]] Result<lane::ChildSpec> child(const Gate& gate, const Scope& scope, Actor actor,
                                            const Invocation& invocation);

/// Asks for a program by name or path without starting it: a question about it is as good as it.
/// Errors: the denial; bad_argument for an empty name.
[[nodiscard]] Status ask_for_program(const Gate& gate, const Scope& scope, Actor actor,
                                     std::string_view head);

/// The same for shell text, whose first word counts. Errors: the denial.
[[nodiscard]] Status ask_for_shell_text(const Gate& gate, const Scope& scope, Actor actor,
                                        std::string_view text);

/// For preflight: the bin is there, may be executed and has its digest.
/// Errors: bin_not_found, requirement_unmet, file_*.
[[nodiscard]] Status check_bin(const Gate& gate, const DeclaredBin& bin);

/// Absolute path of an executable on the PATH children get, or nullopt. Needs no capability; away
/// from the PATH that perch was started with it finds only what may be read.
[[nodiscard]] std::optional<std::string> which(const Gate& gate, const Scope& scope,
                                               std::string_view name);

} // namespace perch::run
