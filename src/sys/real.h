#pragma once
// Constructors of the real world. For `cli/` alone; everything else receives a World.

#include "sys/http.h"
#include "sys/net.h"
#include "sys/world.h"

#include <memory>

namespace perch::sys {

[[nodiscard]] std::unique_ptr<Fs> real_fs();
[[nodiscard]] std::unique_ptr<Clock> real_clock();
/// A view of `environ`; the array must not change while it is used.
[[nodiscard]] std::unique_ptr<Env> real_env(char** environ);
[[nodiscard]] std::unique_ptr<Host> real_host(const Env& env);
[[nodiscard]] std::unique_ptr<Net> real_net();
/// libcurl. Trusts the authorities of SSL_CERT_FILE and SSL_CERT_DIR, else the system's bundle.
/// Costs nothing until the first exchange. Lifetime: `env` must outlive it.
[[nodiscard]] std::unique_ptr<HttpTransport> curl_transport(const Env& env);

/// Lets SIGINT, SIGTERM, SIGHUP and whatever else would end the process from outside stop `root`
/// instead; a second SIGINT ends it at once by the signal's default action. Those that were ignored
/// at start (nohup) stay so. SIGPIPE and SIGXFSZ are ignored: the write that meets them fails
/// instead. SIGCHLD is not ignored, whoever started perch. Undone when the guard goes. System calls
/// are not restarted, so that a blocking read ends when a signal comes.
///
/// Lifetime: `root` must outlive the guard. One guard at a time, made on the main thread.
class SignalGuard {
public:
  explicit SignalGuard(CancelToken& root);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

/// A write beyond the limit on the size of files fails from now on, instead of ending perch without
/// a word. Programs that perch starts have the signal as it was.
void ignore_file_size_signal();

/// Opens /dev/null for each of the descriptors 0 to 2 that perch was started without, so that no
/// file of ours ever becomes a standard stream. First thing in main. Returns whether standard
/// output was one of them.
[[nodiscard]] bool open_missing_standard_streams();

} // namespace perch::sys
