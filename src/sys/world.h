#pragma once
// The outside world as perch sees it, handed down from `cli` so that tests can bring their own.

#include "base/result.h"
#include "sys/cancel.h"
#include "sys/fs.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::sys {

class Clock {
public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::int64_t unix_ns() = 0;
  [[nodiscard]] virtual std::int64_t steady_ns() = 0;
};

/// The environment perch was started with. Never changed: `export` works on the run's own overlay.
class Env {
public:
  virtual ~Env() = default;
  [[nodiscard]] virtual std::optional<std::string_view> get(std::string_view name) const = 0;
  /// All entries as NAME=value.
  [[nodiscard]] virtual std::vector<std::string_view> all() const = 0;
};

/// Who and where we are. Every member asks the system when called; nothing is read at start.
class Host {
public:
  virtual ~Host() = default;
  [[nodiscard]] virtual std::string user() = 0; ///< from the user database, else $USER
  [[nodiscard]] virtual std::string home() = 0; ///< $HOME, else the user database; may be ""
  [[nodiscard]] virtual std::string hostname() = 0;
  [[nodiscard]] virtual std::string os_version() = 0;
  [[nodiscard]] virtual std::string exe_path() = 0; ///< links resolved
  [[nodiscard]] virtual std::string current_directory() = 0;
  [[nodiscard]] virtual std::int64_t uid() = 0;
  [[nodiscard]] virtual std::int64_t pid() = 0;
  [[nodiscard]] virtual std::int64_t cpu_count() = 0; ///< those this process may use
  [[nodiscard]] virtual bool is_tty(int fd) = 0;
  [[nodiscard]] virtual int terminal_columns(int fd) = 0; ///< 80 when unknown
};

/// Lower-case names as Go has them: linux, darwin; amd64, arm64.
[[nodiscard]] std::string_view os_name();
[[nodiscard]] std::string_view arch_name();

class Net;           // sys/net.h
class HttpTransport; // sys/http.h

/// Everything a run may touch, borrowed from `cli`, which outlives every run.
struct World {
  Fs& fs;
  Clock& clock;
  Env& env;
  Host& host;
  int in = 0, out = 1, err = 2;  ///< the standard streams of this run
  bool out_closed = false;       ///< perch was started without one: writes to `out` fail
  Net* net = nullptr;            ///< null: there is no network here
  HttpTransport* http = nullptr; ///< likewise
};

} // namespace perch::sys
