#pragma once
// Where standard output or standard errors of a scope go: to a descriptor, into a value, or line by
// line to the scope around a branch of `parallel`.

#include "base/result.h"
#include "diag/source.h"
#include "sys/cancel.h"
#include "sys/fd.h"
#include "trace/progress.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace perch::run {

/// Every wait for a reader ends when `until` is stopped, with its error; what need not wait is
/// written even then. Threads: one at a time, except that BranchOutlets of one LineMixer may run
/// beside each other.
class Outlet {
public:
  virtual ~Outlet() = default;

  /// Where the program writes what follows. What is kept back fails later, but it has failed there.
  void written_at(diag::Span at) {
    if (!keeps_back())
      written_at_ = at;
  }
  [[nodiscard]] diag::Span written_at() const { return written_at_; }

  /// Takes bytes of perch's own. They may be kept back until flush().
  /// Errors: file_error with code_name EPIPE when the reader is gone; output_too_large.
  virtual Status write(std::string_view bytes, sys::CancelToken& until) = 0;
  /// Hands on what was kept back: before anybody else may write, and before any wait.
  virtual Status flush(sys::CancelToken& until) = 0;

  /// A descriptor for one job to write to, after a flush(). Borrowed; open until job_started()
  /// (children) or job_ended() (guests, which share it while they run).
  virtual Result<int> descriptor(sys::CancelToken& until) = 0;
  virtual void job_started() {}
  virtual void job_ended() {}
  /// Readable when receive() has something to do; -1: nothing will come.
  [[nodiscard]] virtual int pending_fd() const { return -1; }
  /// Takes over what jobs have written so far; does not wait for them.
  virtual Status receive(sys::CancelToken& /*until*/) { return {}; }
  /// How many bytes receive() has taken over in all; nothing where jobs write past perch.
  [[nodiscard]] virtual std::optional<std::uint64_t> received() const { return std::nullopt; }
  /// Whether a finished job's output is complete only when pending_fd() has become -1.
  [[nodiscard]] virtual bool waits_for_end() const { return false; }
  /// Of the terminal that jobs get from here; null: they get none.
  [[nodiscard]] virtual trace::Progress* terminal_progress() const { return nullptr; }

protected:
  [[nodiscard]] virtual bool keeps_back() const { return false; }

private:
  diag::Span written_at_;
};

/// A descriptor perch was given or made. Borrowed.
class FdOutlet : public Outlet {
public:
  enum class Keep : std::uint8_t {
    Nothing, ///< every write goes out at once
    Lines,   ///< what follows the last newline: for terminals
    Blocks,  ///< up to 64 KiB
  };
  /// `name` is for messages and `err.detail`: "stdout".
  /// `progress`: of the terminal it is, which makes room for what is written; null: none.
  FdOutlet(int fd, std::string_view name, Keep keep, trace::Progress* progress = nullptr)
      : fd_(fd), name_(name), keep_(keep), progress_(progress) {}

  Status write(std::string_view bytes, sys::CancelToken& until) override;
  Status flush(sys::CancelToken& until) override;
  Result<int> descriptor(sys::CancelToken& until) override;
  [[nodiscard]] trace::Progress* terminal_progress() const override { return progress_; }

protected:
  [[nodiscard]] bool keeps_back() const override { return !kept_.empty(); }

private:
  Status write_now(std::string_view bytes, sys::CancelToken& until);

  int fd_;
  std::string_view name_;
  Keep keep_;
  trace::Progress* progress_;
  std::string kept_;
};

/// Collects everything in memory: captures.
class MemoryOutlet : public Outlet {
public:
  explicit MemoryOutlet(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  Status write(std::string_view bytes, sys::CancelToken& until) override;
  Status flush(sys::CancelToken& /*until*/) override { return {}; }
  Result<int> descriptor(sys::CancelToken& until) override;
  void job_started() override { writer_.reset(); }
  void job_ended() override { writer_.reset(); }
  [[nodiscard]] int pending_fd() const override { return reader_.get(); }
  Status receive(sys::CancelToken& until) override;
  [[nodiscard]] std::optional<std::uint64_t> received() const override { return received_; }
  [[nodiscard]] bool waits_for_end() const override { return true; }

  /// What was collected, less trailing newlines: as many as there are, or at most one.
  enum class Trim : std::uint8_t { None, OneNewline, AllNewlines };
  [[nodiscard]] std::string take(Trim trim);

private:
  void make_room();

  std::size_t limit_bytes_;
  std::string bytes_;
  std::uint64_t received_ = 0;
  sys::Fd reader_, writer_;
};

/// The same of both streams of a job; nothing where its standard output goes past perch.
[[nodiscard]] std::optional<std::uint64_t> received(const Outlet* out, const Outlet* err);

class LineMixer;

/// One stream of one branch: only whole lines go on. Jobs write to a pipe that lasts as long as the
/// branch, and whoever waits for them receives from it.
class BranchOutlet : public Outlet {
public:
  BranchOutlet(LineMixer& mixer, Outlet& to) : mixer_(mixer), to_(to) {}
  /// Hands on the last line, ended by a newline, if one is begun.
  Status finish(sys::CancelToken& until);

  Status write(std::string_view bytes, sys::CancelToken& until) override;
  Status flush(sys::CancelToken& until) override;
  Result<int> descriptor(sys::CancelToken& until) override;
  [[nodiscard]] int pending_fd() const override { return reader_.get(); }
  Status receive(sys::CancelToken& until) override;
  [[nodiscard]] std::optional<std::uint64_t> received() const override;

private:
  Status pass_lines(std::string_view bytes, sys::CancelToken& until);

  LineMixer& mixer_;
  Outlet& to_;
  std::string line_; ///< begun, not ended; under the mixer's mutex
  /// Of what follows. Taken before the mixer's: reading is this branch's business alone.
  mutable std::mutex reading_;
  std::uint64_t received_ = 0;
  sys::Fd reader_, writer_;
};

/// What keeps the lines of a parallel's branches apart: all of them write under its mutex.
class LineMixer {
public:
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

private:
  std::mutex mutex_;
};

} // namespace perch::run
