#include "cli/options.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>

namespace perch::cli {

namespace {

const Flag* find_flag(std::string_view name) {
  const std::span<const Flag> all = flags();
  const auto found = std::ranges::find_if(all, [&](const Flag& flag) {
    return flag.name == name || (!flag.short_name.empty() && flag.short_name == name);
  });
  return found == all.end() ? nullptr : &*found;
}

std::unexpected<Error> unknown_flag(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Flag& flag : flags())
    names.push_back(flag.name);
  const auto near = base::nearest(name, names, 3);
  return fail(kind::kBadArgument, base::cat("unknown flag `", name, '`'), std::string(name),
              near ? base::cat("did you mean `", *near, "`?")
                   : std::string("`perch --help` lists the flags; a command's own flags stand "
                                 "after its name"));
}

/// A word that can only be meant as a file: `./ops.perch`, `ops.perch`, `~/x`.
bool path_shaped(std::string_view word) {
  return word.ends_with(".perch") || word.find('/') != word.npos || word.starts_with('~');
}

/// Applies the flag at `at`; moves past its value.
Status take_flag(Options& options, std::span<const std::string_view> argv, std::size_t& at) {
  const std::string_view word = argv[at++];
  const auto equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const Flag* flag = find_flag(name);
  if (flag == nullptr)
    return unknown_flag(name);
  const bool has_value = equals != word.npos;
  if (flag->value == Flag::Value::None && has_value) {
    return fail(kind::kBadArgument, base::cat("`", name, "` takes no value"), std::string(word),
                base::cat("write `", name, "` alone"));
  }
  if (flag->value == Flag::Value::Required && !has_value) {
    if (at == argv.size()) {
      return fail(kind::kBadArgument, base::cat("`", name, "` needs a value"), std::string(name),
                  name == flag->short_name ? base::cat("write `", name, ' ', flag->shape, '`')
                                           : base::cat("write `", name, '=', flag->shape, '`'));
    }
    return flag->apply(options, argv[at++]);
  }
  return flag->apply(options, has_value ? word.substr(equals + 1) : std::string_view());
}

} // namespace

Result<Options> parse_options(std::span<const std::string_view> argv,
                              bool (*is_file)(std::string_view path)) {
  Options options;
  std::size_t at = 0;
  while (at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-') {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    const std::size_t first = at;
    PERCH_TRY(take_flag(options, argv, at));
    constexpr std::string_view kOwn[] = {"-f", "--file", "--trace", "--report", "--audit"};
    const bool own = std::ranges::any_of(
        kOwn, [&](std::string_view name) { return argv[first].starts_with(name); });
    for (std::size_t i = first; i < at && !own; ++i)
      options.flag_words.emplace_back(argv[i]);
  }
  // `./ops.perch deploy`, as a `#!` line starts it.
  if (at < argv.size() && options.file.empty() && path_shaped(argv[at]) && is_file(argv[at])) {
    options.file = argv[at++];
  }
  if (at < argv.size()) {
    options.command = argv[at++];
    const auto verbs = verb_words();
    const auto verb = std::ranges::find(verbs, options.command, &VerbWord::word);
    if (verb != verbs.end() && options.verb == Verb::Run) {
      options.verb = verb->verb;
      options.verb_by_word = !verb->always;
    }
  }
  for (; at < argv.size(); ++at)
    options.words.emplace_back(argv[at]);
  const bool nothing = options.command.empty() && options.file.empty();
  if (options.verb == Verb::Run && nothing)
    options.verb = Verb::Usage;
  // Directly after a command, and only there, --help asks perch.
  if (options.verb == Verb::Run && !options.words.empty() &&
      (options.words[0] == "--help" || options.words[0] == "-h")) {
    options.verb = Verb::Help;
    options.words.clear();
  } else if (options.verb == Verb::Help && options.command == "help") {
    options.command.clear();
    if (!options.words.empty()) {
      options.command = options.words[0];
      options.words.erase(options.words.begin());
    }
  }
  return options;
}

} // namespace perch::cli
