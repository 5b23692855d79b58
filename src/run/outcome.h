#pragma once
// How a run ended, as a value; and the one place that turns it into an exit status.

#include "base/result.h"
#include "diag/diag.h"

#include <optional>
#include <string>
#include <vector>

namespace perch::run {

/// One step of the way from the command that was asked for to the statement that failed.
struct Frame {
  std::string text; ///< "command deploy", "template header", "import lib.perch"
  diag::Span span;  ///< where it was called
};

/// An error with its place and the chain of calls that led there, innermost first.
struct Failure {
  Error error;
  diag::Span span;
  std::vector<Frame> chain;
  bool told = false; ///< a span has ended with it
};

struct Outcome {
  enum class How : std::uint8_t {
    Done,    ///< ran to its end, or `exit`: `code` is the status
    Invalid, ///< the request was wrong before anything ran: arguments, unknown command
    Failed,  ///< `failure` ended the run
  };
  How how = How::Done;
  int code = 0;
  std::optional<Failure> failure;
};

/// 0; `exit N`; a child's or guest's own status when its failure ended the run; 128+N for a
/// signal; 124 deadline; 126 denied by policy; 127 program, command or module not found; 2 usage;
/// 3 audit could not be written; 4 damaged bundle; 1 any other failure.
[[nodiscard]] int exit_code(const Outcome& outcome);

/// Whether it is the policy that said no.
[[nodiscard]] bool was_denied(const Error& error);

/// The failure as a diagnostic: id is the error kind; the chain becomes notes.
[[nodiscard]] diag::Diag to_diag(const Failure& failure);

} // namespace perch::run
