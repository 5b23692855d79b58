#include "sys/hard_links.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace perch::sys {

std::uint64_t hard_links(const Spot& spot) {
  struct stat status{};
  if (::fstatat(spot.base.get(), spot.rest.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return 0;
  return status.st_nlink;
}

} // namespace perch::sys
