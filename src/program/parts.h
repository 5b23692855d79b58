#pragma once
// What a statement is made of. For walks over a Program that need no more than that: what a command
// reaches, what it can ask for.

#include "program/program.h"

namespace perch::program {

class Parts {
public:
  virtual ~Parts() = default;
  /// A word that is evaluated, in a condition or a block's head too. Calls in its placeholders are
  /// the visitor's to look into.
  virtual void expr(const Expr& expr) = 0;
  /// What a condition calls: an op or a program.
  virtual void call(const Node& node) = 0;
  enum class Errors : std::uint8_t {
    Leave,
    Rescued, ///< a `rescue` of the statement handles what fails in here
  };
  virtual void body(Body body, Errors errors) = 0;
};

/// Calls `parts` for everything in `node`, in the order it stands. Of a call of a command the words
/// only; of a chain each link is a body of its own.
void parts_of(const Node& node, Parts& parts);

} // namespace perch::program
