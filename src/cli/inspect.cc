// `perch inspect APP [--json]`: what a built executable holds, without running it.

#include "base/error_kinds.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/listing.h"
#include "cli/load.h"
#include "cli/verbs.h"
#include "scan/report.h"
#include "sys/fs.h"
#include "sys/time_text.h"
#include "trace/label.h"

#include <algorithm>
#include <functional>

namespace perch::cli {

namespace {

using base::cat;
using base::Json;
using bundle::Entry;

/// What was found out about the executable.
struct Inspected {
  const bundle::Reader& archive;
  std::vector<std::string> damage;
  std::shared_ptr<const program::Program> program; ///< null: this perch cannot read it
};

/// What the program brings along: its files, and modules that were fetched.
void each_file(const bundle::Manifest& manifest, const std::function<void(const Entry&)>& take) {
  for (const std::string_view prefix : {bundle::kFilesPrefix, bundle::kModulesPrefix})
    manifest.entries.each_below(prefix, take);
}

std::string_view file_name(const Entry& entry) {
  const std::string_view name = entry.name;
  return name.starts_with(bundle::kFilesPrefix) ? name.substr(bundle::kFilesPrefix.size()) : name;
}

/// Whatever it holds: a line more would be taken for one of ours.
std::string on_one_line(std::string_view text) { return trace::one_line(text, text.size()); }

std::string alias_of(const bundle::Manifest& manifest, const Entry& entry) {
  std::string names;
  for (const auto& [alias, target] : manifest.aliases) {
    if (target == entry.name)
      names += cat(names.empty() ? "" : ", ", alias);
  }
  return names;
}

/// Whether code for the module was made when the executable was built.
bool is_compiled(const bundle::Manifest& manifest, const Entry& entry) {
  return manifest.entries.find(bundle::native_entry(entry.sha256, false)) ||
         manifest.entries.find(bundle::native_entry(entry.sha256, true));
}

std::string mode_text(std::uint32_t mode) {
  std::string text = "0";
  for (int shift = 6; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + (mode >> shift & 7));
  return text;
}

std::string time_of(const bundle::Manifest& manifest) {
  if (!manifest.built_at)
    return {};
  return sys::time_text(*manifest.built_at, sys::Zone::Utc, "%Y-%m-%dT%H:%M:%SZ").value_or("");
}

// ---- as JSON
// -------------------------------------------------------------------------------------

Json file_json(const bundle::Manifest& manifest, const Entry& entry) {
  Json json = {{"name", std::string(file_name(entry))},
               {"size", entry.size},
               {"mode", mode_text(entry.mode)},
               {"sha256", entry.sha256}};
  if (const std::string alias = alias_of(manifest, entry); !alias.empty())
    json["alias"] = alias;
  if (is_compiled(manifest, entry))
    json["compiled"] = true;
  return json;
}

Json program_json(const Context& context, const Inspected& app) {
  const bundle::Manifest& manifest = app.archive.manifest();
  Json json = {{"name", manifest.name}, {"version", manifest.version}, {"source", manifest.source}};
  if (app.program == nullptr)
    return json;
  Json commands = Json::array();
  for (const program::Command* command : public_commands(*app.program))
    commands.push_back(
        {{"name", std::string(command->name)}, {"description", std::string(command->description)}});
  json["commands"] = std::move(commands);
  json["capabilities"] =
      scan::report_json(*app.program, scan::survey(*app.program), context.sources, manifest.source);
  return json;
}

std::string as_json(const Context& context, const Inspected& app) {
  const bundle::Manifest& manifest = app.archive.manifest();
  Json files = Json::array();
  each_file(manifest, [&](const Entry& entry) { files.push_back(file_json(manifest, entry)); });
  const std::string built = time_of(manifest);
  const Json json = {{"program", program_json(context, app)},
                     {"perch", manifest.perch_version},
                     {"engine", manifest.engine},
                     {"built_at", built.empty() ? Json(nullptr) : Json(built)},
                     {"strict", manifest.strict},
                     {"flags", manifest.flags},
                     {"archive",
                      {{"sha256", app.archive.sha256()},
                       {"size", app.archive.archive_bytes()},
                       {"bytes_behind", app.archive.bytes_behind()}}},
                     {"files", std::move(files)},
                     {"damage", app.damage}};
  return base::json_text(json, 2) + "\n";
}

// ---- as text
// -------------------------------------------------------------------------------------

std::string head_text(const Inspected& app) {
  const bundle::Manifest& manifest = app.archive.manifest();
  const std::string built = time_of(manifest);
  std::string out =
      cat(on_one_line(manifest.name.empty() ? manifest.source : manifest.name),
          manifest.version.empty() ? "" : " ", on_one_line(manifest.version), "\n  program   ",
          on_one_line(manifest.source), "\n  perch     ", on_one_line(manifest.perch_version),
          "\n  engine    ", on_one_line(manifest.engine), '\n');
  if (!built.empty())
    out += cat("  built     ", built, '\n');
  out += cat("  archive   sha256:", app.archive.sha256(), ", ", app.archive.archive_bytes(),
             " bytes\n");
  if (!manifest.flags.empty())
    out += cat("  flags     ", on_one_line(base::join(manifest.flags, " ")), '\n');
  if (manifest.strict)
    out += "  strict    flags that would let more happen are refused\n";
  if (app.archive.bytes_behind() > 0)
    out += cat("  behind it ", app.archive.bytes_behind(), " bytes that nobody reads\n");
  return out;
}

std::string program_text(const Context& context, const Inspected& app) {
  if (app.program == nullptr)
    return "\nThis perch cannot read the program.\n";
  std::string out = "\nCommands\n";
  for (const program::Command* command : public_commands(*app.program)) {
    const std::string_view what = command->description;
    out +=
        cat("  ", command->name, what.empty() ? "" : " — ", what.substr(0, what.find('\n')), '\n');
  }
  return cat(out, "\n",
             scan::report_text(*app.program, scan::survey(*app.program), context.sources,
                               app.archive.manifest().source));
}

std::string files_text(const bundle::Manifest& manifest) {
  std::string out;
  each_file(manifest, [&](const Entry& entry) {
    const std::string alias = on_one_line(alias_of(manifest, entry));
    out += cat(out.empty() ? "\nFiles\n" : "", "  ", on_one_line(file_name(entry)),
               alias.empty() ? "" : cat(" as ", alias), ", ", entry.size, " bytes, ",
               mode_text(entry.mode), is_compiled(manifest, entry) ? ", compiled" : "",
               "\n    sha256:", entry.sha256, '\n');
  });
  return out;
}

Result<std::unique_ptr<bundle::Reader>> open(const Context& context, const std::string& shown) {
  const std::string absolute = sys::absolute_path(context.world.host.current_directory(), shown);
  PERCH_TRY_ASSIGN(const sys::Spot spot, context.world.fs.locate(absolute, sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Other) // opening a pipe would wait for its other end
    return fail(kind::kFileError, cat('`', shown, "` is no regular file"), shown);
  PERCH_TRY_ASSIGN(const sys::Fd fd, context.world.fs.open(spot, sys::Access::Read, 0));
  PERCH_TRY_ASSIGN(sys::MappedFile file, sys::MappedFile::map(fd.get(), shown));
  PERCH_TRY_ASSIGN(auto reader, bundle::Reader::open(std::move(file), shown));
  if (reader == nullptr)
    return fail(kind::kBundleError, cat('`', shown, "` is a perch without a program"), shown,
                "`perch --build` makes executables with one");
  return reader;
}

} // namespace

int inspect(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  const bool json = context.options.json || (words.size() == 2 && words[1] == "--json");
  if (words.empty() || words.size() > (json && !context.options.json ? 2u : 1u)) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "`perch inspect` takes one executable",
                         .help = "perch inspect APP [--json]"});
    return kUsage;
  }
  const auto reader = open(context, words[0]);
  if (!reader) {
    context.report(reader.error());
    return reader.error().kind == kind::kBundleError ? kDamaged : kFailure;
  }
  Inspected app{.archive = **reader, .damage = (*reader)->verify(), .program = nullptr};
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  // Mistakes it finds are those of another perch's program: they say that this one cannot read it.
  if (auto program = analyze_built(context, app.archive, "/", ops, program::Strictness::Run, diags))
    app.program = std::move(*program);
  if (json) {
    context.out(as_json(context, app));
  } else {
    context.out(safe_lines(
        cat(head_text(app), program_text(context, app), files_text(app.archive.manifest()))));
  }
  for (const std::string& problem : app.damage)
    context.report(Error{.kind = kind::kBundleError, .message = problem});
  return app.damage.empty() ? kOk : kDamaged;
}

} // namespace perch::cli
