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

// The line is split here, by quotes and backslashes but with nothing expanded: COMP_WORDS has
// pieces that were split at `=` and `:`, quotes included. What bash is to insert begins after the
// last of these, or after a quote that is still open: `head` is the part of the word before that.
// Candidates come from a file somebody else may have written: they are compared, and inserted as
// text that the shell takes for that word and nothing else.
constexpr std::string_view kBash = R"SH(_perch() {
    local line="${COMP_LINE:0:COMP_POINT}" word="" head="" quote="" c candidate
    local -i i inside=0
    local -a words=()
    for ((i = 0; i < ${#line}; i++)); do
        c="${line:i:1}"
        if [[ $c == "$quote" ]]; then
            quote=""
        elif [[ $quote == "'" ]]; then
            word+="$c"
        elif [[ $c == \\ ]]; then
            i+=1 inside=1
            [[ -n $quote && ${line:i:1} != [\"\\\`\$] ]] && word+="$c"
            word+="${line:i:1}"
        elif [[ -n $quote ]]; then
            word+="$c"
        elif [[ $c == [\"\'] ]]; then
            quote="$c" head="$word" inside=1
        elif [[ $c == [[:space:]] ]]; then
            ((inside)) && words+=("$word")
            word="" head="" inside=0
        else
            word+="$c" inside=1
            [[ $c == [=:] && $COMP_WORDBREAKS == *"$c"* ]] && head="$word"
        fi
    done
    words+=("$word")
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        [[ -n $candidate && $candidate == "$word"* ]] || continue
        candidate="${candidate#"$head"}"
        case "$quote" in
        "'") candidate="${candidate//\'/\'\\\'\'}" ;;
        '"')
            [[ $candidate != *!* ]] || continue # bash would look for it in its history
            candidate="${candidate//\\/\\\\}" candidate="${candidate//\"/\\\"}"
            candidate="${candidate//\`/\\\`}" candidate="${candidate//\$/\\\$}"
            ;;
        *) printf -v candidate %q "$candidate" ;;
        esac
        COMPREPLY+=("$candidate")
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
    for line in "${(@f)$("${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        word=${${${line%%$'\t'*}//\\/\\\\}//:/\\:} about=${line#*$'\t'}
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
/// A word that is more than a line is none: what is after its first would be taken for another.
void candidate(std::string& out, std::string_view word, std::string_view about) {
  if (word.find_first_of("\t\n") != word.npos)
    return;
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

/// The values of a flag of perch's whose shape lists them, auto|always|never, behind `before`.
void complete_flag_values(std::string& out, const Flag& flag, std::string_view before) {
  if (!flag.shape.contains('|'))
    return;
  for (const std::string_view value : base::split(flag.shape, '|'))
    candidate(out, cat(before, value), flag.help);
}

const Flag* flag_called(std::string_view name) {
  const auto found = std::ranges::find_if(flags(), [&](const Flag& flag) {
    return flag.name == name || (!flag.short_name.empty() && flag.short_name == name);
  });
  return found == flags().end() ? nullptr : &*found;
}

/// What may stand first behind a verb.
struct VerbChoice {
  Verb verb;
  std::string_view word, about;
};
constexpr VerbChoice kVerbChoices[] = {
    {Verb::Completions, "bash", "its completion script"},
    {Verb::Completions, "zsh", "its completion script"},
    {Verb::Completions, "fish", "its completion script"},
    {Verb::Cache, "info", "what the caches hold"},
    {Verb::Cache, "clear", "empty them"},
    {Verb::Audit, "verify", "whether an audit is whole and unchanged"},
    {Verb::Format, "--check", "name the files that would change"},
    {Verb::Format, "--diff", "show what would change"},
    {Verb::Test, "--filter", "only tests whose names have this in them"},
    {Verb::Test, "--verbose", "also what tests print that pass"},
    {Verb::Test, "--jobs", "so many at once"},
    {Verb::Test, "--junit", "write the results for CI to a file"},
    {Verb::Scan, "--json", "the same as JSON"},
    {Verb::Doctor, "--json", "the same as JSON"},
    {Verb::Inspect, "--json", "the same as JSON"},
    {Verb::Ops, "--markdown", "the reference as a page"},
};

/// What a verb takes: flags once a dash is typed, so that files are still completed.
void complete_verb(std::string& out, Verb verb, const program::Program* program,
                   std::string_view last) {
  for (const VerbChoice& choice : kVerbChoices) {
    if (choice.verb == verb && choice.word.starts_with('-') == last.starts_with('-'))
      candidate(out, choice.word, choice.about);
  }
  if (verb == Verb::Help && program != nullptr) {
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
  std::string out;
  if (!typed) { // a flag that waits for its value, or a mistake
    const Flag* open = before.empty() ? nullptr : flag_called(before.back());
    if (open != nullptr)
      complete_flag_values(out, *open, {});
    context.out(out);
    return open != nullptr ? kOk : kFailure;
  }
  Context quiet{.options = *typed, .world = context.world, .sources = context.sources};
  if (typed->command.empty() && last.starts_with('-')) {
    const auto name = std::string_view(last).substr(0, last.find('='));
    if (const Flag* flag = flag_called(name); flag != nullptr && name.size() < last.size())
      complete_flag_values(out, *flag, cat(name, '='));
    else
      complete_flags(out);
    context.out(out);
    return kOk;
  }
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  const Result<Loaded> loaded = try_load_program(quiet, ops, program::Strictness::Run, diags);
  const program::Program* program = loaded ? loaded->program.get() : nullptr;
  const program::Command* command =
      program == nullptr || typed->command.empty() ? nullptr : program->find(typed->command);
  if (typed->command.empty() && typed->verb != Verb::Help)
    complete_commands(out, program);
  else if (command != nullptr && (typed->verb == Verb::Run || typed->verb_by_word))
    complete_arguments(out, *command, typed->words, last);
  else
    complete_verb(out, typed->verb, program, last);
  context.out(out);
  return kOk;
}

} // namespace perch::cli
