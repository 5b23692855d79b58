#pragma once
// One stream of span events; `--trace`, `--report` and `--audit` are readers of it.

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::trace {

using SpanId = std::uint64_t; ///< 0: none

struct Begin {
  SpanId id = 0;
  SpanId parent = 0;
  std::string_view kind; ///< op or block name, "exec", "command", "wasm_run"
  std::vector<std::pair<std::string, std::string>> args; ///< after interpolation, secrets masked
  std::string position;                                  ///< `file:line`
  std::string_view from_template;
  std::string_view from_import;
  std::int64_t unix_ns = 0;
  std::int64_t steady_ns = 0;
  int branch = 0; ///< 1-based number in a `parallel`, 0 outside
};

struct End {
  SpanId id = 0;
  std::int64_t steady_ns = 0;
  const Error* error = nullptr; ///< null: succeeded
  bool skipped = false;
  bool cached = false;
  /// Figures of a child or guest: exit, signal, cpu, memory, sha256, …, as (name, JSON text).
  std::vector<std::pair<std::string, std::string>> facts;
};

struct Deny {
  SpanId span = 0;
  std::string_view cap;
  std::string subject;
  std::string layer;
};

/// Receives events; called from any thread, one call at a time per sink is NOT guaranteed:
/// implementations lock. A sink that fails (audit) reports it through the returned Status and the
/// run stops before the effect.
class Sink {
public:
  virtual ~Sink() = default;
  virtual Status begin(const Begin& event) = 0;
  virtual Status end(const End& event) = 0;
  virtual Status deny(const Deny& event) = 0;
};

} // namespace perch::trace
