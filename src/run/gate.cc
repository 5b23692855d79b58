#include "run/gate.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/gate_programs.h"
#include "sys/digest.h"

#include <algorithm>

namespace perch::run {

using base::cat;
using op::Cap;

namespace {

constexpr std::string_view kProcesses = "/proc/";

bool declares(const op::OpDecl& op, Cap cap) {
  return std::ranges::any_of(op.requests(), [&](const op::Need& need) { return need.cap == cap; });
}

std::string absolute(std::string_view directory, std::string_view path) {
  return path.starts_with('/') ? std::string(path) : cat(directory, '/', path);
}

std::string real_or_same(sys::Fs& fs, const std::string& path) {
  const Result<sys::Spot> spot = fs.locate(path, sys::Final::Follow);
  return spot ? spot->real : path;
}

Status pin_all(sys::Fs& fs, policy::Rule& rule, sys::Final final) {
  for (std::string& entry : rule.allowed) {
    if (!entry.starts_with('/'))
      continue;
    PERCH_TRY_ASSIGN(const sys::Spot spot, fs.locate(entry, final));
    entry = spot.real;
  }
  return {};
}

} // namespace

Gate::Gate(GateSetup setup) : setup_(std::move(setup)), memory_(std::make_unique<Memory>()) {
  std::erase_if(setup_.protected_directories,
                [](const std::string& directory) { return !directory.starts_with('/'); });
  for (std::string& directory : setup_.protected_directories)
    directory = real_or_same(setup_.world.fs, directory);
  if (!setup_.audit_file.empty())
    setup_.audit_file = real_or_same(setup_.world.fs, setup_.audit_file);
  // Its own memory, environment and open files.
  setup_.protected_directories.push_back(cat("/proc/", setup_.world.host.pid()));
}

Gate::~Gate() {
  for (const std::string& path : memory_->temporaries) {
    const auto spot = setup_.world.fs.locate(path, sys::Final::NoFollow);
    // What cannot be removed stays in the temporary directory: nobody is left to be told.
    if (spot && spot->info.type != sys::NodeType::Missing)
      (void)setup_.world.fs.remove_tree(*spot);
  }
}

void Gate::remove_at_end(std::string path) {
  const std::lock_guard lock(memory_->mutex);
  memory_->temporaries.push_back(std::move(path));
}

Status Gate::record_denial(const Scope& scope, Actor actor, Cap cap, std::string subject,
                           std::string layer, diag::Span position) const {
  if (setup_.sink == nullptr)
    return {};
  trace::Deny event{.span = scope.span, .actor = actor.name, .cap = op::cap_name(cap)};
  event.subject = setup_.secrets != nullptr ? setup_.secrets->shown(subject) : std::move(subject);
  event.layer = std::move(layer);
  if (setup_.sources != nullptr && position.known())
    event.position = setup_.sources->file_line(position);
  event.unix_ns = setup_.world.clock.unix_ns();
  return setup_.sink->deny(event);
}

Status Gate::ask(const Scope& scope, Actor actor, const policy::Request& request) const {
  if (actor.op != nullptr && !declares(*actor.op, request.cap)) {
    return fail(kind::kCapabilityDenied,
                cat("the op ", actor.name, " does not declare that it needs `",
                    op::cap_name(request.cap), '`'),
                std::string(request.subject), "this is a mistake in perch: please report it");
  }
  const policy::Decision decision = policy::decide(scope.policy, request);
  if (decision.allowed()) {
    if (setup_.watcher != nullptr)
      setup_.watcher->allowed(request, scope.at);
    return setup_.sink == nullptr ? Status() : setup_.sink->before_effect();
  }
  PERCH_TRY(record_denial(scope, actor, request.cap, std::string(request.subject),
                          decision.denied_by->origin, decision.denied_by->span));
  return std::unexpected(policy::denial(decision, request, actor.name));
}

Status Gate::refuse_protected(const Scope& scope, Actor actor, std::string_view real,
                              Cap cap) const {
  for (const std::string& directory : setup_.protected_directories) {
    // What holds a protected directory may be read and written in, but not replaced as a whole:
    // those who can do that ask with Cap::None.
    const bool inside = policy::is_below(directory, real);
    const bool around = cap == Cap::None && policy::is_below(real, directory);
    if (!inside && !around)
      continue;
    PERCH_TRY(record_denial(scope, actor, cap == Cap::None ? Cap::Write : cap, std::string(real),
                            std::string(held_in(directory))));
    return fail(
        kind::kCapabilityDenied,
        cat(actor.name, " may not touch ", real, ": ", directory, " holds ", held_in(directory)),
        std::string(real),
        directory.starts_with(kProcesses)
            ? std::string()
            : "`perch cache info` and `perch cache clear` show and empty it");
  }
  return {};
}

Status Gate::refuse_environments(const Scope& scope, Actor actor, std::string_view real) const {
  if (!real.starts_with(kProcesses) || !real.ends_with("/environ"))
    return {};
  const policy::Decision decision = policy::decide(scope.policy, {.cap = Cap::Env});
  if (decision.allowed())
    return {};
  const policy::Request all{.cap = Cap::Env, .subject = real};
  PERCH_TRY(record_denial(scope, actor, all.cap, std::string(real), decision.denied_by->origin,
                          decision.denied_by->span));
  Error denial = policy::denial(decision, all, actor.name);
  denial.help = "a process's whole environment can be read only where all variables may be seen";
  return std::unexpected(std::move(denial));
}

std::string_view held_in(std::string_view directory) {
  return directory.starts_with(kProcesses) ? "what perch itself is running on"
                                           : "perch's own trusted files";
}

Result<sys::Spot> Gate::spot(const Scope& scope, Actor actor, std::string_view path,
                             sys::Final final, Cap cap) const {
  if (path.empty()) {
    return fail(kind::kBadArgument, cat(actor.name, ": the path is empty"), {},
                "a path that is empty by mistake never means the current directory: write `.`");
  }
  const std::string whole = absolute(scope.directory, path);
  Result<sys::Spot> spot = setup_.world.fs.locate(whole, final);
  // An error of the file system is itself news about a place, so the policy is asked first, by the
  // path's text: all that is known of it.
  const std::string lexical = spot ? std::string() : sys::absolute_path("/", whole);
  const std::string_view subject = spot ? std::string_view(spot->real) : lexical;
  PERCH_TRY(ask(scope, actor, {.cap = cap, .subject = subject}));
  PERCH_TRY(refuse_protected(scope, actor, subject, cap));
  PERCH_TRY(refuse_environments(scope, actor, subject));
  return spot;
}

Result<sys::Spot> Gate::read_spot(const Scope& scope, Actor actor, std::string_view path,
                                  sys::Final final) const {
  return spot(scope, actor, path, final, Cap::Read);
}

Result<sys::Spot> Gate::write_spot(const Scope& scope, Actor actor, std::string_view path,
                                   sys::Final final) const {
  return spot(scope, actor, path, final, Cap::Write);
}

Result<std::shared_ptr<const policy::Layer>> Gate::pin(policy::Layer layer) const {
  sys::Fs& fs = setup_.world.fs;
  PERCH_TRY(pin_all(fs, layer.rule(Cap::Read), sys::Final::Follow));
  PERCH_TRY(pin_all(fs, layer.rule(Cap::Write), sys::Final::Follow));
  // A program is the name it has in its directory: what a link points to is another program.
  PERCH_TRY(pin_all(fs, layer.rule(Cap::Exec), sys::Final::NoFollow));
  // A name means the program it means now: one that the run puts before it on PATH is another.
  if (layer.rule(Cap::Exec).mode == policy::Rule::Mode::Only) {
    for (const std::string& entry : layer.rule(Cap::Exec).allowed) {
      if (!entry.starts_with('/'))
        (void)on_own_path(entry);
    }
  }
  return std::make_shared<const policy::Layer>(std::move(layer));
}

Result<policy::Policy> Gate::pin(const policy::Policy& policy) const {
  policy::Policy out;
  for (const auto& layer : policy.layers()) {
    PERCH_TRY_ASSIGN(auto pinned, pin(*layer));
    out = out.with(std::move(pinned));
  }
  return out;
}

std::string Gate::on_own_path(std::string_view name) const {
  const std::string key(name);
  {
    const std::lock_guard lock(memory_->mutex);
    if (const auto found = memory_->own_path.find(key); found != memory_->own_path.end())
      return found->second;
  }
  const std::string_view path = setup_.world.env.get("PATH").value_or("");
  std::string found = find_on_path(setup_.world.fs, name, path, "");
  if (found.empty())
    return found;
  const std::lock_guard lock(memory_->mutex);
  // Another branch may have been first: its answer stays.
  return memory_->own_path.emplace(key, std::move(found)).first->second;
}

Result<const PinnedFile*> Gate::pinned(const std::string& path, std::string_view sha256) const {
  const std::lock_guard lock(memory_->mutex);
  auto found = memory_->pinned.find(path);
  if (found == memory_->pinned.end()) {
    PERCH_TRY_ASSIGN(const sys::Spot spot, setup_.world.fs.locate(path, sys::Final::Follow));
    PERCH_TRY_ASSIGN(PinnedFile file, open_and_hash(setup_.world.fs, spot));
    found = memory_->pinned.emplace(path, std::move(file)).first;
  } else if (PinnedFile& file = found->second;
             sys::may_have_changed(file.handle.get(), file.digest)) {
    PERCH_TRY_ASSIGN(file.digest, sys::digest_file(file.handle.get(), path));
  }
  const std::string& digest = found->second.digest.sha256;
  if (digest == sha256)
    return &found->second;
  return fail(kind::kRequirementUnmet,
              cat("`", path, "` is not the pinned file: its digest is sha256:", digest,
                  ", the pin is sha256:", sha256),
              path, "find out why the file changed before you change the pin");
}

std::string Gate::pinned_digest(const std::string& path) const {
  const std::lock_guard lock(memory_->mutex);
  const auto found = memory_->pinned.find(path);
  return found == memory_->pinned.end() ? std::string() : found->second.digest.sha256;
}

} // namespace perch::run
