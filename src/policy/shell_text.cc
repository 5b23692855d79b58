#include "policy/shell_text.h"

#include "policy/variables.h"

#include <algorithm>

namespace perch::policy {
namespace {

constexpr auto kNpos = std::string_view::npos;
// A carriage return is no blank to the shell but part of the word.
constexpr std::string_view kBlanks = " \t\n";

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The length of a leading `NAME=` or `NAME+=`, 0 when there is none.
std::size_t assignment_length(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_name_char(text[at]))
    ++at;
  if (at == 0 || (text[0] >= '0' && text[0] <= '9'))
    return 0;
  if (text.substr(at).starts_with("+="))
    return at + 2;
  return text.substr(at).starts_with('=') ? at + 1 : 0;
}

/// Variables that decide which program a word starts or what is loaded into it.
bool changes_meaning(std::string_view name) {
  return name == "PATH" || name == "IFS" || loads_code(name);
}

/// The end of an assignment's value that starts at `at`: quotes are skipped over; kNpos when it may
/// run a command, when its end cannot be told, or when it has none.
std::size_t value_end(std::string_view text, std::size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\'') {
      if (c == quote)
        quote = 0;
      continue;
    }
    // `$x` is plain; `$(…)` and backticks run something, and `${…}`, `$'…'`, `$"…"` quote in ways
    // of their own, so that what looks like the end of the value need not be.
    if (c == '`')
      return kNpos;
    if (c == '$' && at + 1 < text.size() && !is_name_char(text[at + 1]))
      return kNpos;
    if (c == '\\') {
      ++at;
    } else if (c == '"') {
      quote = quote == 0 ? c : char{0};
    } else if (quote == 0) {
      if (c == '\'')
        quote = c;
      if (std::string_view("|&;<>()").find(c) != kNpos)
        return kNpos;
      if (kBlanks.find(c) != kNpos)
        return at;
    }
  }
  return quote == 0 ? text.size() : kNpos;
}

bool is_keyword(std::string_view word) {
  static constexpr std::string_view kWords[] = {
      "if",    "then", "else", "elif", "fi",       "for",    "do",   "done",  "while",
      "until", "case", "esac", "in",   "function", "select", "time", "coproc"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

bool is_builtin(std::string_view word) {
  static constexpr std::string_view kWords[] = {"echo", "cd",    "true",   "false", "pwd", ":",
                                                "set",  "unset", "export", "test",  "["};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

ShellHead head_of(std::string_view text) {
  using Kind = ShellHead::Kind;
  const std::string_view word = text.substr(0, text.find_first_of(" \t\n|&;<>()"));
  if (word.empty())
    return {Kind::Unknown, {}, "it starts with an operator"};
  if (word == "[")
    return {Kind::Builtin, word, {}};
  if (word.find_first_of("\"'\\`$*?[]{}~!#") != kNpos) {
    return {Kind::Unknown, {}, "its first word holds quotes, patterns or expansions"};
  }
  if (std::ranges::any_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return {Kind::Unknown, {}, "its first word holds control characters"};
  }
  // `2>x git` and `f() {` are no plain words followed by arguments.
  const std::string_view rest = text.substr(word.size());
  if (rest.starts_with('('))
    return {Kind::Unknown, {}, "it defines a function"};
  if (std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; }) &&
      rest.find_first_of("<>") == 0) {
    return {Kind::Unknown, {}, "it starts with a redirection"};
  }
  if (is_keyword(word))
    return {Kind::Unknown, {}, "it starts with a keyword of the shell"};
  return {is_builtin(word) ? Kind::Builtin : Kind::Program, word, {}};
}

} // namespace

ShellHead shell_head(std::string_view text) {
  using Kind = ShellHead::Kind;
  while (true) {
    const std::size_t start = text.find_first_not_of(kBlanks);
    if (start == kNpos)
      return {Kind::Unknown, {}, "it is empty"};
    text.remove_prefix(start);
    const std::size_t length = assignment_length(text);
    if (length == 0)
      return head_of(text);
    const std::string_view name = text.substr(0, text.find_first_of("+="));
    if (changes_meaning(name)) {
      return {Kind::Unknown, {}, "it assigns a variable that changes what its first word runs"};
    }
    const std::size_t end = value_end(text, length);
    if (end == kNpos)
      return {Kind::Unknown, {}, "an assignment before its first word may run a command"};
    text.remove_prefix(end);
  }
}

bool has_shell_metachars(std::string_view text) {
  return text.find_first_of("|&;<>()`\n\r") != kNpos;
}

} // namespace perch::policy
