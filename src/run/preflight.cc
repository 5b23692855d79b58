// What has to be there before a command starts.

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/bins.h"
#include "run/gate_env.h"
#include "run/gate_exec.h"
#include "run/reach.h"
#include "run/requirements.h"
#include "run/shared_run.h"
#include "sys/world.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using program::Requirement;

constexpr Actor kActor{.name = "requires"};

/// What is missing, with the line that asks for it.
struct Missing {
  std::string what, help;
  diag::Span span;
};

class Checks {
public:
  Checks(State& state, const Reach& reach) : state_(state), reach_(reach) {}

  void platform(const std::vector<Requirement>& allowed, std::string_view here,
                std::string_view what);
  void variables();
  /// Errors: bundle_error where a hash file is damaged, which is nothing a user can provide.
  Flow bins();
  Flow result();

private:
  void add(diag::Span span, std::string what, std::string help = {}) {
    missing_.push_back({.what = std::move(what), .help = std::move(help), .span = span});
  }

  State& state_;
  const Reach& reach_;
  std::vector<Missing> missing_;
};

void Checks::platform(const std::vector<Requirement>& allowed, std::string_view here,
                      std::string_view what) {
  const auto fits = [&](const Requirement& each) {
    return each.text == here || (each.text == "unix" && here != "windows" && what == "OS");
  };
  if (allowed.empty() || std::ranges::any_of(allowed, fits))
    return;
  std::string wanted;
  for (const Requirement& each : allowed)
    wanted += cat(wanted.empty() ? "" : " or ", each.text);
  add(allowed.front().span, cat("the ", what, " must be ", wanted, ", this is ", here));
}

/// A variable matters to a command that names it, and to one that starts programs, which see it.
void Checks::variables() {
  for (const Requirement& env : state_.run.program().requirements.env) {
    if (env.optional || (!reach_.starts_programs && !reach_.variables.contains(env.text)))
      continue;
    const auto value = variable(state_.run.gate(), state_.scope(), kActor, env.text);
    if (!value)
      add(env.span, value.error().message, value.error().help);
    else if (!*value || (*value)->empty())
      add(env.span, cat("the variable ", env.text, " is not set"),
          cat("set it, or declare it `env \"", env.text, "\" optional`"));
  }
}

Flow Checks::bins() {
  for (const program::Bin* bin : state_.run.program().requirements.bins) {
    if (bin->optional || !reach_.bins.contains(bin))
      continue;
    if (Flow hash_file = check_hash_file(state_, *bin); !hash_file) {
      if (hash_file.error()->error.kind == kind::kBundleError)
        return hash_file;
      add(bin->span, hash_file.error()->error.message, hash_file.error()->error.help);
      continue;
    }
    if (const Status found = check_bin(state_.run.gate(), declared_bin(state_, *bin)); !found)
      add(bin->span, found.error().message, found.error().help);
  }
  return {};
}

Flow Checks::result() {
  if (missing_.empty())
    return {};
  if (missing_.size() == 1) {
    Missing& only = missing_.front();
    return raise(state_, only.span,
                 {.kind = kind::kRequirementUnmet,
                  .message = only.what,
                  .detail = only.what,
                  .help = std::move(only.help),
                  .op = "requires"});
  }
  std::string all;
  for (const Missing& each : missing_)
    all += cat(all.empty() ? "" : "; ", each.what);
  const auto count = static_cast<std::int64_t>(missing_.size());
  return raise(state_, missing_.front().span,
               {.kind = kind::kRequirementUnmet,
                .message = cat(base::plural(count, "requirement"), " unmet: ", all),
                .detail = all,
                .op = "requires"});
}

} // namespace

Flow preflight(State& state, const program::Command& command) {
  const auto& declared = state.run.program().requirements;
  if (!declared.present)
    return {};
  const Reach reach = reach_of(state.run.program(), command);
  Checks checks(state, reach);
  checks.platform(declared.os, sys::os_name(), "OS");
  checks.platform(declared.arch, sys::arch_name(), "architecture");
  checks.variables();
  PERCH_TRY(checks.bins());
  return checks.result();
}

} // namespace perch::run
