#include "lane/process/confine.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/kernel.h"
#include "lane/process/call_filter.h"
#include "lane/process/landlock.h"

#include <algorithm>

namespace perch::lane {

namespace {

// What programs need to be loaded and to run at all: read and executed, never written. Those that
// are links are followed, so the last ones name the files that the network's and the trust
// store's links lead to, wherever that is.
constexpr const char* kSystem[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/nix/store",
    "/gnu/store",
    "/run/current-system",
    // As a whole: a rule for /proc/self would be for perch itself. Of other processes it shows what
    // every user may see; the rest asks whether the reader may trace them, which it may not.
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/os-release",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/certs",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ca-certificates",
};
// No terminal but the child's own: what is typed into another one, and what it shows, is not its.
constexpr const char* kDevices[] = {
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx",
};

bool holds_everything(const std::vector<std::string>& roots) {
  return std::ranges::find(roots, "/") != roots.end();
}

bool limits_reading(const Confinement& confinement) {
  return confinement.limit_files && !holds_everything(confinement.read_roots);
}
bool limits_writing(const Confinement& confinement) {
  return confinement.limit_files && !holds_everything(confinement.write_roots);
}

// What it holds open as a stream it may open again, as /dev/stderr.
Status allow_streams(Ruleset& rules, const Stdio& stdio) {
  if (stdio.in >= 0)
    PERCH_TRY(rules.allow_stream(stdio.in, false, "its standard input"));
  for (const int stream : {stdio.out, stdio.err}) {
    if (stream >= 0)
      PERCH_TRY(rules.allow_stream(stream, true, "its standard output"));
  }
  return {};
}

Status allow_all(Ruleset& rules, const ChildSpec& spec, const std::string& temporary) {
  for (const char* path : kSystem)
    PERCH_TRY(rules.allow_reading(path, Place::System));
  for (const char* path : kDevices) {
    PERCH_TRY(rules.allow_reading(path, Place::System));
    PERCH_TRY(rules.allow_changing(path, Place::System));
  }
  PERCH_TRY(spec.program_fd >= 0 ? rules.allow_reading(spec.program_fd, spec.program)
                                 : rules.allow_reading(spec.program, Place::System));
  PERCH_TRY(allow_streams(rules, spec.stdio));
  if (!temporary.empty()) {
    PERCH_TRY(rules.allow_reading(temporary, Place::Required));
    PERCH_TRY(rules.allow_writing(temporary, Place::Required));
  }
  for (const std::string& root : spec.confinement.read_roots)
    PERCH_TRY(rules.allow_reading(root, Place::Optional));
  for (const std::string& root : spec.confinement.write_roots) {
    auto allowed = rules.allow_writing(root, Place::Required);
    if (!allowed && allowed.error().kind == kind::kFileNotFound) {
      allowed.error().help = "make it first: the kernel can allow only what exists";
    }
    PERCH_TRY(std::move(allowed));
  }
  return {};
}

} // namespace

// Versions of Landlock: 2 knows moves between directories, 3 truncation.
Status enforceable(const Confinement& confinement, const KernelConfinement& kernel) {
  constexpr int kForReading = 2, kForWriting = 3;
  const auto missing = [](std::string_view what) {
    return fail(kind::kConfinementUnavailable,
                base::cat("a child process cannot be held to the restrictions in force: this "
                          "kernel has no ",
                          what),
                {}, "run perch where it has, or start children unrestricted with `--confine=off`");
  };
  if (!confinement.limits())
    return {};
  if (!kernel.filters)
    return missing("seccomp filters");
  if (confinement.limit_files && kernel.landlock < 1)
    return missing("Landlock (Linux 5.13 or newer, and in its list of security modules)");
  if (limits_writing(confinement) && kernel.landlock < kForWriting)
    return missing("Landlock that can forbid to truncate files (Linux 6.2 or newer)");
  if (limits_reading(confinement) && kernel.landlock < kForReading)
    return missing("Landlock that can allow moving files (Linux 5.19 or newer)");
  return {};
}

bool needs_temporary(const Confinement& confinement) { return limits_writing(confinement); }

Result<Confined> prepare_confinement(const ChildSpec& spec, const KernelConfinement& kernel,
                                     const std::string& temporary) {
  const Confinement& confinement = spec.confinement;
  PERCH_TRY(enforceable(confinement, kernel));
  Confined confined;
  constexpr int kUsable = 2;
  const bool has_ruleset = kernel.landlock >= kUsable;
  if (has_ruleset) {
    const Restrictions restrictions{.reading = limits_reading(confinement),
                                    .writing = limits_writing(confinement),
                                    .tcp = confinement.no_network,
                                    .abstract_sockets = confinement.no_network,
                                    .signals = confinement.limits()};
    PERCH_TRY_ASSIGN(Ruleset rules, Ruleset::make(restrictions, kernel.landlock));
    if (confinement.limit_files)
      PERCH_TRY(allow_all(rules, spec, temporary));
    confined.ruleset = rules.release();
  }
  if (!confinement.limits())
    return confined;
  const bool nothing_written = limits_writing(confinement) && confinement.write_roots.empty();
  confined.program = call_filter({.no_network = confinement.no_network,
                                  .no_metadata = nothing_written,
                                  .no_local_sockets = confinement.limit_files,
                                  .no_shared_memory = confinement.limit_files,
                                  .no_tracing = !has_ruleset});
  confined.filter = {static_cast<unsigned short>(confined.program.size()), confined.program.data()};
  return confined;
}

KernelConfinement kernel_confinement() {
  return {.landlock = landlock_version(), .filters = filters_available()};
}

} // namespace perch::lane
