#pragma once
// Finding, reading and analyzing the program a command line names.

#include "cli/context.h"
#include "op/op_decl.h"
#include "program/analyze.h"

#include <memory>
#include <optional>
#include <string>

namespace perch::cli {

/// Where the program comes from.
struct Found {
  std::string shown;       ///< as users see it in messages: `deploy.perch`, `-`
  std::string absolute;    ///< empty for standard input
  std::string directory;   ///< absolute directory of the file; the current one for standard input
  bool from_stdin = false; ///< or from a pipe or device: as untrusted
  int descriptor = -1;     ///< what to read instead of the file
};

/// The file -f names, or commands.perch in the current directory or above it up to the root of the
/// repository. Errors: file_not_found naming where it was looked for; file_error for a directory.
[[nodiscard]] Result<Found> find_program(const Context& context);

/// Reads the text into the context's sources; returns its id.
[[nodiscard]] Result<std::uint32_t> read_program(const Context& context, const Found& found);

/// All of it. On failure everything was reported and nullptr comes back.
struct Loaded {
  Found found;
  std::shared_ptr<const program::Program> program;
};
[[nodiscard]] std::optional<Loaded> load_program(const Context& context, const op::OpTable& ops,
                                                 program::Strictness strictness,
                                                 diag::Diags& diags);

/// True when an executable of this name is on the PATH perch was started with.
[[nodiscard]] bool on_path(const sys::World& world, std::string_view name);

/// The ops of this executable.
[[nodiscard]] op::OpTable op_table();

} // namespace perch::cli
