#include "cli/options.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/http_rules.h"

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

/// What was meant by an unknown flag; empty if nobody knows. `--no-net` begins one, and is nearer
/// to another.
std::string meant_by(std::string_view name, bool verbs) {
  const auto is_verb = [&](const VerbWord& verb) {
    return name.starts_with("--") && name.substr(2) == verb.word && !verb.help.empty();
  };
  if (verbs && std::ranges::any_of(verb_words(), is_verb))
    return base::cat("write `perch ", name.substr(2), '`');
  std::vector<std::string_view> names;
  for (const Flag& flag : flags())
    names.push_back(flag.name);
  const auto begun = std::ranges::find_if(
      names, [&](std::string_view flag) { return name.size() > 5 && flag.starts_with(name); });
  const auto near = begun != names.end() ? *begun : base::nearest(name, names, 3).value_or("");
  return near.empty() ? std::string() : base::cat("did you mean `", near, "`?");
}

std::unexpected<Error> unknown_flag(std::string_view name, std::string_view lists_flags) {
  std::string meant = meant_by(name, lists_flags.starts_with("perch"));
  if (meant.empty())
    meant = base::cat('`', lists_flags,
                      "` lists the flags; a command's own flags stand after its name");
  return fail(kind::kBadArgument, base::cat("unknown flag `", name, '`'), std::string(name),
              std::move(meant));
}

/// A word that can only be meant as a file: `./ops.perch`, `ops.perch`, `~/x`.
bool path_shaped(std::string_view word) {
  return word.ends_with(".perch") || word.find('/') != word.npos || word.starts_with('~');
}

/// Applies the flag at `at`; moves past its value.
Result<const Flag*> take_flag(Options& options, std::span<const std::string_view> argv,
                              std::size_t& at) {
  const std::string_view word = argv[at++];
  const auto equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const Flag* flag = find_flag(name);
  if (flag == nullptr)
    return unknown_flag(name, "perch --help");
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
    PERCH_TRY(flag->apply(options, argv[at++]));
    return flag;
  }
  if (has_value && equals + 1 == word.size() && flag->value == Flag::Value::Optional) {
    return fail(kind::kBadArgument, base::cat('`', word, "` has no value"), std::string(word),
                base::cat("write `", word, flag->shape, "`, or `", name, "` alone"));
  }
  PERCH_TRY(flag->apply(options, has_value ? word.substr(equals + 1) : std::string_view()));
  return flag;
}

bool is_flag(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

/// Directly after a command, and only there, --help asks perch.
void turn_to_help(Options& options) {
  if (options.verb == Verb::Run && !options.words.empty() &&
      (options.words[0] == "--help" || options.words[0] == "-h")) {
    options.verb = Verb::Help;
    options.words.erase(options.words.begin());
  } else if (options.verb == Verb::Help && options.command == "help") {
    options.command.clear();
    if (!options.words.empty()) {
      options.command = options.words[0];
      options.words.erase(options.words.begin());
    }
  }
  if (options.verb == Verb::Help && options.words == std::vector<std::string>{"--json"}) {
    options.json = true;
    options.words.clear();
  }
}

Status check_build_flags(const Options& options) {
  const bool speaks_of_it =
      !options.output.empty() || !options.includes.empty() || options.force || options.build_strict;
  if (speaks_of_it && options.verb != Verb::Build)
    return fail(kind::kBadArgument,
                "-o, --include, --force and --build-strict belong to `perch --build`");
  if (options.verb == Verb::Build && !options.command.empty())
    return fail(kind::kBadArgument, base::cat("`perch --build` takes no `", options.command, '`'),
                options.command, "perch --build -f FILE.perch -o FILE [--include PATH]…");
  return {};
}

/// The verbs that take no word at all; flags name them, so the word stands where a command would.
bool stands_alone(Verb verb) {
  return verb == Verb::Version || verb == Verb::Check || verb == Verb::List || verb == Verb::Dump ||
         verb == Verb::Init || verb == Verb::Restrictions;
}

/// Words that nobody would read are a mistake.
Status check_surplus(const Options& options) {
  const bool alone = stands_alone(options.verb);
  std::string_view surplus = alone ? std::string_view(options.command) : std::string_view();
  if (options.verb == Verb::Help && !options.words.empty())
    surplus = options.words[0];
  if (surplus.empty())
    return {};
  return fail(kind::kBadArgument,
              base::cat("`", surplus, "` is a word too many: ",
                        alone ? "this takes none" : "help is for one command at a time"),
              std::string(surplus),
              !alone                        ? "usage: perch help COMMAND"
              : surplus.ends_with(".perch") ? "there is no such file; name it with -f FILE"
                                            : "name a file with -f FILE");
}

/// What was said when the executable was built, under what is said now.
void add_kept(Options& options, Options&& kept) {
  options.built_rules = std::move(kept.rules);
  if (kept.max_runtime_ns)
    options.max_runtime_ns =
        std::min(*kept.max_runtime_ns, options.max_runtime_ns.value_or(*kept.max_runtime_ns));
  if (kept.max_wasm_memory != 0)
    options.max_wasm_memory = options.max_wasm_memory == 0
                                  ? kept.max_wasm_memory
                                  : std::min(kept.max_wasm_memory, options.max_wasm_memory);
  const Options defaults;
  if (kept.max_redirects)
    options.max_redirects =
        std::min(*kept.max_redirects, options.max_redirects.value_or(*kept.max_redirects));
  if (options.wasm_tier == defaults.wasm_tier)
    options.wasm_tier = kept.wasm_tier;
  options.wasm_pins.insert(options.wasm_pins.end(), kept.wasm_pins.begin(), kept.wasm_pins.end());
  options.allow_private_ips |= kept.allow_private_ips;
  options.allow_scheme_downgrade |= kept.allow_scheme_downgrade;
  options.allow_proxy |= kept.allow_proxy;
  options.require_kernel_wall |= kept.require_kernel_wall;
  options.confine_off |= kept.confine_off;
}

/// Whether a flag that may widen did so, for an executable that was built with `built`.
bool has_widened(const Flag& flag, const Options& given, const Options& built) {
  if (flag.name == "--max-redirects")
    return given.max_redirects > built.max_redirects.value_or(run::HttpRules().max_redirects);
  if (flag.name == "--confine")
    return given.confine_off && !built.confine_off;
  return true;
}

} // namespace

Result<Options> parse_options(std::span<const std::string_view> argv,
                              bool (*is_file)(std::string_view path)) {
  Options options;
  std::size_t at = 0;
  while (at < argv.size() && is_flag(argv[at])) {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    const std::size_t first = at;
    const Verb before = options.verb;
    PERCH_TRY_ASSIGN(const Flag* flag, take_flag(options, argv, at));
    if (before != Verb::Run && options.verb != before) {
      return fail(kind::kBadArgument,
                  base::cat("`", argv[first], "` asks for a second thing at once"),
                  std::string(argv[first]), "ask for one thing at a time");
    }
    constexpr std::string_view kOwn[] = {"--file", "--trace", "--report", "--audit"};
    const bool own = std::ranges::find(kOwn, flag->name) != std::end(kOwn);
    for (std::size_t i = first; i < at; ++i) {
      if (!own)
        options.flag_words.emplace_back(argv[i]);
      if (is_kept_in_build(*flag))
        options.kept_words.emplace_back(argv[i]);
    }
  }
  // `./ops.perch deploy`, as a `#!` line starts it.
  // One that is not there is reported as that: no command has such a name.
  if (at < argv.size() && options.file.empty() && path_shaped(argv[at]) &&
      (argv[at].contains('/') || is_file(argv[at])))
    options.file = argv[at++];
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
  turn_to_help(options);
  PERCH_TRY(check_surplus(options));
  PERCH_TRY(check_build_flags(options));
  return options;
}

Result<Options> parse_built_options(std::span<const std::string_view> argv,
                                    std::span<const std::string> kept, bool strict) {
  const std::vector<std::string_view> words(kept.begin(), kept.end());
  Options built;
  for (std::size_t next = 0; next < words.size();)
    PERCH_TRY(take_flag(built, words, next));
  Options options;
  std::size_t at = 0;
  while (at < argv.size() && is_flag(argv[at])) {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    const std::string_view name = argv[at].substr(0, argv[at].find('='));
    const Flag* flag = find_flag(name);
    if (flag == nullptr)
      return unknown_flag(name, "--help");
    if (flag->built == Flag::Built::Missing)
      return fail(kind::kBadArgument,
                  base::cat('`', name, "` is for perch itself, not for a built executable"),
                  std::string(name), "this executable carries its program");
    PERCH_TRY(take_flag(options, argv, at));
    if (strict && flag->built == Flag::Built::Widens && has_widened(*flag, options, built))
      return fail(
          kind::kBadArgument,
          base::cat('`', name, "` is refused: this executable was built with --build-strict"),
          std::string(name), "flags that only restrict what may happen still work");
  }
  if (at < argv.size())
    options.command = argv[at++];
  for (; at < argv.size(); ++at)
    options.words.emplace_back(argv[at]);
  if (options.verb == Verb::Run && options.command == "help")
    options.verb = Verb::Help;
  turn_to_help(options);
  PERCH_TRY(check_surplus(options));
  add_kept(options, std::move(built));
  return options;
}

} // namespace perch::cli
