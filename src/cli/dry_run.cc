// `--dry-run`: the plan of a command as text or JSON.

#include "cli/dry_run.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;
using base::Json;
using run::PlanStep;

constexpr std::size_t kLongestLine = 200;

/// Cut at a character, so that a plan stays a page one can read.
std::string shortened(const std::string& text) {
  if (text.size() <= kLongestLine)
    return text;
  std::size_t end = kLongestLine;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80)
    --end;
  return cat(std::string_view(text).substr(0, end), "…");
}

std::string place(const Context& context, const PlanStep& step) {
  return step.span.known() ? context.sources.file_line(step.span) : std::string();
}

std::size_t widest_place(const Context& context, const std::vector<PlanStep>& steps) {
  std::size_t width = 0;
  for (const PlanStep& step : steps)
    width = std::max({width, place(context, step).size(), widest_place(context, step.body)});
  return width;
}

void append_lines(const Context& context, const std::vector<PlanStep>& steps, std::size_t width,
                  std::size_t depth, std::string& out) {
  for (const PlanStep& step : steps) {
    const std::string where = place(context, step);
    out += cat(where, std::string(width - where.size() + 2, ' '), std::string(4 * depth, ' '),
               shortened(step.text));
    if (!step.note.empty())
      out += cat("  # ", step.note);
    out += '\n';
    append_lines(context, step.body, width, depth + 1, out);
  }
}

Json json_steps(const Context& context, const std::vector<PlanStep>& steps) {
  Json list = Json::array();
  for (const PlanStep& step : steps) {
    Json each = {
        {"at", place(context, step)}, {"kind", std::string(step.kind)}, {"text", step.text}};
    if (!step.note.empty())
      each["note"] = step.note;
    if (!step.body.empty())
      each["body"] = json_steps(context, step.body);
    list.push_back(std::move(each));
  }
  return list;
}

} // namespace

int dry_run(const Context& context, const run::Setting& setting, const run::Request& request) {
  const run::Plan plan = run::plan(setting, request);
  if (context.options.dry_run == DryRun::Json) {
    Json json = {{"v", 1},
                 {"command", std::string(request.command->name)},
                 {"would_start", !plan.refusal.failure.has_value()},
                 {"steps", json_steps(context, plan.steps)}};
    if (plan.refusal.failure) {
      const Error& error = plan.refusal.failure->error;
      json["refusal"] = {{"kind", std::string(error.kind)}, {"message", error.message}};
    }
    context.out(cat(base::json_text(json), '\n'));
  } else {
    std::string text;
    append_lines(context, plan.steps, widest_place(context, plan.steps), 0, text);
    context.out(text);
  }
  if (plan.refusal.failure)
    context.report(run::to_diag(*plan.refusal.failure));
  return run::exit_code(plan.refusal);
}

} // namespace perch::cli
