#include "base/result.h"

#include <cstdio>
#include <exception>

namespace perch {

void assertion_failed(const char* file, int line, const char* condition) {
  std::fprintf(
      stderr,
      "perch: internal error at %s:%d: %s\n"
      "perch: this is a defect of perch, not of your file; please report it with this line\n",
      file, line, condition);
  std::terminate();
}

} // namespace perch
