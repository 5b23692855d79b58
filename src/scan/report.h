#pragma once
// `perch scan`: every capability a file can ever ask for, as text and as JSON.

#include "base/json.h"
#include "diag/source.h"
#include "program/program.h"
#include "scan/survey.h"

#include <string>

namespace perch::scan {

/// By command, in the order they stand; then all capabilities together, and the flags that would
/// take nothing from this file.
[[nodiscard]] std::string report_text(const program::Program& program, const Survey& survey,
                                      const diag::SourceMap& sources, std::string_view shown);

/// Schema `perch.scan.v1`: `requests` (cap, subject, known: literal, computed, runtime or class,
/// by, command, file, line, column, guest, shell, sandboxes), `capabilities` by kind,
/// `unused_flags`.
[[nodiscard]] base::Json report_json(const program::Program& program, const Survey& survey,
                                     const diag::SourceMap& sources, std::string_view shown);

} // namespace perch::scan
