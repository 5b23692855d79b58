#include "base/text.h"
#include "cli/doctor.h"

#include <algorithm>
#include <array>

namespace perch::cli {

namespace {

using base::cat;
using lane::Confinement;

/// What one restriction of a child means here.
struct Row {
  std::string name;
  bool enforced = false;
  std::string how;       ///< by what the kernel holds a child to it
  std::string otherwise; ///< what perch does without; empty when nothing is missing
};

constexpr std::string_view kRefused = "the child is not started (confinement_unavailable)";

Row row(std::string name, const lane::KernelConfinement& kernel, const Confinement& wanted,
        std::string how) {
  const Status can = lane::enforceable(wanted, kernel);
  if (can)
    return {.name = std::move(name), .enforced = true, .how = std::move(how), .otherwise = {}};
  const std::string& why = can.error().message;
  return {.name = std::move(name),
          .how = {},
          .otherwise = cat(kRefused, ": this kernel has no", why.substr(why.rfind(" no ") + 3))};
}

std::vector<Row> rows(const lane::KernelConfinement& kernel) {
  const bool tcp = kernel.landlock >= 4, scopes = kernel.landlock >= 6 && kernel.filters;
  std::vector<Row> out;
  out.push_back(row("no_write, write=…", kernel,
                    {.limit_files = true, .read_roots = {"/"}, .write_roots = {}},
                    "Landlock rules; a private temporary directory stays writable"));
  out.push_back(row("no_read, read=…", kernel,
                    {.limit_files = true, .read_roots = {}, .write_roots = {"/"}},
                    "Landlock rules; what programs need to run stays readable"));
  out.push_back(row(
      "no_network, host=…", kernel, {.no_network = true},
      cat("a seccomp filter: no sockets but pairs of AF_UNIX", tcp ? "; Landlock for TCP" : "")));
  Row variables{
      .name = "no_env, env=…", .enforced = kernel.landlock >= 2, .how = {}, .otherwise = {}};
  (variables.enforced ? variables.how : variables.otherwise) =
      variables.enforced ? "an environment of its own, and Landlock: no other process's is read"
                         : "an environment of its own; a child may read those of the user's other "
                           "processes (Linux 5.19 closes that)";
  out.push_back(std::move(variables));
  Row outside{.name = "outside processes", .enforced = scopes, .how = {}, .otherwise = {}};
  if (!kernel.filters)
    outside.otherwise = "no child can be confined at all";
  else if (scopes)
    outside.how = "a confined child cannot signal or trace them, nor reach their abstract sockets";
  else
    outside.otherwise =
        kernel.landlock >= 2
            ? "a confined child cannot trace them, but may signal the user's own "
              "(Linux 6.12 closes that)"
            : "a filter forbids tracing; a confined child may signal the user's own";
  out.push_back(std::move(outside));
  return out;
}

std::string feature(bool has, std::string_view yes, std::string_view no) {
  return has ? cat("yes   ", yes) : cat("no    ", no);
}

std::string column(std::string_view text, std::size_t cells) {
  std::string out(text);
  const auto have = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
  out.append(have < cells ? cells - have : 1, ' ');
  return out;
}

struct Feature {
  std::string_view name;
  bool has;
  std::string_view yes, no;
};

std::vector<Feature> features(const lane::KernelFeatures& kernel) {
  return {{"seccomp filters", kernel.confinement.filters, "system calls can be forbidden",
           "no child can be confined"},
          {"openat2", kernel.openat2, "paths cannot be redirected between check and use",
           "file ops fail: perch needs Linux 5.6 or newer"},
          {"execveat", kernel.execveat, "a pinned program runs by the handle that was hashed",
           "pinned programs cannot run"},
          {"pidfd", kernel.pidfd, "children are waited for by handle", "perch needs Linux 5.3"},
          {"close_range", kernel.close_range, "no descriptor of perch reaches a child",
           "descriptors are closed one by one: slower, as safe"},
          {"memfd", kernel.memfd, "files without a name", "not needed by anything that is on"}};
}

std::string state_text(const OwnDirectory& directory) {
  switch (directory.state) {
  case OwnDirectory::State::Absent:
    return "not there yet; made when it is needed";
  case OwnDirectory::State::Trusted:
    return "the user's own";
  case OwnDirectory::State::Open:
    return "NOT TRUSTED: others may change it, so nothing in it is used";
  case OwnDirectory::State::NoDirectory:
    return "not a directory: nothing is kept";
  }
  return {};
}

std::string_view state_word(const OwnDirectory& directory) {
  switch (directory.state) {
  case OwnDirectory::State::Absent:
    return "absent";
  case OwnDirectory::State::Trusted:
    return "trusted";
  case OwnDirectory::State::Open:
    return "untrusted";
  case OwnDirectory::State::NoDirectory:
    return "not_a_directory";
  }
  return "";
}

} // namespace

std::string doctor_text(const DoctorFacts& facts) {
  const lane::KernelFeatures& kernel = facts.kernel;
  const int landlock = kernel.confinement.landlock;
  std::string out = cat("perch ", facts.version, " on Linux ", kernel.release, ' ', kernel.machine,
                        kernel.root ? ", run by root" : "", "\n\nkernel\n");
  out += cat("  ", column("Landlock", 20),
             landlock > 0 ? cat("yes   version ", landlock)
                          : std::string("no    files cannot be closed to children"),
             '\n');
  for (const Feature& each : features(kernel))
    out += cat("  ", column(each.name, 20), feature(each.has, each.yes, each.no), '\n');
  out += "\nrestrictions, for child processes and all they start\n";
  for (const Row& each : rows(kernel.confinement)) {
    out += cat("  ", column(each.name, 20), each.enforced ? "held  " : "GAP   ",
               each.enforced ? each.how : each.otherwise, '\n');
  }
  out +=
      cat("  ", column("host by host", 20),
          "GAP   no kernel tells hosts apart: under a list of hosts a child gets no network, but "
          "for --allow-child-network\n");
  out += "\nmodules\n";
  out += cat("  ", column("second wall", 20),
             facts.wall.whole() ? "held  the kernel holds a module's thread to its mounts and calls"
                                : "GAP   WebAssembly alone holds a module; --require-kernel-wall "
                                  "refuses to run one",
             '\n');
  out += "\nplaces\n";
  for (const OwnDirectory& each : facts.directories) {
    out += cat("  ", column(each.name, 20),
               each.path.empty() ? std::string("nowhere: HOME is not set")
                                 : cat(each.path, ", ", state_text(each)),
               '\n');
  }
  out +=
      cat("  ", column("shell", 20),
          facts.shell.empty() ? std::string("none: neither bash nor sh is on PATH") : facts.shell,
          '\n');
  return out;
}

base::Json doctor_json(const DoctorFacts& facts) {
  const lane::KernelFeatures& kernel = facts.kernel;
  base::Json features_json = {{"landlock", kernel.confinement.landlock}};
  for (const Feature& each : features(kernel))
    features_json[each.name == "seccomp filters" ? "seccomp" : std::string(each.name)] = each.has;
  base::Json restrictions = base::Json::array();
  for (const Row& each : rows(kernel.confinement)) {
    restrictions.push_back({{"name", each.name},
                            {"enforced", each.enforced},
                            {"how", each.how},
                            {"otherwise", each.otherwise}});
  }
  base::Json directories = base::Json::array();
  for (const OwnDirectory& each : facts.directories) {
    directories.push_back(
        {{"name", each.name}, {"path", each.path}, {"state", std::string(state_word(each))}});
  }
  return {
      {"schema", "perch.doctor.v1"},
      {"perch", facts.version},
      {"kernel", {{"release", kernel.release}, {"machine", kernel.machine}, {"root", kernel.root}}},
      {"features", std::move(features_json)},
      {"restrictions", std::move(restrictions)},
      {"guest_wall", {{"files", facts.wall.files}, {"system_calls", facts.wall.system_calls}}},
      {"directories", std::move(directories)},
      {"shell", facts.shell}};
}

} // namespace perch::cli
