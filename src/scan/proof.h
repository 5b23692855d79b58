#pragma once
// The static proof of `--check`: what a sandbox or the manifest certainly forbids is found before
// anything runs.

#include "diag/diag.h"
#include "diag/source.h"
#include "program/program.h"
#include "scan/survey.h"

namespace perch::scan {

/// Adds to `diags`:
///   - for every sandbox block, each request that its flags forbid in its body and in all that the
///     body reaches: commands, templates, imports, hooks (sandbox-forbids);
///   - each request that no `requires` block declares (never-declared);
///   - entries that can match nothing (useless-entry).
/// An error where the text alone shows it, a warning where it was computed from bindings or where a
/// `rescue` handles the denial. Relative paths are taken from the file's directory.
void prove(const program::Program& program, const Survey& survey, const diag::SourceMap& sources,
           diag::Diags& diags);

} // namespace perch::scan
