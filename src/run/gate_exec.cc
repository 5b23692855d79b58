#include "run/gate_exec.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/shell_text.h"
#include "run/gate_confine.h"
#include "run/gate_env.h"
#include "run/gate_programs.h"

#include <algorithm>

namespace perch::run {

using base::cat;
using op::Cap;

namespace {

bool has_slash(std::string_view text) { return text.find('/') != std::string_view::npos; }

/// The place of a program given by path: its directory real, its name as written. Empty when
/// there is nothing.
std::string place_of(const Gate& gate, std::string_view directory, std::string_view path) {
  const std::string whole = path.starts_with('/') ? std::string(path) : cat(directory, '/', path);
  const auto target = gate.world().fs.locate(whole, sys::Final::Follow);
  if (!target || target->info.type == sys::NodeType::Missing)
    return {};
  const auto place = gate.world().fs.locate(whole, sys::Final::NoFollow);
  return place ? place->real : std::string();
}

std::string place_of_bin(const Gate& gate, const DeclaredBin& bin) {
  if (has_slash(bin.name))
    return place_of(gate, bin.directory, bin.name);
  return gate.on_own_path(bin.name);
}

std::string place_of_head(const Gate& gate, const Scope& scope, std::string_view head) {
  if (has_slash(head))
    return place_of(gate, scope.directory, head);
  return find_on_path(gate.world().fs, head, search_path(gate, scope), scope.directory);
}

bool lists_programs(const policy::Policy& policy) {
  return std::ranges::any_of(policy.layers(), [](const auto& layer) {
    return layer->rule(Cap::Exec).mode == policy::Rule::Mode::Only;
  });
}

/// The same for what perch starts itself: where programs are listed, entries of PATH that are no
/// absolute path do not count. A shell would look there, so for its texts they do.
std::string place_to_start(const Gate& gate, const Scope& scope, std::string_view head) {
  if (has_slash(head) || !lists_programs(scope.policy))
    return place_of_head(gate, scope, head);
  return find_on_path(gate.world().fs, head, search_path(gate, scope), {});
}

const DeclaredBin* bin_of(const Gate& gate, const Invocation& invocation) {
  if (invocation.bin)
    return &*invocation.bin;
  for (const DeclaredBin& bin : gate.bins()) {
    if (bin.name == invocation.head || (!bin.alias.empty() && bin.alias == invocation.head))
      return &bin;
  }
  return nullptr;
}

bool pins(const Gate& gate, const DeclaredBin& bin, const std::string& resolved) {
  return !bin.sha256.empty() && place_of_bin(gate, bin) == resolved;
}

/// The handle of a program that some declaration pins, whatever name led to it; -1: not pinned.
Result<int> check_pins(const Gate& gate, const std::string& resolved) {
  int handle = -1;
  for (const DeclaredBin& bin : gate.bins()) {
    if (!pins(gate, bin, resolved))
      continue;
    PERCH_TRY_ASSIGN(const PinnedFile* file, gate.pinned(resolved, bin.sha256));
    handle = file->handle.get();
  }
  return handle;
}

/// A shell opens what it runs by name, and what has the name then need not be what was hashed.
Status refuse_pinned(const Gate& gate, Actor actor, std::string_view word,
                     const std::string& resolved) {
  if (resolved.empty() ||
      std::ranges::none_of(gate.bins(), [&](const auto& bin) { return pins(gate, bin, resolved); }))
    return {};
  return fail(kind::kRequirementUnmet,
              cat(actor.name, " may not run ", word,
                  ": its digest is declared, and a shell would run whatever has its name by then"),
              std::string(word), cat("start it without a shell: exec ", word, " …"));
}

/// The name by which PATH, as perch was started with it, finds the program; empty when it finds
/// another one or none.
std::string known_as(const Gate& gate, std::string_view resolved) {
  const std::string name(resolved.substr(resolved.rfind('/') + 1));
  return gate.on_own_path(name) == resolved ? name : std::string();
}

std::unexpected<Error> not_found(const Gate& gate, const Scope& scope, Actor actor,
                                 std::string_view head, const DeclaredBin* bin) {
  if (has_slash(head)) {
    return fail(kind::kBinNotFound, cat(actor.name, ": there is no program `", head, '`'),
                std::string(head));
  }
  // A declared name means the program on perch's own PATH, not one the program put before it.
  const std::string elsewhere = bin != nullptr ? place_of_head(gate, scope, head) : std::string();
  if (!elsewhere.empty()) {
    return fail(kind::kBinNotFound,
                cat(actor.name, ": there is no program `", head,
                    "` on the PATH that perch was started with"),
                std::string(head), cat("declare it by its path: bin \"", elsewhere, '"'));
  }
  std::string help = "install it, or name it by its path";
  const auto similar = similar_programs(gate.world().fs, head, search_path(gate, scope));
  if (head.contains(' '))
    help = "its name is the first word alone: each word of a call stands for itself";
  else if (!similar.empty())
    help = cat("did you mean `", base::join(similar, "`, `"), "`?");
  return fail(kind::kBinNotFound, cat(actor.name, ": there is no program `", head, "` on PATH"),
              std::string(head), std::move(help));
}

struct Found {
  std::string path; ///< absolute; what will be started
  int handle = -1;  ///< instead of the path when the bin is pinned
  std::string argv0;
};

/// Where a head leads and what it is called, when the policy allows starting it. The place is
/// empty when nothing is there: a refused program is refused whether or not it exists.
Result<Found> admitted(const Gate& gate, const Scope& scope, Actor actor, const std::string& head,
                       const DeclaredBin* bin) {
  if (head.empty())
    return fail(kind::kBadArgument, cat(actor.name, ": the name of the program is empty"));
  const std::string wanted = bin != nullptr ? bin->name : head;
  Found out{.path = bin != nullptr ? place_of_bin(gate, *bin) : place_to_start(gate, scope, head),
            .argv0 = wanted};
  // Nothing can be started under a name that is not there, so it may count as the declared one.
  const std::string known = !out.path.empty()   ? known_as(gate, out.path)
                            : has_slash(wanted) ? std::string()
                                                : wanted;
  PERCH_TRY(gate.ask(scope, actor,
                     {.cap = Cap::Exec, .subject = head, .resolved = out.path, .known_as = known}));
  return out;
}

Result<Found> find_program(const Gate& gate, const Scope& scope, Actor actor,
                           const Invocation& invocation) {
  const DeclaredBin* bin = bin_of(gate, invocation);
  PERCH_TRY_ASSIGN(Found out, admitted(gate, scope, actor, invocation.head, bin));
  if (out.path.empty())
    return not_found(gate, scope, actor, out.argv0, bin);
  PERCH_TRY_ASSIGN(out.handle, check_pins(gate, out.path));
  return out;
}

/// Asks whether a shell text may be started; its first word counts.
Status admit_text(const Gate& gate, const Scope& scope, Actor actor, std::string_view text) {
  const policy::ShellHead head = policy::shell_head(text);
  using Kind = policy::ShellHead::Kind;
  std::string resolved, known;
  if (head.kind == Kind::Program) {
    resolved = place_of_head(gate, scope, head.word);
    if (!resolved.empty())
      known = known_as(gate, resolved);
    else if (!has_slash(head.word))
      known = head.word;
  }
  Status allowed = gate.ask(scope, actor,
                            {.cap = Cap::Exec,
                             .subject = head.word,
                             .resolved = resolved,
                             .known_as = known,
                             .shell = true,
                             .shell_builtin = head.kind == Kind::Builtin,
                             .shell_metachars = policy::has_shell_metachars(text)});
  if (!allowed && head.kind == Kind::Unknown)
    allowed.error().note += cat("; the first word counts, and ", head.why);
  PERCH_TRY(std::move(allowed));
  return refuse_pinned(gate, actor, head.word, resolved);
}

/// `bash -c`, or `sh -c` where there is no bash.
Result<Found> find_shell(const Gate& gate, const Scope& scope, Actor actor,
                         const Invocation& invocation) {
  PERCH_TRY(admit_text(gate, scope, actor, invocation.head));
  for (const std::string_view name : {"bash", "sh"}) {
    std::string path = gate.on_own_path(name);
    if (path.empty())
      path = place_of(gate, "/bin", name);
    if (path.empty())
      continue;
    PERCH_TRY_ASSIGN(const int handle, check_pins(gate, path));
    return Found{.path = std::move(path), .handle = handle, .argv0 = std::string(name)};
  }
  return fail(kind::kBinNotFound, cat(actor.name, ": there is neither bash nor sh on PATH"), "bash",
              "install a shell, or start the programs without one");
}

Result<std::string> directory_of(const Gate& gate, const Scope& scope, Actor actor,
                                 std::string_view written) {
  if (written.empty())
    return std::string(scope.directory);
  PERCH_TRY_ASSIGN(const sys::Spot spot, gate.read_spot(scope, actor, written, sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Directory)
    return spot.real;
  return fail(kind::kFileNotFound, cat(actor.name, ": `", written, "` is not a directory"),
              std::string(written));
}

Status check_words(Actor actor, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.find('\0') != std::string::npos)
      return fail(kind::kBadArgument, cat(actor.name, ": an argument holds a NUL byte"), {},
                  "no program can be given a NUL byte in an argument: pass it on stdin");
  }
  return {};
}

} // namespace

Result<lane::ChildSpec> child(const Gate& gate, const Scope& scope, Actor actor,
                              const Invocation& invocation) {
  PERCH_TRY_ASSIGN(Found found, invocation.shell ? find_shell(gate, scope, actor, invocation)
                                                 : find_program(gate, scope, actor, invocation));
  lane::ChildSpec out;
  out.program = found.path;
  out.program_fd = found.handle;
  out.argv = {std::move(found.argv0)};
  if (invocation.shell)
    out.argv.insert(out.argv.end(), {"-c", invocation.head});
  out.argv.insert(out.argv.end(), invocation.args.begin(), invocation.args.end());
  PERCH_TRY(check_words(actor, out.argv));
  PERCH_TRY_ASSIGN(out.env, child_environment(gate, scope, actor));
  PERCH_TRY_ASSIGN(out.directory, directory_of(gate, scope, actor, invocation.directory));
  if (!gate.setup().confine_off) {
    out.confinement = confinement(scope.policy, gate.setup().allow_child_network, found.path);
  }
  return out;
}

Status ask_for_program(const Gate& gate, const Scope& scope, Actor actor, std::string_view head) {
  const Invocation invocation{.head = std::string(head)};
  PERCH_TRY(admitted(gate, scope, actor, invocation.head, bin_of(gate, invocation)));
  return {};
}

Status ask_for_shell_text(const Gate& gate, const Scope& scope, Actor actor,
                          std::string_view text) {
  return admit_text(gate, scope, actor, text);
}

Status check_bin(const Gate& gate, const DeclaredBin& bin) {
  const std::string path = place_of_bin(gate, bin);
  if (path.empty()) {
    return fail(kind::kBinNotFound,
                has_slash(bin.name) ? cat("there is no program `", bin.name, '`')
                                    : cat("there is no program `", bin.name, "` on PATH"),
                bin.name, "install it, or declare it `optional`");
  }
  PERCH_TRY_ASSIGN(const sys::Spot spot, gate.world().fs.locate(path, sys::Final::Follow));
  if (spot.info.type != sys::NodeType::Regular || (spot.info.mode & 0111) == 0) {
    return fail(kind::kRequirementUnmet, cat("`", path, "` is not an executable file"), path,
                spot.info.type == sys::NodeType::Regular ? cat("chmod +x ", base::shell_quote(path))
                                                         : std::string());
  }
  if (!bin.sha256.empty())
    PERCH_TRY(gate.pinned(path, bin.sha256));
  return {};
}

std::optional<std::string> which(const Gate& gate, const Scope& scope, std::string_view name) {
  std::string found = place_of_head(gate, scope, name);
  if (found.empty())
    return std::nullopt;
  // What is on the PATH perch was started with is no news. Any other place is: asking must not tell
  // whether a file is there that may not be read.
  const bool known = !has_slash(name) && gate.on_own_path(name) == found;
  if (!known && !policy::decide(scope.policy, {.cap = Cap::Read, .subject = found}).allowed())
    return std::nullopt;
  return found;
}

} // namespace perch::run
