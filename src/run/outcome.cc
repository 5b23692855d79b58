#include "run/outcome.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "run/failure.h"
#include "run/run.h"
#include "sys/signal_names.h"

#include <algorithm>
#include <array>

namespace perch::run {

namespace {

constexpr int kFailed = 1, kUsage = 2, kAudit = 3, kBundle = 4;
constexpr int kDeadline = 124, kDenied = 126, kNotFound = 127, kSignalBase = 128;

constexpr std::array kDeniedKinds = {
    kind::kBinNotDeclared,   kind::kCapabilityDenied,     kind::kConfinementUnavailable,
    kind::kEnvNotDeclared,   kind::kHostNotDeclared,      kind::kHttpSsrfBlocked,
    kind::kReadNotDeclared,  kind::kShellBinNotAllowed,   kind::kShellMetacharsDenied,
    kind::kWriteNotDeclared, kind::kWasmCapabilityDenied,
};

/// A mount that is missing has the same kind, but its message says so.
bool is_missing_module(const Error& error) {
  return error.kind == kind::kFileNotFound && error.op == "wasm_run" &&
         error.message.starts_with("there is no module");
}

/// Standard output's reader has gone: nothing is wrong, nobody listens.
bool lost_reader(const Error& error) {
  return (error.code_name == "EPIPE" && error.detail == kOutputName) ||
         (error.kind == kind::kShellSignalKilled && error.code_name == "SIGPIPE");
}

int failure_code(const Error& error) {
  if (lost_reader(error))
    return kSignalBase + sys::signal_number("SIGPIPE").value_or(13);
  if (error.kind == kind::kTimeoutExceeded)
    return kDeadline;
  if (error.kind == kind::kSignalReceived)
    return kSignalBase + sys::signal_number(error.code_name).value_or(2);
  if (error.kind == kind::kShellExitNonzero || error.kind == kind::kShellSignalKilled ||
      error.kind == kind::kWasmModuleExited)
    return error.code.value_or(kFailed);
  if (error.kind == kind::kBinNotFound || error.kind == kind::kCommandNotFound ||
      is_missing_module(error))
    return kNotFound;
  if (error.kind == kind::kAuditFailed)
    return kAudit;
  if (error.kind == kind::kBundleError)
    return kBundle;
  return was_denied(error) ? kDenied : kFailed;
}

constexpr std::size_t kShownFrames = 6;

} // namespace

bool was_denied(const Error& error) {
  return std::ranges::find(kDeniedKinds, error.kind) != kDeniedKinds.end();
}

int exit_code(const Outcome& outcome) {
  switch (outcome.how) {
  case Outcome::How::Done:
    return outcome.code;
  case Outcome::How::Invalid:
    return kUsage;
  case Outcome::How::Failed:
    return outcome.failure ? failure_code(outcome.failure->error) : kFailed;
  }
  return kFailed;
}

diag::Diag to_diag(const Failure& failure) {
  const Error& error = failure.error;
  // A message of several lines (a backtrace, a list of imports) is a headline and notes.
  const std::vector<std::string_view> lines = base::split(error.message, '\n');
  diag::Diag diag{.severity = diag::Severity::Error,
                  .id = error.kind,
                  .message = std::string(lines.front()),
                  .span = failure.span,
                  .help = error.help};
  for (std::size_t i = 1; i < lines.size(); ++i)
    diag.notes.emplace_back(base::trim(lines[i]));
  if (!error.note.empty())
    diag.notes.push_back(error.note);
  // The detail is worth a line where it says more than the message does.
  if (!error.detail.empty() && !error.message.contains(error.detail) &&
      !error.note.contains(error.detail))
    diag.notes.push_back(error.detail);
  const auto& chain = failure.chain;
  for (std::size_t i = 0; i < std::min(chain.size(), kShownFrames); ++i) {
    if (chain[i].span.known())
      diag.related.push_back({.span = chain[i].span, .text = base::cat("in ", chain[i].text)});
    else
      diag.notes.push_back(base::cat("in ", chain[i].text));
  }
  if (chain.size() > kShownFrames)
    diag.notes.push_back(base::cat("and ", chain.size() - kShownFrames, " more calls"));
  return diag;
}

bool is_quiet(const Outcome& outcome) {
  return outcome.how == Outcome::How::Failed && outcome.failure &&
         lost_reader(outcome.failure->error);
}

} // namespace perch::run
