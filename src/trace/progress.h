#pragma once
// One line on a terminal that says what takes long, and is gone when it is over.

#include "trace/writer.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace perch::trace {

/// What is under way, and what the line says of it. Pure: times are given.
class ProgressState {
public:
  using Task = std::uint64_t;

  Task begin(std::string text, std::int64_t now_ns);
  void update(Task task, std::string text);
  void end(Task task);
  [[nodiscard]] bool idle() const { return tasks_.empty(); }

  /// Tasks that have taken a moment, oldest first, with their times; at most `columns` cells.
  /// Empty: there is nothing worth a line.
  [[nodiscard]] std::string line(std::int64_t now_ns, std::size_t columns) const;

private:
  struct Entry {
    std::string text;
    std::int64_t since_ns = 0;
  };
  std::map<Task, Entry> tasks_;
  Task last_ = 0;
};

/// Draws the line a few times a second, on a thread that is started with the first task.
/// Threads: safe from any.
class Progress {
public:
  using Task = ProgressState::Task;

  /// Lifetime: borrows the writer, which is the terminal. `columns`: its width, asked when drawing.
  Progress(Writer& terminal, std::function<std::size_t()> columns);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  Task begin(std::string text);
  void update(Task task, std::string text);
  void end(Task task);

  /// While it lives the line is away and the terminal somebody else's: held for a write, or while
  /// a process has the terminal.
  class Hold {
  public:
    /// Null: there is no progress to hold.
    explicit Hold(Progress* progress);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    /// What was written ends in the middle of a line: nothing is drawn over it.
    void left_open_line(bool open);

  private:
    Progress* progress_;
  };

private:
  void run();
  void draw();
  void erase();

  Writer& terminal_;
  const std::function<std::size_t()> columns_;
  std::mutex mutex_;
  std::condition_variable wake_;
  ProgressState state_;
  std::string shown_; ///< what stands on the terminal
  int holds_ = 0;
  bool open_line_ = false;
  bool stop_ = false;
  std::thread thread_;
};

/// A task for as long as a scope. Null: nobody shows it.
class ProgressTask {
public:
  ProgressTask(Progress* progress, std::string text);
  ~ProgressTask();
  ProgressTask(const ProgressTask&) = delete;
  ProgressTask& operator=(const ProgressTask&) = delete;
  void update(std::string text);

private:
  Progress* progress_;
  Progress::Task task_ = 0;
};

/// `3.4 MiB`
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

} // namespace perch::trace
