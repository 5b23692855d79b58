#include "run/op_stage.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/line_stream.h"
#include "run/exec.h"
#include "run/op_call.h"
#include "sys/poll_item.h"

#include <array>
#include <optional>
#include <utility>

namespace perch::run {

namespace {

using base::cat;
using Line = std::optional<std::string_view>;

std::unexpected<Error> input_too_large(std::string_view what) {
  return fail(kind::kOutputTooLarge,
              cat(what, " of this stage is larger than ", kLargestCapture >> 20, " MiB"), {},
              "a program reads its input as it comes, an op needs all of it");
}

/// What the stage before writes. Every wait ends when the run is stopped.
class StageInput {
public:
  explicit StageInput(State& state) : state_(state) {}

  /// Appends what there is to `bytes`, waiting for it; false at the end.
  Result<bool> more(std::string& bytes);

private:
  State& state_;
  std::array<char, 64 << 10> buffer_;
};

Result<bool> StageInput::more(std::string& bytes) {
  if (state_.in < 0)
    return false;
  for (;;) {
    std::array items = {sys::PollItem{.fd = state_.in, .read = true},
                        sys::PollItem{.fd = state_.cancel->fd(), .read = true}};
    PERCH_TRY(sys::poll(items, state_.cancel->poll_timeout_ms()));
    PERCH_TRY(state_.cancel->check());
    if (!items[0].readable)
      continue;
    PERCH_TRY_ASSIGN(const auto moved, sys::read_some(state_.in, buffer_));
    if (moved.state == sys::Transfer::State::Closed)
      return false;
    bytes.append(buffer_.data(), moved.bytes);
    return true;
  }
}

Result<std::string> read_all(State& state) {
  StageInput input(state);
  std::string bytes;
  for (;;) {
    PERCH_TRY_ASSIGN(const bool more, input.more(bytes));
    if (!more)
      return bytes;
    if (bytes.size() > kLargestCapture)
      return input_too_large("the input");
  }
}

/// The stage's input line by line, its output to the next stage.
class StageLines final : public op::LineStream {
public:
  explicit StageLines(State& state) : state_(state), input_(state) {}

  Result<Line> next() override;
  Status put(std::string_view line) override;

private:
  Result<Line> raw();
  Status fill();

  State& state_;
  StageInput input_;
  std::string bytes_;
  std::size_t at_ = 0; ///< where the next line begins
  bool ended_ = false;
  std::size_t owed_ = 0; ///< empty lines to hand out before `held_`
  Line held_;            ///< the line that followed them
};

/// Makes room and reads on. What the op has put so far goes on first: its reader may be waiting.
Status StageLines::fill() {
  PERCH_TRY(state_.out->flush(*state_.cancel));
  bytes_.erase(0, at_);
  at_ = 0;
  if (bytes_.size() > kLargestCapture)
    return input_too_large("a line");
  PERCH_TRY_ASSIGN(const bool more, input_.more(bytes_));
  ended_ = !more;
  return {};
}

Result<Line> StageLines::raw() {
  std::size_t looked = at_;
  for (;;) {
    const auto end = bytes_.find('\n', looked);
    if (end != std::string::npos) {
      const Line line = std::string_view(bytes_).substr(at_, end - at_);
      at_ = end + 1;
      return line;
    }
    if (ended_) {
      const std::string_view rest = std::string_view(bytes_).substr(at_);
      at_ = bytes_.size();
      return rest.empty() ? Line() : Line(rest);
    }
    looked = bytes_.size() - at_;
    PERCH_TRY(fill());
  }
}

Result<Line> StageLines::next() {
  if (owed_ > 0) {
    --owed_;
    return Line("");
  }
  if (held_)
    return std::exchange(held_, std::nullopt);
  for (std::size_t empty = 0;; ++empty) {
    PERCH_TRY_ASSIGN(const Line line, raw());
    if (!line)
      return Line();
    if (line->empty())
      continue;
    if (empty == 0)
      return line;
    owed_ = empty - 1;
    held_ = line;
    return Line("");
  }
}

Status StageLines::put(std::string_view line) {
  PERCH_TRY(state_.out->write(line, *state_.cancel));
  return state_.out->write("\n", *state_.cancel);
}

Flow put_result(State& state, const op::OpDecl& op, const op::Value& value) {
  if (op.returns == op::Type::None || value.text().empty())
    return {};
  PERCH_TRY(placed(state, state.out->write(value.text(), *state.cancel)));
  if (!value.text().ends_with('\n'))
    PERCH_TRY(placed(state, state.out->write("\n", *state.cancel)));
  return {};
}

} // namespace

Flow run_op_stage(State& state, const program::OpNode& node) {
  const bool reads = piped_parameter(node) >= 0;
  if (reads && node.op->stream != nullptr) {
    StageLines lines(state);
    return run_op_stream(state, node, lines);
  }
  op::Value piped;
  if (reads) {
    PERCH_TRY_ASSIGN(std::string input, placed(state, read_all(state)));
    piped = op::Value(std::move(input));
  }
  PERCH_TRY_ASSIGN(const op::Value value, run_op(state, node, reads ? &piped : nullptr));
  return put_result(state, *node.op, value);
}

} // namespace perch::run
