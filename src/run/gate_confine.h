#pragma once
// What the kernel must forbid a child, from the layers in force.

#include "lane/lane.h"
#include "policy/policy.h"

#include <string>
#include <string_view>

namespace perch::run {

/// The intersection of what the confining layers allow. Layers of `requires` confine only with the
/// line `confine`. Where a layer lists hosts, a child gets no network at all, unless the layer or
/// `allow_child_network` says otherwise: the kernel cannot tell hosts apart. `program` (absolute,
/// may be empty) stays readable, so that what may run can be loaded.
[[nodiscard]] lane::Confinement confinement(const policy::Policy& policy, bool allow_child_network,
                                            std::string_view program);

/// What holds a child that was started under these layers, in words: for the error of one that
/// failed, because its own words may be no more than "Permission denied". Empty without any.
[[nodiscard]] std::string confinement_note(const policy::Policy& policy, bool allow_child_network);

} // namespace perch::run
