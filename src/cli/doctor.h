#pragma once
// What `perch doctor` says, apart from finding it out.

#include "base/json.h"
#include "lane/kernel.h"

#include <cstdint>
#include <string>
#include <vector>

namespace perch::cli {

/// A directory of perch's own.
struct OwnDirectory {
  std::string name; ///< "cache", "state"
  std::string path; ///< empty: there is no place for it
  enum class State : std::uint8_t {
    Absent,  ///< made when it is needed
    Trusted, ///< the user's own, writable by nobody else
    Open,    ///< others could change it: what is in it is not used
    NoDirectory,
  };
  State state = State::Absent;
};

struct DoctorFacts {
  std::string version;
  lane::KernelFeatures kernel;
  lane::KernelWall wall;
  std::vector<OwnDirectory> directories;
  std::string shell; ///< what `shell` runs; empty: there is none
};

[[nodiscard]] std::string doctor_text(const DoctorFacts& facts);

/// Schema `perch.doctor.v1`: kernel, restrictions (name, enforced, how, otherwise), guest_wall,
/// directories.
[[nodiscard]] base::Json doctor_json(const DoctorFacts& facts);

} // namespace perch::cli
