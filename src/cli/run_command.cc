// Running a command of the file: the way from text to exit status, in the order it happens.

#include "cli/run_command.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/banner.h"
#include "cli/built_archive.h"
#include "cli/directories.h"
#include "cli/dry_run.h"
#include "cli/listing.h"
#include "cli/load.h"
#include "cli/readers.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "lane/lane.h"
#include "policy/layers.h"
#include "run/request.h"
#include "run/run.h"
#include "sys/fs.h"
#include "sys/real.h"

#include <chrono>

namespace perch::cli {

Result<policy::Policy> command_line_policy(const Context& context, bool from_stdin) {
  policy::FlagRules rules = context.options.rules;
  rules.directory = context.world.host.current_directory();
  policy::Policy policy;
  if (from_stdin && !context.options.trust_stdin) {
    PERCH_TRY_ASSIGN(policy::Layer layer, policy::stdin_layer(rules));
    policy = policy.with(std::make_shared<const policy::Layer>(std::move(layer)));
  }
  if (context.options.built_rules) {
    policy::FlagRules built = *context.options.built_rules;
    built.directory = rules.directory;
    PERCH_TRY_ASSIGN(std::vector<policy::Layer> layers, policy::flag_layers(built));
    for (policy::Layer& layer : layers)
      policy = policy.with(std::make_shared<const policy::Layer>(std::move(layer)));
  }
  PERCH_TRY_ASSIGN(std::vector<policy::Layer> layers, policy::flag_layers(rules));
  for (policy::Layer& layer : layers) {
    policy = policy.with(std::make_shared<const policy::Layer>(std::move(layer)));
  }
  return policy;
}

namespace {

void unknown_command(const Context& context, const program::Program& program,
                     std::string_view name) {
  std::vector<std::string_view> names;
  for (const program::Command* command : program.commands) {
    if (is_public(*command))
      names.push_back(command->name);
  }
  Error error{.kind = kind::kCommandNotFound, .message = base::cat("unknown command `", name, '`')};
  const program::Command* hidden = program.find(name);
  if (hidden != nullptr && hidden->is_private) {
    error.message = base::cat("command `", name, "` is private: only the file's bodies call it");
    error.help = base::cat(context.self, " --list names the public ones");
  } else if (hidden != nullptr && hidden->is_test) {
    error.message = base::cat("`", name, "` is a test");
    if (context.built == nullptr)
      error.help = base::cat("run it with: perch test --filter ", name);
  } else if (names.empty()) {
    error.help = base::cat("the file declares no commands; perch --init writes an example");
  } else if (const auto near = base::nearest(name, names, 3)) {
    error.help = base::cat("did you mean `", *near, "`?");
  } else {
    error.help = base::cat(context.self, " --list names the file's commands");
  }
  context.report(error);
}

} // namespace

const program::Command* choose_command(const Context& context, const program::Program& program,
                                       std::string_view name, run::Request& request) {
  const program::Command* command = program.find(name);
  if (command != nullptr && !command->is_private && !command->is_test)
    return command;
  if (program.catch_command != nullptr) {
    request.caught_word = name;
    return program.catch_command;
  }
  unknown_command(context, program, name);
  return nullptr;
}

namespace {

/// A plan has no readers, asks nobody and leaves no trace.
int plan_only(const Context& context, const Loaded& loaded, run::Request request) {
  const op::OpTable& ops = op_table();
  const auto children = lane::make_process_lane();
  const auto guests = lane::make_wasm_lane({});
  const run::Setting setting{.world = context.world,
                             .ops = ops,
                             .sources = context.sources,
                             .children = *children,
                             .guests = *guests,
                             .cache_directory = cache_directory(context.world),
                             .state_directory = state_directory(context.world),
                             .own_flags = own_flag_names()};
  request.program = loaded.program;
  request.cancel = sys::CancelToken::root();
  return dry_run(context, setting, request);
}

} // namespace

namespace {

/// The deadline of a test is a line of the test, not the flag that stands for it.
void name_test_limit(Error& error) {
  constexpr std::string_view kFlag = "`--max-runtime`";
  if (const std::size_t at = error.help.find(kFlag); at != std::string::npos)
    error.help.replace(at, kFlag.size(), "`test_timeout`");
}

} // namespace

int execute(const Context& context, const Loaded& loaded, run::Request request,
            run::Watcher* watcher) {
  const Options& options = context.options;
  if (options.dry_run != DryRun::No)
    return plan_only(context, loaded, std::move(request));
  // What never starts leaves no trace: readers open their files for a run.
  if (const auto refused = run::refusal(own_flag_names(), request)) {
    context.report(run::to_diag(*refused->failure));
    return run::exit_code(*refused);
  }
  const Terminal screen(context);
  trace::Progress* progress = screen.progress();
  const Result<std::unique_ptr<Readers>> readers = Readers::make(context, progress);
  if (!readers) {
    context.report(readers.error());
    if (readers.error().kind == kind::kBadArgument)
      return kUsage;
    return readers.error().kind == kind::kAuditFailed ? kNoAudit : kFailure;
  }
  lane::WasmOptions wasm{.tier = options.wasm_tier, .compiler = compiler_program()};
  if (!options.no_cache)
    wasm.cache_directory = code_directory(context.world);
  const auto say = [&context, progress](const std::string& line) {
    const trace::Progress::Hold away(progress);
    if (!context.options.quiet)
      context.err(line + "\n");
  };
  wasm.cache_warning = [&say](const std::string& why) {
    say("perch: compiled modules are not kept: " + why);
  };

  std::unique_ptr<run::Asker> asker;
  if (options.ask) {
    auto terminal = TerminalAsker::open(context.world);
    if (!terminal) {
      context.report(terminal.error());
      return kUsage;
    }
    asker = std::move(*terminal);
  }
  show_banner(context, request.policy);

  const op::OpTable& ops = op_table();
  const auto children = lane::make_process_lane();
  auto guests = lane::make_wasm_lane(std::move(wasm));
  std::optional<BuiltArchive> archive;
  if (context.built != nullptr)
    archive.emplace(context.world, *context.built);
  const run::Setting setting{.world = context.world,
                             .ops = ops,
                             .sources = context.sources,
                             .children = *children,
                             .guests = *guests,
                             .sink = (*readers)->sink(),
                             .watcher = watcher,
                             .asker = asker.get(),
                             .progress = progress,
                             .cache_directory = cache_directory(context.world),
                             .state_directory = state_directory(context.world),
                             .audit_file = audit_file(context),
                             .archive = archive ? &*archive : nullptr,
                             .own_flags = own_flag_names(),
                             .say = say};

  request.program = loaded.program;
  const auto root = sys::CancelToken::root();
  const sys::SignalGuard signals(*root);
  std::optional<sys::SteadyTime> deadline;
  if (options.max_runtime_ns) {
    deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(*options.max_runtime_ns);
  }
  request.cancel = deadline ? root->child(deadline) : root;
  run::Outcome outcome = run::execute(setting, request);
  if (options.verb == Verb::RunTest && outcome.failure)
    name_test_limit(outcome.failure->error);
  if (outcome.failure && !run::is_quiet(outcome))
    context.report(run::to_diag(*outcome.failure));
  (*readers)->report_failures();
  lane::leave_to_process(std::move(guests));
  return run::exit_code(outcome);
}

Result<run::Request> request_of(const Context& context, const Loaded& loaded) {
  const Options& options = context.options;
  run::Request request;
  PERCH_TRY_ASSIGN(request.policy, command_line_policy(context, loaded.found.from_stdin));
  request.words = options.words;
  request.directory = context.world.host.current_directory();
  request.script_path = loaded.found.from_stdin ? "-" : loaded.found.absolute;
  if (context.built != nullptr)
    request.script_path.clear();
  request.max_wasm_memory = options.max_wasm_memory;
  request.wasm_pins = options.wasm_pins;
  request.require_kernel_wall = options.require_kernel_wall;
  request.confine_off = options.confine_off;
  request.allow_child_network = options.rules.allow_child_network ||
                                (options.built_rules && options.built_rules->allow_child_network);
  request.no_cache = options.no_cache;
  request.http.allow_private_ips = options.allow_private_ips;
  request.http.allow_scheme_downgrade = options.allow_scheme_downgrade;
  request.http.allow_proxy = options.allow_proxy;
  if (options.max_redirects)
    request.http.max_redirects = *options.max_redirects;
  return request;
}

std::optional<Loaded> load_to_run(const Context& context) {
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  std::optional<Loaded> loaded = load_program(context, ops, program::Strictness::Run, diags);
  if (loaded && loaded->program == nullptr) {
    context.report(diags);
    return std::nullopt;
  }
  return loaded;
}

namespace {

/// The walls of a test around its own directory.
Result<policy::Policy> with_test_walls(policy::Policy policy, const program::Command& test,
                                       const std::string& directory) {
  policy::FlagRules rules{.no_shell = !test.test_allow_shell,
                          .no_subprocess = !test.test_allow_subprocess && !test.test_allow_shell,
                          .no_network = !test.test_allow_network,
                          .directory = directory};
  if (!test.test_allow_write && !test.test_keep_cwd)
    rules.allow_write_path = std::vector<std::string>{directory};
  PERCH_TRY_ASSIGN(std::vector<policy::Layer> layers, policy::test_layers(rules));
  for (policy::Layer& layer : layers)
    policy = policy.with(std::make_shared<const policy::Layer>(std::move(layer)));
  return policy;
}

} // namespace

int run_test(const Context& context) {
  const std::optional<Loaded> loaded = load_to_run(context);
  if (!loaded)
    return kUsage;
  Result<run::Request> request = request_of(context, *loaded);
  const std::vector<std::string>& words = context.options.words;
  const program::Command* command = words.size() == 2 ? loaded->program->find(words[0]) : nullptr;
  if (!request || command == nullptr || !command->is_test) {
    context.report(request ? Error{.kind = kind::kCommandNotFound, .message = "no such test"}
                           : request.error());
    return kUsage;
  }
  auto walled = with_test_walls(std::move(request->policy), *command, words[1]);
  if (!walled) {
    context.report(walled.error());
    return kUsage;
  }
  request->policy = std::move(*walled);
  request->command = command;
  request->words.clear();
  request->roots_directory = words[1];
  return execute(context, *loaded, std::move(*request));
}

int run_command(const Context& context) {
  const Options& options = context.options;
  const std::optional<Loaded> loaded = load_to_run(context);
  if (!loaded)
    return load_failed(context);
  // Found above, it may be another one than was meant.
  if (options.trace && options.file.empty() && loaded->found.shown.starts_with("../"))
    context.err(base::cat("perch: the program is ", loaded->found.shown, '\n'));
  // From here on the program is sound: every name in it means something.
  Result<run::Request> prepared = request_of(context, *loaded);
  if (!prepared) {
    context.report(prepared.error());
    return kUsage;
  }
  run::Request& request = *prepared;
  if (options.command.empty()) {
    const program::Command* main = loaded->program->find("main");
    if (main == nullptr || main->is_private)
      return print_listing(context, *loaded->program);
    request.command = main;
  } else {
    request.command = choose_command(context, *loaded->program, options.command, request);
    if (request.command == nullptr)
      return kNotFound;
  }
  return execute(context, *loaded, std::move(request));
}

} // namespace perch::cli
