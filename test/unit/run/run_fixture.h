#pragma once
// Runs commands of small programs with doubles for everything outside: ops that only remember what
// they were given, a table of programs, a file system that knows their names and no more.

#include "base/error_kinds.h"
#include "op/call.h"
#include "program/analyze.h"
#include "run/run.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace perch::run {

// ---- ops -------------------------------------------------------------------------------------

inline Result<op::Value> print_op(op::Call& call) {
  PERCH_TRY(call.print(op::Stream::Out, std::string(call.text(0)) + "\n"));
  return op::Value();
}
inline Result<op::Value> fail_op(op::Call& call) {
  return perch::fail(kind::kUserFail, std::string(call.text(0)));
}
/// `failing KIND` fails with that kind and status 9.
inline Result<op::Value> failing_op(op::Call& call) {
  for (const std::string_view known : kind::kAll) {
    if (known == call.text(0)) {
      auto failed = perch::fail(known, "made to fail", "the detail");
      failed.error().code = 9;
      return failed;
    }
  }
  return perch::fail(kind::kBadArgument, "no such kind");
}
inline Result<op::Value> exit_op(op::Call& call) {
  auto leaving = perch::fail(op::kExitKind, "exit");
  leaving.error().code = static_cast<int>(call.integer(0));
  return leaving;
}
inline Result<op::Value> give_op(op::Call& call) { return op::Value(std::string(call.text(0))); }
inline Result<op::Value> list_op(op::Call& call) {
  std::vector<std::string> items;
  for (const op::Value& item : call.rest())
    items.push_back(item.text());
  return op::Value::list(std::move(items));
}
inline Result<op::Value> same_op(op::Call& call) {
  return op::Value::boolean(call.text(0) == call.text(1));
}
inline Result<op::Value> sleep_op(op::Call& call) {
  PERCH_TRY(call.sleep(call.duration(0)));
  return op::Value();
}
inline Result<op::Value> export_op(op::Call& call) {
  PERCH_TRY(call.set_env(call.text(0), std::string(call.text(1))));
  return op::Value();
}

inline constexpr op::OpDecl kTestOps[] = {
    {.name = "print", .params = {{{.name = "text"}}}, .run = print_op},
    {.name = "fail",
     .aliases = {"throw"},
     .params = {{{.name = "text"}}},
     .bare_names = false,
     .run = fail_op},
    {.name = "failing", .params = {{{.name = "kind"}}}, .bare_names = false, .run = failing_op},
    {.name = "exit", .params = {{{.name = "code", .type = op::Type::Int}}}, .run = exit_op},
    {.name = "give", .params = {{{.name = "text"}}}, .returns = op::Type::Text, .run = give_op},
    {.name = "list",
     .params = {{{.name = "items", .arity = op::Arity::Rest}}},
     .returns = op::Type::List,
     .run = list_op},
    {.name = "same",
     .params = {{{.name = "a"}, {.name = "b"}}},
     .returns = op::Type::Bool,
     .run = same_op},
    {.name = "sleep", .params = {{{.name = "for", .type = op::Type::Duration}}}, .run = sleep_op},
    {.name = "export",
     .params = {{{.name = "name"}, {.name = "value"}}},
     .needs = {{{.cap = op::Cap::Env, .subject = "name"}}},
     .bare_names = false,
     .run = export_op},
};
inline constexpr std::span<const op::OpDecl> kTestFamilies[] = {kTestOps};

// ---- the world -------------------------------------------------------------------------------

/// Knows that `/` and `/work` are directories and which programs are in `/bin`.
class NamesOnlyFs final : public sys::Fs {
public:
  std::vector<std::string> programs;

  Result<sys::Spot> locate(std::string_view absolute, sys::Final) override {
    sys::Spot spot;
    spot.real = sys::absolute_path("/", absolute);
    const bool program = spot.real.starts_with("/bin/") &&
                         std::ranges::find(programs, spot.real.substr(5)) != programs.end();
    if (program)
      spot.info = {.type = sys::NodeType::Regular, .mode = 0755};
    else if (spot.real == "/" || spot.real == "/work" || spot.real == "/work/sub")
      spot.info.type = sys::NodeType::Directory;
    return spot;
  }
  bool leads_to_program(const std::string& absolute) override {
    return locate(absolute, sys::Final::Follow)->info.mode != 0;
  }
  Result<sys::Fd> open(const sys::Spot&, sys::Access, std::uint32_t) override { return none(); }
  Result<std::vector<std::pair<std::string, sys::NodeType>>> list(const sys::Spot&) override {
    return none();
  }
  Result<std::string> read_link(const sys::Spot&) override { return none(); }
  Status make_directories(const sys::Spot&, std::uint32_t) override { return none(); }
  Status remove_tree(const sys::Spot&) override { return none(); }
  Status rename(const sys::Spot&, const sys::Spot&) override { return none(); }
  Status symlink(std::string_view, const sys::Spot&) override { return none(); }
  Status set_mode(const sys::Spot&, std::uint32_t) override { return none(); }
  Status touch(const sys::Spot&) override { return none(); }
  Result<std::unique_ptr<sys::PendingReplace>> replace(const sys::Spot&, std::uint32_t) override {
    return none();
  }
  Result<std::string> make_temporary(const sys::Spot&, std::string_view, sys::NodeType) override {
    return none();
  }

private:
  static std::unexpected<Error> none() {
    return perch::fail(kind::kFileError, "this file system holds names only");
  }
};

class StillClock final : public sys::Clock {
public:
  [[nodiscard]] std::int64_t unix_ns() override { return 1'700'000'000'000'000'000; }
  [[nodiscard]] std::int64_t steady_ns() override { return 0; }
};

class MapEnv final : public sys::Env {
public:
  std::map<std::string, std::string, std::less<>> table = {{"PATH", "/bin"}, {"HOME", "/work"}};
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const override {
    const auto found = table.find(name);
    return found == table.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  [[nodiscard]] std::vector<std::string_view> all() const override { return {}; }
};

class NobodysHost final : public sys::Host {
public:
  [[nodiscard]] std::string user() override { return "sam"; }
  [[nodiscard]] std::string home() override { return "/work"; }
  [[nodiscard]] std::string hostname() override { return "kitchen"; }
  [[nodiscard]] std::string os_version() override { return "1"; }
  [[nodiscard]] std::string exe_path() override { return "/bin/perch"; }
  [[nodiscard]] std::string current_directory() override { return "/work"; }
  [[nodiscard]] std::int64_t uid() override { return 1000; }
  [[nodiscard]] std::int64_t pid() override { return 7; }
  [[nodiscard]] std::int64_t cpu_count() override { return 4; }
  [[nodiscard]] bool is_tty(int) override { return false; }
  [[nodiscard]] int terminal_columns(int) override { return 80; }
};

/// What a program of the table writes and how it ends.
struct Told {
  std::string output;
  int status = 0;
  int interrupted_by = 0; ///< the signal that the terminal sends it at once
};

/// "Starts" programs by what the table says of their name, and remembers how they were called.
class TableLane final : public lane::ProcessLane {
public:
  std::map<std::string, Told> table;

  Result<std::unique_ptr<lane::Job>> start(const lane::ChildSpec& spec) override {
    const std::scoped_lock lock(mutex_);
    std::string call;
    for (const std::string& word : spec.argv)
      call += (call.empty() ? "" : " ") + word;
    calls_.push_back(std::move(call));
    const Told& told = table[spec.argv[0]];
    if (spec.stdio.out >= 0 && !told.output.empty())
      (void)sys::write_some(spec.stdio.out, told.output);
    return Ending::with(told);
  }
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }

private:
  class Ending final : public lane::Job {
  public:
    static Result<std::unique_ptr<lane::Job>> with(const Told& told) {
      PERCH_TRY_ASSIGN(auto pipe, sys::make_pipe());
      auto job = std::make_unique<Ending>();
      job->done_ = std::move(pipe.read); // its other end is closed: readable at once
      job->ended_.code = told.status;
      if (told.interrupted_by != 0) {
        job->ended_.how = lane::Ended::How::Signalled;
        job->ended_.code = told.interrupted_by;
        job->ended_.interrupted = true;
      }
      return job;
    }
    [[nodiscard]] int done_fd() const override { return done_.get(); }
    lane::Ended finish() override { return ended_; }
    void terminate(Force) override {}
    void signal(int) override {}

  private:
    sys::Fd done_;
    lane::Ended ended_;
  };

  mutable std::mutex mutex_;
  std::vector<std::string> calls_;
};

class NoGuests final : public lane::WasmLane {
public:
  Result<std::shared_ptr<const lane::Module>> load(std::string_view, std::string_view,
                                                   std::string_view, lane::Metering,
                                                   sys::CancelToken*) override {
    return none();
  }
  Result<std::shared_ptr<const lane::Module>> load_file(std::string_view, int, std::string_view,
                                                        lane::Proof, lane::Metering,
                                                        sys::CancelToken*) override {
    return none();
  }
  Status warm(std::string_view, std::string_view, lane::Metering) override { return none(); }
  void expect_guest(bool) override {}
  Result<std::unique_ptr<lane::Job>> start(std::shared_ptr<const lane::Module>,
                                           const lane::GuestSpec&) override {
    return none();
  }
  Result<std::string> compile_ahead(std::string_view, std::string_view, lane::Metering) override {
    return none();
  }
  Result<std::shared_ptr<const lane::Module>>
  load_ahead(std::string_view, const lane::AheadCode&, std::string_view, lane::Metering) override {
    return none();
  }
  [[nodiscard]] lane::KernelWall kernel_wall() override { return {}; }

private:
  static std::unexpected<Error> none() {
    return perch::fail(kind::kWasmCompileFailed, "there are no guests here");
  }
};

// ---- running ---------------------------------------------------------------------------------

/// How a run ended, as texts.
struct Ran {
  std::string out;
  std::string ended; ///< "ok", "exit N", or the kind of the error
  std::string message, detail;
  std::vector<std::string> chain;
  std::uint32_t line = 0; ///< of the error
};

class RunTest : public testing::Test {
protected:
  /// Runs `command` of the program `text` with `words`.
  Ran run(const std::string& text, const std::string& command = "a",
          std::vector<std::string> words = {});
  /// Runs the statements `body` as command `a`, each line of it indented by itself.
  Ran run_body(const std::string& body) { return run("command a\ndo\n" + body + "\nend\nend\n"); }
  /// The whole output of `body`, which must succeed.
  std::string out(const std::string& body) {
    const Ran ran = run_body(body);
    EXPECT_EQ(ran.ended, "ok") << ran.message;
    return ran.out;
  }

  NamesOnlyFs fs;
  StillClock clock;
  MapEnv env;
  NobodysHost host;
  TableLane children;
  NoGuests guests;
  trace::Sink* sink = nullptr;
  std::shared_ptr<sys::CancelToken> cancel = sys::CancelToken::root();
};

inline std::string read_everything(int fd) {
  std::string bytes;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto moved = sys::read_some(fd, buffer);
    if (!moved || moved->state != sys::Transfer::State::Moved)
      return bytes;
    bytes.append(buffer.data(), moved->bytes);
  }
}

inline Ran RunTest::run(const std::string& text, const std::string& command,
                        std::vector<std::string> words) {
  diag::SourceMap sources;
  diag::Diags diags;
  const op::OpTable ops{kTestFamilies};
  const auto& source = sources.add("a.perch", text);
  const program::Loading loading{.read = {}, .import_name = {}, .program_exists = {}};
  Request request;
  request.program = program::analyze(sources, {.source = source.id, .directory = "/work"}, ops,
                                     loading, program::Strictness::Run, diags);
  for (const diag::Diag& diag : diags.all())
    ADD_FAILURE() << diag.id << ": " << diag.message;
  if (request.program == nullptr)
    return {};
  request.command = request.program->find(command);
  request.words = std::move(words);
  request.cancel = cancel;
  request.directory = "/work";
  auto pipe = sys::make_pipe();
  EXPECT_TRUE(pipe && request.command != nullptr);
  for (const auto& [name, told] : children.table)
    fs.programs.push_back(name);
  sys::World world{.fs = fs, .clock = clock, .env = env, .host = host};
  world.in = -1;
  world.out = pipe->write.get();
  world.err = pipe->write.get();
  const Setting setting{.world = world,
                        .ops = ops,
                        .sources = sources,
                        .children = children,
                        .guests = guests,
                        .sink = sink};
  const Outcome outcome = execute(setting, request);
  pipe->write.reset();
  Ran ran{.out = read_everything(pipe->read.get()), .ended = "ok"};
  if (!outcome.failure) {
    if (outcome.code != 0)
      ran.ended = "exit " + std::to_string(outcome.code);
    return ran;
  }
  ran.ended = outcome.failure->error.kind;
  ran.message = outcome.failure->error.message;
  ran.detail = outcome.failure->error.detail;
  for (const Frame& frame : outcome.failure->chain)
    ran.chain.push_back(frame.text);
  if (outcome.failure->span.known())
    ran.line = sources.position(outcome.failure->span).line;
  return ran;
}

} // namespace perch::run
