#pragma once
// The readers of a run's events that the options ask for; every verb that runs commands makes them
// here.

#include "cli/context.h"
#include "trace/event.h"
#include "trace/progress.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perch::cli {

/// The flags that make the same readers in the process of a test, which runs elsewhere: files are
/// absolute, and a trace or report gets the test's name before its ending.
[[nodiscard]] std::vector<std::string> reader_flags(const Context& context, std::string_view test);

/// The absolute path of the file that --audit names; empty: there is none.
[[nodiscard]] std::string audit_file(const Context& context);

/// Whether the tests' results can go to `target`, before a test runs. Errors: bad_argument for a
/// text of the program and for the file of the audit.
[[nodiscard]] Status check_junit(const Context& context, const std::string& target);

/// `--trace`, `--report` and `--audit`, in any combination. Lifetime: borrows the context.
class Readers {
public:
  /// Opens what they write to. Errors: audit_failed; file_* for the others.
  /// `progress`: what makes room when they write to the terminal; null: none.
  [[nodiscard]] static Result<std::unique_ptr<Readers>> make(const Context& context,
                                                             trace::Progress* progress);
  ~Readers();

  /// Null when nothing was asked for: then events cost nothing.
  [[nodiscard]] trace::Sink* sink() const;
  /// After the run: says which trace or report could not be written.
  void report_failures() const;

private:
  struct Parts;
  explicit Readers(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

} // namespace perch::cli
