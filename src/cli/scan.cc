// `perch scan [--json]`: what a file can ever ask for, without running it.

#include "base/error_kinds.h"
#include "base/json.h"
#include "cli/findings.h"
#include "cli/verbs.h"
#include "scan/report.h"

#include <algorithm>

namespace perch::cli {

namespace {

/// `perch scan --json`: after a verb its own flags may stand.
Status take_words(const Context& context, bool& json) {
  json = context.options.json;
  for (const std::string& word : context.options.words) {
    if (word == "--json") {
      json = true;
    } else {
      return fail(kind::kBadArgument, "scan takes no arguments but --json", word,
                  "name the file before it: perch -f FILE scan");
    }
  }
  return {};
}

} // namespace

int scan(const Context& context) {
  bool json = false;
  if (const Status taken = take_words(context, json); !taken) {
    context.report(taken.error());
    return kUsage;
  }
  const op::OpTable& ops = op_table();
  const std::optional<Loaded> loaded = load_sound(context, ops, json ? Form::Json : Form::Text);
  if (!loaded)
    return kUsage;
  const program::Program& program = *loaded->program;
  const scan::Survey survey = scan::survey(program);
  const std::string& shown = loaded->found.shown;
  context.out(json ? base::json_text(scan::report_json(program, survey, context.sources, shown)) +
                         "\n"
                   : scan::report_text(program, survey, context.sources, shown));
  return kOk;
}

} // namespace perch::cli
