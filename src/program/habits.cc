// Heads that mean nothing here, and words that mean something in a shell only: what people write
// who come from other languages, and what they are to write instead.

#include "lang/bare.h"
#include "lang/characters.h"
#include "lang/keywords.h"
#include "program/analyzer.h"

#include <algorithm>
#include <array>

namespace perch::program {

namespace {

/// Where the name ends that follows the `$` at `at`; `at + 1`: none does.
std::size_t name_end(std::string_view raw, std::size_t at) {
  std::size_t end = at + 1;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  while (end < raw.size() &&
         (base::is_identifier(raw.substr(end, 1)) || (end > at + 1 && is_digit(raw[end]))))
    ++end;
  return end;
}

/// `NAME` of the first `$NAME` in a bare word; else empty.
std::string_view shell_variable(std::string_view raw) {
  for (auto at = raw.find('$'); at != raw.npos; at = raw.find('$', at + 1)) {
    const std::size_t end = name_end(raw, at);
    if (end > at + 1 && (at == 0 || raw[at - 1] != '\\'))
      return raw.substr(at + 1, end - at - 1);
  }
  return {};
}

struct ForeignWord {
  static constexpr std::string_view id = "foreign-word";
  std::string_view word, replacement;
  std::string message() const { return cat("`", word, "` is no word of this language"); }
  std::string help() const { return std::string(replacement); }
};

struct NotAnAssignment {
  static constexpr std::string_view id = "not-an-assignment";
  std::string_view target, sign;
  std::string message() const {
    return target.empty() ? cat("there is no name in front of `", sign, '`')
                          : cat("`", target, sign == "++" || sign == "--" ? "" : " ", sign,
                                "` assigns nothing");
  }
  std::string help() const {
    if (target.empty())
      return "write NAME = VALUE";
    const bool named = base::is_identifier(target);
    if (sign == "=" && !named)
      return "a name is made of letters, digits and `_`, and does not begin with a digit";
    std::string form = named ? cat("write ", target, " = …") : std::string("write NAME = …");
    if (sign == "==")
      return cat("to assign, ", form, "; a comparison stands behind `if`");
    if (sign == "++" || sign == "--")
      return "there is no arithmetic: a number is counted by a program, or by `for_each`";
    if (sign == "+=")
      return cat(form, " with the whole new value; a text is joined by placeholders: \"${",
                 named ? target : "NAME", "} more\"");
    return form;
  }
};

struct ValueAsProgram {
  static constexpr std::string_view id = "value-as-program";
  std::string shown;        ///< as it was written
  std::string_view binding; ///< the name of a value in scope; else empty
  bool alone = false;       ///< the only word
  bool sum = false;         ///< a sign of arithmetic follows
  std::string message() const { return cat(shown, " is a value here, and no program"); }
  std::string help() const {
    if (sum)
      return "there is no arithmetic: ask a program, such as n = expr 1 + 2";
    if (!binding.empty() && alone)
      return cat("for its value write \"${", binding, "}\"");
    if (!binding.empty())
      return cat("to compare its value write ", binding, " == VALUE; to print it, print ", binding);
    return alone ? "NAME = VALUE keeps a value; print VALUE shows it"
                 : "a value is one word: put all of it into one text with \"${placeholders}\"; "
                   "there is no arithmetic";
  }
};

struct ShellSign {
  static constexpr std::string_view id = "shell-sign";
  std::string_view sign;
  std::string_view word; ///< the whole word that has it, as it is written
  std::string message() const {
    return cat("`", sign, "` means nothing here: no shell reads this line");
  }
  std::string help() const {
    const bool has_quotes = word.find_first_of("\"'`\\") != word.npos;
    const std::string quoted =
        cat("; to pass it on, quote ", has_quotes ? "the whole word" : cat("it: \"", word, '"'));
    if (sign.front() == '|')
      return cat("programs are joined by a `pipe` block", quoted);
    if (sign == "&")
      return cat("what runs at the same time stands in a `parallel` block", quoted);
    if (sign.starts_with("$("))
      return cat("capture it first, NAME = PROGRAM …, and write ${NAME}", quoted);
    if (sign.contains('<'))
      return cat("a `pipe` block feeds a program; text over several lines stands in backticks",
                 quoted);
    return cat("capture it, NAME = PROGRAM …, then write_file or append_file; `try_shell` and "
               "`shell` run text of a shell",
               quoted);
  }
};

struct ShellVariable {
  static constexpr std::string_view id = "shell-variable";
  std::string_view text;
  std::string message() const { return cat("`", text, "` is passed on as it stands"); }
  std::string help() const {
    if (text == "$?")
      return "a status is asked by `if PROGRAM …`, and is ${err.code} in `rescue`; to say that you "
             "mean the text, quote it: \"$?\"";
    const std::string_view name = shell_variable(text);
    if (name.empty() && text.starts_with('$'))
      return cat("what a command is given are its `arg`s, written ${NAME}, with `rest` for all; to "
                 "say that you mean the text, quote it: \"",
                 text, '"');
    std::string better = text == "~" ? "${HOME}" : "${HOME}/…";
    if (!name.empty()) {
      const auto at = static_cast<std::size_t>(name.data() - text.data());
      better = cat(text.substr(0, at), '{', name, '}', text.substr(at + name.size()));
    }
    return cat("for the value write ", better, "; to say that you mean the text, quote it: \"",
               text, "\"");
  }
};

struct DollarInText {
  static constexpr std::string_view id = "dollar-in-text";
  std::string_view name;
  std::string message() const { return cat("`$", name, "` is text here, and no value"); }
  std::string help() const {
    return cat("for the value write ${", name, "}, for the text \\$", name);
  }
};

struct VariableOfTheShell {
  static constexpr std::string_view id = "variable-of-the-shell";
  std::string_view name;
  std::string message() const {
    return cat("`$", name, "` is a variable of the shell, which knows no `", name,
               "` of this file");
  }
  std::string help() const {
    return cat("hand it over in a block around the call: with_env \"", name, "=${", name, "}\"");
  }
};

struct CasePattern {
  static constexpr std::string_view id = "case-pattern";
  std::string_view word;
  std::string message() const { return cat("`", word, "` is one text here, and no pattern"); }
  std::string help() const {
    return word == "*" ? "write `else` for all other values"
                       : "write one `case` for each value; to compare with the text, quote it";
  }
};

struct ComparisonAsValue {
  static constexpr std::string_view id = "comparison-as-value";
  std::string_view sign;
  std::string message() const { return cat("`", sign, "` has no value that could be kept"); }
  std::string help() const {
    return "a condition stands behind `if`: NAME = false, and NAME = true in the body of an `if`";
  }
};

struct CalledWithParentheses {
  static constexpr std::string_view id = "called-with-parentheses";
  std::string_view name;
  std::string_view argument = {}; ///< the only one; empty when there are more or none
  bool nested = false;            ///< the argument is such a call too
  std::string_view word = {};     ///< where it is an argument itself: all of it
  std::string message() const {
    return cat("`", name, "(` calls nothing: words are separated by blanks");
  }
  std::string help() const {
    if (!word.empty())
      return cat("for what it gives write ${", word, "}; to say that you mean the text, quote it");
    if (nested)
      return cat("write ", name, " ${", argument, '}');
    return cat("write ", name, ' ', argument.empty() ? "ARGUMENT …" : argument);
  }
};

struct EnvPrefix {
  static constexpr std::string_view id = "env-prefix";
  std::string_view prefix; ///< as it is written
  std::string message() const {
    return cat("`", prefix, "` in front of a call is a variable in a shell only");
  }
  std::string help() const {
    return cat("a block gives variables to the calls in it: with_env ", prefix,
               ", the call on the next line, then end");
  }
};

struct BacktickedProgram {
  static constexpr std::string_view id = "backticked-program";
  std::string_view name, text;
  std::string message() const { return "backticks quote a text here, and run nothing"; }
  std::string help() const {
    return cat("for what the program prints write ", name, " = ", text,
               "; other quotes say that you mean the text");
  }
};

constexpr std::array<std::string_view, 4> kComparisonSigns = {"==", "!=", "<=", ">="};
constexpr std::array<std::string_view, 7> kAssignmentSigns = {
    "=", "==", ":=", "+=", "-=", "?=", "::="};

/// `>`, `2>>file`, `<<EOT`, `2>&1`: what a shell takes for a redirection. `>=1.2` is a version.
bool is_redirection(std::string_view raw) {
  if (!raw.empty() && (raw[0] == '&' || (raw[0] >= '0' && raw[0] <= '9')))
    raw.remove_prefix(1);
  if (raw.empty() || (raw[0] != '>' && raw[0] != '<'))
    return false;
  const std::size_t signs = std::min(raw.find_first_not_of(raw[0]), raw.size());
  return signs <= 3 && !raw.substr(signs).starts_with('=');
}

/// The signs of a word that make others mean something else; `bare` is its text outside quotes.
class SignsAround {
public:
  explicit SignsAround(std::string_view bare)
      : bare_(bare), first_less_(bare.find('<')), last_greater_(bare.rfind('>')),
        query_(std::min(bare.find('?'), bare.find("://"))) {}

  /// Whether the `<` or `>` at `at` would redirect. Not in `a->b`, `x=>y`, `pkg>=1.2`, `k=<value>`.
  [[nodiscard]] bool redirects(std::size_t at) const {
    if (bare_.substr(at + 1).starts_with('='))
      return false;
    if (bare_[at] == '<')
      return last_greater_ == bare_.npos || last_greater_ < at;
    const char before = at > 0 ? bare_[at - 1] : ' ';
    return before != '-' && before != '=' && first_less_ > at;
  }
  /// Whether the `&` at `at` is one of the query of a URL.
  [[nodiscard]] bool in_query(std::size_t at) const { return at + 1 < bare_.size() && query_ < at; }

private:
  std::string_view bare_;
  std::size_t first_less_, last_greater_;
  std::size_t query_; ///< where a `?` or `://` is
};

/// What of a word a shell would act on; `bare` is its text outside quotes. The chain operators are
/// the parser's.
std::string_view sign_in(std::string_view raw, std::string_view bare) {
  if (raw == "|" || raw == "|&" || raw == "&" || is_redirection(bare))
    return raw;
  const SignsAround around(bare);
  for (std::size_t at = 0; at < bare.size(); ++at) {
    const char c = bare[at];
    const char behind = at + 1 < bare.size() ? bare[at + 1] : ' ';
    if ((c == '&' || c == '|') && behind == c) {
      ++at;
    } else if (c == '|' || (c == '&' && !around.in_query(at)) ||
               ((c == '<' || c == '>') && around.redirects(at))) {
      return raw.substr(at, 1);
    } else if (c == '$' && behind == '(') {
      return raw.substr(at);
    }
  }
  return {};
}

/// What to write instead of a head that means something elsewhere; empty: nothing is known of it.
std::string_view foreign_hint(const lang::Clause& clause) {
  const lang::Word& word = clause.words[0];
  const std::string_view head = word.text;
  if (head.starts_with('@') && base::is_identifier(head.substr(1)))
    return "write it without the sign: calls are not shown before they run";
  if (head.starts_with('-') && head.size() > 2 && base::is_identifier(head.substr(1)))
    return "write it without the sign; to go on when it fails, CALL || true";
  if (head.starts_with('[') && head.size() > 1 && head != "[[")
    return "a list is made by an op: NAME = list \"a\" \"b\"";
  if (head.starts_with('{') && head.size() > 1)
    return "JSON is a text: NAME = '{\"a\": 1}', and json_get asks it";
  if (word.quote != lang::Quote::None)
    return {};
  const bool digit = head[0] >= '0' && head[0] <= '9';
  if (digit && clause.words.size() == 1 && !base::parse_float(head))
    return "a text stands in quotes; only decimal numbers such as 5, -1 and 0.5 do without";
  // At the file level it declares something elsewhere; `task build` here runs one.
  return head == "task" ? std::string_view() : lang::replacement_for_foreign(head);
}

/// Whether a bare word is `NAME=…`.
bool is_env_pair(const lang::Word& word, std::string_view raw) {
  return word.quote != lang::Quote::Whole && raw.contains('=') &&
         base::is_identifier(raw.substr(0, raw.find('=')));
}

/// A quoted head may be a program that is not on this machine.
bool could_name_a_program(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return base::is_identifier(std::string_view(&c, 1)) || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '+';
  });
}

/// `$1`, `$@`, `$?`: what a shell fills in itself.
bool is_shell_parameter(std::string_view raw) {
  constexpr std::string_view kSigns = "0123456789@*#?";
  return raw.size() == 2 && raw[0] == '$' && kSigns.contains(raw[1]);
}

/// `$NAME` anywhere, `~`, `~/…` and `$1`.
bool is_expansion(std::string_view raw) {
  return raw == "~" || raw.starts_with("~/") || is_shell_parameter(raw) ||
         !shell_variable(raw).empty();
}

constexpr std::array<std::string_view, 16> kSystems = {
    "aix",   "android", "darwin",  "dragonfly", "freebsd", "illumos", "ios",    "js",
    "linux", "netbsd",  "openbsd", "plan9",     "solaris", "unix",    "wasip1", "windows"};
constexpr std::array<std::string_view, 16> kArchitectures = {
    "386",    "amd64", "arm",     "arm64",   "loong64", "mips",    "mips64", "mips64le",
    "mipsle", "ppc64", "ppc64le", "riscv64", "s390x",   "sparc64", "wasm",   "riscv"};

struct OtherName {
  std::string_view name, ours;
};
constexpr std::array kOtherNames = {
    OtherName{"macos", "darwin"}, OtherName{"mac", "darwin"},    OtherName{"osx", "darwin"},
    OtherName{"win", "windows"},  OtherName{"win32", "windows"}, OtherName{"x86_64", "amd64"},
    OtherName{"x64", "amd64"},    OtherName{"aarch64", "arm64"}, OtherName{"i386", "386"},
    OtherName{"i686", "386"},     OtherName{"x86", "386"},
};

} // namespace

/// A system that does not exist would never be the one at hand, and nobody would be told.
void Analyzer::check_platform(bool arch, std::string_view name, Span span) {
  const auto known = std::span<const std::string_view>(arch ? kArchitectures : kSystems);
  if (std::ranges::find(known, name) != known.end())
    return;
  std::string folded(name);
  for (char& c : folded)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto other = std::ranges::find(kOtherNames, folded, &OtherName::name);
  const UnknownPlatform problem{
      .what = arch ? "architecture" : "operating system",
      .name = name,
      .nearest =
          other != kOtherNames.end() ? other->ours : base::nearest(folded, known).value_or(""),
      .examples = arch ? "such as amd64, arm64, riscv64"
                       : "such as linux, darwin, windows, or unix for all but windows"};
  if (!problem.nearest.empty())
    diags_.error(problem, span);
  else if (strictness_ == Strictness::Check)
    diags_.warn(problem, span);
}

/// The same of `if os == "macos"` and `case "macos"`.
void Analyzer::check_platform_value(const Context& ctx, const lang::Word& subject,
                                    const Expr& value) {
  if (!subject.plain() || subject.quote != lang::Quote::None || !value.plain() ||
      !base::is_identifier(value.text))
    return;
  const auto name = lookup(ctx, subject.text, subject.span);
  if (!name || (name->automatic != Automatic::Os && name->automatic != Automatic::Arch))
    return;
  check_platform(name->automatic == Automatic::Arch, value.text, value.span);
}

void Analyzer::check_shell_words(const Context& ctx, std::span<const lang::Word> words) {
  for (const lang::Word& word : words) {
    if (!reported_shell_sign(word))
      note_expansion(ctx, word);
  }
}

/// True when words of an op have signs of a shell, which were reported.
bool Analyzer::reported_shell_words(const Context& ctx, const op::OpDecl& op,
                                    std::span<const lang::Word> words) {
  if (std::ranges::any_of(op.requests(), &op::Need::shell)) {
    for (const lang::Word& word : words)
      note_dollars(ctx, word, Reader::Shell);
    return false;
  }
  bool reported = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (op.name == "assert_version" && i == 1) // ACTUAL > EXPECTED
      continue;
    if (reported_shell_sign(words[i]) || reported_call_text(words[i])) {
      reported = true;
    } else if (op.name != "expand_path") { // it reads what a shell would
      note_expansion(ctx, words[i]);
      if (op.family != op::Family::Regex) // `$name` may be a group there
        note_dollars(ctx, words[i], Reader::Nobody);
    }
  }
  return reported;
}

/// Says that `$NAME` and `~/…` stay as they are; an error where NAME is known.
void Analyzer::note_expansion(const Context& ctx, const lang::Word& word) {
  if (word.quote != lang::Quote::None || !word.plain())
    return;
  const std::string_view raw = sources_.text(word.span);
  if (!is_expansion(raw))
    return;
  const std::string_view name = shell_variable(raw);
  if (!name.empty() && has_value(ctx, name, word.span))
    diags_.error(ShellVariable{raw}, word.span);
  else if (strictness_ == Strictness::Check)
    diags_.add(diag::make(ShellVariable{raw}, word.span, diag::Severity::Note));
}

/// Says that `$NAME` in quotes is not the value that NAME has here.
void Analyzer::note_dollars(const Context& ctx, const lang::Word& word, Reader reader) {
  if (strictness_ != Strictness::Check || word.quote == lang::Quote::None)
    return;
  const std::string_view raw = sources_.text(word.span);
  for (auto at = raw.find('$'); at != raw.npos; at = raw.find('$', at + 1)) {
    const std::size_t end = name_end(raw, at);
    const std::string_view name = raw.substr(at + 1, end - at - 1);
    const bool escaped = at > 0 && raw[at - 1] == '\\';
    const bool set =
        reader == Reader::Shell && ctx.env_names != nullptr && ctx.env_names->contains(name);
    if (name.empty() || escaped || set || !has_value(ctx, name, word.span))
      continue;
    const auto begin = word.span.begin + static_cast<std::uint32_t>(at);
    const Span where{word.span.source, begin, begin + static_cast<std::uint32_t>(end - at)};
    if (reader == Reader::Shell)
      diags_.add(diag::make(VariableOfTheShell{name}, where, diag::Severity::Note));
    else
      diags_.add(diag::make(DollarInText{name}, where, diag::Severity::Note));
    return;
  }
}

/// True when the subject of `match` is no value but `$NAME`, which was reported.
bool Analyzer::reported_dollar(const lang::Word& word) {
  const std::string_view raw = sources_.text(word.span);
  const std::string_view name = raw.starts_with('$') ? shell_variable(raw) : "";
  if (word.quote != lang::Quote::None || !word.plain() || name.empty())
    return false;
  diags_.error(DollarInText{name}, word.span);
  return true;
}

/// `case a|b` and `case *.txt`, which a shell has.
bool Analyzer::reported_pattern(const lang::Word& value) {
  const std::string_view raw = sources_.text(value.span);
  if (value.quote != lang::Quote::None || !value.plain() ||
      raw.find_first_of("|*?") >= std::min(raw.find('\\'), raw.size()))
    return false;
  diags_.error(CasePattern{raw}, value.span);
  return true;
}

/// The part of a word that a shell would act on; unknown if there is none.
Span Analyzer::shell_sign(const lang::Word& word) const {
  static constexpr lang::CharSet kSigns("|&<>$");
  if (word.quote == lang::Quote::Whole)
    return {};
  const std::string_view raw = sources_.text(word.span);
  if (!kSigns.any_in(raw))
    return {};
  const std::string_view sign = sign_in(raw, lang::bare_text(word, raw));
  if (sign.empty())
    return {};
  const auto begin = word.span.begin + static_cast<std::uint32_t>(sign.data() - raw.data());
  return {word.span.source, begin, begin + static_cast<std::uint32_t>(sign.size())};
}

/// True when it has one, which was reported.
bool Analyzer::reported_shell_sign(const lang::Word& word) {
  const Span where = shell_sign(word);
  if (where.known())
    diags_.error(ShellSign{sources_.text(where), sources_.text(word.span)}, where);
  return where.known();
}

/// `x := 5`, `= 5`, `x++`, `"a" == "b"`. True when it was reported.
bool Analyzer::reported_sign_slip(const lang::Clause& clause) {
  const lang::Word& head = clause.words[0];
  const bool bare = head.quote == lang::Quote::None;
  const lang::Word second = clause.words.size() > 1 ? clause.words[1] : lang::Word{};
  const auto is_second = [&](std::string_view each) { return second.is(each); };
  if (const auto sign = std::ranges::find_if(kAssignmentSigns, is_second);
      bare && sign != kAssignmentSigns.end()) {
    diags_.error(NotAnAssignment{head.text, *sign}, diag::join(head.span, second.span));
    return true;
  }
  if (bare && head.is("=")) {
    diags_.error(NotAnAssignment{"", "="}, head.span);
    return true;
  }
  if (program_exists(head.text))
    return false;
  const std::string_view end =
      head.text.substr(head.text.size() - std::min<std::size_t>(2, head.text.size()));
  const std::string_view name = head.text.substr(0, head.text.size() - end.size());
  const bool alone = clause.words.size() == 1; // `g++ a.cc` is a program that is not here
  if (bare && alone && (end == "++" || end == "--") && base::is_identifier(name)) {
    diags_.error(NotAnAssignment{name, end}, head.span);
    return true;
  }
  const auto sign = std::ranges::find_if(kComparisonSigns, is_second);
  if (sign == kComparisonSigns.end())
    return false;
  diags_.error(ComparisonAsValue{*sign}, second.span);
  return true;
}

/// A word that means something elsewhere. True when it was reported.
bool Analyzer::reported_foreign_word(const lang::Clause& clause) {
  const lang::Word& head = clause.words[0];
  if (head.quote == lang::Quote::Whole || !head.plain())
    return false;
  const bool comment = head.text.starts_with("//") || head.is("/*"); // a path, for all one knows
  if (!comment && program_exists(head.text))
    return false;
  const std::string_view hint = comment ? "a comment begins with `#`" : foreign_hint(clause);
  if (!hint.empty())
    diags_.error(ForeignWord{sources_.text(head.span), hint}, head.span);
  return !hint.empty();
}

/// A head that is no program people have, but a slip that can be named. True when it was reported.
bool Analyzer::reported_as_slip(const Context& ctx, const lang::Clause& clause) {
  const lang::Word& head = clause.words[0];
  if (reported_sign_slip(clause) || reported_foreign_word(clause))
    return true;
  if (program_exists(head.text))
    return false;
  if (reported_shell_sign(head))
    return true;
  const bool named = head.quote == lang::Quote::None && has_value(ctx, head.text, head.span);
  const bool literal = (head.quote == lang::Quote::Whole && !could_name_a_program(head.text)) ||
                       base::parse_float(head.text);
  if (!named && !literal)
    return false;
  diags_.error(ValueAsProgram{named ? cat("`", head.text, "`") : cat(sources_.text(head.span)),
                              named ? head.text : std::string_view(), clause.words.size() == 1,
                              clause.words.size() > 1 && lang::is_arithmetic(clause.words[1].text)},
               head.span);
  return true;
}

/// `export A=1`, `export A = 1`, as a shell or a Makefile has it. True when it was reported.
bool Analyzer::reported_as_assignment(const op::OpDecl& op, const lang::Word& head,
                                      std::span<const lang::Word> words) {
  if (op.name != "set_env" || words.empty())
    return false;
  const auto raw = [&](std::size_t i) { return sources_.text(words[i].span); };
  const bool on_name = is_env_pair(words[0], raw(0));
  const bool behind = words.size() > 1 && words[1].quote != lang::Quote::Whole &&
                      raw(1).starts_with('=') && base::is_identifier(raw(0));
  if (!on_name && !behind)
    return false;
  const bool several = words.size() > 1 && is_env_pair(words[1], raw(1));
  const Span span = several ? words[0].span : diag::join(words.front().span, words.back().span);
  const std::string_view all = sources_.text(span);
  const std::size_t equals = all.find('=');
  diags_.error(AssignedToName{head.text, base::trim(all.substr(0, equals)),
                              base::trim(all.substr(equals + 1)), words.size() > 1},
               span);
  return true;
}

/// `upper` of a word `upper("a")`; else empty.
std::string_view Analyzer::op_called_in(std::string_view raw) {
  const std::string_view name = raw.substr(0, std::min(raw.find('('), raw.size()));
  return raw.ends_with(')') && find_op(name) != nullptr ? name : std::string_view();
}

/// An argument `upper("a")`, which would be that text. True when it was reported.
bool Analyzer::reported_call_text(const lang::Word& word) {
  if (word.quote == lang::Quote::Whole)
    return false;
  const std::string_view raw = sources_.text(word.span);
  const std::string_view name = op_called_in(raw);
  if (!name.empty())
    diags_.error(CalledWithParentheses{.name = name, .word = raw}, word.span);
  return !name.empty();
}

/// `upper("a")` as other languages call it. True when it was reported.
bool Analyzer::reported_as_call(const Context& ctx, const lang::Clause& clause) {
  const lang::Word& head = clause.words[0];
  const std::string_view raw = sources_.text(head.span);
  const auto opening = std::min(raw.find('('), raw.size());
  const std::string_view name = raw.substr(0, opening);
  if (clause.exec || opening == raw.size() || head.quote == lang::Quote::Whole ||
      !base::is_identifier(name))
    return false;
  if (find_op(name) == nullptr && find_command(*ctx.unit, name) == nullptr &&
      find_template(*ctx.unit, name) == nullptr)
    return false;
  CalledWithParentheses problem{name};
  if (clause.words.size() == 1 && raw.ends_with(')') && !raw.contains(',')) {
    problem.argument = raw.substr(opening + 1, raw.size() - opening - 2);
    problem.nested = !op_called_in(problem.argument).empty();
  }
  diags_.error(problem, head.span);
  return true;
}

/// `A=1 make` as a clause of its own, with `exec` or in a condition. True when it was reported.
bool Analyzer::reported_as_prefix(const lang::Clause& clause) {
  const lang::Word& head = clause.words[0];
  const std::string_view raw = sources_.text(head.span);
  if (clause.words.size() < 2 || !is_env_pair(head, raw) || program_exists(head.text))
    return false;
  diags_.error(EnvPrefix{raw}, head.span);
  return true;
}

/// `A=1 make`, which assigns what `1 make` prints. True when it was reported.
bool Analyzer::reported_as_prefix(const lang::AssignStmt& stmt) {
  if (stmt.value->kind != lang::StmtKind::Call)
    return false;
  const lang::Clause& clause = static_cast<const lang::CallStmt&>(*stmt.value).clauses[0];
  const lang::Word& head = clause.words[0];
  const bool glued = head.span.begin == stmt.name_span.end + 1;
  if (!glued || clause.exec || clause.words.size() < 2 || !head.plain())
    return false;
  const std::string_view second = sources_.text(clause.words[1].span);
  if (!base::is_identifier(second.substr(0, 1)) && !second.contains('/'))
    return false; // `y=5 + 3`
  const bool program = head.text.contains('/') && !head.text.contains(':');
  const bool value = base::parse_float(head.text) || head.text.starts_with('-') ||
                     (!program && !could_name_a_program(head.text));
  if (!value || find_bin(head.text) != nullptr || program_exists(head.text))
    return false;
  const Span prefix = diag::join(stmt.name_span, head.span);
  diags_.error(EnvPrefix{sources_.text(prefix)}, prefix);
  return true;
}

/// Says that `NAME = \`date\`` runs nothing.
void Analyzer::note_backticks(const lang::AssignStmt& stmt) {
  const std::string_view raw = sources_.text(stmt.literal->span);
  const std::string_view text = raw.size() > 2 ? raw.substr(1, raw.size() - 2) : "";
  if (strictness_ == Strictness::Check && raw.starts_with('`') && !text.empty() &&
      !text.contains('\n') && program_exists(text.substr(0, text.find(' '))))
    diags_.add(
        diag::make(BacktickedProgram{stmt.name, text}, stmt.literal->span, diag::Severity::Note));
}

/// Whether a name is that of something that has a value here.
bool Analyzer::has_value(const Context& ctx, std::string_view written, Span span) {
  const auto name = lookup(ctx, written, span);
  return name && (name->slot >= 0 || name->binding >= 0 || name->automatic != Automatic::None);
}

bool Analyzer::program_exists(std::string_view name) {
  auto [at, added] = program_memo_.emplace(name, false);
  if (added)
    at->second = loading_.program_exists && loading_.program_exists(name);
  return at->second;
}

} // namespace perch::program
