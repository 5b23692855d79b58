#pragma once
// A Confinement as what the kernel enforces it by. Everything is prepared here, in perch; the new
// process only sets it (child.cc).
//
// What the kernel cannot be asked to forbid under write roots, and SECURITY says so: changing the
// mode, owner, times and attributes of files outside of them that belong to the same user. With no
// write root at all those calls are forbidden altogether.

#include "lane/lane.h"
#include "sys/fd.h"

#include <linux/filter.h>
#include <string>
#include <vector>

namespace perch::lane {

struct Confined {
  sys::Fd ruleset;                  ///< -1: none
  std::vector<sock_filter> program; ///< empty: none
  sock_fprog filter{};              ///< of `program`
};

/// What spec.confinement means. The program itself may always be read. `temporary`: a directory of
/// the child's own, writable; empty: none.
/// Errors: confinement_unavailable, naming what the kernel lacks; for a write root that is not
/// there file_not_found, and file_permission_denied when there is a link in its path by now.
[[nodiscard]] Result<Confined> prepare_confinement(const ChildSpec& spec,
                                                   const KernelConfinement& kernel,
                                                   const std::string& temporary);

/// Whether the child needs a temporary directory of its own, because the usual one is closed.
[[nodiscard]] bool needs_temporary(const Confinement& confinement);

} // namespace perch::lane
