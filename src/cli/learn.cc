// `perch learn COMMAND [ARGUMENTS]`: runs it and prints the least `requires` block it would have
// passed with.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/run_command.h"
#include "cli/verbs.h"
#include "scan/learner.h"
#include "scan/survey.h"
#include "sys/fs.h"

#include <mutex>
#include <utility>

namespace perch::cli {

namespace {

class Recorder final : public run::Watcher {
public:
  void allowed(const policy::Request& request, diag::Span at) override {
    const std::lock_guard lock(mutex_);
    learner_.add(request, at);
  }
  void mounted(const run::MountUse& use, diag::Span at) override {
    using From = lane::MountUses::Use;
    using To = scan::LearnedMount::Use;
    const To found = !use.known              ? To::Unknown
                     : use.use == From::None ? To::None
                     : use.use == From::Read ? To::Read
                                             : To::Written;
    const std::lock_guard lock(mutex_);
    learner_.add_mount({.host = std::string(use.host),
                        .guest = std::string(use.guest),
                        .writable = use.writable,
                        .use = found},
                       at);
  }
  void could_see_variables(diag::Span at) override {
    const std::lock_guard lock(mutex_);
    learner_.add_variables_seen(at);
  }
  [[nodiscard]] scan::Learner& learner() { return learner_; }

private:
  std::mutex mutex_;
  scan::Learner learner_;
};

/// The file's directory as requests name it: without links.
std::string real_directory(const Context& context, const std::string& directory) {
  const auto spot = context.world.fs.locate(directory, sys::Final::Follow);
  return spot ? spot->real : directory;
}

/// Heads that are written out must be declared for the file to be loaded at all.
void add_named_programs(const program::Program& program, scan::Learner& learner) {
  for (const scan::Region& region : scan::survey(program).regions) {
    for (const scan::Ask& ask : region.asks) {
      if (ask.cap == op::Cap::Exec && ask.op == nullptr && ask.known == scan::Ask::Known::Literal)
        learner.add_named(ask.bin != nullptr ? ask.bin->name : ask.subject, ask.subject);
    }
  }
}

} // namespace

int learn(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  const std::optional<Loaded> loaded = load_to_run(context);
  if (!loaded)
    return kUsage;
  Result<run::Request> request = request_of(context, *loaded);
  if (!request) {
    context.report(request.error());
    return kUsage;
  }
  const std::string name = words.empty() ? "main" : words.front();
  request->command = choose_command(context, *loaded->program, name, *request);
  if (request->command == nullptr)
    return kNotFound;
  request->words.erase(request->words.begin(), request->words.begin() + (words.empty() ? 0 : 1));

  // The result alone goes to stdout: what the program prints there is shown on stderr.
  const int out = std::exchange(context.world.out, context.world.err);
  Recorder recorder;
  const int status = execute(context, *loaded, std::move(*request), &recorder);
  context.world.out = out;

  scan::Learner& learner = recorder.learner();
  add_named_programs(*loaded->program, learner);
  const std::string directory = real_directory(context, loaded->found.directory);
  const auto is_set = [&](std::string_view variable) {
    const auto value = context.world.env.get(variable);
    return value && !value->empty();
  };
  context.out(learner.manifest(directory, is_set) + learner.guests(directory, context.sources));
  for (const std::string& each : learner.impossible())
    context.err(base::cat("perch: no `requires` block can allow ", each, '\n'));
  if (status != kOk && !context.options.quiet)
    context.err("perch: the run failed, so this is what it needed up to there\n");
  return status;
}

} // namespace perch::cli
