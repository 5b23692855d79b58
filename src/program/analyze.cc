#include "program/analyze.h"

#include "program/analyzer.h"

namespace perch::program {

Analyzer::Analyzer(diag::SourceMap& sources, const op::OpTable& ops, const Loading& loading,
                   Strictness strictness, diag::Diags& diags)
    : sources_(sources), ops_(ops), loading_(loading), strictness_(strictness), diags_(diags),
      program_(std::make_shared<Program>()),
      arena_(*(program_->arena = std::make_shared<base::Arena>())) {}

std::shared_ptr<const Program> Analyzer::analyze(const Root& root) {
  const std::string& path = sources_.get(root.source).path;
  const auto slash = path.rfind('/');
  load(root.source, cat(root.directory, '/', path.substr(slash == path.npos ? 0 : slash + 1)),
       root.directory, nullptr);
  // From here on every file is parsed; a file with syntax errors declares what could be read.
  if (diags_.has_errors())
    return nullptr;

  declare_meta(*units_.front());
  for (auto& unit : units_) {
    declare_bindings(*unit);
    declare_requires(*unit);
    declare_procs(*unit);
  }
  declare_bundle(*units_.front());
  publish_commands();
  note_imported_authority();
  for (auto& unit : units_)
    check_collisions(*unit);
  // From here on every name that can be used anywhere is declared.

  for (auto& unit : units_) {
    for (const lang::Binding& decl : unit->ast.bindings) {
      if (auto found = unit->bindings.find(decl.name); found != unit->bindings.end()) {
        resolve_binding(*unit, static_cast<std::size_t>(found->second), decl);
      }
    }
  }
  for (const PendingWord& pending : roots_) {
    Context ctx{.unit = pending.unit};
    check_shell_words(ctx, std::span(pending.word, 1));
    *pending.into = expr(ctx, *pending.word, Bare::Name);
  }
  std::size_t next = 0;
  for (auto& unit : units_) {
    for (; next < procs_.size() && procs_[next].first->module == unit->module; ++next) {
      resolve_command(*unit, *procs_[next].first, *procs_[next].second);
    }
  }
  for (const PendingCall& call : pending_calls_) {
    check_command_words(*call.command, call.head, call.args);
  }
  declare_hooks(*units_.front());
  if (strictness_ == Strictness::Check && loading_.program_exists && !diags_.has_errors())
    check_bins_exist();
  arena_.trim();
  return diags_.has_errors() ? nullptr : program_;
}

std::shared_ptr<const Program> analyze(diag::SourceMap& sources, const Root& root,
                                       const op::OpTable& ops, const Loading& loading,
                                       Strictness strictness, diag::Diags& diags) {
  return Analyzer(sources, ops, loading, strictness, diags).analyze(root);
}

const Command* Program::find(std::string_view command) const {
  auto found = by_name.find(command);
  return found == by_name.end() ? nullptr : found->second;
}

} // namespace perch::program
