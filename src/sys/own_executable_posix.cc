#include "sys/own_executable.h"

#include <sys/auxv.h>
#include <unistd.h>

namespace perch::sys {

std::string own_executable_name() {
  constexpr const char* kOwn = "/proc/self/exe";
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands the pointer over as a number
  const auto* started_as = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  return ::access(kOwn, F_OK) == 0 || started_as == nullptr ? kOwn : started_as;
}

} // namespace perch::sys
