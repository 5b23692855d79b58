#pragma once
// The functions of the import module `perch`, by which a guest asks for HTTP. Whether a request
// goes out is the broker's decision; here a guest's arguments are taken for what they are: numbers
// an attacker chose. Whatever is wrong gives -1.

#include "lane/lane.h"
#include "lane/wasm/handles.h"
#include "lane/wasm/stop.h"
#include "lane/wasm/supervisor.h"

#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::lane {

inline constexpr std::size_t kMaxHttpHandles = 64;
inline constexpr std::size_t kMaxHttpBytes = 32u << 20;  ///< of a body, in either direction
inline constexpr std::size_t kMaxHeldBytes = 256u << 20; ///< of all open responses' bodies
inline constexpr std::size_t kMaxUrlBytes = 64u << 10;
inline constexpr std::size_t kMaxHeaderBytes = 256u << 10;

/// A guest's linear memory during one call.
class GuestMemory {
public:
  GuestMemory(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  /// The bytes two of a guest's numbers mean; nothing when any is outside.
  [[nodiscard]] std::optional<std::string_view> read(std::int32_t at, std::int32_t size) const;
  /// The same to write to.
  [[nodiscard]] std::optional<std::span<std::uint8_t>> write(std::int32_t at,
                                                             std::int32_t size) const;

private:
  [[nodiscard]] bool holds(std::int32_t at, std::int32_t size) const;
  std::uint8_t* data_;
  std::size_t size_;
};

/// The header lines of a request: `Name: value` joined by LF. Errors, as the reason alone: a line
/// is none, or names what belongs to the connection or the client (Host, Transfer-Encoding, ...).
[[nodiscard]] std::expected<std::vector<std::pair<std::string, std::string>>, std::string>
parse_guest_headers(std::string_view text);

/// One guest's requests and open responses. Threads: the guest's thread calls the imports; the
/// rest may be called from any.
class HttpImports {
public:
  HttpImports(const GuestSpec& spec, Supervisor& supervisor, sys::CancelToken& cancel,
              StopWord& word);

  /// For perch_linker_new(); the host pointer of a guest is its HttpImports.
  [[nodiscard]] static std::span<const perch_import_t> table();

  /// After the stop word was set: ends the call that runs, its transfer included. From then on none
  /// begins, whatever the guest's thread is about to do.
  void interrupt();
  /// Waits until the broker has returned from everything it was asked.
  void wait_until_idle();

  [[nodiscard]] std::int32_t request(op::HttpRequest request);
  /// What became of a request that cannot be made, and of which whoever listens is told why.
  [[nodiscard]] std::int32_t refuse(const op::HttpRequest& request, std::string why);
  [[nodiscard]] std::int32_t status(std::int32_t handle) const;
  [[nodiscard]] std::int32_t body_size(std::int32_t handle) const;
  [[nodiscard]] std::int32_t read_body(std::int32_t handle, std::span<std::uint8_t> to);
  [[nodiscard]] std::int32_t header(std::int32_t handle, std::string_view name,
                                    std::span<std::uint8_t> to) const;
  [[nodiscard]] std::int32_t close(std::int32_t handle);

private:
  struct Exchange {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::shared_ptr<sys::CancelToken> cancel;
    std::optional<op::HttpResponse> response;
  };
  struct Open {
    op::HttpResponse response;
    std::size_t read = 0;
  };
  /// With the token of the request's own.
  using Work = std::function<std::optional<op::HttpResponse>(
      const std::shared_ptr<sys::CancelToken>& cancel)>;
  /// Has it done where more is allowed than on a guest's thread, and waits for the end of it or of
  /// the guest.
  [[nodiscard]] std::optional<op::HttpResponse> outside(Work work);
  /// Why one more response cannot be held; empty: it can.
  [[nodiscard]] std::string no_room() const;
  [[nodiscard]] const Open* find(std::int32_t handle) const;

  const HttpBroker broker_;
  const HttpMisused misused_;
  Supervisor& supervisor_;
  sys::CancelToken& cancel_;
  StopWord& word_;
  std::map<std::int32_t, Open> open_;
  std::size_t held_bytes_ = 0; ///< of the bodies in it
  std::int32_t last_handle_ = 0;
  std::mutex mutex_; ///< guards what follows
  bool stopped_ = false;
  std::shared_ptr<Exchange> current_;
};

} // namespace perch::lane
