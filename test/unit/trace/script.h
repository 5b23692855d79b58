#pragma once
// Events told to a sink as a run would tell them, on a clock that the test moves.

#include "base/error_kinds.h"
#include "trace/event.h"
#include "trace/writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perch::trace {

/// Keeps what was written, one entry per write(); fails when told to.
class MemoryWriter final : public Writer {
public:
  Status write(std::string_view bytes) override {
    if (writes_left == 0)
      return fail(kind::kFileError, "cannot write to `out`: no space left on device", "out");
    --writes_left;
    pieces.emplace_back(bytes);
    return {};
  }
  Status check() override {
    if (is_there)
      return {};
    return fail(kind::kFileError, "cannot write to `out`: it was removed", "out");
  }
  Status sync() override {
    ++syncs;
    if (sync_fails)
      return fail(kind::kFileError, "cannot write to `out`: I/O error", "out");
    return {};
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const std::string& piece : pieces)
      all += piece;
    return all;
  }

  int writes_left = 1'000'000'000;
  int syncs = 0;
  bool sync_fails = false;
  bool is_there = true;
  std::vector<std::string> pieces;
};

/// Tells a run to a sink. Times are milliseconds from its start, which is 2026-01-02T03:04:05Z.
class Script {
public:
  explicit Script(Sink& sink) : sink_(sink) {}

  void at(std::int64_t ms) { ns_ = ms * 1'000'000; }
  void at_us(std::int64_t us) { ns_ = us * 1'000; }
  /// Moves the wall clock alone.
  void shift_wall(std::int64_t ms) { wall_shift_ns_ = ms * 1'000'000; }

  Status start(std::string_view command = "deploy") {
    const std::vector<std::string> words = {"--env", "prod"};
    const std::vector<std::string> layers = {"--no-write"};
    return sink_.session_start({.program = "shop",
                                .version = "1.2",
                                .command = command,
                                .words = words,
                                .directory = "/work",
                                .script = "/work/shop.perch",
                                .script_sha256 = "abc",
                                .layers = layers,
                                .unix_ns = wall(),
                                .steady_ns = steady()});
  }
  SpanId begin(SpanId parent, What what, std::string_view kind, Fields args = {}, int branch = 0) {
    return begin({.parent = parent,
                  .what = what,
                  .kind = kind,
                  .args = std::move(args),
                  .position = "shop.perch:7",
                  .branch = branch});
  }
  SpanId begin(Begin event) {
    event.id = ++last_;
    event.unix_ns = wall();
    event.steady_ns = steady();
    status = sink_.begin(event);
    return event.id;
  }
  Status before_start(SpanId id, const Fields& args = {}, const Fields& facts = {}) {
    return sink_.before_start({.id = id, .unix_ns = wall(), .args = args, .facts = facts});
  }
  Status end(SpanId id, Fields facts = {}) { return end({.id = id, .facts = std::move(facts)}); }
  Status fail_span(SpanId id, std::string_view kind, std::string message) {
    const Error error{.kind = kind, .message = std::move(message)};
    return end({.id = id, .error = &error});
  }
  Status end(End event) {
    event.unix_ns = wall();
    event.steady_ns = steady();
    return sink_.end(event);
  }
  Status deny(SpanId span) {
    return sink_.deny({.span = span,
                       .actor = "write_file",
                       .cap = "write",
                       .subject = "/etc/x",
                       .layer = "requires (shop.perch:2)",
                       .position = "shop.perch:2",
                       .unix_ns = wall()});
  }
  Status finish(int code = 0, const Error* error = nullptr) {
    return sink_.session_end(
        {.ok = code == 0, .code = code, .error = error, .unix_ns = wall(), .steady_ns = steady()});
  }

  Status status; ///< of the last begin

private:
  [[nodiscard]] std::int64_t steady() const { return 5'000'000'000 + ns_; }
  [[nodiscard]] std::int64_t wall() const {
    return 1'767'323'045'000'000'000 + ns_ + wall_shift_ns_;
  }

  Sink& sink_;
  std::int64_t ns_ = 0, wall_shift_ns_ = 0;
  SpanId last_ = 0;
};

inline Fields text_args(std::string_view name, std::string value) {
  Fields fields;
  fields.push_back({.name = name, .value = std::move(value)});
  return fields;
}

/// The run of the user's manual: a sandbox with a module and a shell text in it.
inline void tell_deploy(Script& run) {
  (void)run.start();
  const SpanId deploy = run.begin(0, What::Command, "command", text_args("name", "deploy"));
  const SpanId sandbox =
      run.begin(deploy, What::Block, "sandbox", text_args("flags", "no_network"));
  const SpanId guest =
      run.begin(sandbox, What::Guest, "wasm_run", text_args("module", "./validate.wasm"));
  run.at(124);
  (void)run.end(guest);
  const SpanId shell =
      run.begin(sandbox, What::Op, "shell", text_args("text", "kubectl apply -f manifest.yaml"));
  const SpanId child = run.begin({.parent = shell,
                                  .what = What::Child,
                                  .kind = "exec",
                                  .args = text_args("command", "kubectl apply -f manifest.yaml"),
                                  .whole_op = true});
  run.at(1324);
  (void)run.end(child);
  (void)run.end(shell);
  (void)run.end(sandbox);
  (void)run.end(deploy);
  (void)run.finish();
}

} // namespace perch::trace
