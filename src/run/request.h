#pragma once
// From a request to the first call: what running and planning have in common.

#include "run/arguments.h"
#include "run/outlet.h"
#include "run/run.h"
#include "run/shared_run.h"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::run {

/// The words of the request as arguments of its command; a `catch` gets what was typed.
[[nodiscard]] std::expected<CallArguments, ArgumentError>
request_arguments(std::span<const std::string_view> own_flags, const Request& request);

/// How a request ends whose words its command refuses, before there is a run to speak of; nullopt:
/// they are good.
[[nodiscard]] std::optional<Outcome> refusal(std::span<const std::string_view> own_flags,
                                             const Request& request);

/// The typed word of a `catch`, under the name it declares.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>>
caught_variable(const Request& request);

/// The ending of a request that was wrong before anything ran.
[[nodiscard]] Outcome invalid_request(Error error);

/// The state a request starts in: standard input empty, no terminal.
[[nodiscard]] State first_state(SharedRun& run, Outlet& out, Outlet& err);

} // namespace perch::run
