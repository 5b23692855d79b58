// `perch completions bash|zsh|fish`, and the hidden word their scripts ask.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/listing.h"
#include "cli/load.h"
#include "cli/verbs.h"

#include <algorithm>
#include <span>

namespace perch::cli {

namespace {

using base::cat;

// The words are taken from the line, not from COMP_WORDS: those are split at `=` and `:`. What bash
// is to insert then begins after the last of these. Candidates are compared, never expanded: they
// come from a file somebody else may have written.
constexpr std::string_view kBash = R"SH(_perch() {
    local line="${COMP_LINE:0:COMP_POINT}" word candidate
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local cur="${words[-1]}" shown="${COMP_WORDS[COMP_CWORD]}"
    [[ $shown == [=:] ]] && shown=""
    local before="${cur%"$shown"}"
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        [[ -n $candidate && $candidate == "$cur"* ]] && COMPREPLY+=("${candidate#"$before"}")
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
        compopt -o default 2>/dev/null
    elif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _perch perch
)SH";

constexpr std::string_view kZsh = R"SH(#compdef perch
_perch() {
    local line word about
    local -a whole open
    for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        word=${${line%%$'\t'*}//:/\\:} about=${line#*$'\t'}
        if [[ $word == *= ]]; then open+=("$word:$about"); else whole+=("$word:$about"); fi
    done
    (( ${#whole} + ${#open} )) || { _files; return }
    (( ${#whole} )) && _describe 'perch' whole
    (( ${#open} )) && _describe 'perch' open -S ''
}
compdef _perch perch
)SH";

constexpr std::string_view kFish = R"SH(function __perch_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l word (commandline -ct)
    set -l found
    for line in (perch __complete $words[2..-1] 2>/dev/null)
        if test (string sub -l (string length -- "$word") -- "$line") = "$word"
            set -a found $line
        end
    end
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$word"
    end
end
complete -c perch -f -a '(__perch_complete)'
)SH";

/// One candidate with its explanation, as the scripts split it: at the tab.
void candidate(std::string& out, std::string_view word, std::string_view about) {
  out += cat(word, '\t', about.substr(0, about.find('\n')), '\n');
}

void complete_flags(std::string& out) {
  for (const Flag& flag : flags()) {
    const bool value = flag.value == Flag::Value::Required && flag.name != "--file";
    candidate(out, value ? cat(flag.name, '=') : std::string(flag.name), flag.help);
  }
}

void complete_commands(std::string& out, const program::Program* program) {
  if (program != nullptr) {
    for (const NamedCommand& each : public_names(*program))
      candidate(out, each.name, each.command->description);
  }
  for (const VerbWord& verb : verb_words()) {
    if (!verb.help.empty())
      candidate(out, verb.word, verb.help);
  }
}

const program::Arg* find_argument(const program::Command& command, std::string_view name) {
  const auto found = std::ranges::find(command.args, name, &program::Arg::name);
  return found == command.args.end() ? nullptr : &*found;
}

/// The argument a word such as `-env` or `--env=x` names, or null.
const program::Arg* flag_argument(const program::Command& command, std::string_view word) {
  if (word.size() < 2 || word[0] != '-')
    return nullptr;
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  return find_argument(command, word.substr(0, word.find('=')));
}

/// What the words before the one being completed leave open.
struct Typed {
  const program::Arg* value_of = nullptr; ///< a flag that waits for its value
  std::vector<const program::Arg*> given;
  int positionals = 0;
  bool flags_ended = false;
};

Typed typed_words(const program::Command& command, std::span<const std::string> words) {
  Typed typed;
  for (const std::string& word : words) {
    if (typed.value_of != nullptr) {
      typed.value_of = nullptr;
      continue;
    }
    const program::Arg* flag = typed.flags_ended ? nullptr : flag_argument(command, word);
    if (flag != nullptr) {
      typed.given.push_back(flag);
      if (flag->type != op::Type::Bool && !word.contains('='))
        typed.value_of = flag;
    } else if (word == "--" && !typed.flags_ended) {
      typed.flags_ended = true;
    } else {
      ++typed.positionals;
    }
  }
  return typed;
}

void complete_choices(std::string& out, const program::Arg& arg, std::string_view before) {
  for (const std::string_view choice : arg.choices)
    candidate(out, cat(before, choice), arg.description);
  if (arg.choices.empty() && arg.type == op::Type::Bool && !before.empty()) {
    candidate(out, cat(before, "true"), arg.description);
    candidate(out, cat(before, "false"), arg.description);
  }
}

void complete_arguments(std::string& out, const program::Command& command,
                        std::span<const std::string> words, std::string_view last) {
  const Typed typed = typed_words(command, words);
  if (typed.value_of != nullptr)
    return complete_choices(out, *typed.value_of, {});
  if (!typed.flags_ended && last.starts_with('-')) {
    const auto equals = last.find('=');
    if (const program::Arg* open = flag_argument(command, last);
        open != nullptr && equals != last.npos)
      return complete_choices(out, *open, last.substr(0, equals + 1));
  }
  bool more_positionals = false;
  for (const program::Arg& arg : command.args) {
    const bool here = arg.index == typed.positionals ||
                      (arg.rest && arg.index && *arg.index <= typed.positionals);
    more_positionals = more_positionals || here;
    if (here && !last.starts_with('-'))
      complete_choices(out, arg, {});
  }
  // A positional without choices may be a file: the shell completes those.
  if (typed.flags_ended || (more_positionals && !last.starts_with('-')))
    return;
  for (const program::Arg& arg : command.args) {
    if (arg.index || std::ranges::find(typed.given, &arg) != typed.given.end())
      continue;
    const std::string_view dashes = last.starts_with("--") ? "--" : "-";
    candidate(out, cat(dashes, arg.name, arg.type == op::Type::Bool ? "" : "="), arg.description);
  }
}

/// The values of a flag of perch's whose shape lists them: `--color=auto|always|never`.
bool complete_flag_value(std::string& out, std::string_view last) {
  const auto equals = last.find('=');
  const auto all = flags();
  const auto flag = std::ranges::find(all, last.substr(0, equals), &Flag::name);
  if (equals == last.npos || flag == all.end() || !flag->shape.contains('|'))
    return false;
  for (const std::string_view value : base::split(flag->shape, '|'))
    candidate(out, cat(last.substr(0, equals + 1), value), flag->help);
  return true;
}

void complete_verb(std::string& out, Verb verb, const program::Program* program) {
  if (verb == Verb::Completions) {
    for (const std::string_view shell : {"bash", "zsh", "fish"})
      candidate(out, shell, "its completion script");
  } else if (verb == Verb::Help && program != nullptr) {
    for (const NamedCommand& each : public_names(*program))
      candidate(out, each.name, each.command->description);
  }
}

} // namespace

int completions(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  const std::string shell = words.size() == 1 ? words[0] : "";
  const std::string_view script = shell == "bash"   ? kBash
                                  : shell == "zsh"  ? kZsh
                                  : shell == "fish" ? kFish
                                                    : std::string_view();
  if (script.empty()) {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "`perch completions` needs one shell: bash, zsh or fish",
                         .help = "bash: source <(perch completions bash)"});
    return kUsage;
  }
  context.out(script);
  return kOk;
}

int complete(const Context& context) {
  // The words typed so far; the last one is being completed.
  const std::vector<std::string>& words = context.options.words;
  const std::string last = words.empty() ? std::string() : words.back();
  const std::vector<std::string_view> before(words.begin(), words.end() - (words.empty() ? 0 : 1));
  const Result<Options> typed = parse_options(before, [](std::string_view) { return true; });
  if (!typed)
    return kFailure;
  Context quiet{.options = *typed, .world = context.world, .sources = context.sources};
  std::string out;
  if (typed->command.empty() && last.starts_with('-')) {
    if (!complete_flag_value(out, last))
      complete_flags(out);
    context.out(out);
    return kOk;
  }
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  std::optional<Loaded> loaded;
  if (find_program(quiet))
    loaded = load_program(quiet, ops, program::Strictness::Run, diags);
  const program::Program* program = loaded ? loaded->program.get() : nullptr;
  const program::Command* command =
      program == nullptr || typed->command.empty() ? nullptr : program->find(typed->command);
  if (typed->command.empty() && typed->verb != Verb::Help)
    complete_commands(out, program);
  else if (command != nullptr && (typed->verb == Verb::Run || typed->verb_by_word))
    complete_arguments(out, *command, typed->words, last);
  else
    complete_verb(out, typed->verb, program);
  context.out(out);
  return kOk;
}

} // namespace perch::cli
