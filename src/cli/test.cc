// `perch test`: every test command in a process and a temporary directory of its own.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/load.h"
#include "cli/readers.h"
#include "cli/test_report.h"
#include "cli/verbs.h"
#include "lane/lane.h"
#include "sys/fs.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"
#include "sys/real.h"
#include "sys/signal_names.h"

#include <algorithm>
#include <array>

namespace perch::cli {

namespace {

using base::cat;

struct Wanted {
  std::string filter;
  bool verbose = false;
  std::string junit;
  std::size_t jobs = 0;
};

constexpr const char* kUsageLine =
    "usage: perch test [--filter TEXT] [-v] [--jobs N] [--junit FILE]";

Result<Wanted> wanted(const std::vector<std::string>& words) {
  Wanted out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    std::string_view value;
    const auto equals = word.find('=');
    if (word.starts_with("--") && equals != word.npos) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    const bool takes = word == "--filter" || word == "--junit" || word == "--jobs" || word == "-j";
    if (takes && equals == std::string_view::npos) {
      if (i + 1 == words.size())
        return fail(kind::kBadArgument, cat('`', word, "` needs a value"), words[i], kUsageLine);
      value = words[++i];
    }
    if (word == "-v" || word == "--verbose") {
      out.verbose = true;
    } else if (word == "--filter") {
      out.filter = value;
    } else if (word == "--junit" && !value.empty()) {
      out.junit = value;
    } else if ((word == "-j" || word == "--jobs") && base::parse_int(value).value_or(0) > 0) {
      out.jobs = static_cast<std::size_t>(*base::parse_int(value));
    } else {
      const bool file = word == "-f" || word == "--file" || word.ends_with(".perch");
      return fail(kind::kBadArgument, cat("test cannot use `", words[i], '`'), words[i],
                  file ? "name the file before it: perch -f FILE test" : kUsageLine);
    }
  }
  return out;
}

/// How a test's process ended, in words.
std::string ending_of(const lane::Ended& ended) {
  using How = lane::Ended::How;
  if (ended.how == How::Exited)
    return cat("it ended with exit status ", ended.code);
  return ended.how == How::Signalled ? cat("it was ended by ", sys::signal_name(ended.code))
                                     : ended.error.message;
}

/// What a test may take to end when it is told to: a little more than a `finally`.
constexpr std::int64_t kPatienceNs = 12'000'000'000;

/// A test while it runs.
struct Running {
  TestResult* result = nullptr;
  std::unique_ptr<lane::Job> job;
  sys::Fd output;
  std::int64_t started_ns = 0;
  std::string directory; ///< its own temporary one; empty when it keeps the current one
};

class Runner {
public:
  Runner(const Context& context, const Found& found)
      : context_(context), found_(found), lane_(lane::make_process_lane()) {}

  Status start(const program::Command& test, TestResult& result);
  /// Waits until something happened; finished tests leave the list.
  Status step(sys::CancelToken& cancel);
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  /// Ends what runs, with time for its `finally` and for what its readers have to write.
  void stop_all();

private:
  std::vector<std::string> arguments(const program::Command& test, const std::string& directory);
  Result<std::string> make_directory();
  Status collect(int wake_fd, int timeout_ms);
  void finish(Running& test);
  void drain(Running& test);

  const Context& context_;
  const Found& found_;
  std::unique_ptr<lane::ProcessLane> lane_;
  std::vector<Running> running_;
};

std::vector<std::string> Runner::arguments(const program::Command& test,
                                           const std::string& directory) {
  std::vector<std::string> out = {"perch"};
  out.push_back(cat("--max-runtime=", test.test_timeout_s.value_or(30)));
  out.insert(out.end(), context_.options.flag_words.begin(), context_.options.flag_words.end());
  const std::vector<std::string> readers = reader_flags(context_, test.name);
  out.insert(out.end(), readers.begin(), readers.end());
  for (std::string_view word : {std::string_view("-f"), std::string_view(found_.absolute),
                                std::string_view("__test"), test.name}) {
    out.emplace_back(word);
  }
  out.push_back(directory);
  return out;
}

Result<std::string> Runner::make_directory() {
  const auto set = context_.world.env.get("TMPDIR");
  const std::string base(set && set->starts_with('/') ? *set : "/tmp");
  PERCH_TRY_ASSIGN(const sys::Spot spot, context_.world.fs.locate(base, sys::Final::Follow));
  PERCH_TRY_ASSIGN(const std::string name,
                   context_.world.fs.make_temporary(spot, "perch-test-", sys::NodeType::Directory));
  return cat(spot.real, '/', name);
}

Status Runner::start(const program::Command& test, TestResult& result) {
  Running running{.result = &result, .started_ns = context_.world.clock.steady_ns()};
  std::string directory = context_.world.host.current_directory();
  if (!test.test_keep_cwd) {
    PERCH_TRY_ASSIGN(directory, make_directory());
    running.directory = directory;
  }
  PERCH_TRY_ASSIGN(sys::Pipe pipe, sys::make_pipe());
  PERCH_TRY_ASSIGN(const sys::Fd null, sys::open_null(sys::Access::Read));
  lane::ChildSpec spec{.program = context_.world.host.exe_path(),
                       .argv = arguments(test, directory),
                       .directory = directory,
                       .stdio = {null.get(), pipe.write.get(), pipe.write.get()}};
  for (std::string_view entry : context_.world.env.all())
    spec.env.emplace_back(entry);
  PERCH_TRY_ASSIGN(running.job, lane_->start(spec));
  PERCH_TRY(sys::set_nonblocking(pipe.read.get()));
  running.output = std::move(pipe.read);
  running_.push_back(std::move(running));
  return {};
}

void Runner::drain(Running& test) {
  std::array<char, 65536> buffer;
  while (test.output) {
    const auto moved = sys::read_some(test.output.get(), buffer);
    if (!moved || moved->state == sys::Transfer::State::Closed)
      test.output.reset();
    if (!moved || moved->state != sys::Transfer::State::Moved)
      return;
    test.result->output.append(buffer.data(), moved->bytes);
  }
}

void Runner::finish(Running& test) {
  const lane::Ended ended = test.job->finish();
  drain(test);
  test.result->duration_ns = context_.world.clock.steady_ns() - test.started_ns;
  test.result->passed = ended.how == lane::Ended::How::Exited && ended.code == 0;
  test.result->ending = ending_of(ended);
  if (test.directory.empty())
    return;
  if (const auto spot = context_.world.fs.locate(test.directory, sys::Final::NoFollow)) {
    (void)context_.world.fs.remove_tree(*spot);
  }
}

Status Runner::step(sys::CancelToken& cancel) {
  PERCH_TRY(collect(cancel.fd(), cancel.poll_timeout_ms()));
  return cancel.check();
}

Status Runner::collect(int wake_fd, int timeout_ms) {
  std::vector<sys::PollItem> items = {{.fd = wake_fd, .read = true}};
  for (const Running& test : running_) {
    items.push_back({.fd = test.job->done_fd(), .read = true});
    items.push_back({.fd = test.output ? test.output.get() : -1, .read = true});
  }
  PERCH_TRY(sys::poll(items, timeout_ms));
  for (std::size_t i = running_.size(); i-- > 0;) {
    if (items[2 * i + 2].ready())
      drain(running_[i]);
    if (!items[2 * i + 1].ready())
      continue;
    finish(running_[i]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return {};
}

void Runner::stop_all() {
  for (const Running& test : running_)
    test.job->terminate(lane::Job::Force::Ask);
  const std::int64_t until = context_.world.clock.steady_ns() + kPatienceNs;
  while (!running_.empty()) {
    const std::int64_t left_ms = (until - context_.world.clock.steady_ns()) / 1'000'000;
    if (left_ms <= 0 || !collect(-1, static_cast<int>(left_ms)))
      break;
  }
  for (Running& test : running_) {
    test.job->terminate(lane::Job::Force::Now);
    finish(test);
  }
  running_.clear();
}

Status run_all(sys::CancelToken& cancel, Runner& runner,
               const std::vector<const program::Command*>& tests, std::size_t jobs,
               std::vector<TestResult>& results) {
  std::size_t next = 0;
  while (next < tests.size() || runner.running() > 0) {
    if (next < tests.size() && runner.running() < jobs) {
      PERCH_TRY(runner.start(*tests[next], results[next]));
      ++next;
    } else {
      PERCH_TRY(runner.step(cancel));
    }
  }
  return {};
}

} // namespace

int test(const Context& context) {
  const Result<Wanted> want = wanted(context.options.words);
  if (!want) {
    context.report(want.error());
    return kUsage;
  }
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  const std::optional<Loaded> loaded = load_program(context, ops, program::Strictness::Run, diags);
  if (!loaded)
    return kUsage;
  if (loaded->program == nullptr) {
    context.report(diags);
    return kUsage;
  }
  std::vector<const program::Command*> tests;
  for (const program::Command* command : loaded->program->commands) {
    if (command->is_test && command->name.find(want->filter) != std::string_view::npos) {
      tests.push_back(command);
    }
  }
  std::ranges::sort(tests, {}, &program::Command::name);
  if (tests.empty()) {
    context.err(want->filter.empty() ? std::string("no tests in this file\n")
                                     : cat("no test matches \"", want->filter, "\"\n"));
    return want->filter.empty() ? kOk : kFailure;
  }
  if (const Status usable = check_junit(context, want->junit); !usable) {
    context.report(usable.error());
    return kUsage;
  }
  std::vector<TestResult> results(tests.size());
  for (std::size_t i = 0; i < tests.size(); ++i)
    results[i].name = tests[i]->name;
  const std::int64_t began = context.world.clock.steady_ns();
  const std::size_t jobs =
      want->jobs > 0 ? want->jobs : static_cast<std::size_t>(context.world.host.cpu_count());
  const auto cancel = sys::CancelToken::root();
  const sys::SignalGuard signals(*cancel);
  Runner runner(context, loaded->found);
  if (const Status ran = run_all(*cancel, runner, tests, jobs, results); !ran) {
    runner.stop_all();
    context.report(ran.error());
    return cancel->signal() != 0 ? 128 + cancel->signal() : kFailure;
  }
  context.err(test_report(results, want->verbose, context.world.clock.steady_ns() - began));
  if (!want->junit.empty()) {
    const auto written = write_junit(context, want->junit, loaded->found.shown, results);
    if (!written) {
      context.report(written.error());
      return kFailure;
    }
  }
  return std::ranges::all_of(results, &TestResult::passed) ? kOk : kFailure;
}

} // namespace perch::cli
