#pragma once
// The variables of one command call. Names were resolved to slots by the analyzer.

#include "op/value.h"
#include "program/program.h"
#include "run/secrets.h"

#include <optional>
#include <utility>
#include <vector>

namespace perch::run {

/// Copies are deep: a branch of `parallel` works on its own. Threads: one writer, and no reader
/// beside it.
class Slots {
public:
  /// `secret` says which slots have names of secrets, null: none; their values go to `secrets`.
  explicit Slots(const program::Command& command, const std::vector<bool>* secret = nullptr,
                 Secrets* secrets = nullptr)
      : slots_(static_cast<std::size_t>(command.slots)), secret_(secret), secrets_(secrets) {}
  /// Nobody watches the copy.
  Slots(const Slots& other)
      : slots_(other.slots_), secret_(other.secret_), secrets_(other.secrets_) {}
  Slots& operator=(const Slots&) = delete;

  /// Null when the slot is -1 or nothing has set it. Valid until the slot is set or cleared.
  [[nodiscard]] const op::Value* get(program::Slot slot) const {
    if (slot < 0)
      return nullptr;
    const auto& value = slots_[static_cast<std::size_t>(slot)];
    return value ? &*value : nullptr;
  }
  /// Does nothing for slot -1.
  void set(program::Slot slot, op::Value value);
  void clear(program::Slot slot);

  /// Which slots were set since `watch` began; for `cache`, which stores just those.
  class Watch {
  public:
    explicit Watch(Slots& slots);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    [[nodiscard]] bool was_set(program::Slot slot) const {
      return set_[static_cast<std::size_t>(slot)];
    }

  private:
    friend class Slots;
    Slots& of_;
    Watch* outer_;
    std::vector<bool> set_;
  };

private:
  std::vector<std::optional<op::Value>> slots_;
  const std::vector<bool>* secret_;
  Secrets* secrets_;
  Watch* watch_ = nullptr;
};

} // namespace perch::run
