#include "run/modules.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "program/bundle_paths.h"
#include "run/bundle.h"
#include "run/expr.h"
#include "run/gate_guest.h"
#include "run/remote_module.h"
#include "run/shared_run.h"
#include "run/step.h"
#include "sys/digest.h"
#include "sys/fs.h"

namespace perch::run {

namespace {

using base::cat;
using program::WasmRunNode;

constexpr Actor kActor{.name = "wasm_run"};
constexpr std::string_view kPlain = "http://";

/// The digest of `wasm_hash`, 64 lower-case digits; empty without one.
Eval<std::string> pin_of(State& state, const WasmRunNode& node) {
  if (node.hash == nullptr)
    return std::string();
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, *node.hash));
  if (std::string digest = digest_text(text); !digest.empty())
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

/// What a file is known by while it does not change, whatever somebody sets its times to.
std::string file_identity(const sys::NodeInfo& info, lane::Metering metering, lane::Proof proof) {
  return cat(info.device, ':', info.inode, ':', info.size, ':', info.changed_ns, ':',
             static_cast<int>(metering), ':', static_cast<int>(proof));
}

/// Whether one more change would show: clocks of file systems go by steps, and two changes within
/// one look like one.
bool is_settled(const State& state, const sys::NodeInfo& info) {
  constexpr std::int64_t kClockStepNs = 2'000'000'000;
  return state.run.setting().world.clock.unix_ns() - info.changed_ns > kClockStepNs;
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
  const bool settled = is_settled(state, spot.info); // before it is read
  const auto& setting = state.run.setting();
  PERCH_TRY_ASSIGN(const sys::Fd file, setting.world.fs.open(spot, sys::Access::Read, 0));
  const trace::ProgressTask task(setting.progress, cat("compiling ", path));
  PERCH_TRY_ASSIGN(auto module, setting.guests.load_file(path, file.get(), pin, proof,
                                                         metering_of(node), state.cancel.get()));
  if (settled)
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

/// From a built executable what was fetched for it; null: nothing that would be accepted now.
Result<std::shared_ptr<const lane::Module>>
load_brought(State& state, const WasmRunNode& node, const std::string& url, std::string_view pin) {
  Archive* archive = state.run.setting().archive;
  if (archive == nullptr)
    return nullptr;
  const auto code = archive->code(url, metering_of(node));
  if (!code && code.error().kind == kind::kFileNotFound)
    return nullptr;
  PERCH_TRY(code);
  if (*code && accepts_digest(state, pin, (*code)->sha256)) {
    auto module = state.run.setting().guests.load_ahead(url, **code, pin, metering_of(node));
    if (module || module.error().kind != kind::kWasmCompileFailed)
      return module;
  }
  PERCH_TRY_ASSIGN(const std::string bytes, archive->read(url));
  const std::string digest = sys::hex_digest(sys::DigestKind::Sha256, bytes);
  if (!accepts_digest(state, pin, digest))
    return nullptr;
  return load_bytes(state, node, url, bytes, digest);
}

/// Fetched, unless it is kept. What turns out to be no module is not kept.
Result<std::shared_ptr<const lane::Module>>
load_fetched(State& state, const WasmRunNode& node, const std::string& url, std::string_view pin) {
  PERCH_TRY_ASSIGN(const RemoteModule remote, remote_module(state, url, pin));
  PERCH_TRY_ASSIGN(auto module, load_bytes(state, node, url, remote.bytes, remote.sha256));
  keep_remote(state, url, remote);
  return module;
}

/// A module from the network.
Result<std::shared_ptr<const lane::Module>>
load_remote(State& state, const WasmRunNode& node, const std::string& url, std::string_view pin) {
  std::string identity = cat("remote:", static_cast<int>(metering_of(node)), ':', url);
  auto known = state.run.find_module(identity);
  if (known != nullptr && accepts_digest(state, pin, known->sha256()))
    return known;
  PERCH_TRY_ASSIGN(auto module, load_brought(state, node, url, pin));
  if (module == nullptr) {
    PERCH_TRY_ASSIGN(module, load_fetched(state, node, url, pin));
  }
  state.run.keep_module(std::move(identity), module);
  return module;
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
    return raise(
        state, node.path.span,
        {.kind = kind::kBadArgument,
         .message = "a module is fetched over https only",
         .help = cat("write it as ", kRemoteModule, std::string_view(name).substr(kPlain.size()),
                     ", and pin it with wasm_hash")});
  }
  auto module = name.starts_with(kRemoteModule) ? load_remote(state, node, name, pin)
                                                : load_file(state, node, name, pin);
  if (!module)
    return raise(state, node.path.span, std::move(module).error());
  return LoadedModule{.module = std::move(*module), .base_name = base_name(name)};
}

} // namespace perch::run
