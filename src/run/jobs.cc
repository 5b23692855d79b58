#include "run/jobs.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/self_signal.h"
#include "sys/signal_names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace perch::run {

namespace {

using Clock = std::chrono::steady_clock;

/// From being asked to end to being forced to; and from there to being left behind, which only a
/// process stuck in the kernel reaches.
constexpr std::chrono::seconds kPatience{2};

/// Asked of the pipe itself: which of two jobs that ended at once is seen first says nothing.
bool is_unread_pipe(const sys::Fd& end) {
  sys::PollItem items[] = {{.fd = end.get(), .write = true}};
  return sys::poll(items, 0) && items[0].gone;
}

/// Whether programs know the signal as a request to end. Others mean something to perch alone.
bool ends_programs(int signal) {
  constexpr std::array<std::string_view, 4> kKnown = {"SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"};
  return signal != 0 && std::ranges::find(kKnown, sys::signal_name(signal)) != kKnown.end();
}

} // namespace

std::size_t Jobs::add(std::unique_ptr<lane::Job> job, std::vector<sys::Fd> held, Outlet* shared) {
  jobs_.push_back({.job = std::move(job), .held = std::move(held), .shared = shared});
  return jobs_.size() - 1;
}

void Jobs::receive(Outlet& outlet) {
  if (outlet.pending_fd() >= 0 && std::ranges::find(outlets_, &outlet) == outlets_.end())
    outlets_.push_back(&outlet);
}

void Jobs::feed(sys::Fd to, std::string bytes) {
  if (bytes.empty())
    return;
  feed_to_ = std::move(to);
  feed_bytes_ = std::move(bytes);
  fed_ = 0;
}

bool Jobs::waiting() const {
  if (ended_count_ < jobs_.size())
    return force_ != Force::GivenUp;
  // What was cut short need not be complete: a grandchild may hold the pipe open for ever.
  return force_ == Force::None && std::ranges::any_of(outlets_, [](const Outlet* outlet) {
           return outlet->waits_for_end() && outlet->pending_fd() >= 0;
         });
}

Status Jobs::look() {
  std::vector<sys::PollItem> items;
  for (const Entry& entry : jobs_)
    items.push_back({.fd = entry.done ? -1 : entry.job->done_fd(), .read = true});
  PERCH_TRY(sys::poll(items, 0));
  collect_ended(items);
  if (interrupted_by_ != 0)
    interrupt_self();
  return cancel_->check();
}

int Jobs::timeout_ms() const {
  if (force_ == Force::None)
    return cancel_->poll_timeout_ms();
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_force_ - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

Status Jobs::wait() {
  while (waiting()) {
    if (force_ == Force::None && cancel_->stopped() != sys::StopReason::None)
      begin_stop(cancel_->check().error());
    if (auto looked = round(); !looked)
      begin_stop(std::move(looked).error());
    force_late_ones();
  }
  // A branch's pipe stays open for its next child: take what this one has left in it.
  for (Outlet* outlet : outlets_) {
    if (auto received = outlet->receive(*cancel_); !received && !stopped_by_)
      stopped_by_ = std::move(received).error();
  }
  if (!stopped_by_ && interrupted_by_ != 0)
    PERCH_TRY(cancel_->check());
  if (stopped_by_)
    return std::unexpected(*std::move(stopped_by_));
  return {};
}

/// Waits for the next event and handles what is ready.
Status Jobs::round() {
  std::vector<sys::PollItem> items;
  items.reserve(jobs_.size() + outlets_.size() + 2);
  for (const Entry& entry : jobs_)
    items.push_back({.fd = entry.done ? -1 : entry.job->done_fd(), .read = true});
  items.push_back({.fd = feed_to_.get(), .write = true});
  items.push_back({.fd = force_ == Force::None ? cancel_->fd() : -1, .read = true});
  for (const Outlet* outlet : outlets_)
    items.push_back({.fd = outlet->pending_fd(), .read = true});
  PERCH_TRY(sys::poll(items, timeout_ms()));
  receive_from(std::span(items).last(outlets_.size()));
  if (items[jobs_.size()].writable)
    feed_more();
  collect_ended(std::span(items).first(jobs_.size()));
  pass_on_interrupt();
  return {};
}

/// `jobs`: what poll() said of each.
void Jobs::collect_ended(std::span<const sys::PollItem> jobs) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].readable)
      collect(jobs_[i]);
  }
}

/// `outlets`: what poll() said of each.
void Jobs::receive_from(std::span<const sys::PollItem> outlets) {
  for (std::size_t i = 0; i < outlets.size(); ++i) {
    if (!outlets[i].readable)
      continue;
    if (auto received = outlets_[i]->receive(*cancel_); !received)
      begin_stop(std::move(received).error());
  }
}

void Jobs::feed_more() {
  const auto moved = sys::write_some(feed_to_.get(), std::string_view(feed_bytes_).substr(fed_));
  if (moved && moved->state == sys::Transfer::State::Moved)
    fed_ += moved->bytes;
  // A program that does not read all its input is its own business.
  const bool gone = !moved || moved->state == sys::Transfer::State::Closed;
  if (gone || fed_ == feed_bytes_.size())
    feed_to_.reset();
}

void Jobs::collect(Entry& entry) {
  // The leader of the group has not been waited for yet, so its number is still its own: whatever
  // it left behind in its group is stopped with it.
  if (force_ != Force::None)
    entry.job->terminate(lane::Job::Force::Now);
  entry.ended = entry.job->finish();
  entry.done = true;
  ++ended_count_;
  if (entry.ended.interrupted)
    interrupted_by_ = entry.ended.code;
  entry.lost_its_reader = std::ranges::any_of(entry.held, is_unread_pipe);
  entry.held.clear();
  if (entry.shared != nullptr)
    entry.shared->job_ended();
  if (when_ended_)
    when_ended_(static_cast<std::size_t>(&entry - jobs_.data()));
}

/// As shells do.
void Jobs::pass_on_interrupt() {
  const bool others = std::ranges::any_of(
      jobs_, [](const Entry& entry) { return !entry.done && entry.job->pid() != 0; });
  if (interrupted_by_ != 0 && !others)
    interrupt_self();
}

/// A signal that perch got itself and passed on is not one more.
void Jobs::interrupt_self() {
  if (passed_on_ || cancel_->stopped() == sys::StopReason::Signal)
    return;
  passed_on_ = true; // a second one would be the user's second Ctrl-C, which ends perch at once
  sys::signal_self(interrupted_by_);
}

void Jobs::begin_stop(Error error) {
  if (!stopped_by_)
    stopped_by_ = std::move(error);
  if (force_ != Force::None)
    return;
  force_ = Force::Asked;
  next_force_ = Clock::now() + kPatience;
  const bool passed_on =
      cancel_->stopped() == sys::StopReason::Signal && ends_programs(cancel_->signal());
  for (Entry& entry : jobs_) {
    if (entry.done)
      continue;
    if (passed_on)
      entry.job->signal(cancel_->signal()); // a guest looks at the token itself
    else
      entry.job->terminate(lane::Job::Force::Ask);
  }
  feed_to_.reset();
}

void Jobs::force_late_ones() {
  if (force_ == Force::None || Clock::now() < next_force_)
    return;
  next_force_ = Clock::now() + kPatience;
  if (force_ == Force::Asked) {
    force_ = Force::Killed;
    for (Entry& entry : jobs_) {
      if (!entry.done)
        entry.job->terminate(lane::Job::Force::Now);
    }
    return;
  }
  force_ = Force::GivenUp;
}

void Jobs::abandon() {
  begin_stop({.kind = kind::kSignalReceived, .message = "stopped"});
  (void)wait();
}

} // namespace perch::run
