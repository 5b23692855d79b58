#pragma once
// Modules from the network: fetched once, under the policy of the network, and only with a digest
// that is pinned.

#include "base/result.h"
#include "run/run.h"
#include "run/state.h"

#include <functional>
#include <string>
#include <string_view>

namespace perch::run {

inline constexpr std::string_view kRemoteModule = "https://";

struct RemoteModule {
  std::string bytes;
  std::string sha256;   ///< hex; an accepted one
  bool fetched = false; ///< now, so that it is not kept yet
};

/// The module at `url`. `pin`: of its block, 64 lower-case digits; empty: the digests that the run
/// accepts hold. Errors: wasm_hash_mismatch without a pin, before anything is fetched, and when the
/// digest is another; http_status; those of fetch().
[[nodiscard]] Result<RemoteModule> remote_module(State& state, const std::string& url,
                                                 std::string_view pin);

/// Keeps what was fetched, once it is known to be a module.
void keep_remote(State& state, const std::string& url, const RemoteModule& module);

/// The same without running anything: gives `use` the module that a command of the request's
/// program would get, under the layers of the command line and of `requires`, and keeps it when
/// `use` has found nothing wrong with it. Errors: as remote_module(); those of `use` and of
/// with_requirements().
[[nodiscard]] Status use_remote_module(const Setting& setting, const Request& request,
                                       const std::string& url, std::string_view pin,
                                       const std::function<Status(const RemoteModule&)>& use);

/// Whether the run takes a module with this digest for a block with this pin.
[[nodiscard]] bool accepts_digest(const State& state, std::string_view pin,
                                  std::string_view sha256);

/// 64 lower-case digits from what users write as a digest; empty when it is none.
[[nodiscard]] std::string digest_text(std::string_view written);

} // namespace perch::run
