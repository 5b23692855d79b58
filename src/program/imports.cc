// Loading files and making their names visible to each other.

#include "lang/parse.h"
#include "lang/token.h"
#include "program/analyzer.h"

#include <algorithm>

namespace perch::program {

namespace {

constexpr int kMaxImportDepth = 64;
constexpr std::size_t kMaxVisibleCommands = 100'000;

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos)
    return ".";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

/// `name` relative to the file `shown_path`, as a user would write it.
std::string beside(std::string_view shown_path, std::string_view name) {
  if (name.starts_with("./"))
    name.remove_prefix(2);
  const auto slash = shown_path.rfind('/');
  if (slash == std::string_view::npos)
    return std::string(name);
  return cat(shown_path.substr(0, slash + 1), name);
}

/// Lexical: `.` and `..` removed, so that one file reached in two ways has one name.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::string_view part : base::split(path, '/')) {
    if (part.empty() || part == ".")
      continue;
    if (part == "..") {
      if (!parts.empty())
        parts.pop_back();
      continue;
    }
    parts.push_back(part);
  }
  std::string out;
  for (std::string_view part : parts)
    out += cat('/', part);
  return out.empty() ? "/" : out;
}

} // namespace

std::string Analyzer::placed(std::string_view path) const {
  return loading_.place ? loading_.place(path) : std::string(path);
}

Unit* Analyzer::load(std::uint32_t source, const std::string& absolute, std::string directory,
                     Unit* importer) {
  program_->modules.push_back(std::make_unique<Module>());
  Module* module = program_->modules.back().get();
  module->source = source;
  module->path = sources_.get(source).path;
  module->directory = placed(directory);
  units_.push_back(std::make_unique<Unit>());
  Unit* unit = units_.back().get();
  unit->module = module;
  unit->directory = std::move(directory);
  unit->importer = importer;
  by_path_[absolute] = unit; // before its imports are read, so that a cycle is seen
  const diag::Source& text = sources_.get(source);
  unit->ast = lang::parse(text, lang::lex(text, diags_), diags_);
  program_->trees.push_back(unit->ast.arena);
  load_imports(*unit);
  unit->loading = false;
  return unit;
}

void Analyzer::load_imports(Unit& unit) {
  for (const lang::ImportDecl& decl : unit.ast.imports) {
    if (Unit* imported = load_import(unit, decl)) {
      unit.links.push_back({decl.alias, imported, decl.path.span});
    }
  }
}

std::optional<std::string> Analyzer::import_path(Unit& unit, const lang::Word& word) {
  std::string path;
  if (word.plain())
    path = word.text;
  for (const lang::Part& part : word.parts) {
    if (part.kind == lang::Part::Kind::Text) {
      path += part.text;
      continue;
    }
    std::optional<std::string> value;
    if (part.kind == lang::Part::Kind::Name) {
      const bool here = part.text == "script_dir" || part.text == "file_dir";
      value = here ? unit.directory : loading_.import_name(part.text);
    }
    if (!value) {
      diags_.error(UnknownName{.name = part.text, .nearest = {}}, part.span);
      return std::nullopt;
    }
    path += *value;
  }
  if (!path.starts_with('/'))
    path = cat(unit.directory, '/', path);
  return normalized(path);
}

Unit* Analyzer::load_import(Unit& unit, const lang::ImportDecl& decl) {
  const std::optional<std::string> path = import_path(unit, decl.path);
  if (!path)
    return nullptr;
  const std::string shown = decl.path.plain() && !decl.path.text.starts_with('/')
                                ? beside(unit.module->path, decl.path.text)
                                : placed(*path);
  int depth = 0;
  for (const Unit* up = &unit; up != nullptr; up = up->importer)
    ++depth;
  if (auto known = by_path_.find(*path); known != by_path_.end()) {
    if (!known->second->loading)
      return known->second;
    std::string chain = known->second->module->path;
    for (const Unit* up = &unit; up != known->second; up = up->importer) {
      chain += cat(" → ", up->module->path);
    }
    diags_.error(ImportCycle{cat(chain, " → ", known->second->module->path)}, decl.path.span);
    return nullptr;
  }
  if (depth > kMaxImportDepth) {
    diags_.error(ImportFailed{shown, "imports are nested more than 64 deep"}, decl.path.span);
    return nullptr;
  }
  Result<std::string> text = loading_.read(*path);
  if (!text) {
    diags_.error(ImportFailed{shown, text.error().message}, decl.path.span);
    return nullptr;
  }
  const diag::Source& source = sources_.add(shown, std::move(*text));
  return load(source.id, *path, std::string(directory_of(*path)), &unit);
}

Command* Analyzer::find_command(const Unit& unit, std::string_view name) const {
  auto found = unit.seen_commands.find(name);
  return found == unit.seen_commands.end() ? nullptr : found->second;
}

const Unit::SeenTemplate* Analyzer::find_template(const Unit& unit, std::string_view name) const {
  auto found = unit.seen_templates.find(name);
  return found == unit.seen_templates.end() ? nullptr : &found->second;
}

std::int32_t Analyzer::find_binding(const Unit& unit, std::string_view name) const {
  // An importer's own binding hides that of the file it imports: a program configures a library.
  std::int32_t outermost = -1;
  for (const Unit* up = unit.importer; up != nullptr; up = up->importer) {
    if (auto own = up->bindings.find(name); own != up->bindings.end())
      outermost = own->second;
  }
  if (outermost >= 0)
    return outermost;
  auto found = unit.seen_bindings.find(name);
  return found == unit.seen_bindings.end() ? -1 : found->second;
}

void Analyzer::publish(Unit& unit) {
  if (unit.published)
    return;
  unit.published = true;
  for (const lang::ProcDecl& decl : unit.ast.procs) {
    auto own = unit.commands.find(decl.name);
    if (decl.kind != lang::ProcKind::Command || own == unit.commands.end())
      continue;
    if (unit.seen_commands.emplace(decl.name, own->second).second) {
      unit.seen_order.push_back(decl.name);
    }
  }
  for (const auto& [name, decl] : unit.templates)
    unit.seen_templates[name] = {decl, &unit};
  unit.seen_bindings = unit.bindings;
  for (const Unit::Link& link : unit.links) {
    publish(*link.unit);
    adopt(unit, link);
  }
}

void Analyzer::adopt(Unit& unit, const Unit::Link& link) {
  for (std::string_view theirs : link.unit->seen_order) {
    Command* command = link.unit->seen_commands[theirs];
    if (link.alias.empty() && command->is_private)
      continue;
    if (unit.seen_order.size() > kMaxVisibleCommands) {
      diags_.error(ImportFailed{link.unit->module->path, "too many commands are visible"},
                   link.span);
      return;
    }
    const std::string_view name =
        link.alias.empty() ? theirs : arena_.copy(cat(link.alias, '.', theirs));
    auto [slot, added] = unit.seen_commands.emplace(name, command);
    if (added) {
      unit.seen_order.push_back(name);
    } else if (slot->second != command) {
      diags_.error(ImportClash{name, link.unit->module->path}, link.span);
    }
  }
  unit.seen_templates.insert(link.unit->seen_templates.begin(), link.unit->seen_templates.end());
  unit.seen_bindings.insert(link.unit->seen_bindings.begin(), link.unit->seen_bindings.end());
}

/// `--check` tells what an import adds to what the root file declares itself: the requirements of
/// all files are one list.
void Analyzer::note_imported_authority() {
  if (strictness_ != Strictness::Check)
    return;
  const auto needs_of = [&](const Unit& unit) {
    std::vector<std::string_view> lines;
    for (const lang::RequiresBlock& block : unit.ast.requires_blocks) {
      for (const lang::Need& need : block.needs)
        lines.push_back(sources_.text(need.span));
    }
    return lines;
  };
  const std::vector<std::string_view> own = needs_of(*units_.front());
  for (const auto& unit : units_) {
    for (const Unit::Link& link : unit->links) {
      std::string added;
      for (const std::string_view line : needs_of(*link.unit)) {
        if (std::ranges::find(own, line) == own.end())
          added += cat(added.empty() ? "" : ", ", line);
      }
      if (!added.empty()) {
        diags_.add(diag::make(ImportAdds{link.unit->module->path, std::move(added)}, link.span,
                              diag::Severity::Note));
      }
    }
  }
}

void Analyzer::publish_commands() {
  for (auto& unit : units_)
    publish(*unit);
  Unit& root = *units_.front();
  for (std::string_view name : root.seen_order) {
    Command* command = root.seen_commands[name];
    program_->by_name.emplace(name, command);
    if (command->name.empty()) {
      command->name = name;
      program_->commands.push_back(command);
    }
  }
  // What the root cannot see (private helpers of flat imports) still needs a name for messages.
  for (auto& [command, decl] : procs_) {
    if (command->name.empty())
      command->name = decl->name;
  }
}

} // namespace perch::program
