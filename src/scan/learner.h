#pragma once
// `perch learn`: from the requests of a run to the least manifest it would have passed with.

#include "diag/source.h"
#include "policy/policy.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace perch::scan {

/// What a module has done with one of its mounts.
struct LearnedMount {
  enum class Use : std::uint8_t { None, Read, Written, Unknown };
  std::string host; ///< absolute
  std::string guest;
  bool writable = false;
  Use use = Use::Unknown;
};

/// Collects allowed requests. Threads: none of its members is safe beside another.
class Learner {
public:
  /// `at`: the statement that asked.
  void add(const policy::Request& request, diag::Span at);

  /// A mount of a module that has ended. `at`: its wasm_run statement.
  void add_mount(LearnedMount mount, diag::Span at);

  /// The module of the wasm_run statement at `at` could ask for its variables.
  void add_variables_seen(diag::Span at) { guest_at(at).sees_variables = true; }

  /// A program that the file names somewhere, maybe not in this run: with a manifest the file is
  /// not even loaded unless it is declared, so it is, as `optional`.
  void add_named(std::string_view program, std::string_view called);

  /// A `requires` block: no line covers what another one covers too. Paths below `directory` (of
  /// the file, absolute and real) are written relative to it. `is_set` tells whether the host has a
  /// variable; one that is not set is declared `optional`.
  [[nodiscard]] std::string manifest(std::string_view directory,
                                     const std::function<bool(std::string_view)>& is_set) const;

  /// For each wasm_run statement its declarations, as lines of comment below its place: the mounts
  /// and hosts it used, and the variables it was given, because it gets all of them at once.
  [[nodiscard]] std::string guests(std::string_view directory,
                                   const diag::SourceMap& sources) const;

  /// What no manifest can allow: shell texts whose first word cannot be told.
  [[nodiscard]] const std::vector<std::string>& impossible() const { return impossible_; }

private:
  struct Guest {
    std::set<std::string> env, hosts;
    std::vector<LearnedMount> mounts;
    bool sees_variables = false;
  };
  Guest& guest_at(diag::Span at);
  void add_exec(const policy::Request& request);

  std::set<std::pair<std::string, std::string>>
      bins_; ///< what was resolved or named, and how called
  std::set<std::pair<std::string, std::string>> named_;
  std::set<std::string> env_, read_, write_, hosts_;
  bool any_network_ = false;
  std::map<std::tuple<std::uint32_t, std::uint32_t>, std::pair<diag::Span, Guest>> guests_;
  std::vector<std::string> impossible_;
};

} // namespace perch::scan
