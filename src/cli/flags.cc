// The table of perch's own flags.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/options.h"

#include <algorithm>
#include <array>

namespace perch::cli {

namespace {

using Value = Flag::Value;

Status bad(std::string_view flag, std::string_view value, std::string_view expected) {
  return fail(kind::kBadArgument, base::cat(flag, " cannot be \"", value, "\""), std::string(value),
              base::cat("it must be ", expected));
}

/// Adds the names of a comma-joined list; an empty list stays, and allows nothing.
void add_list(std::optional<std::vector<std::string>>& list, std::string_view names) {
  if (!list)
    list.emplace();
  for (std::string_view name : base::split(names, ',')) {
    name = base::trim(name);
    if (!name.empty())
      list->emplace_back(name);
  }
}

Status set_color(Options& o, std::string_view value) {
  if (value == "auto" || value == "always" || value == "never") {
    o.color = value == "auto" ? When::Auto : value == "always" ? When::Always : When::Never;
    return {};
  }
  return bad("--color", value, "auto, always or never");
}

Status set_max_runtime(Options& o, std::string_view value) {
  // A bare number is seconds, as everywhere a duration is given; 0 means no limit.
  const std::optional<double> seconds = base::parse_float(value);
  std::optional<std::int64_t> ns = base::parse_duration_ns(value);
  if (seconds && *seconds >= 0 && *seconds < 9e9) {
    ns = static_cast<std::int64_t>(*seconds * 1e9);
  }
  if (!ns || *ns < 0)
    return bad("--max-runtime", value, "seconds, or a duration such as 90s or 1h30m");
  if (*ns > 0)
    o.max_runtime_ns = std::min(*ns, o.max_runtime_ns.value_or(*ns));
  return {};
}

Status set_redirects(Options& o, std::string_view value) {
  const std::optional<std::int64_t> n = base::parse_int(value);
  constexpr int kMostRedirects = 100;
  if (!n || *n < 0 || *n > kMostRedirects)
    return bad("--max-redirects", value, "a number from 0 to 100");
  o.max_redirects = std::min(static_cast<int>(*n), o.max_redirects.value_or(kMostRedirects));
  return {};
}

Status set_tier(Options& o, std::string_view value) {
  using Tier = lane::WasmOptions::Tier;
  if (value != "auto" && value != "quick" && value != "full") {
    return bad("--wasm-tier", value, "auto, quick or full");
  }
  o.wasm_tier = value == "auto" ? Tier::Auto : value == "quick" ? Tier::Quick : Tier::Full;
  return {};
}

Status set_wasm_memory(Options& o, std::string_view value) {
  const std::optional<std::uint64_t> bytes = base::parse_byte_count(value);
  if (!bytes || *bytes == 0)
    return bad("--max-wasm-memory", value, "a size such as 256MiB");
  o.max_wasm_memory = *bytes;
  return {};
}

Status add_pin(Options& o, std::string_view value) {
  std::string_view hex = value;
  if (hex.starts_with("sha256:"))
    hex.remove_prefix(7);
  const bool digits = std::ranges::all_of(hex, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (hex.size() != 64 || !digits) {
    return bad("--accept-wasm-hash", value, "sha256: and 64 hexadecimal digits");
  }
  o.wasm_pins.emplace_back(hex);
  return {};
}

Status set_confine(Options& o, std::string_view value) {
  if (value != "on" && value != "off")
    return bad("--confine", value, "on or off");
  o.confine_off = value == "off";
  return {};
}

/// A second file for one reader would leave the first one silently empty.
Status set_once(std::optional<std::string>& target, std::string_view flag, std::string_view value) {
  if (target)
    return fail(kind::kBadArgument, base::cat('`', flag, "` is given twice"), std::string(value),
                "it writes one file");
  target = value;
  return {};
}

Status set_trace(Options& o, std::string_view value) { return set_once(o.trace, "--trace", value); }
Status set_report(Options& o, std::string_view value) {
  return set_once(o.report, "--report", value);
}
Status set_audit(Options& o, std::string_view value) {
  if (value.empty())
    return bad("--audit", value, "a file, or - for standard output");
  return set_once(o.audit, "--audit", value);
}

Status set_dump(Options& o, std::string_view value) {
  if (value != "tokens" && value != "ast")
    return bad("--dump", value, "tokens or ast");
  o.verb = Verb::Dump;
  o.dump = value;
  return {};
}

Status set_dry_run(Options& o, std::string_view value) {
  if (!value.empty() && value != "json" && value != "text")
    return bad("--dry-run", value, "text or json");
  o.dry_run = value == "json" ? DryRun::Json : DryRun::Text;
  return {};
}

template <Verb V>
Status set_verb(Options& o, std::string_view) {
  o.verb = V;
  return {};
}
template <bool Options::* Member>
Status set_true(Options& o, std::string_view) {
  o.*Member = true;
  return {};
}
template <bool policy::FlagRules::* Member>
Status set_rule(Options& o, std::string_view) {
  o.rules.*Member = true;
  return {};
}
template <policy::FlagRules::List policy::FlagRules::* Member>
Status add_rule(Options& o, std::string_view value) {
  add_list(o.rules.*Member, value);
  return {};
}
Status set_file(Options& o, std::string_view value) {
  if (value.empty())
    return bad("-f", value, "a file, or - for standard input");
  o.file = value;
  return {};
}

Status set_output(Options& o, std::string_view value) {
  if (value.empty() || value == "-")
    return bad("-o", value, "a file");
  o.output = value;
  return {};
}
Status add_include(Options& o, std::string_view value) {
  if (value.empty())
    return bad("--include", value, "a file or a directory");
  o.includes.emplace_back(value);
  return {};
}

using R = policy::FlagRules;
constexpr auto kMissing = Flag::Built::Missing;
constexpr auto kWidens = Flag::Built::Widens;
constexpr std::string_view kAsk = "What to do";
constexpr std::string_view kShip = "One file to ship";
constexpr std::string_view kNarrow = "What may happen (each only narrows)";
constexpr std::string_view kStdin = "Scripts from standard input (-f -) start with nothing allowed";
constexpr std::string_view kHttp = "HTTP";
constexpr std::string_view kWasm = "Modules";
constexpr std::string_view kSee = "Seeing what runs";

constexpr Flag kFlags[] = {
    {"--file", "-f", Value::Required, "FILE", kAsk,
     "the program; - reads it from standard input. Default: commands.perch here or above", set_file,
     kMissing},
    {"--help", "-h", Value::None, "", kAsk, "the file's commands; after a command: its arguments",
     set_verb<Verb::Help>},
    {"--version", "-V", Value::None, "", kAsk, "perch's version", set_verb<Verb::Version>},
    {"--check", "", Value::None, "", kAsk, "find mistakes without running anything",
     set_verb<Verb::Check>},
    {"--validate", "", Value::None, "", kAsk, "the same as --check", set_verb<Verb::Check>},
    {"--list", "-l", Value::None, "", kAsk, "names of the commands, one a line",
     set_verb<Verb::List>},
    {"--init", "", Value::None, "", kAsk, "write a first program", set_verb<Verb::Init>, kMissing},
    {"--json", "", Value::None, "", kAsk,
     "with --check, --list, --help, ops, scan, doctor, inspect: the same as JSON",
     set_true<&Options::json>},
    {"--dump", "", Value::Required, "tokens|ast", kAsk, "what the parser saw", set_dump, kMissing},
    {"--color", "", Value::Required, "auto|always|never", kAsk, "colour of perch's own words",
     set_color},
    {"--quiet", "-q", Value::None, "", kAsk, "no notes and no progress", set_true<&Options::quiet>},

    {"--build", "", Value::None, "", kShip,
     "one executable of perch, the program and its files; keeps flags about what may happen",
     set_verb<Verb::Build>, kMissing},
    {"--output", "-o", Value::Required, "FILE", kShip,
     "with --build: where it goes; default: the program's name", set_output, kMissing},
    {"--include", "", Value::Required, "PATH", kShip, "with --build: one more file or directory",
     add_include, kMissing},
    {"--force", "", Value::None, "", kShip, "with --build: replace a file that perch has not built",
     set_true<&Options::force>, kMissing},
    {"--build-strict", "", Value::None, "", kShip,
     "with --build: what is built refuses flags that would let more happen",
     set_true<&Options::build_strict>, kMissing},

    {"--no-shell", "", Value::None, "", kNarrow, "no shell text", set_rule<&R::no_shell>},
    {"--no-subprocess", "", Value::None, "", kNarrow, "no child processes at all",
     set_rule<&R::no_subprocess>},
    {"--no-network", "", Value::None, "", kNarrow, "no network for ops, modules and children",
     set_rule<&R::no_network>},
    {"--no-write", "", Value::None, "", kNarrow, "no changes to files", set_rule<&R::no_write>},
    {"--no-read", "", Value::None, "", kNarrow, "no reading of files", set_rule<&R::no_read>},
    {"--no-env", "", Value::None, "", kNarrow, "no host variables", set_rule<&R::no_env>},
    {"--no-wasm", "", Value::None, "", kNarrow, "no modules", set_rule<&R::no_wasm>},
    {"--no-shell-metachars", "", Value::None, "", kNarrow, "shell text of one plain command only",
     set_rule<&R::no_shell_metachars>},
    {"--env", "", Value::Required, "A,B", kNarrow, "only these host variables", add_rule<&R::env>},
    {"--allow-bin", "", Value::Required, "A,B", kNarrow, "only these programs",
     add_rule<&R::allow_bin>},
    {"--allow-host", "", Value::Required, "A,B", kNarrow,
     "only these hosts: name, *.name, either with :port", add_rule<&R::allow_host>},
    {"--allow-read-path", "", Value::Required, "DIR,…", kNarrow, "only below these",
     add_rule<&R::allow_read_path>},
    {"--allow-write-path", "", Value::Required, "DIR,…", kNarrow, "only below these",
     add_rule<&R::allow_write_path>},
    {"--allow-child-network", "", Value::None, "", kNarrow,
     "children keep the network although hosts are listed", set_rule<&R::allow_child_network>,
     kWidens},
    {"--confine", "", Value::Required, "on|off", kNarrow,
     "off: start children even where the kernel cannot hold them to the restrictions", set_confine,
     kWidens},
    {"--max-runtime", "", Value::Required, "TIME", kNarrow, "stop everything after this time",
     set_max_runtime},

    {"--trust-stdin", "", Value::None, "", kStdin, "treat it like a file",
     set_true<&Options::trust_stdin>, kMissing},
    {"--allow-shell", "", Value::None, "", kStdin, "shell text and children",
     set_rule<&R::allow_shell>, kMissing},
    {"--allow-subprocess", "", Value::None, "", kStdin, "children", set_rule<&R::allow_subprocess>,
     kMissing},
    {"--allow-network", "", Value::None, "", kStdin, "the network", set_rule<&R::allow_network>,
     kMissing},
    {"--allow-write", "", Value::None, "", kStdin, "changing files", set_rule<&R::allow_write>,
     kMissing},
    {"--allow-read", "", Value::None, "", kStdin, "reading files", set_rule<&R::allow_read>,
     kMissing},
    {"--allow-wasm", "", Value::None, "", kStdin, "modules", set_rule<&R::allow_wasm>, kMissing},

    {"--allow-private-ips", "", Value::None, "", kHttp, "addresses that are not public",
     set_true<&Options::allow_private_ips>, kWidens},
    {"--allow-scheme-downgrade", "", Value::None, "", kHttp, "redirects from https to http",
     set_true<&Options::allow_scheme_downgrade>, kWidens},
    {"--allow-proxy", "", Value::None, "", kHttp, "proxies from the environment",
     set_true<&Options::allow_proxy>, kWidens},
    {"--max-redirects", "", Value::Required, "N", kHttp, "redirects to follow (5)", set_redirects,
     kWidens},
    {"--no-redirects", "", Value::None, "", kHttp, "the same as --max-redirects=0",
     [](Options& o, std::string_view) { return set_redirects(o, "0"); }},

    {"--accept-wasm-hash", "", Value::Required, "SHA256", kWasm,
     "a module from the network may have this digest", add_pin, kWidens},
    {"--max-wasm-memory", "", Value::Required, "SIZE", kWasm, "upper bound for every module",
     set_wasm_memory},
    {"--wasm-tier", "", Value::Required, "auto|quick|full", kWasm, "how modules are compiled",
     set_tier},
    {"--require-kernel-wall", "", Value::None, "", kWasm,
     "refuse to run a module where the kernel cannot confine it",
     set_true<&Options::require_kernel_wall>},
    {"--no-cache", "", Value::None, "", kWasm, "neither use nor keep compiled code and results",
     set_true<&Options::no_cache>},

    {"--trace", "", Value::Optional, "FILE", kSee,
     "each step as it happens; - is standard output. Default: standard error", set_trace},
    {"--report", "", Value::Optional, "FILE", kSee,
     "all steps as a tree at the end; FILE.html: a page, FILE.json: for trace viewers", set_report},
    {"--audit", "", Value::Required, "FILE", kSee,
     "add a record of everything that happens to FILE; stop when that fails", set_audit},
    {"--ask", "", Value::None, "", kSee, "ask on the terminal before each effect",
     set_true<&Options::ask>},
    {"--restrictions", "", Value::None, "", kSee,
     "the layers in force and what they leave to each op", set_verb<Verb::Restrictions>},
    {"--dry-run", "-n", Value::Optional, "json", kSee, "print the plan, run nothing", set_dry_run},
};

constexpr VerbWord kVerbs[] = {
    {"help", Verb::Help, "help for a command of the file, an op or a block", true},
    {"test", Verb::Test, "run the file's test commands", true},
    {"fmt", Verb::Format, "lay out files canonically", false},
    {"cache", Verb::Cache, "info or clear: the cache of compiled modules", false},
    {"warm", Verb::Warm, "compile every module the file names", false},
    {"completions", Verb::Completions, "script for bash, zsh or fish", false},
    {"scan", Verb::Scan, "what the file can ever ask for", false},
    {"learn", Verb::Learn, "run a command and print the least `requires` block for it", false},
    {"doctor", Verb::Doctor, "what this machine can enforce", false},
    {"ops", Verb::Ops, "reference of all ops", false},
    {"audit", Verb::Audit, "verify FILE: whether an audit is whole and unchanged", false},
    {"inspect", Verb::Inspect, "what a built executable holds", false},
    {"__complete", Verb::Complete, "", true},
    {"__test", Verb::RunTest, "", true},
};

} // namespace

std::span<const Flag> flags() { return kFlags; }

bool is_kept_in_build(const Flag& flag) {
  const bool bears = flag.group == kNarrow || flag.group == kHttp || flag.group == kWasm;
  return bears && flag.name != "--no-cache"; // which says how, not what
}

std::span<const std::string_view> own_flag_names() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, std::size(kFlags)> names;
    for (std::size_t i = 0; i < names.size(); ++i)
      names[i] = kFlags[i].name.substr(2);
    return names;
  }();
  return kNames;
}

std::span<const VerbWord> verb_words() { return kVerbs; }

} // namespace perch::cli
