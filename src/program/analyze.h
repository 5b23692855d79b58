#pragma once
// Ast to Program: loads imports, resolves names, binds calls, checks shapes and types.

#include "diag/diag.h"
#include "op/op_decl.h"
#include "program/program.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perch::program {

/// What analysis needs from outside; called only when the file asks for it.
struct Loading {
  /// Reads a file for `import`. Errors: the file_* kinds.
  std::function<Result<std::string>(std::string_view absolute_path)> read;
  /// The text of a name that an import path may use (`home`, `script_dir`, a host variable).
  std::function<std::optional<std::string>(std::string_view name)> import_name;
  /// What `script_dir` is in a file of this directory, and how messages name its path. Null: as is.
  std::function<std::string(std::string_view path)> place;
  /// Whether a program of this name can be found; decides whether an unknown head that is nearly an
  /// op is a typing error. May be null: no.
  std::function<bool(std::string_view name)> program_exists;
  /// Modules from the network need no pin in the file: the command line accepts digests.
  bool accepts_digests = false;
};

enum class Strictness : std::uint8_t {
  Run,   ///< errors that would make the program wrong
  Check, ///< and all findings of `--check`, warnings included
};

/// The root file: its text is already in `sources`.
struct Root {
  std::uint32_t source = 0;
  std::string directory; ///< absolute directory of the file; the current one for stdin
};

/// Null when there were errors; all of them are in `diags`.
/// Lifetime: the Program's texts are views into `sources`, which must outlive it.
[[nodiscard]] std::shared_ptr<const Program> analyze(diag::SourceMap& sources, const Root& root,
                                                     const op::OpTable& ops, const Loading& loading,
                                                     Strictness strictness, diag::Diags& diags);

} // namespace perch::program
