#pragma once
// What the proof can find: one type per diagnostic, its text beside it.

#include "base/text.h"

#include <string>
#include <string_view>

namespace perch::scan {

struct SandboxForbids {
  static constexpr std::string_view id = "sandbox-forbids";
  std::string what; ///< "write_file may not write /x"
  std::string remedy;
  std::string message() const { return base::cat(what, " here: a sandbox around it forbids that"); }
  std::string help() const { return remedy; }
};

struct NeverDeclared {
  static constexpr std::string_view id = "never-declared";
  std::string what;
  std::string remedy;
  std::string message() const { return base::cat(what, ": `requires` does not declare it"); }
  std::string help() const { return remedy; }
};

struct UselessEntry {
  static constexpr std::string_view id = "useless-entry";
  std::string why, remedy;
  std::string message() const { return why; }
  std::string help() const {
    return remedy.empty() ? std::string("correct the entry, or take it out") : remedy;
  }
};

struct UnconfinedChildren {
  static constexpr std::string_view id = "unconfined-children";
  std::string message() const {
    return "the roots in `requires` bound what perch does itself, not the programs it starts";
  }
  std::string help() const {
    return "add the line `confine` to hold programs to the roots too, by the kernel";
  }
};

} // namespace perch::scan
