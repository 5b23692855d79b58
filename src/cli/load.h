#pragma once
// Finding, reading and analyzing the program a command line names.

#include "cli/context.h"
#include "op/op_decl.h"
#include "program/analyze.h"

#include <memory>
#include <optional>
#include <string>

namespace perch::cli {

/// Where the program comes from. Of a built executable: `absolute` is the executable.
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

struct Loaded {
  Found found;
  std::shared_ptr<const program::Program> program; ///< null: it has mistakes, all in `diags`
};
/// All of it. Errors: why the file could not be found or read.
[[nodiscard]] Result<Loaded> try_load_program(const Context& context, const op::OpTable& ops,
                                              program::Strictness strictness, diag::Diags& diags);
/// The same; an error was reported when nothing comes back.
[[nodiscard]] std::optional<Loaded> load_program(const Context& context, const op::OpTable& ops,
                                                 program::Strictness strictness,
                                                 diag::Diags& diags);

/// The exit status when there is no Loaded: an executable's own program that cannot be read is
/// damaged.
[[nodiscard]] int load_failed(const Context& context);

/// Analyzes the program of an archive. `root`: the directory that stands for the program's own;
/// `shown`: what messages call it. Null when there were mistakes, all in `diags`. Errors:
/// bundle_error.
[[nodiscard]] Result<std::shared_ptr<const program::Program>>
analyze_built(const Context& context, const bundle::Reader& archive, const std::string& root,
              const op::OpTable& ops, program::Strictness strictness, diag::Diags& diags);

/// A name that an import path may use, on this machine.
[[nodiscard]] std::optional<std::string> import_name(const sys::World& world,
                                                     std::string_view name);
[[nodiscard]] Result<std::string> read_source(const sys::World& world, std::string_view absolute,
                                              std::string_view shown);
/// The directory a path lies in, lexically.
[[nodiscard]] std::string parent_directory(const std::string& path);

/// True when an executable of this name is on the PATH perch was started with.
[[nodiscard]] bool on_path(const sys::World& world, std::string_view name);

/// The ops of this executable.
[[nodiscard]] const op::OpTable& op_table();

} // namespace perch::cli
