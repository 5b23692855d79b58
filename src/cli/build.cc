// `perch --build`: one executable of perch, a program and its files.

#include "base/error_kinds.h"
#include "base/text.h"
#include "bundle/collect.h"
#include "bundle/imports.h"
#include "bundle/marker.h"
#include "bundle/writer.h"
#include "cli/load.h"
#include "cli/remote_modules.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "program/walk.h"
#include "sys/fs.h"
#include "sys/mapped_file.h"
#include "sys/new_executable.h"

#include <algorithm>
#include <future>
#include <set>

namespace perch::cli {

namespace {

using base::cat;

/// The program as analysis will find it in the archive, and the texts that make it.
struct Sources {
  std::shared_ptr<const program::Program> program; ///< null: mistakes were found
  std::vector<bundle::SourceText> texts;
  std::vector<bundle::Import> imports;
  std::vector<std::string> files; ///< absolute paths of the texts
};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Result<Sources> load_sources(const Context& context, const Found& found, const op::OpTable& ops,
                             diag::Diags& diags) {
  PERCH_TRY_ASSIGN(const std::uint32_t root, read_program(context, found));
  const sys::World& world = context.world;
  bundle::ImportPaths paths(found.directory);
  std::vector<bundle::Import> imports;
  std::vector<std::string> files = {found.absolute};
  const program::Loading loading{
      .read = [&](std::string_view path) -> Result<std::string> {
        const std::string real = paths.real(path);
        PERCH_TRY_ASSIGN(std::string text, read_source(world, real, real));
        files.push_back(real);
        imports.push_back(
            {.path = bundle::ImportPaths::key(path),
             .entry = cat(bundle::kImportsPrefix, imports.size(), '/', last_part(real))});
        return text;
      },
      .import_name = [&](std::string_view name) -> std::optional<std::string> {
        const auto value = import_name(world, name);
        if (!value)
          return std::nullopt;
        return paths.name(name, *value, value->starts_with('/'));
      },
      .place = [&](std::string_view path) { return paths.real(path); },
      .program_exists = [&](std::string_view name) { return on_path(world, name); }};
  Sources sources;
  sources.program = program::analyze(
      context.sources, {.source = root, .directory = bundle::ImportPaths::directory()}, ops,
      loading, program::Strictness::Run, diags);
  sources.texts.push_back(
      {.entry = std::string(bundle::kProgramEntry), .text = context.sources.get(root).text});
  // Every text was read in this order, right after the program's own.
  for (std::uint32_t i = 0; i < imports.size(); ++i) {
    if (!bundle::is_safe_name(imports[i].entry))
      return fail(kind::kBundleError, cat("the import `", imports[i].path,
                                          "` has a name that "
                                          "cannot be kept in a bundle"));
    sources.texts.push_back(
        {.entry = imports[i].entry, .text = context.sources.get(root + 1 + i).text});
  }
  sources.imports = std::move(imports);
  sources.files = std::move(files);
  return sources;
}

/// Which entries run with fuel, and which without.
void note_metering(const program::Program& program, const bundle::Collected& collected,
                   bundle::Plan& plan) {
  program::each_node(program, [&](const program::Node& node) {
    if (node.kind != program::NodeKind::WasmRun)
      return;
    const auto& run = static_cast<const program::WasmRunNode&>(node);
    using Alias = decltype(collected.aliases)::value_type;
    const auto found =
        std::ranges::lower_bound(collected.aliases, run.alias, {},
                                 [](const Alias& each) -> std::string_view { return each.first; });
    if (found != collected.aliases.end() && found->first == run.alias)
      (run.fuel != nullptr ? plan.metered : plan.unmetered).push_back(found->second);
  });
}

/// The program's modules from the network, which go along, each under its address.
void fetch_modules(const Context& context, const Found& found, const Sources& sources,
                   bundle::Plan& plan, diag::Diags& diags) {
  const RemoteUses uses = remote_uses(*sources.program);
  std::set<std::string> entries;
  std::set<std::pair<std::string, std::string>> aliases;
  use_remote_modules(context, {.found = found, .program = sources.program}, uses.known, diags,
                     [&](const RemoteUse& use, const run::RemoteModule& module) -> Status {
                       const std::string entry = bundle::fetched_entry(module.sha256);
                       (use.metered ? plan.metered : plan.unmetered).push_back(entry);
                       if (entries.insert(entry).second)
                         plan.fetched.push_back(
                             {.entry = entry, .shown = use.url, .bytes = module.bytes});
                       if (aliases.emplace(use.url, entry).second)
                         plan.manifest.aliases.emplace_back(use.url, entry);
                       return {};
                     });
}

/// SOURCE_DATE_EPOCH; nothing else about time is in an archive, so that a build can be repeated.
Result<std::optional<std::int64_t>> build_time(const Context& context) {
  const auto written = context.world.env.get("SOURCE_DATE_EPOCH");
  if (!written || written->empty())
    return std::nullopt;
  const auto seconds = base::parse_int(*written);
  if (!seconds || *seconds < 0)
    return fail(kind::kBadArgument,
                cat("SOURCE_DATE_EPOCH is `", *written, "`, which is no number of seconds"));
  return seconds;
}

/// Where it goes without -o. The author of a file chooses a name, not a directory.
Result<std::string> default_output(const program::Program& program) {
  if (program.name.empty())
    return "perch-app";
  const auto is_odd = [](char c) { return c == '/' || c == '\x7f' || (c >= 0 && c < ' '); };
  if (program.name.starts_with('-') || program.name == "." || program.name == ".." ||
      std::ranges::any_of(program.name, is_odd))
    return fail(kind::kBundleError,
                cat("the program's name, `", program.name, "`, is no name for a file"),
                std::string(program.name), "say where it goes with -o FILE");
  return std::string(program.name);
}

struct Output {
  sys::Spot spot;
  bool is_ours = false; ///< perch has built what is there
};

/// Whether perch has built it, however damaged it is now. A perch without a program is somebody's.
bool was_built(std::string_view executable) {
  const auto at = bundle::find_marker(executable);
  if (!at)
    return false;
  const auto marker = bundle::read_marker(executable, *at);
  return !marker || marker->has_value();
}

/// The place of the output. What is there and is none of ours is somebody's.
Result<Output> output_place(const Context& context, const program::Program& program) {
  std::string shown = context.options.output;
  if (shown.empty()) {
    PERCH_TRY_ASSIGN(shown, default_output(program));
  }
  sys::Fs& fs = context.world.fs;
  const std::string absolute = sys::absolute_path(context.world.host.current_directory(), shown);
  PERCH_TRY_ASSIGN(sys::Spot spot, fs.locate(absolute, sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Directory || shown.ends_with('/'))
    return fail(
        kind::kBundleError, cat("`", shown, "` names a directory"), shown,
        cat("name the executable in it: -o ", shown, shown.ends_with('/') ? "" : "/", "NAME"));
  if (spot.info.type == sys::NodeType::Missing)
    return Output{.spot = std::move(spot)};
  if (spot.info.type != sys::NodeType::Regular)
    return fail(kind::kBundleError, cat("`", shown, "` exists and is no regular file"), shown,
                "choose another name with -o");
  PERCH_TRY_ASSIGN(const sys::Fd fd, fs.open(spot, sys::Access::Read, 0));
  PERCH_TRY_ASSIGN(const sys::MappedFile file, sys::MappedFile::map(fd.get(), shown));
  const bool is_ours = was_built(file.bytes());
  if (!is_ours && !context.options.force)
    return fail(kind::kBundleError, cat("`", shown, "` exists and was not built by perch"), shown,
                "choose another name with -o, or replace it with --force");
  return Output{.spot = std::move(spot), .is_ours = is_ours};
}

/// Not even --force puts the executable in the place of what it is made of.
Status check_output(const Context& context, const sys::Spot& target, const Sources& sources,
                    const bundle::Collected& collected) {
  const auto is_target = [&](const sys::NodeInfo& info) {
    return target.info.type == sys::NodeType::Regular && info.device == target.info.device &&
           info.inode == target.info.inode;
  };
  const bool is_text = std::ranges::any_of(sources.files, [&](const std::string& file) {
    const auto spot = context.world.fs.locate(file, sys::Final::Follow);
    return spot && is_target(spot->info);
  });
  if (!is_text && std::ranges::none_of(collected.files, is_target, &bundle::IncludedFile::info))
    return {};
  return fail(
      kind::kBundleError,
      cat("`", target.real, "` is ", is_text ? "a source of" : "included in", " this program"),
      target.real, "choose another name with -o");
}

std::vector<bundle::Extra> extras_of(const Context& context) {
  std::vector<bundle::Extra> extras;
  const std::string current = context.world.host.current_directory();
  for (const std::string& path : context.options.includes)
    extras.push_back({.shown = path, .absolute = sys::absolute_path(current, path)});
  return extras;
}

std::string size_text(std::uint64_t bytes) {
  return cat(bytes / 1'000'000, '.', bytes / 100'000 % 10, " MB");
}

Status write(const Context& context, const sys::Spot& target, bundle::Plan plan) {
  const auto guests = lane::make_wasm_lane({.compiler = compiler_program()});
  const bundle::CompileAhead compile = [&](std::string_view shown, std::string_view module,
                                           bool metered) -> bundle::Compiling {
    if (!context.options.quiet)
      context.err(cat("compiling ", shown, metered ? ", counting instructions\n" : "\n"));
    const auto metering = metered ? lane::Metering::Fuel : lane::Metering::None;
    // Here and now where no other thread is to be had.
    auto code = std::async(std::launch::async | std::launch::deferred,
                           [&guests, name = std::string(shown), module, metering] {
                             return guests->compile_ahead(name, module, metering);
                           });
    // A function has to be copyable, so what it owns is shared.
    return [code = std::make_shared<decltype(code)>(std::move(code))] { return code->get(); };
  };
  PERCH_TRY_ASSIGN(const sys::MappedFile perch, sys::MappedFile::own_executable());
  PERCH_TRY_ASSIGN(const auto out, sys::NewExecutable::make(target));
  PERCH_TRY_ASSIGN(
      const bundle::Written written,
      bundle::write_executable(context.world.fs, std::move(plan), perch.bytes(), compile, *out));
  PERCH_TRY(out->commit());
  if (!context.options.quiet) {
    context.err(cat("built ", target.real, ": ", size_text(written.bytes), ", ",
                    base::plural(static_cast<std::int64_t>(written.files), "file"), ", ",
                    base::plural(static_cast<std::int64_t>(written.modules), "module"),
                    " compiled, sha256:", written.sha256, '\n'));
  }
  return {};
}

/// What goes into the executable. Mistakes of the program are in `diags`.
Result<bundle::Plan> make_plan(const Context& context, const Found& found, Sources&& sources,
                               bundle::Collected&& collected, diag::Diags& diags) {
  bundle::Plan plan;
  PERCH_TRY_ASSIGN(plan.manifest.built_at, build_time(context));
  plan.manifest.name = sources.program->name;
  plan.manifest.version = sources.program->version;
  plan.manifest.source = last_part(found.shown);
  plan.manifest.perch_version = kVersion;
  plan.manifest.engine = lane::engine_version();
  plan.manifest.strict = context.options.build_strict;
  plan.manifest.flags = context.options.kept_words;
  plan.manifest.imports = std::move(sources.imports);
  note_metering(*sources.program, collected, plan);
  plan.manifest.aliases = std::move(collected.aliases);
  fetch_modules(context, found, sources, plan, diags);
  std::ranges::sort(plan.manifest.aliases);
  std::ranges::sort(plan.metered);
  std::ranges::sort(plan.unmetered);
  plan.sources = std::move(sources.texts);
  plan.files = std::move(collected.files);
  return plan;
}

/// All of it; false when it failed and that was reported in `diags`.
Result<bool> build_from(const Context& context, const Found& found, diag::Diags& diags) {
  const op::OpTable& ops = op_table();
  PERCH_TRY_ASSIGN(Sources sources, load_sources(context, found, ops, diags));
  if (sources.program == nullptr)
    return false;
  PERCH_TRY_ASSIGN(const Output target, output_place(context, *sources.program));
  // An earlier build that lies in an included directory is no file of the program.
  const sys::Spot nothing;
  auto collected = bundle::collect(context.world.fs, *sources.program, extras_of(context),
                                   target.is_ours ? target.spot : nothing, diags);
  if (!collected)
    return false;
  PERCH_TRY(check_output(context, target.spot, sources, *collected));
  PERCH_TRY_ASSIGN(bundle::Plan plan,
                   make_plan(context, found, std::move(sources), std::move(*collected), diags));
  if (diags.has_errors())
    return false;
  PERCH_TRY(write(context, target.spot, std::move(plan)));
  return true;
}

} // namespace

int build(const Context& context) {
  const Result<Found> found = find_program(context);
  if (!found) {
    context.report(found.error());
    return kUsage;
  }
  if (found->from_stdin) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "--build needs a file, not standard input",
                         .help = "what is built is trusted like a file"});
    return kUsage;
  }
  diag::Diags diags;
  const Result<bool> built = build_from(context, *found, diags);
  context.report(diags);
  if (!built) {
    context.report(built.error());
    return kFailure;
  }
  return *built ? kOk : kUsage;
}

} // namespace perch::cli
