#include "cli/readers.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/version.h"
#include "sys/append_file.h"
#include "sys/fs.h"
#include "trace/audit.h"
#include "trace/fan_out.h"
#include "trace/report.h"
#include "trace/trace_text.h"

#include <algorithm>
#include <random>
#include <utility>

namespace perch::cli {

namespace {

using base::cat;

constexpr std::string_view kStdout = "-";

/// A standard stream, or a file of our own.
class StreamWriter final : public trace::Writer {
public:
  StreamWriter(int fd, std::string shown, trace::Progress* progress)
      : fd_(fd), shown_(std::move(shown)), progress_(progress) {}
  StreamWriter(sys::Fd file, std::string shown)
      : own_(std::move(file)), fd_(own_.get()), shown_(std::move(shown)) {}
  Status write(std::string_view bytes) override {
    const trace::Progress::Hold line(progress_);
    return sys::write_all(fd_, bytes, shown_);
  }

private:
  sys::Fd own_;
  int fd_;
  std::string shown_;
  trace::Progress* progress_ = nullptr;
};

/// An audit, or a pipe or device.
class AppendWriter final : public trace::Writer {
public:
  explicit AppendWriter(sys::AppendFile file) : file_(std::move(file)) {}
  Status write(std::string_view bytes) override { return file_.append(bytes); }
  Status check() override { return file_.check(); }
  Status sync() override { return file_.sync(); }

private:
  sys::AppendFile file_;
};

std::string absolute(const Context& context, std::string_view path) {
  return sys::absolute_path(context.world.host.current_directory(), path);
}

std::string shown_target(const std::string& target) {
  return target == kStdout ? std::string("standard output") : target;
}

/// The streams of perch itself under their names in /dev, which lead nowhere where they are pipes.
std::string plain_target(const std::string& target) {
  if (target == "/dev/stdout")
    return std::string(kStdout);
  return target == "/dev/stderr" ? std::string() : target;
}

/// Said before anything runs; a write to it would fail later.
Status refuse_closed_output(const Context& context, const std::string& target) {
  if (target != kStdout || !context.world.out_closed)
    return {};
  return fail(kind::kFileError, "cannot write to standard output: it is closed",
              shown_target(target), "name a file instead of `-`");
}

Result<std::unique_ptr<trace::Writer>>
open_stream(const Context& context, const std::string& target, trace::Progress* progress) {
  const sys::World& world = context.world;
  PERCH_TRY(refuse_closed_output(context, target));
  const auto of = [&](int fd) { return world.host.is_tty(fd) ? progress : nullptr; };
  if (target.empty())
    return std::make_unique<StreamWriter>(world.err, "standard error", of(world.err));
  if (target == kStdout)
    return std::make_unique<StreamWriter>(world.out, shown_target(target), of(world.out));
  PERCH_TRY_ASSIGN(const sys::Spot spot,
                   world.fs.locate(absolute(context, target), sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Other) { // a pipe that nobody reads is not waited for
    PERCH_TRY_ASSIGN(auto pipe, sys::AppendFile::open(absolute(context, target), target));
    return std::make_unique<AppendWriter>(std::move(pipe));
  }
  PERCH_TRY_ASSIGN(sys::Fd file, world.fs.open(spot, sys::Access::Write, 0644));
  return std::make_unique<StreamWriter>(std::move(file), target);
}

Result<std::unique_ptr<trace::Writer>> open_audit(const Context& context,
                                                  const std::string& target) {
  const auto open = [&]() -> Result<sys::AppendFile> {
    if (target != kStdout)
      return sys::AppendFile::open(absolute(context, target), target);
    PERCH_TRY(refuse_closed_output(context, target));
    return sys::AppendFile::borrow(context.world.out, shown_target(target));
  };
  auto file = open();
  if (!file) {
    return fail(kind::kAuditFailed, cat("the audit cannot be written: ", file.error().message),
                target, file.error().help);
  }
  return std::make_unique<AppendWriter>(std::move(*file));
}

bool is_same(const sys::Spot& a, const sys::Spot& b) {
  return a.real == b.real || (a.info.type != sys::NodeType::Missing && b.info.type == a.info.type &&
                              a.info.device == b.info.device && a.info.inode == b.info.inode);
}

/// Whether a reader would write over a text of the program.
bool is_source(const Context& context, const sys::Spot& target) {
  for (std::uint32_t id = 0; id < context.sources.size(); ++id) {
    const auto source = context.world.fs.locate(absolute(context, context.sources.get(id).path),
                                                sys::Final::Follow);
    if (source && source->info.type == sys::NodeType::Regular && is_same(*source, target))
      return true;
  }
  return false;
}

struct Claim {
  std::string_view flag;
  sys::Spot spot;
};

/// Refuses a file that another flag has claimed, and a text of the program.
Status claim(const Context& context, std::string_view flag, const std::string& target,
             std::vector<Claim>& claims) {
  if (target.empty() || target == kStdout)
    return {};
  auto spot = context.world.fs.locate(absolute(context, target), sys::Final::Follow);
  if (!spot || spot->info.type == sys::NodeType::Other)
    return {}; // opening it says what is wrong; a device may be shared
  if (is_source(context, *spot)) {
    return fail(kind::kBadArgument,
                cat(flag, " would write `", target, "`, which is a source of this program"), target,
                "name another file");
  }
  const auto same = [&](const Claim& other) { return is_same(other.spot, *spot); };
  if (const auto taken = std::ranges::find_if(claims, same); taken != claims.end()) {
    return fail(kind::kBadArgument,
                cat(taken->flag, " and ", flag, " would both write `", target, '`'), target,
                "give each a file of its own");
  }
  claims.push_back({.flag = flag, .spot = std::move(*spot)});
  return {};
}

/// Before a reader touches its file: one would overwrite the other.
Status check_targets(const Context& context) {
  const Options& options = context.options;
  std::vector<Claim> claims;
  PERCH_TRY(claim(context, "--audit", options.audit.value_or(""), claims));
  PERCH_TRY(claim(context, "--trace", options.trace.value_or(""), claims));
  return claim(context, "--report", options.report.value_or(""), claims);
}

/// 128 bits nobody can foresee.
std::string random_session() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::random_device random;
  std::string id;
  for (int word = 0; word < 4; ++word) {
    std::uint32_t bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4)
      id += kHex[bits & 15];
  }
  return id;
}

trace::Paint paint_for(const Context& context, const std::string& target) {
  const bool colour = target.empty() ? context.color_err == diag::Color::On
                                     : target == kStdout && context.color_out == diag::Color::On;
  return colour ? trace::Paint::Yes : trace::Paint::No;
}

/// Whether what is written there can be no file: a device or a pipe.
bool is_device(const Context& context, const std::string& path) {
  const auto spot = context.world.fs.locate(path, sys::Final::Follow);
  return sys::is_within("/dev", path) || (spot && spot->info.type == sys::NodeType::Other);
}

/// `out.html` of the test `t`: `out.t.html`.
std::string file_of_test(const std::string& file, std::string_view test) {
  const auto dot = file.rfind('.');
  if (dot == file.npos || dot < file.rfind('/') + 1)
    return cat(file, '.', test);
  return cat(file.substr(0, dot), '.', test, file.substr(dot));
}

} // namespace

std::vector<std::string> reader_flags(const Context& context, std::string_view test) {
  const Options& options = context.options;
  std::vector<std::string> flags;
  const auto add = [&](std::string_view name, const std::optional<std::string>& target) {
    if (!target)
      return;
    if (target->empty() || *target == kStdout) {
      flags.push_back(target->empty() ? std::string(name) : cat(name, "=-"));
      return;
    }
    const std::string path = absolute(context, *target);
    flags.push_back(cat(name, '=', is_device(context, path) ? path : file_of_test(path, test)));
  };
  add("--trace", options.trace);
  add("--report", options.report);
  if (options.audit && *options.audit != kStdout)
    flags.push_back(cat("--audit=", absolute(context, *options.audit)));
  else if (options.audit)
    flags.emplace_back("--audit=-");
  return flags;
}

Status check_junit(const Context& context, const std::string& target) {
  std::vector<Claim> claims; // each test has a trace and a report of its own
  PERCH_TRY(claim(context, "--audit", context.options.audit.value_or(""), claims));
  return claim(context, "--junit", target, claims);
}

std::string audit_file(const Context& context) {
  const std::optional<std::string>& target = context.options.audit;
  return target && *target != kStdout ? absolute(context, *target) : std::string();
}

struct Readers::Parts {
  const Context& context;
  trace::Progress* progress;
  std::unique_ptr<trace::Writer> audit_to, trace_to, report_to;
  std::unique_ptr<trace::AuditSink> audit;
  std::unique_ptr<trace::TraceSink> trace;
  std::unique_ptr<trace::ReportSink> report;
  std::unique_ptr<trace::FanOut> all;

  Status make_audit();
  Status make_trace();
  Status make_report();
};

Status Readers::Parts::make_audit() {
  if (!context.options.audit)
    return {};
  const std::string& target = *context.options.audit;
  PERCH_TRY_ASSIGN(audit_to, open_audit(context, target));
  sys::Host& host = context.world.host;
  audit = std::make_unique<trace::AuditSink>(
      *audit_to, trace::AuditIdentity{.session = random_session(),
                                      .user = host.user(),
                                      .host = host.hostname(),
                                      .perch_version = std::string(kVersion),
                                      .target = shown_target(target)});
  return {};
}

Status Readers::Parts::make_trace() {
  if (!context.options.trace)
    return {};
  const std::string target = plain_target(*context.options.trace);
  PERCH_TRY_ASSIGN(trace_to, open_stream(context, target, progress));
  trace = std::make_unique<trace::TraceSink>(*trace_to, paint_for(context, target));
  return {};
}

Status Readers::Parts::make_report() {
  if (!context.options.report)
    return {};
  const std::string target = plain_target(*context.options.report);
  PERCH_TRY_ASSIGN(report_to, open_stream(context, target, progress));
  report = std::make_unique<trace::ReportSink>(
      *report_to, trace::ReportSink::Options{.format = trace::report_format(target),
                                             .paint = paint_for(context, target),
                                             .pid = context.world.host.pid()});
  return {};
}

Readers::Readers(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Readers::~Readers() = default;

Result<std::unique_ptr<Readers>> Readers::make(const Context& context, trace::Progress* progress) {
  PERCH_TRY(check_targets(context));
  auto parts = std::make_unique<Parts>(Parts{.context = context, .progress = progress});
  PERCH_TRY(parts->make_audit());
  PERCH_TRY(parts->make_trace());
  PERCH_TRY(parts->make_report());
  // The audit comes first: what it cannot record does not happen, and nobody else is told of it.
  std::vector<trace::Sink*> sinks;
  if (parts->audit)
    sinks.push_back(parts->audit.get());
  if (parts->trace)
    sinks.push_back(parts->trace.get());
  if (parts->report)
    sinks.push_back(parts->report.get());
  if (!sinks.empty())
    parts->all = std::make_unique<trace::FanOut>(std::move(sinks));
  return std::unique_ptr<Readers>(new Readers(std::move(parts)));
}

trace::Sink* Readers::sink() const { return parts_->all.get(); }

void Readers::report_failures() const {
  const auto note = [&](std::string_view what, const std::optional<Error>& failed) {
    if (failed)
      parts_->context.err(cat("perch: the ", what, " is not complete: ", failed->message, '\n'));
  };
  if (parts_->trace)
    note("trace", parts_->trace->failure());
  if (parts_->report)
    note("report", parts_->report->failure());
}

} // namespace perch::cli
