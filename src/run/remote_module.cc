#include "run/remote_module.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/failure.h"
#include "run/gate_http.h"
#include "run/module_store.h"
#include "run/request.h"
#include "run/requirements.h"
#include "run/shared_run.h"
#include "sys/digest.h"

#include <algorithm>
#include <vector>

namespace perch::run {

namespace {

using base::cat;

constexpr Actor kActor{.name = "wasm_run"};
constexpr std::uint64_t kLargestModule = 1ull << 30;

/// The digests that a fetched module may have.
std::vector<std::string> accepted_pins(const State& state, std::string_view pin) {
  if (!pin.empty())
    return {std::string(pin)};
  std::vector<std::string> pins;
  for (const std::string& accepted : state.run.request().wasm_pins)
    pins.push_back(digest_text(accepted));
  return pins;
}

bool contains(const std::vector<std::string>& pins, std::string_view digest) {
  return std::ranges::find(pins, digest) != pins.end();
}

ModuleStore store_of(const State& state) {
  const Setting& setting = state.run.setting();
  return {setting.world, setting.cache_directory};
}

/// What is kept. A pin of the block means these bytes, wherever they came from; what a flag accepts
/// counts only for what this very address delivered.
std::optional<RemoteModule> kept_module(const State& state, const std::string& url,
                                        std::string_view pin,
                                        const std::vector<std::string>& pins) {
  if (state.run.request().no_cache)
    return std::nullopt;
  const ModuleStore store = store_of(state);
  const std::string digest = pin.empty() ? store.delivered(url) : std::string(pin);
  if (!contains(pins, digest))
    return std::nullopt;
  auto bytes = store.find(digest);
  if (!bytes)
    return std::nullopt;
  return RemoteModule{.bytes = std::move(*bytes), .sha256 = digest};
}

} // namespace

std::string digest_text(std::string_view written) {
  constexpr std::size_t kDigits = 64;
  std::string digest(written);
  for (char& c : digest)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (digest.starts_with("sha256:"))
    digest.erase(0, 7);
  const bool is_digest = digest.size() == kDigits && std::ranges::all_of(digest, [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                         });
  return is_digest ? digest : std::string();
}

bool accepts_digest(const State& state, std::string_view pin, std::string_view sha256) {
  return contains(accepted_pins(state, pin), sha256);
}

Result<RemoteModule> remote_module(State& state, const std::string& url, std::string_view pin) {
  const auto pins = accepted_pins(state, pin);
  if (pins.empty()) {
    return fail(kind::kWasmHashMismatch,
                cat("the module ", url, " has no pin, so nothing is fetched"), url,
                "pin it with wasm_hash \"sha256:…\" or --accept-wasm-hash");
  }
  if (auto kept = kept_module(state, url, pin, pins))
    return std::move(*kept);
  PERCH_TRY(state.out->flush(*state.cancel));
  PERCH_TRY_ASSIGN(op::HttpResponse response,
                   fetch(state.run.gate(), state.scope(), kActor,
                         {.url = url, .max_body_bytes = kLargestModule}));
  if (response.status != 200) {
    return fail(kind::kHttpStatus, cat("fetching ", url, " ended with status ", response.status),
                url);
  }
  const std::string digest = sys::hex_digest(sys::DigestKind::Sha256, response.body);
  if (!contains(pins, digest)) {
    return fail(kind::kWasmHashMismatch,
                cat("the module ", url, " has the digest sha256:", digest,
                    pins.size() == 1 ? ", its pin is sha256:" : ", accepted are sha256:",
                    base::join(pins, ", sha256:")),
                url, "find out why the module changed before you change the pin");
  }
  return RemoteModule{.bytes = std::move(response.body), .sha256 = digest, .fetched = true};
}

void keep_remote(State& state, const std::string& url, const RemoteModule& module) {
  if (!module.fetched || state.run.request().no_cache ||
      !state.run.setting().cache_directory.starts_with('/'))
    return;
  if (const auto kept = store_of(state).keep(url, module.sha256, module.bytes); !kept)
    state.run.say(cat("the fetched module is not kept: ", kept.error().message));
}

namespace {

Flow use_in(State& state, const std::string& url, std::string_view pin,
            const std::function<Status(const RemoteModule&)>& use) {
  PERCH_TRY_ASSIGN(const policy::Policy given,
                   placed(state, state.run.gate().pin(state.run.request().policy)));
  const Restoring<const policy::Policy*> flags(state.policy, &given);
  PERCH_TRY_ASSIGN(const policy::Policy policy, with_requirements(state));
  const Restoring<const policy::Policy*> in_force(state.policy, &policy);
  PERCH_TRY_ASSIGN(const RemoteModule module, placed(state, remote_module(state, url, pin)));
  PERCH_TRY(placed(state, use(module)));
  keep_remote(state, url, module);
  return {};
}

} // namespace

Status use_remote_module(const Setting& setting, const Request& request, const std::string& url,
                         std::string_view pin,
                         const std::function<Status(const RemoteModule&)>& use) {
  SharedRun run(setting, request);
  FdOutlet out(setting.world.out, kOutputName, FdOutlet::Keep::Nothing, nullptr);
  FdOutlet err(setting.world.err, "stderr", FdOutlet::Keep::Nothing, nullptr);
  State state = first_state(run, out, err);
  Flow used = use_in(state, url, pin, use);
  if (!used)
    return std::unexpected(std::move(used.error()->error));
  return {};
}

} // namespace perch::run
