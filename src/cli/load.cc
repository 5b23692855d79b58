#include "cli/load.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "bundle/imports.h"
#include "ops/tables.h"
#include "policy/layers.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::cli {

namespace {

constexpr std::string_view kDefaultFile = "commands.perch";
constexpr std::uint64_t kMaxSource = 256ull << 20;

sys::NodeType node_type(const sys::World& world, const std::string& absolute) {
  const auto spot = world.fs.locate(absolute, sys::Final::Follow);
  return spot ? spot->info.type : sys::NodeType::Missing;
}

/// Upwards from the current directory, but not out of the repository it lies in: what lies above
/// that is somebody else's.
Result<Found> find_default(const sys::World& world, const std::string& current) {
  std::vector<std::string> candidates;
  bool in_repository = false;
  for (std::string at = current;; at = parent_directory(at)) {
    candidates.push_back(at);
    in_repository = node_type(world, base::cat(at, "/.git")) != sys::NodeType::Missing;
    if (in_repository || at == "/")
      break;
  }
  if (!in_repository)
    candidates.resize(1);
  std::string up;
  for (const std::string& at : candidates) {
    const std::string absolute = base::cat(at == "/" ? "" : at, '/', kDefaultFile);
    if (node_type(world, absolute) == sys::NodeType::Regular) {
      return Found{.shown = up + std::string(kDefaultFile), .absolute = absolute, .directory = at};
    }
    up += "../";
  }
  return fail(kind::kFileNotFound,
              base::cat("there is no ", kDefaultFile, " here",
                        in_repository ? " or above, up to the root of the repository" : ""),
              std::string(kDefaultFile),
              "name a program with -f FILE, or write a first one with perch --init");
}

/// The program of the executable we are.
Result<Loaded> load_own(const Context& context, const op::OpTable& ops,
                        program::Strictness strictness, diag::Diags& diags) {
  Found found{.shown = context.built->manifest().source, .absolute = context.world.host.exe_path()};
  found.directory = parent_directory(found.absolute);
  PERCH_TRY_ASSIGN(auto program,
                   analyze_built(context, *context.built, found.directory, ops, strictness, diags));
  return Loaded{.found = std::move(found), .program = std::move(program)};
}

} // namespace

Result<std::string> read_source(const sys::World& world, std::string_view absolute,
                                std::string_view shown) {
  PERCH_TRY_ASSIGN(const sys::Spot spot, world.fs.locate(absolute, sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Missing) {
    return fail(kind::kFileNotFound, base::cat("there is no file \"", shown, '"'),
                std::string(shown), "check the path given with -f");
  }
  if (spot.info.type == sys::NodeType::Directory) {
    return fail(kind::kFileError, base::cat('"', shown, "\" is a directory, not a program"),
                std::string(shown), "name the .perch file in it");
  }
  PERCH_TRY_ASSIGN(const sys::Fd fd, world.fs.open(spot, sys::Access::Read, 0));
  return sys::read_all(fd.get(), kMaxSource, shown);
}

std::string parent_directory(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

/// Names of import paths that are no variables of the host.
static std::optional<std::string> own_import_name(const sys::World& world, std::string_view name) {
  if (name == "home" || name == "home_dir" || name == "HOME")
    return world.host.home();
  if (name == "user" || name == "USER")
    return world.host.user();
  if (name == "exe_dir")
    return parent_directory(world.host.exe_path());
  return std::nullopt;
}

std::optional<std::string> import_name(const sys::World& world, std::string_view name) {
  if (auto own = own_import_name(world, name))
    return own;
  const auto value = world.env.get(name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

const op::OpTable& op_table() {
  static const op::OpTable table(ops::tables());
  return table;
}

namespace {

/// The open file that a path of the system stands for; -1: none.
int named_descriptor(std::string_view path) {
  if (path == "/dev/stdin")
    return 0;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    const auto number = path.starts_with(folder) ? base::parse_int(path.substr(folder.size()))
                                                 : std::optional<std::int64_t>();
    if (number && *number >= 0 && *number < 1 << 20)
      return static_cast<int>(*number);
  }
  return -1;
}

} // namespace

Result<Found> find_program(const Context& context) {
  const std::string current = context.world.host.current_directory();
  const std::string& file = context.options.file;
  if (file.empty()) {
    auto found = find_default(context.world, current);
    if (const std::string& word = context.options.command; !found && word.ends_with(".perch"))
      return fail(kind::kFileNotFound, base::cat("there is no file \"", word, '"'), word,
                  "check the path");
    return found;
  }
  if (file == "-") {
    return Found{.shown = "-",
                 .absolute = {},
                 .directory = current,
                 .from_stdin = true,
                 .descriptor = context.world.in};
  }
  Found found{.shown = file};
  std::string path = file;
  if (path.starts_with("~/"))
    path = context.world.host.home() + path.substr(1);
  found.absolute = sys::absolute_path(current, path);
  found.directory = parent_directory(found.absolute);
  // /dev/stdin, /dev/fd/3 and their like are standard input by another name, and as untrusted.
  found.descriptor = named_descriptor(found.absolute);
  const auto spot = context.world.fs.locate(found.absolute, sys::Final::Follow);
  found.from_stdin = found.descriptor >= 0 || (spot && spot->info.type == sys::NodeType::Other);
  return found;
}

Result<std::uint32_t> read_program(const Context& context, const Found& found) {
  std::string text;
  if (found.descriptor >= 0) {
    PERCH_TRY_ASSIGN(text, sys::read_all(found.descriptor, kMaxSource, "standard input"));
  } else {
    PERCH_TRY_ASSIGN(text, read_source(context.world, found.absolute, found.shown));
  }
  return context.sources.add(found.shown, std::move(text)).id;
}

namespace {

/// What a script from standard input may read while it is loaded: it could be shown in a message,
/// or do as an import what the script itself may not.
class Loader {
public:
  Loader(const Context& context, const Found& found) : world_(context.world) {
    if (!found.from_stdin || context.options.trust_stdin)
      return;
    policy::FlagRules rules = context.options.rules;
    rules.directory = world_.host.current_directory();
    if (auto layer = policy::stdin_layer(rules))
      policy_ = policy_.with(std::make_shared<const policy::Layer>(std::move(*layer)));
  }

  [[nodiscard]] Result<std::string> read(std::string_view path) const {
    const auto spot = world_.fs.locate(path, sys::Final::Follow);
    const std::string real = spot ? spot->real : std::string(path);
    const policy::Request request{.cap = op::Cap::Read, .subject = real};
    const auto decision = policy::decide(policy_, request);
    if (!decision.allowed()) {
      // An import's failure is told by its message alone.
      Error denial = policy::denial(decision, request, "import");
      denial.message += base::cat("; ", denial.help);
      return std::unexpected(std::move(denial));
    }
    return read_source(world_, path, path);
  }

  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const {
    if (!policy::decide(policy_, {.cap = op::Cap::Env, .subject = name}).allowed())
      return std::nullopt;
    const auto value = world_.env.get(name);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  }

private:
  sys::World& world_;
  policy::Policy policy_;
};

} // namespace

Result<Loaded> try_load_program(const Context& context, const op::OpTable& ops,
                                program::Strictness strictness, diag::Diags& diags) {
  if (context.built != nullptr)
    return load_own(context, ops, strictness, diags);
  PERCH_TRY_ASSIGN(Found found, find_program(context));
  PERCH_TRY_ASSIGN(const std::uint32_t source, read_program(context, found));
  const sys::World& world = context.world;
  const Loader loader(context, found);
  const program::Loading loading{
      .read = [&](std::string_view path) { return loader.read(path); },
      .import_name = [&](std::string_view name) -> std::optional<std::string> {
        auto own = own_import_name(world, name);
        return own ? own : loader.variable(name);
      },
      .program_exists = [&](std::string_view name) { return on_path(world, name); },
      .accepts_digests = !context.options.wasm_pins.empty()};
  auto program = program::analyze(context.sources, {.source = source, .directory = found.directory},
                                  ops, loading, strictness, diags);
  return Loaded{.found = std::move(found), .program = std::move(program)};
}

std::optional<Loaded> load_program(const Context& context, const op::OpTable& ops,
                                   program::Strictness strictness, diag::Diags& diags) {
  auto loaded = try_load_program(context, ops, strictness, diags);
  if (loaded)
    return std::move(*loaded);
  context.report(loaded.error());
  return std::nullopt;
}

Result<std::shared_ptr<const program::Program>>
analyze_built(const Context& context, const bundle::Reader& archive, const std::string& root,
              const op::OpTable& ops, program::Strictness strictness, diag::Diags& diags) {
  const bundle::Manifest& manifest = archive.manifest();
  const auto text_of = [&](std::string_view name) -> Result<std::string> {
    PERCH_TRY_ASSIGN(const bundle::Entry entry, archive.entry(name));
    if (entry.size > kMaxSource) // a few packed bytes can claim to be any number
      return fail(kind::kBundleError,
                  base::cat("the entry `", name, "` of the archive is too large for a program"),
                  std::string(name), "get the executable again from where it came from");
    return archive.read(entry);
  };
  PERCH_TRY_ASSIGN(std::string text, text_of(bundle::kProgramEntry));
  const std::uint32_t source = context.sources.add(manifest.source, std::move(text)).id;
  bundle::ImportPaths paths(root);
  std::optional<Error> damaged; // an import that cannot be read is no mistake of the program
  const program::Loading loading{
      .read = [&](std::string_view path) -> Result<std::string> {
        const std::string key = bundle::ImportPaths::key(path);
        const auto import = std::ranges::find(manifest.imports, key, &bundle::Import::path);
        Result<std::string> read = text_of(import == manifest.imports.end() ? key : import->entry);
        if (!read)
          damaged = read.error();
        return read;
      },
      .import_name = [&](std::string_view name) -> std::optional<std::string> {
        const bool absolute = std::ranges::any_of(manifest.imports, [&](const auto& import) {
          return bundle::ImportPaths::uses_absolute(import.path, name);
        });
        return paths.name(name, import_name(context.world, name).value_or(""), absolute);
      },
      .place = [&](std::string_view path) { return paths.real(path); },
      .program_exists = [&](std::string_view name) { return on_path(context.world, name); }};
  auto program = program::analyze(context.sources,
                                  {.source = source, .directory = bundle::ImportPaths::directory()},
                                  ops, loading, strictness, diags);
  if (damaged)
    return std::unexpected(std::move(*damaged));
  return program;
}

int load_failed(const Context& context) { return context.built != nullptr ? kDamaged : kUsage; }

bool on_path(const sys::World& world, std::string_view name) {
  if (name.find('/') != name.npos)
    return true;
  const auto path = world.env.get("PATH");
  if (!path)
    return false;
  return std::ranges::any_of(base::split(*path, ':'), [&](std::string_view directory) {
    return directory.starts_with('/') && world.fs.leads_to_program(base::cat(directory, '/', name));
  });
}

} // namespace perch::cli
