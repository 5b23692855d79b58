#pragma once
// Signals by name, as `err.code` and `on_signal` have them.

#include <optional>
#include <string>
#include <string_view>

namespace perch::sys {

/// "SIGTERM" for 15; "SIGRTMIN+3" and the like for real-time signals; "signal 200" otherwise.
[[nodiscard]] std::string signal_name(int number);
/// 15 for "SIGTERM" or "TERM", in any case; nullopt for what names no signal of this system.
[[nodiscard]] std::optional<int> signal_number(std::string_view name);

} // namespace perch::sys
