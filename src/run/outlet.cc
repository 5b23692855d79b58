#include "run/outlet.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"

#include <algorithm>
#include <array>
#include <new>

namespace perch::run {

namespace {

constexpr std::size_t kKeptBytes = 64 << 10;
constexpr std::size_t kPipeBytes = 1 << 20;
/// A pipe that can be written to has room for this much (PIPE_BUF).
constexpr std::size_t kPieceBytes = 4096;
/// A line longer than this is handed on in pieces: memory is bounded before beauty.
constexpr std::size_t kLongestLine = 16 << 20;
/// A captured text is copied to a buffer of its size up to this many bytes.
constexpr std::size_t kCopiedBytes = 4 << 20;

std::unexpected<Error> reader_gone(std::string_view name) {
  auto gone =
      fail(kind::kFileError, base::cat("nobody reads ", name, " any more"), std::string(name));
  gone.error().code_name = "EPIPE";
  return gone;
}

std::unexpected<Error> cannot_write(std::string_view name, Error error) {
  constexpr std::string_view kNameless = "cannot write";
  if (error.message.starts_with(kNameless))
    error.message.insert(kNameless.size(), base::cat(" to ", name));
  error.detail = name;
  return std::unexpected(std::move(error));
}

/// Writes in pieces that a pipe or terminal with room for any takes without waiting, so that the
/// waiting is done here, where it can be ended.
Status write_out(int fd, std::string_view bytes, std::string_view name, sys::CancelToken& until) {
  if (fd < 0) // there is no such stream: poll() would wait for it for ever
    return reader_gone(name);
  while (!bytes.empty()) {
    std::array wait = {sys::PollItem{.fd = fd, .write = true},
                       sys::PollItem{.fd = until.fd(), .read = true}};
    PERCH_TRY(sys::poll(wait, until.poll_timeout_ms()));
    if (!wait[0].writable) {
      PERCH_TRY(until.check());
      continue;
    }
    auto wrote = sys::write_some(fd, bytes.substr(0, kPieceBytes));
    if (!wrote)
      return cannot_write(name, std::move(wrote).error());
    const sys::Transfer moved = *wrote;
    if (moved.state == sys::Transfer::State::Closed)
      return reader_gone(name);
    bytes.remove_prefix(moved.bytes);
  }
  return {};
}

Status too_large(std::size_t limit_bytes) {
  return fail(kind::kOutputTooLarge,
              base::cat("the captured output is larger than ", limit_bytes >> 20, " MiB"), {},
              "write it to a file, or filter it in a `pipe` before it is captured");
}

} // namespace

Status FdOutlet::write_now(std::string_view bytes, sys::CancelToken& until) {
  if (bytes.empty())
    return {};
  trace::Progress::Hold line(progress_);
  line.left_open_line(!bytes.ends_with('\n'));
  return write_out(fd_, bytes, name_, until);
}

Status FdOutlet::write(std::string_view bytes, sys::CancelToken& until) {
  if (keep_ == Keep::Nothing)
    return write_now(bytes, until);
  kept_ += bytes;
  if (kept_.size() >= kKeptBytes || (keep_ == Keep::Lines && bytes.contains('\n')))
    return flush(until);
  return {};
}

Status FdOutlet::flush(sys::CancelToken& until) {
  if (kept_.empty())
    return {};
  // Forgotten even when it fails: a reader that is gone does not come back, and the error is told
  // once.
  std::string bytes;
  bytes.swap(kept_);
  const auto written = write_now(bytes, until);
  bytes.clear();
  kept_.swap(bytes);
  return written;
}

Result<int> FdOutlet::descriptor(sys::CancelToken& until) {
  PERCH_TRY(flush(until));
  return fd_;
}

Status MemoryOutlet::write(std::string_view bytes, sys::CancelToken& /*until*/) {
  if (bytes.size() > limit_bytes_ - bytes_.size())
    return too_large(limit_bytes_);
  bytes_ += bytes;
  return {};
}

Result<int> MemoryOutlet::descriptor(sys::CancelToken& /*until*/) {
  if (!writer_) {
    PERCH_TRY_ASSIGN(auto pipe, sys::make_pipe());
    PERCH_TRY(sys::set_nonblocking(pipe.read.get()));
    reader_ = std::move(pipe.read);
    writer_ = std::move(pipe.write);
  }
  return writer_.get();
}

/// Grows in few big steps, so that a large capture is copied hardly ever and never needs twice its
/// size: the last step is address space up to the limit, which costs memory only where it is used.
void MemoryOutlet::make_room() {
  constexpr std::size_t kFactor = 16, kFirst = 4 << 10;
  if (bytes_.size() < bytes_.capacity())
    return;
  const std::size_t next = std::max(kFirst, bytes_.capacity() * kFactor);
  if (next > kFirst)
    sys::try_grow_pipe(reader_.get(), kPipeBytes);
  if (next <= kCopiedBytes) {
    bytes_.reserve(next);
    return;
  }
  try {
    // One byte over the limit tells an output of exactly that size from a larger one.
    bytes_.reserve(limit_bytes_ + 1);
  } catch (const std::bad_alloc&) { // address space is limited: pay with copies
    bytes_.reserve(2 * bytes_.capacity());
  }
}

Status MemoryOutlet::receive(sys::CancelToken& /*until*/) {
  while (reader_) {
    make_room();
    const std::size_t before = bytes_.size();
    Result<sys::Transfer> moved;
    bytes_.resize_and_overwrite(bytes_.capacity(), [&](char* data, std::size_t size) {
      moved = sys::read_some(reader_.get(), {data + before, size - before});
      return before + (moved ? moved->bytes : 0);
    });
    if (!moved)
      return std::unexpected(std::move(moved).error());
    if (moved->state == sys::Transfer::State::WouldBlock)
      return {};
    if (moved->state == sys::Transfer::State::Closed)
      reader_.reset();
    received_ += moved->bytes;
    if (bytes_.size() > limit_bytes_)
      return too_large(limit_bytes_);
  }
  return {};
}

std::string MemoryOutlet::take(Trim trim) {
  std::string taken;
  taken.swap(bytes_);
  if (trim == Trim::AllNewlines)
    taken.resize(taken.find_last_not_of('\n') + 1);
  else if (trim == Trim::OneNewline && taken.ends_with('\n'))
    taken.pop_back();
  if (taken.size() <= kCopiedBytes)
    taken.shrink_to_fit();
  return taken;
}

Status BranchOutlet::pass_lines(std::string_view bytes, sys::CancelToken& until) {
  const auto end = bytes.rfind('\n');
  if (end == std::string_view::npos) {
    line_ += bytes;
  } else {
    if (!line_.empty()) {
      PERCH_TRY(to_.write(line_, until));
      line_.clear();
    }
    PERCH_TRY(to_.write(bytes.substr(0, end + 1), until));
    line_ = bytes.substr(end + 1);
  }
  if (line_.size() <= kLongestLine)
    return {};
  PERCH_TRY(to_.write(line_, until));
  line_.clear();
  return {};
}

Status BranchOutlet::write(std::string_view bytes, sys::CancelToken& until) {
  const std::scoped_lock lock(mixer_.mutex());
  return pass_lines(bytes, until);
}

Status BranchOutlet::flush(sys::CancelToken& until) {
  const std::scoped_lock lock(mixer_.mutex());
  return to_.flush(until);
}

Status BranchOutlet::finish(sys::CancelToken& until) {
  const std::scoped_lock lock(mixer_.mutex());
  if (!line_.empty()) {
    line_ += '\n';
    PERCH_TRY(to_.write(line_, until));
    line_.clear();
  }
  return to_.flush(until);
}

Result<int> BranchOutlet::descriptor(sys::CancelToken& until) {
  PERCH_TRY(flush(until));
  const std::scoped_lock lock(reading_);
  if (!writer_) {
    PERCH_TRY_ASSIGN(auto pipe, sys::make_pipe());
    PERCH_TRY(sys::set_nonblocking(pipe.read.get()));
    reader_ = std::move(pipe.read);
    writer_ = std::move(pipe.write);
  }
  return writer_.get();
}

Status BranchOutlet::receive(sys::CancelToken& until) {
  std::array<char, 32 << 10> buffer;
  // Stages of a pipe inside the branch may receive at the same time: reading and passing on are one
  // step, or pieces of a line could change places.
  const std::scoped_lock lock(reading_);
  while (reader_) {
    PERCH_TRY_ASSIGN(const auto moved, sys::read_some(reader_.get(), buffer));
    if (moved.state != sys::Transfer::State::Moved)
      break;
    received_ += moved.bytes;
    const std::scoped_lock mixing(mixer_.mutex());
    PERCH_TRY(pass_lines({buffer.data(), moved.bytes}, until));
    PERCH_TRY(to_.flush(until));
    if (moved.bytes < buffer.size()) // there was no more
      break;
  }
  return {};
}

std::optional<std::uint64_t> BranchOutlet::received() const {
  const std::scoped_lock lock(reading_);
  return received_;
}

std::optional<std::uint64_t> received(const Outlet* out, const Outlet* err) {
  auto total = out == nullptr ? std::nullopt : out->received();
  if (total && err != nullptr && err != out)
    *total += err->received().value_or(0);
  return total;
}

} // namespace perch::run
