#include "run/slots.h"

namespace perch::run {

void Slots::set(program::Slot slot, op::Value value) {
  if (slot < 0)
    return;
  if (secret_ != nullptr && (*secret_)[static_cast<std::size_t>(slot)])
    secrets_->add(value);
  slots_[static_cast<std::size_t>(slot)] = std::move(value);
  for (Watch* watch = watch_; watch != nullptr; watch = watch->outer_)
    watch->set_[static_cast<std::size_t>(slot)] = true;
}

void Slots::clear(program::Slot slot) {
  if (slot < 0)
    return;
  slots_[static_cast<std::size_t>(slot)].reset();
  for (Watch* watch = watch_; watch != nullptr; watch = watch->outer_)
    watch->set_[static_cast<std::size_t>(slot)] = false;
}

Slots::Watch::Watch(Slots& slots) : of_(slots), outer_(slots.watch_), set_(slots.slots_.size()) {
  slots.watch_ = this;
}

Slots::Watch::~Watch() { of_.watch_ = outer_; }

} // namespace perch::run
