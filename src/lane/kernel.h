#pragma once
// What this kernel offers for confining processes: for `perch doctor`.

#include "lane/lane.h"

#include <string>

namespace perch::lane {

struct KernelFeatures {
  std::string release; ///< "6.1.0"
  std::string machine; ///< "x86_64"
  KernelConfinement confinement;
  bool openat2 = false;     ///< paths resolved beneath a handle, without links
  bool execveat = false;    ///< a pinned program is started by its handle
  bool memfd = false;       ///< files without a name
  bool close_range = false; ///< else descriptors are closed one by one
  bool pidfd = false;       ///< waiting for a child by handle
  bool root = false;        ///< run by the superuser
};

/// Asks the kernel; changes nothing.
[[nodiscard]] KernelFeatures kernel_features();

/// Whether a kernel that has this much can hold a child to a confinement.
/// Errors: confinement_unavailable, naming what is missing.
[[nodiscard]] Status enforceable(const Confinement& confinement, const KernelConfinement& kernel);

} // namespace perch::lane
