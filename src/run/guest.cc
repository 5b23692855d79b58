#include "run/guest.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/hosts.h"
#include "run/asking.h"
#include "run/exec.h"
#include "run/expr.h"
#include "run/gate_http.h"
#include "run/jobs.h"
#include "run/modules.h"
#include "run/nodes.h"
#include "run/shared_run.h"
#include "sys/fs.h"
#include "sys/signal_names.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using program::WasmRunNode;

constexpr Actor kActor{.name = "wasm_run"};

std::unexpected<FailurePtr> bad_declaration(const State& state, diag::Span span,
                                            std::string message, std::string help = {}) {
  return raise(
      state, span,
      {.kind = kind::kBadArgument, .message = std::move(message), .help = std::move(help)});
}

/// `/ro/<basename>` or `/rw/<basename>`, or the path the block gives.
Eval<std::string> guest_path(State& state, const program::WasmMount& mount, std::string_view host) {
  if (mount.guest == nullptr) {
    const std::string absolute = sys::absolute_path(state.directory, host);
    const std::string name = absolute.substr(absolute.rfind('/') + 1);
    if (name.empty()) {
      return bad_declaration(state, mount.span, "the root directory has no name to be mounted by",
                             "say where the module sees it, with at:\"/host\"");
    }
    return cat(mount.writable ? "/rw/" : "/ro/", name);
  }
  PERCH_TRY_ASSIGN(std::string path, text_of(state, *mount.guest));
  const auto parts = base::split(path, '/');
  const bool climbs = std::ranges::find(parts, "..") != parts.end();
  if (!path.starts_with('/') || climbs || path.contains('\0')) {
    return bad_declaration(state, mount.guest->span,
                           cat("`", path, "` is no guest path: it must be absolute, without `..`"),
                           "for example at:\"/data\"");
  }
  return sys::absolute_path("/", path);
}

Flow add_mount(State& state, const program::WasmMount& mount, Guest& guest) {
  PERCH_TRY_ASSIGN(const std::string host, text_of(state, mount.host));
  PERCH_TRY_ASSIGN(std::string at, guest_path(state, mount, host));
  if (!base::is_utf8(at)) {
    return bad_declaration(state, mount.span,
                           cat("`", at, "` is no guest path: the paths of modules are UTF-8"),
                           "give it another place, with at:\"/data\"");
  }
  const auto taken =
      std::ranges::find(guest.mounts, at, [](const GuestMount& m) { return m.mount.guest; });
  if (taken != guest.mounts.end()) {
    return bad_declaration(state, mount.span,
                           cat("two mounts at ", at, ": ", taken->mount.host, " and ", host),
                           "give one of them another place, with at:\"/other\"");
  }
  auto made =
      run::mount(state.run.gate(), state.scope(), kActor, host, std::move(at), mount.writable);
  if (!made)
    return raise(state, mount.span, std::move(made).error());
  guest.mounts.push_back(std::move(*made));
  guest.needs.push_back({.cap = op::Cap::Read, .subject = "mount"});
  if (mount.writable)
    guest.needs.push_back({.cap = op::Cap::Write, .subject = "mount"});
  return {};
}

/// The variables that are let through and set.
Flow add_variables(State& state, const WasmRunNode& node, Guest& guest) {
  for (const program::Expr& names : node.env) {
    PERCH_TRY_ASSIGN(const std::string text, text_of(state, names));
    for (const std::string_view piece : base::split(text, ',')) {
      const std::string_view name = base::trim(piece);
      if (name.empty())
        return bad_declaration(state, names.span, "wasm_env: a name is missing");
      if (name.contains('=') || name.contains('\0')) {
        return bad_declaration(
            state, names.span, cat("wasm_env: `", name, "` is no name of a variable"),
            "list names alone; values come from the environment, which with_env changes");
      }
      auto value = guest_variable(state.run.gate(), state.scope(), kActor, name);
      if (!value)
        return raise(state, names.span, std::move(value).error());
      guest.needs.push_back({.cap = op::Cap::Env, .subject = "env"});
      if (*value && is_secret_name(name))
        state.run.secrets().add(std::string_view(**value));
      const bool again =
          std::ranges::find(guest.spec.env, name, &std::pair<std::string, std::string>::first) !=
          guest.spec.env.end();
      if (*value && !again)
        guest.spec.env.emplace_back(name, std::move(**value));
    }
  }
  return {};
}

/// A request that gets no answer is a step of its own below the module's, so that whoever watches
/// the run reads why; the guest does not. It is told from the thread that does the request, while
/// the guest waits.
HttpTally::Tell refusal_teller(const State& state) {
  if (!watched(state))
    return nullptr;
  return [&run = state.run, parent = state.span, branch = state.branch, at = state.node->span](
             const op::HttpRequest& request, const Error& error, std::int64_t took_ns) {
    const Setting& setting = run.setting();
    sys::Clock& clock = setting.world.clock;
    trace::Begin begin{.id = run.next_span(), .parent = parent, .kind = "http_request"};
    begin.args = {{.name = "url", .value = run.secrets().shown(request.url)},
                  {.name = "method", .value = run.secrets().shown(request.method)}};
    begin.position = setting.sources.file_line(at);
    begin.unix_ns = clock.unix_ns() - took_ns;
    begin.steady_ns = clock.steady_ns() - took_ns;
    begin.branch = branch;
    const Error masked = run.secrets().mask(error);
    // A sink that fails says so again at the end of the module's own step.
    trace::Sink& sink = *run.sink();
    if (sink.begin(begin)) {
      (void)sink.end({.id = begin.id,
                      .unix_ns = clock.unix_ns(),
                      .steady_ns = clock.steady_ns(),
                      .error = &masked});
    }
  };
}

Flow add_hosts(State& state, const WasmRunNode& node, Guest& guest) {
  std::vector<std::string> hosts;
  PERCH_TRY(append_words(state, node.hosts, hosts));
  if (!hosts.empty())
    guest.needs.push_back({.cap = op::Cap::Net, .subject = "host"});
  for (std::string& host : hosts) {
    PERCH_TRY_ASSIGN(host,
                     placed(state, node.hosts.front().span, policy::normalize_host_pattern(host)));
  }
  guest.hosts = hosts;
  // Without hosts nothing goes out, but what was tried has its reason.
  guest.http = std::make_shared<HttpTally>(refusal_teller(state));
  guest.spec.http =
      http_broker(state.run.gate(), state.scope(), kActor, std::move(hosts), guest.http);
  guest.spec.http_misused = [tally = guest.http](const op::HttpRequest& request,
                                                 std::string_view why) {
    tally->refused(
        request, Error{.kind = kind::kWasmHttpRefused, .message = cat(kActor.name, ": ", why)}, 0);
  };
  return {};
}

Flow set_limits(State& state, const WasmRunNode& node, Guest& guest) {
  if (node.memory != nullptr) {
    PERCH_TRY_ASSIGN(const std::string text, text_of(state, *node.memory));
    const auto bytes = base::parse_byte_count(text);
    if (!bytes || *bytes == 0) {
      return bad_declaration(state, node.memory->span, cat("wasm_memory: `", text, "` is no size"),
                             "write it as 64MiB");
    }
    guest.spec.memory_bytes = *bytes;
  }
  if (const auto most = state.run.request().max_wasm_memory; most != 0)
    guest.spec.memory_bytes = std::min(guest.spec.memory_bytes, most);
  if (node.fuel == nullptr)
    return {};
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, *node.fuel));
  const auto fuel = base::parse_int(text);
  if (!fuel || *fuel <= 0) {
    return bad_declaration(state, node.fuel->span,
                           cat("wasm_fuel: `", text, "` is no positive number"));
  }
  guest.spec.fuel = static_cast<std::uint64_t>(*fuel);
  return {};
}

/// Arguments reach a guest as C strings.
Flow check_words(const State& state, const WasmRunNode& node, const Guest& guest) {
  for (const std::string& word : guest.spec.argv) {
    if (word.contains('\0'))
      return bad_declaration(state, node.span, "wasm_arg: an argument holds a NUL byte",
                             "pass it with wasm_stdin");
  }
  return {};
}

} // namespace

Eval<Guest> evaluate_guest(State& state, const WasmRunNode& node, std::string name) {
  Guest guest;
  if (node.mounts.empty())
    state.run.setting().guests.expect_guest(state.run.request().require_kernel_wall);
  PERCH_TRY_ASSIGN(LoadedModule loaded, load_module(state, node, name));
  guest.shown = std::move(name);
  guest.module = std::move(loaded.module);
  PERCH_TRY(placed(
      state, may_run_module(state.run.gate(), state.scope(), kActor, guest.module->sha256())));
  guest.needs.push_back({.cap = op::Cap::Wasm, .subject = "module"});
  guest.spec.argv.push_back(std::move(loaded.base_name));
  PERCH_TRY(append_words(state, node.args, guest.spec.argv));
  PERCH_TRY(check_words(state, node, guest));
  PERCH_TRY(add_variables(state, node, guest));
  for (const program::WasmMount& mount : node.mounts)
    PERCH_TRY(add_mount(state, mount, guest));
  PERCH_TRY(add_hosts(state, node, guest));
  PERCH_TRY(set_limits(state, node, guest));
  if (node.input != nullptr) {
    PERCH_TRY_ASSIGN(guest.spec.input, text_of(state, *node.input));
  }
  guest.spec.cancel = state.cancel;
  guest.spec.require_kernel_wall = state.run.request().require_kernel_wall;
  return guest;
}

Result<std::unique_ptr<lane::Job>> start_guest(State& state, Step& step, Guest& guest,
                                               lane::Stdio stdio) {
  guest.spec.stdio = stdio;
  guest.spec.mounts.clear();
  for (const GuestMount& mount : guest.mounts) {
    guest.spec.mounts.push_back(mount.mount);
    guest.spec.mounts.back().handle = mount.handle.get();
  }
  if (state.run.gate().setup().watcher != nullptr && !guest.mounts.empty())
    guest.spec.uses = std::make_shared<lane::MountUses>(guest.mounts.size());
  PERCH_TRY(step.before_start());
  PERCH_TRY_ASSIGN(auto job, state.run.setting().guests.start(guest.module, guest.spec));
  step.mark_began();
  return job;
}

Status guest_status(const Guest& guest, const lane::Ended& ended) {
  using How = lane::Ended::How;
  switch (ended.how) {
  case How::Exited: {
    if (ended.code == 0)
      return {};
    auto failed = fail(kind::kWasmModuleExited,
                       cat('`', guest.shown, "` ended with exit status ", ended.code), guest.shown);
    failed.error().code = ended.code;
    return failed;
  }
  case How::Signalled: {
    const std::string name = sys::signal_name(ended.code);
    auto killed =
        fail(kind::kShellSignalKilled, cat('`', guest.shown, "` was ended by ", name), guest.shown);
    killed.error().code = 128 + ended.code;
    killed.error().code_name = name;
    return killed;
  }
  case How::Trapped:
  case How::Failed:
    return std::unexpected(ended.error);
  }
  return {};
}

std::string guest_text(const Guest& guest) {
  std::string text = cat("wasm_run ", base::shell_quote(guest.shown));
  for (std::size_t i = 1; i < guest.spec.argv.size(); ++i)
    text += cat(' ', base::shell_quote(guest.spec.argv[i]));
  for (const auto& [name, value] : guest.spec.env)
    text += cat(" env=", name);
  for (const GuestMount& mount : guest.mounts)
    text += cat(mount.mount.writable ? " write=" : " read=", base::shell_quote(mount.mount.host));
  if (!guest.hosts.empty())
    text += cat(" hosts=", base::join(guest.hosts, ","));
  return text;
}

namespace {

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

trace::Record limits_of(const lane::GuestSpec& spec) {
  trace::Record limits{{"memory_bytes", number(spec.memory_bytes)}};
  if (spec.fuel)
    limits.emplace_back("fuel", number(*spec.fuel));
  return limits;
}

std::string_view origin_name(lane::Module::From from) {
  switch (from) {
  case lane::Module::From::Process:
    return "process";
  case lane::Module::From::Disk:
    return "disk";
  case lane::Module::From::Compiled:
    return "compiled";
  case lane::Module::From::Bundle:
    return "bundle";
  }
  return "";
}

void tell_uses(const State& state, const Guest& guest) {
  Watcher* watcher = state.run.gate().setup().watcher;
  if (watcher == nullptr)
    return;
  if (guest.module->asks_for_variables())
    watcher->could_see_variables(state.scope().at);
  for (std::size_t i = 0; guest.spec.uses && i < guest.mounts.size(); ++i) {
    const lane::Mount& mount = guest.mounts[i].mount;
    watcher->mounted({.host = mount.host,
                      .guest = mount.guest,
                      .writable = mount.writable,
                      .known = guest.spec.uses->known,
                      .use = guest.spec.uses->of(i)},
                     state.scope().at);
  }
}

} // namespace

StepInfo guest_step(const State& state, const std::string& name) {
  return {.what = trace::What::Guest,
          .kind = "wasm_run",
          .args = {{.name = "module", .value = shown(state, name)}}};
}

void add_guest_arguments(const State& state, Step& step, const Guest& guest) {
  if (!watched(state))
    return;
  std::vector<std::string> env;
  for (const auto& [name, value] : guest.spec.env)
    env.push_back(name);
  std::vector<trace::Record> mounts;
  for (const GuestMount& made : guest.mounts) {
    mounts.push_back({{"host", made.mount.host},
                      {"guest", made.mount.guest},
                      {"mode", std::string(made.mount.writable ? "write" : "read")}});
  }
  step.late_argument("sha256", guest.module->sha256());
  step.late_argument("size", number(guest.module->size()));
  step.late_argument("argv", shown(state, guest.spec.argv));
  step.late_argument("env", std::move(env));
  step.late_argument("mounts", std::move(mounts));
  step.late_argument("hosts", guest.hosts);
  step.late_argument("limits", limits_of(guest.spec));
}

void add_guest_facts(const State& state, Step& step, const Guest& guest, const lane::Ended& ended) {
  tell_uses(state, guest);
  if (ended.how == lane::Ended::How::Trapped)
    step.fact("trap", ended.error.detail);
  step.fact("tier", std::string(guest.module->optimised() ? "full" : "quick"));
  step.fact("code_from", std::string(origin_name(guest.module->from())));
  add_usage(step, ended);
  if (guest.spec.fuel)
    step.fact("fuel", number(ended.usage.fuel));
  const auto [made, refused] = guest.http->totals();
  if (guest.hosts.empty() && refused.empty())
    return;
  step.fact("http_made", made);
  std::vector<trace::Record> records;
  for (const HttpTally::Refusal& each : refused)
    records.push_back({{"url", each.url}, {"reason", each.reason}});
  step.fact("http_refused", std::move(records));
}

HookEvent guest_event(const Guest& guest) {
  return {.op = "wasm_run", .needs = guest.needs, .target = guest.shown};
}

namespace {

Flow run_started(State& state, Step& step, Guest& guest) {
  lane::Stdio stdio{.in = state.in};
  PERCH_TRY_ASSIGN(stdio.out, placed(state, state.out->descriptor(*state.cancel)));
  PERCH_TRY_ASSIGN(stdio.err, placed(state, state.err->descriptor(*state.cancel)));
  const trace::Progress::Hold quiet(terminal_progress(state));
  Jobs jobs(state.cancel);
  PERCH_TRY_ASSIGN(auto job, placed(state, start_guest(state, step, guest, stdio)));
  const std::size_t number = jobs.add(std::move(job), {}, state.out);
  jobs.receive(*state.out);
  jobs.receive(*state.err);
  const Status waited = jobs.wait();
  if (jobs.has_ended(number))
    add_guest_facts(state, step, guest, jobs.ended(number));
  PERCH_TRY(placed(state, waited));
  return placed(state, guest_status(guest, jobs.ended(number)));
}

Flow run_inside(State& state, Step& step, const WasmRunNode& node, std::string name) {
  PERCH_TRY_ASSIGN(Guest guest, evaluate_guest(state, node, std::move(name)));
  add_guest_arguments(state, step, guest);
  if (asks(state)) {
    PERCH_TRY_ASSIGN(const bool goes_on, ask_first(state, guest_text(guest)));
    if (!goes_on) {
      step.mark_skipped();
      return {};
    }
  }
  return hooked(
      state, [&] { return guest_event(guest); }, [&] { return run_started(state, step, guest); });
}

} // namespace

Flow run_wasm(State& state, const WasmRunNode& node) {
  PERCH_TRY_ASSIGN(std::string name, module_name(state, node));
  // From here on the span: what keeps the module from running is told in it, and compiling counts.
  Step step(state);
  if (watched(state))
    PERCH_TRY(step.open(guest_step(state, name)));
  return step.close(run_inside(state, step, node, std::move(name)));
}

} // namespace perch::run
