#pragma once
// A diagnostic: what is wrong, where, why, and the way out; and its one renderer.

#include "diag/source.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::diag {

enum class Severity : std::uint8_t { Error, Warning, Note };
enum class Color : std::uint8_t { Off, On };

/// A second place that matters, drawn as its own excerpt below the first, with `text` behind it.
struct Related {
  Span span;
  std::string text;
};

/// `id` is stable: documented, tested by a golden file of that name, searchable. The rendered
/// form is
///
///     error[unknown-op]: unknown op `prnt`
///       --> hello.perch:3:9
///        |
///      3 |         prnt "hi"
///        |         ^^^^ label
///        = note
///        = help: did you mean `print`?
struct Diag {
  Severity severity = Severity::Error;
  std::string_view id;
  std::string message;
  Span span;         ///< may be unknown: then no excerpt is printed
  std::string label; ///< short text behind the carets; may be empty
  std::vector<Related> related;
  std::vector<std::string> notes; ///< each printed as `= text`
  std::string help;               ///< printed as `= help: text`
};

/// Builds a Diag from a diagnostic type: a struct with `static constexpr std::string_view id`,
/// `std::string message() const` and `std::string help() const`, declared where it is raised.
template <class Kind>
[[nodiscard]] Diag make(const Kind& kind, Span span, Severity severity = Severity::Error) {
  return Diag{.severity = severity,
              .id = Kind::id,
              .message = kind.message(),
              .span = span,
              .label = {},
              .related = {},
              .notes = {},
              .help = kind.help()};
}

/// Collects diagnostics; a stage reports all it finds and its caller stops at the boundary.
/// Of each severity the first kMaxKept are kept; later ones are only counted, so that hopeless
/// input does not become a hopeless report.
class Diags {
public:
  static constexpr std::size_t kMaxKept = 200;

  void add(Diag diag);
  template <class Kind>
  void error(const Kind& kind, Span span) {
    report(kind, span, Severity::Error);
  }
  template <class Kind>
  void warn(const Kind& kind, Span span) {
    report(kind, span, Severity::Warning);
  }
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::size_t warnings() const { return warnings_; }
  [[nodiscard]] const std::vector<Diag>& all() const { return all_; }
  /// How many were counted but not kept.
  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  /// Errors before warnings, then by source and position; stable.
  void sort();

private:
  // A diagnostic that is not kept is not even worded.
  template <class Kind>
  void report(const Kind& kind, Span span, Severity severity) {
    if (count(severity))
      all_.push_back(make(kind, span, severity));
  }
  bool count(Severity severity);

  std::vector<Diag> all_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t notes_ = 0;
  std::size_t dropped_ = 0;
};

/// Draws one diagnostic, ending in a newline. Tabs and wide characters before the span are
/// measured, so the caret stands under the right cell; a tab is drawn as four blanks, and lines
/// over 120 cells are cut around the span. A span over several lines is underlined in its first.
/// Control characters, also those of messages and paths, are drawn as U+FFFD: a file or an
/// argument cannot steer the terminal.
[[nodiscard]] std::string render(const Diag& diag, const SourceMap& sources, Color color);

} // namespace perch::diag
