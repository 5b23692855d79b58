#include "support/fake_call.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>

namespace perch::test {

using op::Arity;
using op::Cap;
using op::Value;

FakeWorld::FakeWorld() {
  host.os = "linux";
  host.arch = "amd64";
  host.user = "cook";
  host.home = "/home/cook";
  host.hostname = "kitchen";
  host.os_version = "6.1.0";
  host.temp_dir = "/tmp";
  host.cache_dir = "/home/cook/.cache";
  host.config_dir = "/home/cook/.config";
  host.data_dir = "/home/cook/.local/share";
  host.exe_path = "/usr/bin/perch";
  host.script_path = "/work/ops.perch";
  host.script_dir = "/work";
  host.uid = 1000;
  host.pid = 4711;
  host.cpu_count = 2;
}

FakeCall::FakeCall(const op::OpDecl& decl, FakeWorld& world, std::vector<Value> values,
                   std::vector<bool> given, std::vector<Value> rest)
    : decl_(decl), world_(world), values_(std::move(values)), given_(std::move(given)),
      rest_(std::move(rest)) {
  world_.files.gate = [this](Cap cap, std::string_view) { return allowed(cap); };
}

Status FakeCall::allowed(Cap cap) const {
  const bool declared = std::ranges::any_of(
      decl_.requests(), [cap](const op::Need& need) { return need.cap == cap; });
  if (!declared)
    return fail(kind::kCapabilityDenied,
                base::cat(decl_.name, " does not declare ", op::cap_name(cap)), "undeclared");
  if (world_.denied.contains(cap))
    return fail(kind::kCapabilityDenied, base::cat("no ", op::cap_name(cap)), "denied");
  return {};
}

Result<op::Ended> FakeCall::run(const op::Launch& launch) {
  PERCH_TRY(allowed(Cap::Exec));
  world_.launched.push_back(launch);
  std::string words = launch.program;
  for (const auto& arg : launch.args)
    words.append(" ").append(arg);
  for (const FakeProgram& program : world_.programs) {
    if (program.words != words)
      continue;
    op::Ended ended = program.ended;
    if (!launch.capture_output && !launch.discard_output)
      world_.out += ended.output;
    if (!launch.capture_output)
      ended.output.clear();
    return ended;
  }
  return fail(kind::kBinNotFound, base::cat("no program `", words, "`"), launch.program);
}

Result<op::HttpResponse> FakeCall::fetch(const op::HttpRequest& request) {
  PERCH_TRY(allowed(Cap::Net));
  world_.requests.push_back(request);
  const auto found = world_.pages.find(base::cat(request.method, ' ', request.url));
  if (found == world_.pages.end())
    return fail(kind::kHttpDnsFailed, base::cat("cannot reach ", request.url), request.url);
  const FakePage& page = found->second;
  if (page.error)
    return std::unexpected(*page.error);
  op::HttpResponse response{.status = page.status, .headers = page.headers, .body = page.body};
  if (response.body.size() > request.max_body_bytes)
    return fail(kind::kOutputTooLarge, "the body is too large", request.url);
  if (request.sink) {
    PERCH_TRY(request.sink(response.body));
    response.body.clear();
  }
  return response;
}

Status FakeCall::may_reach(std::string_view, int) { return allowed(Cap::Net); }

Result<std::vector<std::string>> FakeCall::resolve(std::string_view host) {
  PERCH_TRY(allowed(Cap::Net));
  const auto found = world_.addresses.find(std::string(host));
  if (found == world_.addresses.end())
    return fail(kind::kDnsFailed, base::cat("cannot resolve ", host), std::string(host));
  return found->second;
}

Result<bool> FakeCall::connects(std::string_view host, int port, op::Duration) {
  PERCH_TRY(allowed(Cap::Net));
  return world_.listening.contains(base::cat(host, ':', port));
}

Result<std::optional<int>> FakeCall::free_port(int port) {
  PERCH_TRY(allowed(Cap::Net));
  if (port == 0)
    return std::optional(49152);
  return world_.taken_ports.contains(port) ? std::nullopt : std::optional(port);
}

Result<op::LocalNetwork> FakeCall::local_network() {
  PERCH_TRY(allowed(Cap::Net));
  return world_.network;
}

Result<bool> FakeCall::process_runs(std::string_view name) {
  PERCH_TRY(allowed(Cap::Exec));
  return world_.processes.contains(std::string(name));
}

Result<std::optional<std::string>> FakeCall::env(std::string_view name) {
  PERCH_TRY(allowed(Cap::Env));
  const auto found = world_.env.find(std::string(name));
  return found == world_.env.end() ? std::nullopt : std::optional(found->second);
}

Status FakeCall::set_env(std::string_view name, std::optional<std::string> value) {
  PERCH_TRY(allowed(Cap::Env));
  if (value) {
    world_.env[std::string(name)] = std::move(*value);
  } else {
    world_.env.erase(std::string(name));
  }
  return {};
}

std::optional<std::string> FakeCall::which(std::string_view name) const {
  const auto found = world_.executables.find(std::string(name));
  return found == world_.executables.end() ? std::nullopt : std::optional(found->second);
}

Status FakeCall::print(op::Stream stream, std::string_view bytes) {
  (stream == op::Stream::Out ? world_.out : world_.err) += bytes;
  return {};
}

Status FakeCall::set_directory(std::string_view path) {
  PERCH_TRY_ASSIGN(const auto info, world_.files.stat(path, op::Follow::Yes));
  if (info.type != op::FileType::Directory)
    return fail(kind::kFileError, base::cat("`", path, "` is not a directory"));
  world_.files.directory = world_.files.absolute(path);
  return {};
}

Status FakeCall::sleep(op::Duration duration) {
  PERCH_TRY(check_cancelled());
  world_.slept_ns += duration.count();
  world_.now_ns += duration.count();
  return {};
}

Status FakeCall::check_cancelled() {
  if (world_.stops_after < 0 || world_.stops_after-- > 0)
    return {};
  world_.stops_after = 0;
  return fail(kind::kTimeoutExceeded, "the deadline has passed");
}

Result<std::string> FakeCall::bundle_hash() {
  if (!world_.bundle_hash)
    return fail(kind::kBundleError, "this program has no bundle");
  return *world_.bundle_hash;
}

Result<std::string> FakeCall::bundle_dir() { return world_.host.script_dir; }

Status FakeCall::bundle_extract(std::string_view entry, std::string_view to) {
  PERCH_TRY(allowed(Cap::Write));
  const auto found = world_.bundle.find(std::string(entry));
  if (found == world_.bundle.end())
    return fail(kind::kBundleError, base::cat("no entry `", entry, "`"), std::string(entry));
  return world_.files.write(to, found->second);
}

// ---- binding words to parameters ----------------------------------------------------------------

namespace {

struct Bound {
  std::vector<Value> values;
  std::vector<bool> given;
  std::vector<Value> rest;
};

std::unexpected<Error> refuse(const op::OpDecl& decl, std::string_view why) {
  return fail(kind::kBadArgument, base::cat(decl.name, ": ", why), "binding");
}

/// The next parameter that takes a positional word, or -1.
int next_positional(const op::OpDecl& decl, const Bound& bound) {
  const auto params = decl.parameters();
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].arity == Arity::Rest || (params[i].arity != Arity::Named && !bound.given[i]))
      return static_cast<int>(i);
  }
  return -1;
}

Result<Bound> bind(const op::OpDecl& decl, const std::vector<Arg>& args) {
  const auto params = decl.parameters();
  Bound bound{.values = {}, .given = std::vector<bool>(params.size(), false), .rest = {}};
  for (const auto& param : params)
    bound.values.emplace_back(std::string(param.fallback));
  for (const Arg& arg : args) {
    const int index = arg.name.empty() ? next_positional(decl, bound) : decl.index_of(arg.name);
    if (index < 0)
      return refuse(decl, "too many words, or an unknown name");
    const auto at = static_cast<std::size_t>(index);
    if (const auto why = op::mismatch(arg.value, params[at].type))
      return refuse(decl, *why);
    bound.given[at] = true;
    if (params[at].arity == Arity::Rest) {
      bound.rest.push_back(arg.value);
    } else {
      bound.values[at] = arg.value;
    }
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].arity == Arity::Required && !bound.given[i])
      return refuse(decl, base::cat("`", params[i].name, "` is missing"));
  }
  return bound;
}

} // namespace

Result<Value> call_op(const op::OpTable& table, FakeWorld& world, std::string_view name,
                      const std::vector<Arg>& args) {
  const op::OpDecl* decl = table.find(name);
  if (decl == nullptr)
    return fail(kind::kUnknownName, base::cat("no op `", name, "`"));
  PERCH_TRY_ASSIGN(Bound bound, bind(*decl, args));
  world.files.now_ns = world.now_ns;
  FakeCall call(*decl, world, std::move(bound.values), std::move(bound.given),
                std::move(bound.rest));
  return decl->run(call);
}

} // namespace perch::test
