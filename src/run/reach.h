#pragma once
// What a command can come to run: itself, the commands it calls, its handlers and the hooks.

#include "program/program.h"

#include <set>
#include <string_view>

namespace perch::run {

/// A program whose name only the run can tell is in none of these: it is looked for when it is
/// started.
struct Reach {
  std::set<const program::Bin*> bins;
  std::set<const program::Command*> commands;
  std::set<const program::Module*> modules;
  std::set<std::string_view> variables; ///< names that may be those of host variables
  bool starts_programs = false;         ///< of any kind: they see the declared variables
};

[[nodiscard]] Reach reach_of(const program::Program& program, const program::Command& command);

} // namespace perch::run
