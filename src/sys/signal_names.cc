#include "sys/signal_names.h"

#include "base/text.h"

#include <csignal>
#include <cstring>

namespace perch::sys {

std::string signal_name(int number) {
  if (number >= SIGRTMIN && number <= SIGRTMAX) {
    return number == SIGRTMIN ? "SIGRTMIN" : base::cat("SIGRTMIN+", number - SIGRTMIN);
  }
  const char* name = sigabbrev_np(number);
  return name != nullptr ? base::cat("SIG", name) : base::cat("signal ", number);
}

std::optional<int> signal_number(std::string_view name) {
  std::string upper;
  for (char c : name)
    upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string_view wanted = upper;
  if (wanted.starts_with("SIG"))
    wanted.remove_prefix(3);
  for (int number = 1; number < SIGRTMIN; ++number) {
    const char* known = sigabbrev_np(number);
    if (known != nullptr && wanted == known)
      return number;
  }
  return {};
}

} // namespace perch::sys
