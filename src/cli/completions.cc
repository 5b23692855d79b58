// `perch completions bash|zsh|fish`, and the hidden word their scripts ask.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/listing.h"
#include "cli/load.h"
#include "cli/verbs.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;

constexpr std::string_view kBash = R"SH(_perch() {
    local IFS=$'\n'
    local cur="${COMP_WORDS[COMP_CWORD]}"
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    COMPREPLY=($(compgen -W "$(perch __complete "${words[@]}" 2>/dev/null | cut -f1)" -- "$cur"))
    if [ ${#COMPREPLY[@]} -eq 0 ]; then
        COMPREPLY=($(compgen -f -- "$cur"))
    elif [ ${#COMPREPLY[@]} -eq 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -F _perch perch
)SH";

constexpr std::string_view kZsh = R"SH(#compdef perch
_perch() {
    local -a lines described
    lines=("${(@f)$(perch __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    local line
    for line in $lines; do
        [[ -n $line ]] && described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( ${#described} )); then
        _describe 'perch' described -S ''
    else
        _files
    fi
}
compdef _perch perch
)SH";

constexpr std::string_view kFish = R"SH(function __perch_complete
    set -l words (commandline -opc) (commandline -ct)
    perch __complete $words[2..-1] 2>/dev/null
end
complete -c perch -a '(__perch_complete)'
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
    for (const program::Command* command : public_commands(*program)) {
      candidate(out, command->name, command->description);
    }
  }
  for (const VerbWord& verb : verb_words()) {
    if (!verb.help.empty())
      candidate(out, verb.word, verb.help);
  }
}

void complete_arguments(std::string& out, const program::Command& command, std::string_view word) {
  for (const program::Arg& arg : command.args) {
    const std::string flag = cat('-', arg.name, '=');
    const bool open = word.starts_with(flag) || word.starts_with(cat('-', flag));
    if (open || (arg.index && !word.starts_with('-'))) {
      for (std::string_view choice : arg.choices) {
        candidate(out, open ? cat(word.substr(0, word.find('=') + 1), choice) : std::string(choice),
                  arg.description);
      }
    }
    if (arg.index || open)
      continue;
    candidate(out, arg.type == op::Type::Bool ? cat('-', arg.name) : flag, arg.description);
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
                         .message = "`perch completions` needs a shell: bash, zsh or fish",
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
  std::vector<std::string_view> before;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    before.push_back(words[i]);
  const Result<Options> typed = parse_options(before, [](std::string_view) { return true; });
  if (!typed)
    return kFailure;
  Context quiet{.options = *typed, .world = context.world, .sources = context.sources};
  std::string out;
  if (typed->command.empty() && last.starts_with('-')) {
    complete_flags(out);
    context.out(out);
    return kOk;
  }
  const op::OpTable ops = op_table();
  diag::Diags diags;
  std::optional<Loaded> loaded;
  if (find_program(quiet))
    loaded = load_program(quiet, ops, program::Strictness::Run, diags);
  const program::Program* program = loaded ? loaded->program.get() : nullptr;
  if (typed->command.empty()) {
    complete_commands(out, program);
  } else if (program != nullptr) {
    if (const program::Command* command = program->find(typed->command)) {
      complete_arguments(out, *command, last);
    }
  }
  context.out(out);
  return kOk;
}

} // namespace perch::cli
