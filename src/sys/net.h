#pragma once
// Names, ports and interfaces of the network, each asked of the system when called.

#include "base/result.h"
#include "sys/cancel.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::sys {

/// An IP address in network order.
struct Address {
  std::array<std::uint8_t, 16> data = {}; ///< the first four for IPv4
  bool v6 = false;
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(data).first(v6 ? 16 : 4);
  }
  friend bool operator==(const Address&, const Address&) = default;
};

struct Interfaces {
  std::vector<std::string> up; ///< names of those that are up
  /// The source address of packets towards the internet (none is sent), else the first that is not
  /// loopback.
  std::optional<Address> address;
};

/// Threads: safe from several.
class Net {
public:
  virtual ~Net() = default;
  /// The addresses of a name in the resolver's order, without duplicates. Ends early when `cancel`
  /// is stopped. Errors: dns_failed; those of CancelToken::check.
  virtual Result<std::vector<Address>> resolve(std::string_view host, CancelToken& cancel) = 0;
  /// Whether a TCP connection to the address can be made within `limit`; it is closed at once.
  /// Errors: those of CancelToken::check.
  virtual Result<bool> connects(const Address& address, int port, std::chrono::nanoseconds limit,
                                CancelToken& cancel) = 0;
  /// The port (0: any) when it can be bound on all interfaces now, else nullopt.
  /// Errors: file_error when there is no socket to be had.
  virtual Result<std::optional<int>> free_port(int port) = 0;
  virtual Result<Interfaces> interfaces() = 0;
};

} // namespace perch::sys
