#pragma once
// Waiting on several descriptors, and moving bytes without blocking. (Not named poll.h: that would
// hide the system header <sys/poll.h>.)

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace perch::sys {

/// One descriptor to wait for: what is asked, and what poll() answers.
struct PollItem {
  int fd = -1;       ///< -1: this item is skipped
  bool read = false; ///< asked: wake when it can be read
  bool write = false;
  bool readable = false; ///< answered: a read will not block (bytes, the end, or an error)
  bool writable = false; ///< answered: a write will not block (room, or the reader is gone)
  bool gone = false;     ///< answered, for a pipe's writing end: nobody will read any more
  [[nodiscard]] bool ready() const { return readable || writable; }
};

/// Waits until an item is ready or `timeout_ms` passed (-1: no limit; 0: only looks). Fills in all
/// answers and returns the number of ready items. 0 also when a signal came in between: look at
/// what you wait for (the cancel token first) and call again.
/// Errors: file_error; a descriptor that is not open is our mistake and asserted.
[[nodiscard]] Result<int> poll(std::span<PollItem> items, int timeout_ms);

/// The effect of one read or write.
struct Transfer {
  enum class State : std::uint8_t {
    Moved,      ///< `bytes` > 0 went over
    WouldBlock, ///< nothing now: wait with poll()
    Closed,     ///< read: the end of input; write: the reader is gone
  };
  State state = State::Moved;
  std::size_t bytes = 0;
};

/// Reads what is there, at most `into`. On a blocking descriptor it waits for the first byte.
/// The end of a terminal whose other side is gone (EIO) is Closed. Errors: file_error.
[[nodiscard]] Result<Transfer> read_some(int fd, std::span<char> into);

/// Writes what fits. SIGPIPE must be ignored (SignalGuard). Errors: file_error.
[[nodiscard]] Result<Transfer> write_some(int fd, std::string_view bytes);

} // namespace perch::sys
