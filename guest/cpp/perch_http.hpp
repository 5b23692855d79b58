#pragma once
// HTTP for WebAssembly guests of perch, in C++20. One header beside perch_http.h of ../c.
//
//   auto response = perch::get("https://api.example.com/v1");
//   if (!response) return 1;                 // refused: perch's audit says why
//   std::cout << response->status() << response->text();

#include "../c/perch_http.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A response; ends when it is destroyed.
class Response {
public:
  explicit Response(perch_response handle) : handle_(handle) {}
  Response(Response&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Response& operator=(Response&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Response() {
    if (handle_ > 0)
      perch_close(handle_);
  }

  int status() const { return perch_status(handle_); }
  /// Of the body, in bytes.
  std::size_t length() const { return static_cast<std::size_t>(perch_length(handle_)); }

  /// Reads the next bytes of the body; returns how many, 0 at the end.
  std::size_t read(std::span<char> to) {
    const auto count = perch_read(handle_, to.data(), to.size());
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  /// What is left of the body.
  std::string text() {
    std::string all(length(), '\0');
    all.resize(read(all));
    return all;
  }

  /// The value of a header, its name in any case.
  std::optional<std::string> header(std::string_view name) const {
    const auto size = [&](std::string& to) {
      return perch_import_header(handle_, name.data(), static_cast<std::int32_t>(name.size()),
                                 to.data(), static_cast<std::int32_t>(to.size()));
    };
    std::string value;
    const auto length = size(value);
    if (length < 0)
      return std::nullopt;
    value.resize(static_cast<std::size_t>(length));
    size(value);
    return value;
  }

private:
  perch_response handle_;
};

inline std::optional<Response> made(perch_response handle) {
  return handle > 0 ? std::optional(Response(handle)) : std::nullopt;
}

/// GETs `url`. Nothing when the request was refused or failed.
inline std::optional<Response> get(std::string_view url) {
  return made(perch_import_get(url.data(), static_cast<std::int32_t>(url.size())));
}

/// Sends a request. `method` is one of GET HEAD POST PUT PATCH DELETE.
inline std::optional<Response> request(std::string_view method, std::string_view url,
                                       const Headers& headers = {}, std::string_view body = {}) {
  std::string lines;
  for (const auto& [name, value] : headers)
    lines += name + ": " + value + "\n";
  const auto size = [](std::string_view text) { return static_cast<std::int32_t>(text.size()); };
  return made(perch_import_request(method.data(), size(method), url.data(), size(url), lines.data(),
                                   size(lines), body.data(), size(body)));
}

} // namespace perch
