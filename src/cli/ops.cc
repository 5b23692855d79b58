// `perch ops [NAME]`: the reference of all ops, from their table.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/load.h"
#include "cli/verbs.h"
#include "program/usage.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;

std::string details(const op::OpDecl& op) {
  std::string out = cat(program::op_usage(op), "\n    ", op.summary, '\n');
  for (const op::Param& param : op.parameters()) {
    out += cat("    ", param.name, ": ", op::type_name(param.type));
    if (!param.fallback.empty())
      out += cat(" = ", param.fallback);
    if (!param.about.empty())
      out += cat(", ", param.about);
    out += '\n';
  }
  if (op.returns != op::Type::None)
    out += cat("    gives: ", op::type_name(op.returns), '\n');
  for (const op::Need& need : op.requests()) {
    out += cat("    needs: ", op::cap_name(need.cap), need.subject.empty() ? "" : " of ",
               need.subject, '\n');
  }
  for (std::string_view alias : op.aliases) {
    if (!alias.empty())
      out += cat("    also: ", alias, '\n');
  }
  if (!op.deprecated.empty())
    out += cat("    deprecated: use ", op.deprecated, '\n');
  out += "    example:\n";
  for (std::string_view line : base::split(op.example, '\n'))
    out += cat("        ", line, '\n');
  return out;
}

} // namespace

int ops(const Context& context) {
  const op::OpTable table = op_table();
  if (!context.options.words.empty()) {
    const std::string& name = context.options.words[0];
    if (const op::OpDecl* op = table.find(name)) {
      context.out(details(*op));
      return kOk;
    }
    std::vector<std::string_view> names;
    for (const auto& family : table.families()) {
      for (const op::OpDecl& op : family)
        names.push_back(op.name);
    }
    const auto near = base::nearest(name, names, 3);
    context.report(Error{.kind = kind::kBadArgument,
                         .message = cat("there is no op `", name, '`'),
                         .help = near ? cat("did you mean `", *near, "`?")
                                      : std::string("`perch ops` lists them all")});
    return kNotFound;
  }
  std::vector<const op::OpDecl*> all;
  for (const auto& family : table.families()) {
    for (const op::OpDecl& op : family)
      all.push_back(&op);
  }
  std::ranges::sort(all, {}, &op::OpDecl::name);
  std::string out;
  for (const op::OpDecl* op : all)
    out += cat(details(*op), '\n');
  context.out(out);
  return kOk;
}

} // namespace perch::cli
