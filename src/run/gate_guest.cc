#include "run/gate_guest.h"

#include "base/error_kinds.h"
#include "base/text.h"

namespace perch::run {

using base::cat;
using op::Cap;

namespace {

std::string whole_path(const Scope& scope, std::string_view path) {
  return path.starts_with('/') ? std::string(path) : cat(scope.directory, '/', path);
}

std::unexpected<Error> empty_path(Actor actor) {
  return fail(kind::kBadArgument, cat(actor.name, ": the path is empty"), {},
              "a path that is empty by mistake never means the current directory: write `.`");
}

/// A guest could replace what is in perch's directories, or read what it should not know.
Status refuse_overlap(const Gate& gate, const Scope& scope, Actor actor, const std::string& real,
                      bool writable) {
  for (const std::string& directory : gate.setup().protected_directories) {
    if (!policy::is_below(directory, real) && !policy::is_below(real, directory))
      continue;
    PERCH_TRY(gate.record_denial(scope, actor, writable ? Cap::Write : Cap::Read, real,
                                 std::string(held_in(directory))));
    return fail(kind::kWasmCapabilityDenied,
                cat(actor.name, " may not mount ", real, ": it overlaps ", directory,
                    ", which holds ", held_in(directory)),
                real, "mount a directory beside it");
  }
  return {};
}

/// A guest could write the record of what it does.
Status refuse_audit(const Gate& gate, const Scope& scope, Actor actor, const std::string& real) {
  const std::string& audit = gate.setup().audit_file;
  if (audit.empty() || !policy::is_below(real, audit))
    return {};
  PERCH_TRY(gate.record_denial(scope, actor, Cap::Write, real, "the audit of this run"));
  return fail(kind::kWasmCapabilityDenied,
              cat(actor.name, " may not mount ", real, " for writing: ", audit,
                  ", the audit of this run, is in it"),
              real, "write the audit elsewhere, or mount a directory beside it");
}

} // namespace

Result<sys::Spot> locate_module(const Gate& gate, const Scope& scope, Actor actor,
                                std::string_view path) {
  if (path.empty())
    return empty_path(actor);
  sys::Fs& fs = gate.world().fs;
  PERCH_TRY_ASSIGN(sys::Spot spot, fs.locate(whole_path(scope, path), sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Missing) {
    return fail(kind::kFileNotFound, cat("there is no module `", path, '`'), std::string(path),
                cat("it was looked for at ", spot.real));
  }
  if (spot.info.type != sys::NodeType::Regular) {
    return fail(kind::kFileError, cat("the module `", path, "` is not a regular file"),
                std::string(path));
  }
  return spot;
}

Result<GuestMount> mount(const Gate& gate, const Scope& scope, Actor actor,
                         std::string_view host_path, std::string guest_path, bool writable) {
  if (host_path.empty())
    return empty_path(actor);
  const std::string whole = whole_path(scope, host_path);
  Result<sys::Spot> spot = gate.world().fs.locate(whole, sys::Final::Follow);
  const std::string real = spot ? spot->real : sys::absolute_path("/", whole);
  PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Read, .subject = real, .guest = true}));
  if (writable)
    PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Write, .subject = real, .guest = true}));
  PERCH_TRY(refuse_overlap(gate, scope, actor, real, writable));
  if (writable)
    PERCH_TRY(refuse_audit(gate, scope, actor, real));
  if (!spot)
    return std::unexpected(std::move(spot).error());
  if (spot->info.type == sys::NodeType::Missing) {
    return fail(kind::kFileNotFound, cat("cannot mount `", host_path, "`: it does not exist"),
                std::string(host_path), cat("make it first: mkdir \"", host_path, '"'));
  }
  if (spot->info.type != sys::NodeType::Directory) {
    return fail(kind::kBadArgument, cat("cannot mount `", host_path, "`: it is not a directory"),
                std::string(host_path), "mount the directory it is in");
  }
  PERCH_TRY_ASSIGN(sys::Fd handle, gate.world().fs.open(*spot, sys::Access::Read, 0));
  return GuestMount{.mount = {.host = real, .guest = std::move(guest_path), .writable = writable},
                    .handle = std::move(handle)};
}

Result<std::optional<std::string>> guest_variable(const Gate& gate, const Scope& scope, Actor actor,
                                                  std::string_view name) {
  if (const EnvOverlay::Entry* own = scope.env.find(name)) {
    // No request, as the value is the program's own; but the block has to name it.
    if (gate.setup().watcher != nullptr)
      gate.setup().watcher->allowed({.cap = Cap::Env, .subject = name, .guest = true}, scope.at);
    return own->value;
  }
  PERCH_TRY(gate.ask(scope, actor, {.cap = Cap::Env, .subject = name, .guest = true}));
  const auto value = gate.world().env.get(name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

Status may_run_module(const Gate& gate, const Scope& scope, Actor actor, std::string_view sha256) {
  return gate.ask(scope, actor, {.cap = Cap::Wasm, .subject = sha256, .guest = true});
}

} // namespace perch::run
