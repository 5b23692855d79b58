#pragma once
// What all branches of one run share. Made by execute(), gone before it returns.

#include "op/call.h"
#include "run/gate.h"
#include "run/run.h"
#include "run/secrets.h"
#include "run/state.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perch::run {

/// Values of file bindings: evaluated when first used, then the same for the whole run. When two
/// branches evaluate one at the same time, both go on with what the first has stored.
class BindingValues {
public:
  explicit BindingValues(std::size_t count) : values_(count) {}
  [[nodiscard]] const op::Value* find(std::int32_t binding) const {
    return values_[static_cast<std::size_t>(binding)].load(std::memory_order_acquire);
  }
  const op::Value& store(std::int32_t binding, op::Value value);

private:
  std::vector<std::atomic<const op::Value*>> values_;
  std::mutex mutex_;
  std::deque<op::Value> storage_;
};

/// Stops the whole run as soon as what happens in it can be told no more: branches too that have
/// nothing to tell for a while.
class StoppingSink final : public trace::Sink {
public:
  StoppingSink(trace::Sink* to, SharedRun& run) : to_(to), run_(run) {}
  [[nodiscard]] bool listens() const { return to_ != nullptr; }

  Status session_start(const trace::SessionStart& event) override;
  Status begin(const trace::Begin& event) override;
  Status end(const trace::End& event) override;
  Status deny(const trace::Deny& event) override;
  Status before_start(const trace::Start& event) override;
  Status before_effect() override;
  Status session_end(const trace::SessionEnd& event) override;

private:
  Status or_stop(Status told);

  trace::Sink* to_;
  SharedRun& run_;
};

/// Threads: everything here is safe from all branches.
class SharedRun {
public:
  SharedRun(const Setting& setting, const Request& request);

  [[nodiscard]] const Setting& setting() const { return setting_; }
  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] const program::Program& program() const { return *request_.program; }
  /// Null: nobody listens.
  [[nodiscard]] trace::Sink* sink() { return sink_.listens() ? &sink_ : nullptr; }
  /// Stops all that runs, cleaning up too.
  void stop();
  [[nodiscard]] Gate& gate() { return gate_; }
  [[nodiscard]] Secrets& secrets() { return secrets_; }
  /// Which slots of the command have names of secrets; null: none, and no argument is one.
  [[nodiscard]] const std::vector<bool>* secret_slots(const program::Command& command) const;
  [[nodiscard]] BindingValues& bindings() { return bindings_; }
  [[nodiscard]] trace::SpanId next_span() { return ++spans_; }

  /// Computed when first asked for.
  [[nodiscard]] const op::HostFacts& host();
  /// The value of an automatic name in the file `module`; nullopt when it cannot be determined.
  [[nodiscard]] std::optional<std::string> automatic(program::Automatic name,
                                                     const program::Module* module);

  /// Perch's own words to the user; one line, whole even beside other branches.
  void say(const std::string& line);

  /// Modules loaded from files in this run, by what identifies the unchanged file. Null: none yet.
  [[nodiscard]] std::shared_ptr<const lane::Module> find_module(const std::string& identity);
  void keep_module(std::string identity, std::shared_ptr<const lane::Module> module);

  /// True for the first caller per command: an on_signal handler runs once.
  [[nodiscard]] bool first_handling(const program::Command& handler);
  /// For cleaning up after a signal: a token that the signal has not stopped, with one deadline
  /// for all cleaning of the run together.
  [[nodiscard]] std::shared_ptr<sys::CancelToken> grace_after_signal();

private:
  void note_secret_names(const program::Command& command);

  const Setting& setting_;
  const Request& request_;
  StoppingSink sink_;
  Secrets secrets_;
  std::unordered_map<const program::Command*, std::vector<bool>> secret_slots_;
  Gate gate_;
  BindingValues bindings_;
  std::atomic<trace::SpanId> spans_ = 0;
  std::int64_t start_unix_;
  std::once_flag host_once_;
  op::HostFacts host_;
  std::mutex mutex_; ///< guards what follows, and say()
  std::set<const program::Command*> handled_;
  std::unordered_map<std::string, std::shared_ptr<const lane::Module>> modules_;
  std::shared_ptr<sys::CancelToken> grace_;
};

} // namespace perch::run
