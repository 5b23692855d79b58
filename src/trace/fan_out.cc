#include "trace/fan_out.h"

namespace perch::trace {

namespace {

/// Tells all; the first error counts.
template <class Tell>
Status tell_all(const std::vector<Sink*>& sinks, const Tell& tell) {
  Status first;
  for (Sink* sink : sinks) {
    if (Status told = tell(*sink); !told && first)
      first = std::move(told);
  }
  return first;
}

template <class Tell>
Status tell_until_one_fails(const std::vector<Sink*>& sinks, const Tell& tell) {
  for (Sink* sink : sinks)
    PERCH_TRY(tell(*sink));
  return {};
}

} // namespace

Status FanOut::session_start(const SessionStart& event) {
  return tell_until_one_fails(sinks_, [&](Sink& sink) { return sink.session_start(event); });
}

Status FanOut::begin(const Begin& event) {
  return tell_until_one_fails(sinks_, [&](Sink& sink) { return sink.begin(event); });
}

Status FanOut::end(const End& event) {
  return tell_all(sinks_, [&](Sink& sink) { return sink.end(event); });
}

Status FanOut::deny(const Deny& event) {
  return tell_all(sinks_, [&](Sink& sink) { return sink.deny(event); });
}

Status FanOut::before_effect() {
  return tell_until_one_fails(sinks_, [](Sink& sink) { return sink.before_effect(); });
}

Status FanOut::before_start(const Start& event) {
  return tell_until_one_fails(sinks_, [&](Sink& sink) { return sink.before_start(event); });
}

Status FanOut::session_end(const SessionEnd& event) {
  return tell_all(sinks_, [&](Sink& sink) { return sink.session_end(event); });
}

} // namespace perch::trace
