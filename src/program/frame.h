#pragma once
// Names of one command while its body is analyzed: which slot a name means at a given place.

#include "program/program.h"

#include <string_view>
#include <unordered_map>
#include <vector>

namespace perch::program {

/// Hands out slots and keeps the nesting of scopes.
class FrameBuilder {
public:
  enum class Scope : std::uint8_t {
    Root,     ///< the command: holds captures
    Template, ///< an expanded template: holds captures; assigning does not reach outside
    Branch,   ///< a branch of `parallel`: holds new captures, sees and may set outer names
    Names,    ///< a loop variable, `err`: captures inside belong to the scope around
  };

  FrameBuilder() { push(Scope::Root); }

  void push(Scope kind) { scopes_.push_back({kind, {}}); }
  void pop() { scopes_.pop_back(); }

  /// The slot `name` means here, or -1.
  [[nodiscard]] Slot find(std::string_view name) const;
  /// The slot an assignment to `name` sets: the visible one, or a new one in the nearest scope that
  /// holds captures.
  Slot assign(std::string_view name);
  /// A new variable of the innermost scope, hiding outer ones.
  Slot fresh(std::string_view name);
  /// Slots made since `since` slots existed.
  [[nodiscard]] Slot count() const { return static_cast<Slot>(names_.size()); }
  [[nodiscard]] const std::vector<std::string_view>& names() const { return names_; }
  /// Every name visible here, for suggestions.
  void visible(std::vector<std::string_view>& out) const;

private:
  struct Level {
    Scope kind;
    std::unordered_map<std::string_view, Slot> slots;
  };
  std::vector<Level> scopes_;
  std::vector<std::string_view> names_;
};

} // namespace perch::program
