#pragma once
// A trace sink that keeps what it was told, one line per event.

#include "trace/event.h"

#include <mutex>
#include <string>
#include <vector>

namespace perch::test {

/// Threads: any.
class RecordingSink final : public trace::Sink {
public:
  Status session_start(const trace::SessionStart& event) override {
    return add("start " + std::string(event.command));
  }
  Status session_end(const trace::SessionEnd& event) override {
    return add("finish " + std::to_string(event.code));
  }
  Status begin(const trace::Begin& event) override {
    return add("begin " + std::string(event.kind));
  }
  Status end(const trace::End& event) override {
    return add("end " + (event.error == nullptr ? "ok" : std::string(event.error->kind)));
  }
  Status deny(const trace::Deny& event) override {
    return add("deny " + std::string(event.cap) + " " + event.subject + " by " + event.layer);
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  /// From now on every event fails with this, as an audit file on a full disk does.
  void fail_with(Error error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }

private:
  Status add(std::string line) {
    const std::lock_guard lock(mutex_);
    if (error_)
      return std::unexpected(*error_);
    lines_.push_back(std::move(line));
    return {};
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::optional<Error> error_;
};

} // namespace perch::test
