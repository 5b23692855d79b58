#pragma once
// What every verb works with: the options, the world, and perch's two voices.

#include "bundle/reader.h"
#include "cli/options.h"
#include "diag/diag.h"
#include "sys/world.h"

#include <optional>
#include <string>
#include <string_view>

namespace perch::cli {

/// One per process. Borrowed by the verbs for as long as they run.
struct Context {
  const Options& options;
  sys::World& world;
  diag::SourceMap& sources;
  /// The archive of the executable we are; null: perch itself.
  const bundle::Reader* built = nullptr;
  std::string self = "perch"; ///< what users call this executable
  diag::Color color_err = diag::Color::Off;
  diag::Color color_out = diag::Color::Off;
  /// Where the first failure to write to standard output is kept, which turns the success of a
  /// verb into a failure when it ends; null: nobody asks.
  std::optional<Error>* unwritten = nullptr;

  /// Reports and results; a reader that is gone is no error here.
  void out(std::string_view text) const;
  /// Perch's own words.
  void err(std::string_view text) const;
  void report(const diag::Diag& diag) const;
  /// Sorted, followed by what was dropped.
  void report(diag::Diags& diags) const;
  /// An error that has no place in a file.
  void report(const Error& error) const;
};

/// An error that has no place in a file, as a finding.
[[nodiscard]] diag::Diag placeless(const Error& error);

/// Exit statuses of perch itself; a run's status comes from run::exit_code.
inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNoAudit = 3;
inline constexpr int kDamaged = 4; ///< the archive of a built executable
inline constexpr int kNotFound = 127;

/// Whether to colour what goes to `fd`: --color, NO_COLOR, a terminal.
[[nodiscard]] diag::Color color_for(const Options& options, const sys::World& world, int fd);

} // namespace perch::cli
