#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fd.h"
#include "sys/net.h"
#include "sys/os_error.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"
#include "sys/real.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <mutex>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace perch::sys {

namespace {

std::optional<Address> address_of(const sockaddr* from) {
  Address out;
  if (from != nullptr && from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    std::memcpy(out.data.data(), &v4.sin_addr, 4);
    return out;
  }
  if (from != nullptr && from->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, sizeof v6);
    std::memcpy(out.data.data(), &v6.sin6_addr, 16);
    out.v6 = true;
    return out;
  }
  return std::nullopt;
}

struct SocketName {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketName socket_name(const Address& address, int port) {
  SocketName out;
  if (address.v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&v6.sin6_addr, address.data.data(), 16);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
    return out;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<std::uint16_t>(port));
  std::memcpy(&v4.sin_addr, address.data.data(), 4);
  std::memcpy(&out.storage, &v4, sizeof v4);
  out.size = sizeof v4;
  return out;
}

/// A question to the resolver. The system's resolver cannot be interrupted, so it is asked on a
/// thread of its own that is left behind when nobody waits for the answer any more.
struct Lookup {
  std::string host;
  std::mutex mutex;
  int status = 0; ///< of getaddrinfo
  std::vector<Address> addresses;
};

void look_up(Lookup& lookup) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(lookup.host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, [](addrinfo* list) {
    if (list != nullptr)
      ::freeaddrinfo(list);
  });
  const std::lock_guard lock(lookup.mutex);
  lookup.status = status;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const auto address = address_of(at->ai_addr);
    if (address && std::ranges::find(lookup.addresses, *address) == lookup.addresses.end())
      lookup.addresses.push_back(*address);
  }
}

/// Waits until `fd` can be read (or written) or `cancel` stops. False when `timeout_ms` passed.
Result<bool> wait(int fd, bool write, int timeout_ms, CancelToken& cancel) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    PERCH_TRY(cancel.check());
    int left = -1;
    if (timeout_ms >= 0) {
      const auto span = end - std::chrono::steady_clock::now();
      left = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(span).count());
      if (left <= 0)
        return false;
    }
    const int until_stop = cancel.poll_timeout_ms();
    const int shorter = left < 0 ? until_stop : until_stop < 0 ? left : std::min(left, until_stop);
    PollItem items[] = {{.fd = fd, .read = !write, .write = write},
                        {.fd = cancel.fd(), .read = true}};
    PERCH_TRY(poll(items, shorter));
    if (items[0].ready())
      return true;
  }
}

std::unexpected<Error> not_resolved(std::string_view host, int status) {
  const bool unknown = status == EAI_NONAME || status == EAI_NODATA || status == 0;
  return fail(kind::kDnsFailed,
              base::cat("cannot find the address of `", host,
                        "`: ", unknown ? "there is no such name" : ::gai_strerror(status)),
              std::string(host), unknown ? "" : "check the network and its name servers");
}

class RealNet final : public Net {
public:
  Result<std::vector<Address>> resolve(std::string_view host, CancelToken& cancel) override;
  Result<bool> connects(const Address& address, int port, std::chrono::nanoseconds limit,
                        CancelToken& cancel) override;
  Result<std::optional<int>> free_port(int port) override;
  Result<Interfaces> interfaces() override;
};

Result<std::vector<Address>> RealNet::resolve(std::string_view host, CancelToken& cancel) {
  PERCH_TRY_ASSIGN(Pipe done, make_pipe());
  const auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  try {
    // The write end closes with the thread: that is the arrival of its answer.
    std::thread([lookup, closes = std::move(done.write)] { look_up(*lookup); }).detach();
  } catch (const std::system_error&) {
    return not_resolved(host, EAI_AGAIN);
  }
  PERCH_TRY(wait(done.read.get(), false, -1, cancel));
  const std::lock_guard lock(lookup->mutex);
  if (lookup->status != 0 || lookup->addresses.empty())
    return not_resolved(host, lookup->status);
  return std::move(lookup->addresses);
}

Result<bool> RealNet::connects(const Address& address, int port, std::chrono::nanoseconds limit,
                               CancelToken& cancel) {
  const Fd fd(
      ::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd)
    return false;
  const SocketName name = socket_name(address, port);
  if (::connect(fd.get(), name.get(), name.size) == 0)
    return true;
  if (errno != EINPROGRESS)
    return false;
  constexpr std::int64_t kLongest = std::int64_t{24} * 3600 * 1000;
  const std::int64_t ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  PERCH_TRY_ASSIGN(
      const bool answered,
      wait(fd.get(), true, static_cast<int>(std::clamp<std::int64_t>(ms, 0, kLongest)), cancel));
  int error = 0;
  socklen_t size = sizeof error;
  return answered && ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

Result<std::optional<int>> RealNet::free_port(int port) {
  // An IPv6 socket takes the IPv4 side as well; where there is no IPv6, IPv4 is all there is.
  Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Address any{.v6 = true};
  if (!fd) {
    fd = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    any.v6 = false;
  }
  if (!fd)
    return os_fail(errno, "make", "a socket");
  const int off = 0;
  if (any.v6)
    (void)::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const SocketName name = socket_name(any, port);
  if (::bind(fd.get(), name.get(), name.size) != 0 || ::listen(fd.get(), 1) != 0)
    return std::nullopt;
  SocketName bound;
  bound.size = sizeof bound.storage;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) != 0)
    return os_fail(errno, "look at", "a socket");
  // The port stands at the same place for both families.
  sockaddr_in as_v4{};
  std::memcpy(&as_v4, &bound.storage, sizeof as_v4);
  return ntohs(as_v4.sin_port);
}

/// The source address that the routes choose towards an address nobody has (RFC 5737).
std::optional<Address> outbound_address() {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketName far = socket_name({.data = {192, 0, 2, 1}}, 9);
  SocketName own;
  own.size = sizeof own.storage;
  // Connecting a datagram socket sends nothing.
  if (!fd || ::connect(fd.get(), far.get(), far.size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own.storage), &own.size) != 0)
    return std::nullopt;
  return address_of(own.get());
}

Result<Interfaces> RealNet::interfaces() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return os_fail(errno, "list", "the network interfaces");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  Interfaces out{.address = outbound_address()};
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if ((at->ifa_flags & IFF_UP) == 0)
      continue;
    const std::string name = at->ifa_name;
    if (std::ranges::find(out.up, name) == out.up.end())
      out.up.push_back(name);
    if (!out.address && (at->ifa_flags & IFF_LOOPBACK) == 0)
      out.address = address_of(at->ifa_addr);
  }
  std::ranges::sort(out.up);
  return out;
}

} // namespace

std::unique_ptr<Net> real_net() { return std::make_unique<RealNet>(); }

} // namespace perch::sys
