#include "cli/cli.h"

#include "base/error_kinds.h"
#include "cli/load.h"
#include "cli/verbs.h"
#include "sys/fs.h"
#include "sys/processes.h"
#include "sys/real.h"

#include <array>
#include <string_view>
#include <vector>

namespace perch::cli {

namespace {

bool is_file(std::string_view path) {
  // Only asked for a word that looks like a path; a Host is not at hand yet.
  const auto fs = sys::real_fs();
  const auto env = sys::real_env(nullptr);
  const auto host = sys::real_host(*env);
  const auto spot =
      fs->locate(sys::absolute_path(host->current_directory(), path), sys::Final::Follow);
  return spot && spot->info.type != sys::NodeType::Missing &&
         spot->info.type != sys::NodeType::Directory;
}

/// `perch scan` where the file has a command `scan`: that is what is meant.
bool file_has_command(const Context& context) {
  const Result<Found> found = find_program(context);
  if (!found || found->from_stdin)
    return false;
  diag::SourceMap sources;
  const Context quiet{.options = context.options, .world = context.world, .sources = sources};
  const op::OpTable ops = op_table();
  diag::Diags diags;
  const auto loaded = load_program(quiet, ops, program::Strictness::Run, diags);
  const program::Command* command =
      loaded && loaded->program ? loaded->program->find(context.options.command) : nullptr;
  return command != nullptr && !command->is_private && !command->is_test;
}

int dispatch(const Context& context) {
  switch (context.options.verb) {
  case Verb::Run:
    return run_command(context);
  case Verb::Usage:
    return usage(context);
  case Verb::Help:
    return help(context);
  case Verb::Version:
    return version(context);
  case Verb::Check:
    return check(context);
  case Verb::List:
    return list(context);
  case Verb::Dump:
    return dump(context);
  case Verb::Format:
    return format(context);
  case Verb::Test:
    return test(context);
  case Verb::RunTest:
    return run_test(context);
  case Verb::Init:
    return init(context);
  case Verb::Completions:
    return completions(context);
  case Verb::Complete:
    return complete(context);
  case Verb::Cache:
    return cache(context);
  case Verb::Warm:
    return warm(context);
  case Verb::Ops:
    return ops(context);
  case Verb::Audit:
    return audit(context);
  case Verb::Scan:
    return scan(context);
  case Verb::Learn:
    return learn(context);
  case Verb::Doctor:
    return doctor(context);
  case Verb::Restrictions:
    return restrictions(context);
  }
  return kFailure;
}

} // namespace

int run(int argc, char** argv, char** environ) {
  sys::close_to_other_processes();
  sys::open_missing_standard_streams();
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (!words.empty() && words[0] == kCompilerWord) {
    return lane::compile_in_background(std::vector<std::string>(words.begin() + 1, words.end()));
  }
  const auto fs = sys::real_fs();
  const auto clock = sys::real_clock();
  const auto env = sys::real_env(environ);
  const auto host = sys::real_host(*env);
  const auto net = sys::real_net();
  const auto http = sys::curl_transport(*env);
  sys::World world{
      .fs = *fs, .clock = *clock, .env = *env, .host = *host, .net = net.get(), .http = http.get()};
  diag::SourceMap sources;

  const Result<Options> options = parse_options(words, is_file);
  if (!options) {
    const Options defaults;
    Context context{.options = defaults, .world = world, .sources = sources};
    context.color_err = color_for(defaults, world, world.err);
    context.report(options.error());
    return kUsage;
  }
  Context context{.options = *options, .world = world, .sources = sources};
  context.color_err = color_for(*options, world, world.err);
  context.color_out = color_for(*options, world, world.out);
  if (!options->verb_by_word || !file_has_command(context))
    return dispatch(context);
  Options meant = *options;
  meant.verb = Verb::Run;
  return dispatch({.options = meant,
                   .world = world,
                   .sources = sources,
                   .color_err = context.color_err,
                   .color_out = context.color_out});
}

} // namespace perch::cli
