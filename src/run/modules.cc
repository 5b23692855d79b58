#include "run/modules.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "program/bundle_paths.h"
#include "run/bundle.h"
#include "run/expr.h"
#include "run/gate_guest.h"
#include "run/gate_http.h"
#include "run/private_store.h"
#include "run/shared_run.h"
#include "run/step.h"
#include "sys/digest.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using program::WasmRunNode;

constexpr Actor kActor{.name = "wasm_run"};
constexpr std::uint64_t kLargestModule = 1ull << 30;
constexpr std::string_view kRemote = "https://", kPlain = "http://";

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// The digest of `wasm_hash`, 64 lower-case digits; empty without one.
Eval<std::string> pin_of(State& state, const WasmRunNode& node) {
  if (node.hash == nullptr)
    return std::string();
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, *node.hash));
  std::string digest = lower_ascii(text);
  if (digest.starts_with("sha256:"))
    digest.erase(0, 7);
  if (is_digest(digest))
    return digest;
  return raise(state, node.hash->span,
               {.kind = kind::kBadArgument,
                .message = cat("wasm_hash: `", text, "` is no SHA-256"),
                .help = "write it as sha256: and 64 hexadecimal digits"});
}

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

lane::Metering metering_of(const WasmRunNode& node) {
  return node.fuel != nullptr ? lane::Metering::Fuel : lane::Metering::None;
}

Result<std::shared_ptr<const lane::Module>> load_bytes(State& state, const WasmRunNode& node,
                                                       std::string_view name,
                                                       std::string_view bytes,
                                                       std::string_view pin) {
  const trace::ProgressTask task(state.run.setting().progress, cat("compiling ", name));
  return state.run.setting().guests.load(name, bytes, pin, metering_of(node), state.cancel.get());
}

/// Who sees the digest or checks it gets that of the bytes themselves.
lane::Proof proof_for(const State& state, std::string_view pin) {
  const bool seen = watched(state) || state.run.setting().watcher != nullptr;
  return seen || !pin.empty() ? lane::Proof::Bytes : lane::Proof::Memory;
}

/// What a file is known by while it does not change.
std::string file_identity(const sys::NodeInfo& info, lane::Metering metering, lane::Proof proof) {
  return cat(info.device, ':', info.inode, ':', info.size, ':', info.mtime_ns, ':',
             static_cast<int>(metering), ':', static_cast<int>(proof));
}

Result<std::shared_ptr<const lane::Module>>
load_file(State& state, const WasmRunNode& node, const std::string& path, std::string_view pin) {
  PERCH_TRY_ASSIGN(const sys::Spot spot,
                   locate_module(state.run.gate(), state.scope(), kActor, path));
  const lane::Proof proof = proof_for(state, pin);
  std::string identity = file_identity(spot.info, metering_of(node), proof);
  auto known = state.run.find_module(identity);
  if (known != nullptr && (pin.empty() || known->sha256() == pin))
    return known;
  const auto& setting = state.run.setting();
  PERCH_TRY_ASSIGN(const sys::Fd file, setting.world.fs.open(spot, sys::Access::Read, 0));
  const trace::ProgressTask task(setting.progress, cat("compiling ", path));
  PERCH_TRY_ASSIGN(auto module, setting.guests.load_file(path, file.get(), pin, proof,
                                                         metering_of(node), state.cancel.get()));
  state.run.keep_module(std::move(identity), module);
  return module;
}

/// From a built executable the code that is in it, without touching the module. A processor or a
/// perch that cannot use that code compiles the module as if there were none.
Result<std::shared_ptr<const lane::Module>> load_built(State& state, Archive& archive,
                                                       const WasmRunNode& node,
                                                       std::string_view path,
                                                       std::string_view pin) {
  PERCH_TRY_ASSIGN(const auto code, archive.code(path, metering_of(node)));
  if (code) {
    auto module = state.run.setting().guests.load_ahead(node.alias, *code, pin, metering_of(node));
    if (module || module.error().kind != kind::kWasmCompileFailed)
      return module;
  }
  PERCH_TRY_ASSIGN(const std::string bytes, bundle_entry(state, path));
  return load_bytes(state, node, node.alias, bytes, pin);
}

Result<std::shared_ptr<const lane::Module>>
load_entry(State& state, const WasmRunNode& node, std::string_view path, std::string_view pin) {
  Archive* archive = state.run.setting().archive;
  if (archive == nullptr) {
    PERCH_TRY_ASSIGN(const std::string file, included_file(state, path));
    return load_file(state, node, file, pin);
  }
  const std::string place = archive_path(path);
  std::string identity = cat("bundle:", place, ':', static_cast<int>(metering_of(node)));
  auto known = state.run.find_module(identity);
  if (known != nullptr && (pin.empty() || known->sha256() == pin))
    return known;
  PERCH_TRY_ASSIGN(auto module, load_built(state, *archive, node, place, pin));
  state.run.keep_module(std::move(identity), module);
  return module;
}

/// The digests that a fetched module may have.
std::vector<std::string> accepted_pins(const State& state, std::string_view pin) {
  std::vector<std::string> pins;
  if (!pin.empty())
    return {std::string(pin)};
  for (const std::string& accepted : state.run.request().wasm_pins) {
    std::string digest = lower_ascii(accepted);
    if (digest.starts_with("sha256:"))
      digest.erase(0, 7);
    pins.push_back(std::move(digest));
  }
  return pins;
}

/// A module from the network: fetched once, kept by its digest, accepted only with a pin.
Result<std::shared_ptr<const lane::Module>>
load_remote(State& state, const WasmRunNode& node, const std::string& url, std::string_view pin) {
  const auto pins = accepted_pins(state, pin);
  if (pins.empty()) {
    return fail(kind::kWasmHashMismatch,
                cat("the module ", url, " has no pin, so nothing is fetched"), url,
                "pin it with wasm_hash \"sha256:…\" or --accept-wasm-hash");
  }
  const PrivateStore store(state.run.setting().world,
                           cat(state.run.setting().cache_directory, "/modules"));
  for (const std::string& digest : pins) {
    const auto kept = store.read(digest, kLargestModule);
    if (kept && sys::hex_digest(sys::DigestKind::Sha256, *kept) == digest)
      return load_bytes(state, node, url, *kept, digest);
  }
  PERCH_TRY(state.out->flush(*state.cancel));
  PERCH_TRY_ASSIGN(const op::HttpResponse response,
                   fetch(state.run.gate(), state.scope(), kActor,
                         {.url = url, .max_body_bytes = kLargestModule}));
  if (response.status != 200) {
    return fail(kind::kHttpStatus, cat("fetching ", url, " ended with status ", response.status),
                url);
  }
  const std::string digest = sys::hex_digest(sys::DigestKind::Sha256, response.body);
  if (std::ranges::find(pins, digest) == pins.end()) {
    return fail(kind::kWasmHashMismatch,
                cat("the module ", url, " has the digest sha256:", digest,
                    ", its pin is sha256:", pins.front()),
                url, "find out why the module changed before you change the pin");
  }
  if (const auto kept = store.write(digest, response.body); !kept)
    state.run.say(cat("the fetched module is not kept: ", kept.error().message));
  return load_bytes(state, node, url, response.body, digest);
}

/// The path of the entry that `alias` names; the analyzer has checked that there is one.
std::string_view aliased_path(const State& state, std::string_view alias) {
  for (const program::BundleEntry& entry : state.run.program().bundle) {
    if (entry.alias == alias)
      return entry.path;
  }
  return alias;
}

} // namespace

Eval<std::string> module_name(State& state, const WasmRunNode& node) {
  if (!node.alias.empty())
    return std::string(node.alias);
  return text_of(state, node.path);
}

Eval<LoadedModule> load_module(State& state, const WasmRunNode& node, const std::string& name) {
  PERCH_TRY_ASSIGN(const std::string pin, pin_of(state, node));
  if (!node.alias.empty()) {
    const std::string_view path = aliased_path(state, node.alias);
    PERCH_TRY_ASSIGN(auto module, placed(state, load_entry(state, node, path, pin)));
    return LoadedModule{.module = std::move(module), .base_name = base_name(path)};
  }
  if (name.starts_with(kPlain)) {
    return raise(state, node.path.span,
                 {.kind = kind::kBadArgument,
                  .message = "a module is fetched over https only",
                  .help = cat("write it as ", kRemote, std::string_view(name).substr(kPlain.size()),
                              ", and pin it with wasm_hash")});
  }
  auto module = name.starts_with(kRemote) ? load_remote(state, node, name, pin)
                                          : load_file(state, node, name, pin);
  if (!module)
    return raise(state, node.path.span, std::move(module).error());
  return LoadedModule{.module = std::move(*module), .base_name = base_name(name)};
}

} // namespace perch::run
