#include "cli/topics.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/load.h"
#include "cli/op_text.h"
#include "cli/options.h"
#include "lang/keywords.h"

#include <algorithm>
#include <iterator>

namespace perch::cli {

namespace {

using base::cat;
using lang::Keyword;
using lang::Region;

struct About {
  std::string_view word, text;
};

// Of the words that make blocks; what a setting is for, its form and place say.
constexpr About kAbout[] = {
    {"if", "Runs its body when the condition holds: comparisons, ops and programs with `and`, "
           "`or`, `not`."},
    {"else", "What `if` and `match` do otherwise."},
    {"end", "Closes the block that was opened last."},
    {"for_each", "Runs its body for each item of a list, or each line of a text."},
    {"match", "Runs the body of the first `case` that equals the value, or of `else`."},
    {"case", "One value of `match` and what is done for it."},
    {"try", "Runs its body; an error goes on in `rescue`, and `finally` runs in any case."},
    {"rescue", "What is done after an error in `try`: `${err.kind}`, `${err.message}` say which."},
    {"finally", "What is done after `try`, however it ended."},
    {"os", "Runs its body on this operating system only."},
    {"arch", "Runs its body on this architecture only."},
    {"pipe", "Runs its calls at once, the output of each going to the next."},
    {"parallel", "Runs its statements at once, at most `max` of them, and waits for all; with "
                 "`fail_fast` a failure ends the others."},
    {"timeout", "Ends its body, with everything it has started, after this time."},
    {"retry", "Runs its body again when it fails, up to N times, with a delay in between."},
    {"with_env", "Runs its body with these environment variables."},
    {"with_cwd", "Runs its body in this directory."},
    {"sandbox", "Runs its body with less allowed: no_shell, no_network, no_write and their like."},
    {"cache", "Keeps the names its body sets under a key, and for a time does not run it again."},
    {"wasm_run", "Runs a WebAssembly module that may do what the lines of the block allow."},
};

/// A keyword and where it may stand.
struct Place {
  const Keyword* keyword;
  std::string where;
};

std::string regions_of(const lang::Setting& setting) {
  std::string out;
  for (const Region region : {Region::File, Region::Requires, Region::Bundle, Region::Hooks,
                              Region::Command, Region::Template, Region::Catch, Region::Arg}) {
    if (setting.in(region))
      out += cat(out.empty() ? "" : ", ", lang::name_of(region));
  }
  return out;
}

std::vector<Place> places_of(std::string_view word) {
  std::vector<Place> places;
  if (const Keyword* block = lang::find_block_keyword(word))
    places.push_back({.keyword = block, .where = "a body"});
  if (const Keyword* line = lang::find_wasm_keyword(word))
    places.push_back({.keyword = line, .where = "`wasm_run`"});
  for (const lang::Setting& setting : lang::settings()) {
    if (setting.shape.word == word)
      places.push_back({.keyword = &setting.shape, .where = regions_of(setting)});
  }
  return places;
}

std::string_view about(const Keyword& keyword) {
  const auto* const found = std::ranges::find(kAbout, keyword.word, &About::word);
  const bool is_block = lang::find_block_keyword(keyword.word) == &keyword;
  return is_block && found != std::end(kAbout) ? found->text : std::string_view();
}

base::Json place_json(const Place& place) {
  return {{"word", std::string(place.keyword->word)},
          {"form", std::string(place.keyword->form)},
          {"in", place.where},
          {"about", std::string(about(*place.keyword))}};
}

std::string place_text(const Place& place) {
  const std::string_view text = about(*place.keyword);
  return cat(place.keyword->form, '\n', text.empty() ? "" : "    ", text, text.empty() ? "" : "\n",
             "    stands in: ", place.where, '\n');
}

/// Null when `word` is no verb; hidden ones are none.
const VerbWord* verb_called(std::string_view word) {
  const auto verbs = verb_words();
  const auto found = std::ranges::find(verbs, word, &VerbWord::word);
  return found == verbs.end() || found->help.empty() ? nullptr : &*found;
}

} // namespace

bool print_topic(const Context& context, std::string_view word) {
  const op::OpDecl* op = op_table().find(word);
  const std::vector<Place> places = places_of(word);
  const VerbWord* verb = verb_called(word);
  if (op == nullptr && places.empty() && verb == nullptr)
    return false;
  if (context.options.json) {
    base::Json all = base::Json::array();
    if (op != nullptr)
      all.push_back(op_json(*op));
    for (const Place& place : places)
      all.push_back(place_json(place));
    if (verb != nullptr) {
      all.push_back({{"word", std::string(word)},
                     {"form", cat("perch ", word)},
                     {"in", "the command line"},
                     {"about", std::string(verb->help)}});
    }
    context.out(cat(base::json_text(all), '\n'));
    return true;
  }
  std::string out = op != nullptr ? op_details(*op) : std::string();
  for (const Place& place : places)
    out += cat(out.empty() ? "" : "\n", place_text(place));
  if (verb != nullptr)
    out += cat(out.empty() ? "" : "\n", "perch ", word, "\n    ", verb->help,
               "\n    stands in: the command line\n");
  context.out(out);
  return true;
}

std::vector<std::string_view> topic_names() {
  std::vector<std::string_view> names;
  for (const auto& family : op_table().families()) {
    for (const op::OpDecl& op : family)
      names.push_back(op.name);
  }
  for (const Keyword& keyword : lang::block_keywords())
    names.push_back(keyword.word);
  for (const Keyword& keyword : lang::wasm_keywords())
    names.push_back(keyword.word);
  for (const lang::Setting& setting : lang::settings())
    names.push_back(setting.shape.word);
  for (const VerbWord& verb : verb_words()) {
    if (!verb.help.empty())
      names.push_back(verb.word);
  }
  return names;
}

} // namespace perch::cli
