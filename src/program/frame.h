#pragma once
// Names of one command while its body is analyzed: which slot a name means at a given place.

#include "program/program.h"

#include <cstddef>
#include <span>
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

  void push(Scope kind);
  void pop();

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
  /// The slots made in the innermost scope, a template, in the order they were made; without those
  /// of templates expanded within.
  [[nodiscard]] std::span<const Slot> own() const { return scopes_.back().own; }
  /// Every name visible here, for suggestions.
  void visible(std::vector<std::string_view>& out) const;

private:
  struct Level {
    std::size_t barrier = 0; ///< the nearest Root or Template, itself included
    std::size_t holder = 0;  ///< where a new capture goes
    std::vector<std::string_view> names;
    std::vector<Slot> own; ///< of a Root or Template
  };
  struct Meaning {
    std::size_t level = 0;
    Slot slot = -1;
  };
  Slot define(std::size_t level, std::string_view name);

  std::vector<Level> scopes_;
  std::unordered_map<std::string_view, std::vector<Meaning>> meanings_; ///< innermost last
  std::vector<std::string_view> names_;
};

} // namespace perch::program
