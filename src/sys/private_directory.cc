#include "sys/private_directory.h"

#include "base/text.h"
#include "sys/fs_posix.h"

namespace perch::sys {

Result<std::unique_ptr<PrivateDirectory>> PrivateDirectory::make(std::string_view parent,
                                                                 std::string_view prefix) {
  PERCH_TRY_ASSIGN(const Spot place, locate_posix(parent, Final::Follow));
  PERCH_TRY_ASSIGN(const std::string name,
                   make_temporary_posix(place, prefix, NodeType::Directory));
  std::string_view in = place.real == "/" ? std::string_view() : place.real;
  return std::unique_ptr<PrivateDirectory>(new PrivateDirectory(base::cat(in, '/', name)));
}

PrivateDirectory::~PrivateDirectory() {
  auto place = locate_posix(path_, Final::NoFollow);
  // What cannot be removed stays: there is nobody left to tell.
  if (place)
    (void)remove_tree_posix(*place);
}

} // namespace perch::sys
