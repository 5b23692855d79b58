// Runs the example of every op through the evaluator and the gate, once with nothing allowed and
// once with no more than its table entry names: no op has an effect that it does not declare.

#include "base/text.h"
#include "lane/lane.h"
#include "ops/tables.h"
#include "policy/layers.h"
#include "program/analyze.h"
#include "run/run.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <set>

namespace perch::cli {
namespace {

using op::Cap;
using Mode = policy::Rule::Mode;

/// Starts nothing, and counts how often it was asked to.
class NoChildren final : public lane::ProcessLane {
public:
  Result<std::unique_ptr<lane::Job>> start(const lane::ChildSpec& spec) override {
    ++started;
    return fail("bin_not_found", base::cat("a double starts no ", spec.program), spec.program);
  }
  int started = 0;
};

class Requests final : public run::Watcher {
public:
  void allowed(const policy::Request& request, diag::Span) override {
    const std::lock_guard lock(mutex_);
    caps.insert(request.cap);
  }
  std::set<Cap> caps;

private:
  std::mutex mutex_;
};

std::set<std::string> entries(const std::string& directory) {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    std::string line = entry.path().string();
    if (entry.is_regular_file())
      line += base::cat(' ', static_cast<std::int64_t>(entry.file_size()));
    out.insert(std::move(line));
  }
  return out;
}

/// What one run of an example did.
struct Did {
  run::Outcome outcome;
  std::set<Cap> allowed;
  int started = 0;
  bool changed_files = false;
  [[nodiscard]] std::string kind() const {
    return outcome.failure ? std::string(outcome.failure->error.kind) : std::string();
  }
};

class EveryOp : public testing::Test {
protected:
  std::shared_ptr<const program::Program> program(std::string_view example) {
    std::string text = "command main\n    do\n";
    for (const std::string_view line : base::split(example, '\n'))
      text += base::cat("        ", line, '\n');
    text += "    end\nend\n";
    diag::Diags diags;
    const program::Loading loading{.read = {}, .import_name = {}, .program_exists = {}};
    const auto source = sources_.add("example.perch", std::move(text)).id;
    auto made = program::analyze(sources_, {.source = source, .directory = scratch_.path()}, ops_,
                                 loading, program::Strictness::Run, diags);
    for (const diag::Diag& diag : diags.all())
      ADD_FAILURE() << example << ": " << diag.message;
    return made;
  }

  Did run(const std::shared_ptr<const program::Program>& made, policy::Layer layer) {
    std::filesystem::remove_all(scratch_.path());
    std::filesystem::create_directories(scratch_.path());
    const auto before = entries(scratch_.path());
    NoChildren children;
    Requests requests;
    const auto guests = lane::make_wasm_lane({});
    const run::Setting setting{.world = world_,
                               .ops = ops_,
                               .sources = sources_,
                               .children = children,
                               .guests = *guests,
                               .watcher = &requests,
                               .say = {}};
    run::Request request;
    request.program = made;
    request.command = made->find("main");
    request.policy = request.policy.with(std::make_shared<const policy::Layer>(std::move(layer)));
    request.cancel = sys::CancelToken::root();
    request.directory = scratch_.path();
    request.script_path = "-";
    Did did{.outcome = run::execute(setting, request)};
    did.allowed = requests.caps;
    did.started = children.started;
    did.changed_files = entries(scratch_.path()) != before;
    return did;
  }

  /// A layer that allows just these.
  static policy::Layer only(const std::set<Cap>& caps) {
    policy::Layer layer{.origin = "--test"};
    for (const Cap cap : {Cap::Exec, Cap::Read, Cap::Write, Cap::Net, Cap::Env, Cap::Wasm}) {
      if (!caps.contains(cap))
        layer.rule(cap).mode = Mode::None;
    }
    layer.shell_allowed = caps.contains(Cap::Exec);
    return layer;
  }

  test::TempDir scratch_;
  const op::OpTable ops_{ops::tables()};
  diag::SourceMap sources_;
  std::string path_ = "PATH=/usr/bin:/bin", home_ = base::cat("HOME=", scratch_.path());
  std::array<char*, 3> environ_ = {path_.data(), home_.data(), nullptr};
  std::unique_ptr<sys::Fs> fs_ = sys::real_fs();
  std::unique_ptr<sys::Clock> clock_ = sys::real_clock();
  std::unique_ptr<sys::Env> env_ = sys::real_env(environ_.data());
  std::unique_ptr<sys::Host> host_ = sys::real_host(*env_);
  // No network and no HTTP: an op that got past the gate fails otherwise than by a denial.
  sys::World world_{
      .fs = *fs_, .clock = *clock_, .env = *env_, .host = *host_, .in = -1, .out = -1, .err = -1};
};

/// The ops that a body calls, in placeholders and conditions too.
std::set<const op::OpDecl*> ops_in(std::string_view example, const op::OpTable& table) {
  std::set<const op::OpDecl*> out;
  std::string word;
  for (const char c : base::cat(example, " ")) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
      continue;
    }
    if (const op::OpDecl* found = table.find(word))
      out.insert(found);
    word.clear();
  }
  return out;
}

std::set<Cap> needs_of(const std::set<const op::OpDecl*>& ops) {
  std::set<Cap> caps;
  for (const op::OpDecl* op : ops) {
    for (const op::Need& need : op->requests())
      caps.insert(need.cap);
  }
  return caps;
}

TEST_F(EveryOp, does_nothing_where_nothing_is_allowed) {
  std::size_t refused = 0;
  for (const auto family : ops_.families()) {
    for (const op::OpDecl& op : family) {
      SCOPED_TRACE(op.name);
      const auto made = program(op.example);
      ASSERT_NE(made, nullptr);
      const Did did = run(made, only({}));
      EXPECT_TRUE(did.allowed.empty());
      EXPECT_EQ(did.started, 0);
      EXPECT_FALSE(did.changed_files);
      refused += did.kind() == "capability_denied" ? 1 : 0;
    }
  }
  // Most ops that need something are stopped by it; a few answer without (`is_ci`).
  EXPECT_GT(refused, 60U);
}

TEST_F(EveryOp, asks_for_no_more_than_its_table_entry_names) {
  for (const auto family : ops_.families()) {
    for (const op::OpDecl& op : family) {
      SCOPED_TRACE(op.name);
      const auto made = program(op.example);
      ASSERT_NE(made, nullptr);
      const std::set<Cap> declared = needs_of(ops_in(op.example, ops_));
      const Did did = run(made, only(declared));
      EXPECT_NE(did.kind(), "capability_denied") << did.outcome.failure->error.message;
      for (const Cap cap : did.allowed)
        EXPECT_TRUE(declared.contains(cap)) << op::cap_name(cap);
      EXPECT_TRUE(declared.contains(Cap::Exec) || did.started == 0);
      EXPECT_TRUE(declared.contains(Cap::Write) || !did.changed_files);
    }
  }
}

} // namespace
} // namespace perch::cli
