#include "sys/os_error.h"
#include "sys/poll_item.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>
#include <vector>

namespace perch::sys {

static short asked(const PollItem& item) {
  return static_cast<short>((item.read ? POLLIN : 0) | (item.write ? POLLOUT : 0));
}

Result<int> poll(std::span<PollItem> items, int timeout_ms) {
  constexpr std::size_t kOnStack = 16;
  pollfd few[kOnStack];
  std::vector<pollfd> many;
  if (items.size() > kOnStack)
    many.resize(items.size());
  pollfd* set = items.size() > kOnStack ? many.data() : few;

  for (std::size_t i = 0; i < items.size(); ++i) {
    set[i] = {.fd = items[i].fd, .events = asked(items[i]), .revents = 0};
  }
  int count = ::poll(set, items.size(), timeout_ms);
  if (count < 0 && errno != EINTR)
    return os_fail(errno, "wait for input", "");

  int ready = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    short got = count > 0 ? set[i].revents : short{0};
    PERCH_ASSERT((got & POLLNVAL) == 0);
    items[i].readable = items[i].read && (got & (POLLIN | POLLHUP | POLLERR)) != 0;
    items[i].writable = items[i].write && (got & (POLLOUT | POLLHUP | POLLERR)) != 0;
    items[i].gone = items[i].write && (got & POLLERR) != 0;
    if (items[i].ready())
      ++ready;
  }
  return ready;
}

Result<Transfer> read_some(int fd, std::span<char> into) {
  using State = Transfer::State;
  for (;;) {
    ssize_t n = ::read(fd, into.data(), into.size());
    if (n > 0)
      return Transfer{State::Moved, static_cast<std::size_t>(n)};
    if (n == 0 || errno == EIO)
      return Transfer{State::Closed, 0};
    if (errno == EAGAIN)
      return Transfer{State::WouldBlock, 0};
    if (errno != EINTR)
      return os_fail(errno, "read", "");
  }
}

Result<Transfer> write_some(int fd, std::string_view bytes) {
  using State = Transfer::State;
  for (;;) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0 || (n == 0 && bytes.empty())) {
      return Transfer{State::Moved, static_cast<std::size_t>(n)};
    }
    if (n < 0 && errno == EPIPE)
      return Transfer{State::Closed, 0};
    if (n == 0 || errno == EAGAIN)
      return Transfer{State::WouldBlock, 0};
    if (errno != EINTR)
      return os_fail(errno, "write", "");
  }
}

} // namespace perch::sys
