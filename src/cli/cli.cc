#include "cli/cli.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "bundle/marker.h"
#include "bundle/reader.h"
#include "cli/load.h"
#include "cli/verbs.h"
#include "sys/fs.h"
#include "sys/own_executable.h"
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
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  const auto loaded = try_load_program(quiet, ops, program::Strictness::Run, diags);
  const program::Command* command =
      loaded && loaded->program ? loaded->program->find(context.options.command) : nullptr;
  return command != nullptr && !command->is_private && !command->is_test;
}

/// Verbs that would act although only a plan was asked for.
bool acts(Verb verb) {
  return verb == Verb::Test || verb == Verb::Format || verb == Verb::Init || verb == Verb::Cache ||
         verb == Verb::Warm;
}

bool knows_json(Verb verb) {
  return verb == Verb::Check || verb == Verb::List || verb == Verb::Help || verb == Verb::Ops ||
         verb == Verb::Scan || verb == Verb::Doctor || verb == Verb::Inspect;
}

/// The first flag for a reader of runs that was given, or empty.
std::string_view reader_flag(const Options& options) {
  return options.audit ? "--audit" : options.trace ? "--trace" : options.report ? "--report" : "";
}

bool runs_something(Verb verb) {
  return verb == Verb::Run || verb == Verb::Test || verb == Verb::RunTest || verb == Verb::Learn;
}

/// Flags that nobody would look at.
Status check_flags(const Options& options) {
  if (options.dry_run != DryRun::No && acts(options.verb))
    return fail(kind::kBadArgument, "`--dry-run` shows the plan of a command", {},
                "name one: perch --dry-run COMMAND");
  if (options.json && !knows_json(options.verb))
    return fail(kind::kBadArgument,
                "`--json` is for --check, --list, --help, ops, scan, doctor and inspect", {},
                "a command's own flags stand after its name; its plan as JSON: --dry-run=json");
  if (options.verb == Verb::Help)
    return {}; // also of a command that was called with flags
  if (const auto flag = reader_flag(options); !flag.empty() && !runs_something(options.verb))
    return fail(kind::kBadArgument, base::cat('`', flag, "` is for runs of commands and tests"), {},
                "this runs nothing of the program: leave the flag out");
  return {};
}

int dispatch(const Context& context) {
  if (const Status good = check_flags(context.options); !good) {
    context.report(good.error());
    return kUsage;
  }
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
  case Verb::Build:
    return build(context);
  case Verb::Inspect:
    return inspect(context);
  }
  return kFailure;
}

/// What users call a built executable: its program's name, else the name they started it by.
std::string own_name(const bundle::Manifest& manifest, std::string_view started_as) {
  if (!manifest.name.empty())
    return manifest.name;
  started_as.remove_prefix(started_as.rfind('/') + 1);
  return started_as.empty() ? "perch" : std::string(started_as);
}

} // namespace

std::vector<std::string> compiler_program() {
  return {sys::own_executable_name(), std::string(kCompilerWord)};
}

int run(int argc, char** argv, char** environ) {
  sys::close_to_other_processes();
  const bool out_closed = sys::open_missing_standard_streams();
  sys::ignore_file_size_signal();
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (!words.empty() && words[0] == kCompilerWord) {
    return lane::run_compiler(std::vector<std::string>(words.begin() + 1, words.end()));
  }
  const auto fs = sys::real_fs();
  const auto clock = sys::real_clock();
  const auto env = sys::real_env(environ);
  const auto host = sys::real_host(*env);
  const auto net = sys::real_net();
  const auto http = sys::curl_transport(*env);
  sys::World world{.fs = *fs,
                   .clock = *clock,
                   .env = *env,
                   .host = *host,
                   .out_closed = out_closed,
                   .net = net.get(),
                   .http = http.get()};
  diag::SourceMap sources;

  const auto refuse = [&](const Error& error, int status) {
    const Options defaults;
    Context context{.options = defaults, .world = world, .sources = sources};
    context.color_err = color_for(defaults, world, world.err);
    context.report(error);
    return status;
  };
  std::unique_ptr<bundle::Reader> built;
  if (bundle::in_built_executable()) {
    auto opened = bundle::Reader::open_own();
    if (!opened)
      return refuse(opened.error(), kDamaged);
    built = std::move(*opened);
  }
  Result<Options> options = built != nullptr ? parse_built_options(words, built->manifest().flags,
                                                                   built->manifest().strict)
                                             : parse_options(words, is_file);
  if (!options)
    return refuse(options.error(), kUsage);
  Context context{.options = *options, .world = world, .sources = sources, .built = built.get()};
  if (built != nullptr)
    context.self = own_name(built->manifest(), argc > 0 ? argv[0] : "");
  context.color_err = color_for(*options, world, world.err);
  context.color_out = color_for(*options, world, world.out);
  std::optional<Error> unwritten;
  context.unwritten = &unwritten;
  if (options->verb_by_word && file_has_command(context))
    options->verb = Verb::Run;
  const int status = dispatch(context);
  if (!unwritten)
    return status;
  context.report(*unwritten);
  return status == kOk ? kFailure : status;
}

} // namespace perch::cli
