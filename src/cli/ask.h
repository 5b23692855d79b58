#pragma once
// `--ask` on the terminal.

#include "run/run.h"
#include "sys/fd.h"
#include "sys/world.h"

#include <memory>
#include <mutex>

namespace perch::cli {

/// Talks to /dev/tty, so that the program's own streams stay its own.
class TerminalAsker final : public run::Asker {
public:
  /// Errors: bad_argument where there is no terminal: nothing may run unasked then.
  [[nodiscard]] static Result<std::unique_ptr<TerminalAsker>> open(sys::World& world);

  TerminalAsker(sys::Fd in, sys::Fd out) : in_(std::move(in)), out_(std::move(out)) {}
  Result<Answer> ask(const Question& question) override;

private:
  /// A line without its end; nothing at the end of input.
  Result<std::optional<std::string>> line();

  sys::Fd in_, out_;
  std::mutex mutex_;
  bool all_ = false;  ///< everything else runs
  bool quit_ = false; ///< nothing else runs
};

/// What the terminal is shown of a text of the program: control characters, also those that reorder
/// text, as U+FFFD, so that a statement cannot look like another one.
[[nodiscard]] std::string visible(std::string_view text);

} // namespace perch::cli
