#include "run/shared_run.h"

#include "run/arguments.h"
#include "run/cancelling.h"

#include <algorithm>

namespace perch::run {

namespace {

GateSetup gate_setup(const Setting& setting, const Request& request, trace::Sink* sink,
                     const Secrets& secrets) {
  return {.world = setting.world,
          .sink = sink,
          .sources = &setting.sources,
          .progress = setting.progress,
          .secrets = &secrets,
          .watcher = setting.watcher,
          .protected_directories = {setting.cache_directory, setting.state_directory},
          .audit_file = setting.audit_file,
          .confine_off = request.confine_off,
          .allow_child_network = request.allow_child_network,
          .http = request.http};
}

/// The names of arguments that are marked `secret`, and all names that say so themselves.
std::vector<bool> secret_slots_of(const program::Command& command) {
  std::vector<bool> secret(static_cast<std::size_t>(command.slots));
  for (std::size_t i = 0; i < std::min(secret.size(), command.slot_names.size()); ++i)
    secret[i] = is_secret_name(command.slot_names[i]);
  for (const program::Arg& arg : command.args) {
    if (arg.secret && arg.slot >= 0)
      secret[static_cast<std::size_t>(arg.slot)] = true;
  }
  return secret;
}

} // namespace

const op::Value& BindingValues::store(std::int32_t binding, op::Value value) {
  auto& slot = values_[static_cast<std::size_t>(binding)];
  const std::scoped_lock lock(mutex_);
  if (const op::Value* first = slot.load(std::memory_order_relaxed))
    return *first;
  const op::Value& stored = storage_.emplace_back(std::move(value));
  slot.store(&stored, std::memory_order_release);
  return stored;
}

Status StoppingSink::or_stop(Status told) {
  if (!told)
    run_.stop();
  return told;
}

Status StoppingSink::session_start(const trace::SessionStart& event) {
  return or_stop(to_->session_start(event));
}

Status StoppingSink::begin(const trace::Begin& event) { return or_stop(to_->begin(event)); }

Status StoppingSink::end(const trace::End& event) { return or_stop(to_->end(event)); }

Status StoppingSink::deny(const trace::Deny& event) { return or_stop(to_->deny(event)); }

Status StoppingSink::before_start(const trace::Start& event) {
  return or_stop(to_->before_start(event));
}

Status StoppingSink::before_effect() { return or_stop(to_->before_effect()); }

Status StoppingSink::session_end(const trace::SessionEnd& event) { return to_->session_end(event); }

SharedRun::SharedRun(const Setting& setting, const Request& request)
    : setting_(setting), request_(request), sink_(setting.sink, *this),
      gate_(gate_setup(setting, request, sink(), secrets_)),
      bindings_(request.program->bindings.size()),
      start_unix_(setting.world.clock.unix_ns() / 1'000'000'000) {
  for (const program::Command* command : request.program->commands)
    note_secret_names(*command);
  if (request.program->catch_command != nullptr)
    note_secret_names(*request.program->catch_command);
}

void SharedRun::note_secret_names(const program::Command& command) {
  // An argument that the body never uses has no slot, but counts.
  if (std::ranges::any_of(command.slot_names, is_secret_name) ||
      std::ranges::any_of(command.args, is_secret))
    secret_slots_.emplace(&command, secret_slots_of(command));
}

const std::vector<bool>* SharedRun::secret_slots(const program::Command& command) const {
  if (secret_slots_.empty())
    return nullptr;
  const auto found = secret_slots_.find(&command);
  return found == secret_slots_.end() ? nullptr : &found->second;
}

void SharedRun::say(const std::string& line) {
  const std::scoped_lock lock(mutex_);
  if (setting_.say)
    setting_.say(line);
}

std::shared_ptr<const lane::Module> SharedRun::find_module(const std::string& identity) {
  const std::scoped_lock lock(mutex_);
  const auto found = modules_.find(identity);
  return found == modules_.end() ? nullptr : found->second;
}

void SharedRun::keep_module(std::string identity, std::shared_ptr<const lane::Module> module) {
  const std::scoped_lock lock(mutex_);
  modules_.insert_or_assign(std::move(identity), std::move(module));
}

bool SharedRun::first_handling(const program::Command& handler) {
  const std::scoped_lock lock(mutex_);
  return handled_.insert(&handler).second;
}

void SharedRun::stop() {
  request_.cancel->stop(sys::StopReason::Sibling);
  const std::scoped_lock lock(mutex_);
  if (grace_ != nullptr)
    grace_->stop(sys::StopReason::Sibling);
}

std::shared_ptr<sys::CancelToken> SharedRun::grace_after_signal() {
  const std::scoped_lock lock(mutex_);
  if (grace_ == nullptr)
    grace_ = sys::CancelToken::root()->child(std::chrono::steady_clock::now() + kGrace);
  return grace_;
}

} // namespace perch::run
