// `a && b || c ; d`

#include "run/nodes.h"

namespace perch::run {

namespace {

bool runs_next(lang::ChainOp before, bool succeeded) {
  switch (before) {
  case lang::ChainOp::None:
  case lang::ChainOp::Then:
    return true;
  case lang::ChainOp::And:
    return succeeded;
  case lang::ChainOp::Or:
    return !succeeded;
  }
  return true;
}

} // namespace

Flow run_chain(State& state, const program::ChainNode& node) {
  Flow last;
  for (const auto& link : node.links) {
    if (!runs_next(link.before, last.has_value()))
      continue;
    last = run_node(state, *link.node);
    if (!last && unwinds(state, *last.error()))
      return last;
  }
  return last;
}

} // namespace perch::run
