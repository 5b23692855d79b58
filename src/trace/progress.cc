#include "trace/progress.h"

#include "base/text.h"
#include "trace/label.h"

#include <chrono>
#include <system_error>

namespace perch::trace {

namespace {

using base::cat;

/// What is over sooner never gets a line.
constexpr std::int64_t kWorthALine = 200'000'000;
constexpr std::int64_t kWorthATime = 1'000'000'000;
constexpr auto kEvery = std::chrono::milliseconds(100);
// The line goes where the cursor is, which may be behind a prompt, and is cut at the edge. Erasing
// it puts the cursor back.
constexpr std::string_view kBefore = "\0337\033[?7l", kAfter = "\033[?7h", kErase = "\0338\033[K";

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

} // namespace

ProgressState::Task ProgressState::begin(std::string text, std::int64_t now_ns) {
  tasks_.emplace(++last_, Entry{.text = std::move(text), .since_ns = now_ns});
  return last_;
}

void ProgressState::update(Task task, std::string text) {
  if (const auto found = tasks_.find(task); found != tasks_.end())
    found->second.text = std::move(text);
}

void ProgressState::end(Task task) { tasks_.erase(task); }

std::string ProgressState::line(std::int64_t now_ns, std::size_t columns) const {
  std::string out;
  for (const auto& [task, entry] : tasks_) {
    const std::int64_t took = now_ns - entry.since_ns;
    if (took < kWorthALine)
      continue;
    out += cat(out.empty() ? "" : " · ", entry.text);
    if (took >= kWorthATime)
      out += cat(" (", took / 1'000'000'000, "s)");
  }
  // One column stays free: some terminals go to the next line when the last one is written.
  std::string fit = one_line(out, columns);
  for (std::size_t most = columns; cells(fit) >= columns && most > 0;)
    fit = one_line(out, --most);
  return fit;
}

Progress::Progress(Writer& terminal, std::function<std::size_t()> columns)
    : terminal_(terminal), columns_(std::move(columns)) {}

Progress::~Progress() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
    erase();
  }
  wake_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

Progress::Task Progress::begin(std::string text) {
  const std::scoped_lock lock(mutex_);
  const Task task = state_.begin(std::move(text), now_ns());
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      return task; // without a thread nothing is drawn, and nothing is lost
    }
  }
  wake_.notify_all();
  return task;
}

void Progress::update(Task task, std::string text) {
  const std::scoped_lock lock(mutex_);
  state_.update(task, std::move(text));
}

void Progress::end(Task task) {
  const std::scoped_lock lock(mutex_);
  state_.end(task);
  if (state_.idle())
    erase();
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (state_.idle()) {
      wake_.wait(lock, [this] { return stop_ || !state_.idle(); });
      continue;
    }
    wake_.wait_for(lock, kEvery, [this] { return stop_; });
    if (!stop_)
      draw();
  }
}

void Progress::draw() {
  if (holds_ > 0 || open_line_)
    return;
  std::string line = state_.line(now_ns(), columns_());
  if (line == shown_)
    return;
  erase();
  if (!line.empty())
    (void)terminal_.write(cat(kBefore, line, kAfter));
  shown_ = std::move(line);
}

void Progress::erase() {
  if (!shown_.empty())
    (void)terminal_.write(kErase);
  shown_.clear();
}

Progress::Hold::Hold(Progress* progress) : progress_(progress) {
  if (progress_ == nullptr)
    return;
  const std::scoped_lock lock(progress_->mutex_);
  ++progress_->holds_;
  progress_->erase();
}

Progress::Hold::~Hold() {
  if (progress_ == nullptr)
    return;
  const std::scoped_lock lock(progress_->mutex_);
  --progress_->holds_;
}

void Progress::Hold::left_open_line(bool open) {
  if (progress_ == nullptr)
    return;
  const std::scoped_lock lock(progress_->mutex_);
  progress_->open_line_ = open;
}

ProgressTask::ProgressTask(Progress* progress, std::string text) : progress_(progress) {
  if (progress_ != nullptr)
    task_ = progress_->begin(std::move(text));
}

ProgressTask::~ProgressTask() {
  if (progress_ != nullptr)
    progress_->end(task_);
}

void ProgressTask::update(std::string text) {
  if (progress_ != nullptr)
    progress_->update(task_, std::move(text));
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024)
    return cat(bytes, " bytes");
  std::size_t unit = 0;
  while (bytes >= (1u << 20) && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return cat(bytes / 1024, '.', bytes % 1024 * 10 / 1024, ' ', kUnits[unit]);
}

} // namespace perch::trace
