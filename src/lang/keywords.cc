#include "lang/keywords.h"

#include "lang/parse.h"

#include <algorithm>
#include <iterator>

namespace perch::lang {

namespace {

constexpr Keyword kBlocks[] = {
    {"if", "if CONDITION", 1, kAnyNumber},
    {"else", "else, or else if CONDITION", 0, 0},
    {"end", "end", 0, 0},
    {"for_each", "for_each LIST NAME, or for_each NAME in LIST", 2, 3},
    {"match", "match VALUE", 1, 1, false, true},
    {"case", "case VALUE", 1, 1},
    {"try", "try", 0, 0, false, true},
    {"rescue", "rescue, or rescue NAME", 0, 1},
    {"finally", "finally", 0, 0},
    {"os", "os NAME", 1, 1, false, true},
    {"arch", "arch NAME", 1, 1, false, true},
    {"pipe", "pipe", 0, 0, false, true},
    {"parallel", "parallel, or parallel max=N fail_fast=true", 0, 0, true, true},
    {"timeout", "timeout DURATION, or timeout secs=N", 1, 1, true, true},
    {"retry", "retry, retry N, or retry max=N delay=DURATION", 0, 1, true, true},
    {"with_env", "with_env NAME=VALUE, any number of them", 1, kAnyNumber},
    {"with_cwd", "with_cwd DIRECTORY", 1, 1},
    {"sandbox", "sandbox FLAG, any number of them", 1, kAnyNumber, true, true},
    {"cache", "cache KEY DURATION, or cache key=KEY ttl=DURATION", 2, 2, true, true},
    {"wasm_run", "wasm_run MODULE, or wasm_run MODULE func:NAME ARG:VALUE", 1, 1, true},
};

constexpr Keyword kWasm[] = {
    {"wasm_arg", "wasm_arg VALUE", 1, 1},
    {"wasm_env", "wasm_env \"NAME,NAME\"", 1, 1},
    {"wasm_mount_read", "wasm_mount_read DIRECTORY, or wasm_mount_read DIRECTORY at:PATH", 1, 1,
     true},
    {"wasm_mount_write", "wasm_mount_write DIRECTORY, or wasm_mount_write DIRECTORY at:PATH", 1, 1,
     true},
    {"wasm_allow_host", "wasm_allow_host HOST", 1, 1},
    {"wasm_stdin", "wasm_stdin TEXT", 1, 1},
    {"wasm_memory", "wasm_memory SIZE", 1, 1},
    {"wasm_fuel", "wasm_fuel N", 1, 1},
    {"wasm_hash", "wasm_hash \"sha256:HEX\"", 1, 1},
};

constexpr std::uint8_t operator|(Region a, Region b) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr std::uint8_t operator|(std::uint8_t a, Region b) {
  return static_cast<std::uint8_t>(a | static_cast<unsigned>(b));
}
constexpr std::uint8_t only(Region region) { return static_cast<std::uint8_t>(region); }

constexpr std::uint8_t kFile = only(Region::File);
constexpr std::uint8_t kNeed = only(Region::Requires);
constexpr std::uint8_t kCommand = only(Region::Command);
constexpr std::uint8_t kArg = only(Region::Arg);
constexpr std::uint8_t kProcs = Region::Command | Region::Template | Region::Catch;

constexpr Setting kSettings[] = {
    {{"name", "name TEXT", 1, 1}, kFile},
    {{"about", "about TEXT", 1, 1}, kFile},
    {{"version", "version TEXT", 1, 1}, kFile},
    {{"import", "import PATH, or import PATH as NAME", 1, 1}, kFile},
    {{"requires", "requires", 0, 0}, kFile},
    {{"bundle", "bundle", 0, 0}, kFile},
    {{"hooks", "hooks", 0, 0}, kFile},
    {{"template", "template NAME", 1, 1}, kFile},
    {{"command", "command NAME", 1, 1}, kFile},
    {{"catch", "catch NAME", 1, 1}, kFile},

    {{"bin", "bin PROGRAM, with `as NAME` or `optional` behind it", 1, 1}, kNeed},
    {{"env", "env NAME, any number of them", 1, kAnyNumber}, kNeed},
    {{"host", "host NAME", 1, kAnyNumber}, kNeed},
    {{"read", "read PATH, any number of them", 1, kAnyNumber}, kNeed},
    {{"write", "write PATH, any number of them", 1, kAnyNumber}, kNeed},
    {{"os", "os NAME, any number of them", 1, kAnyNumber}, kNeed},
    {{"arch", "arch NAME, any number of them", 1, kAnyNumber}, kNeed},
    {{"confine", "confine", 0, 0}, kNeed},
    {{"hash", "hash \"sha256:HEX\"", 1, 1}, kNeed},
    {{"hash_file", "hash_file PATH", 1, 1}, kNeed},

    {{"include", "include PATH, or include PATH as NAME", 1, 1}, only(Region::Bundle)},
    {{"before", "before TARGET COMMAND", 2, 2}, only(Region::Hooks)},
    {{"after", "after TARGET COMMAND", 2, 2}, only(Region::Hooks)},
    {{"on_error", "on_error TARGET COMMAND", 2, 2}, only(Region::Hooks)},

    {{"do", "do", 0, 0}, kProcs},
    {{"arg", "arg NAME", 1, 1}, Region::Command | Region::Template},
    {{"description", "description TEXT", 1, 1}, kProcs | Region::Arg},
    {{"proxy_args", "proxy_args", 0, 0}, Region::Command | Region::Catch},
    {{"private", "private", 0, 0}, kCommand},
    {{"require_os", "require_os NAME, any number of them", 1, kAnyNumber}, kCommand},
    {{"require_arch", "require_arch NAME, any number of them", 1, kAnyNumber}, kCommand},
    {{"dir", "dir PATH", 1, 1}, kCommand},
    {{"env", "env NAME VALUE", 2, 2}, kCommand},
    {{"on_signal", "on_signal COMMAND", 1, 1}, kCommand},
    {{"detached", "detached", 0, 0}, kCommand},
    {{"test", "test", 0, 0}, kCommand},
    {{"test_allow_shell", "test_allow_shell", 0, 0}, kCommand},
    {{"test_allow_network", "test_allow_network", 0, 0}, kCommand},
    {{"test_allow_write", "test_allow_write", 0, 0}, kCommand},
    {{"test_allow_subprocess", "test_allow_subprocess", 0, 0}, kCommand},
    {{"test_keep_cwd", "test_keep_cwd", 0, 0}, kCommand},
    {{"test_timeout", "test_timeout SECONDS", 1, 1}, kCommand},

    {{"type", "type string (or int, float, bool)", 1, 1}, kArg},
    {{"default", "default TEXT", 1, 1}, kArg},
    {{"index", "index N", 1, 1}, kArg},
    {{"optional", "optional", 0, 0}, kArg},
    {{"rest", "rest", 0, 0}, kArg},
    {{"choices", "choices VALUE, any number of them", 1, kAnyNumber}, kArg},
    {{"secret", "secret", 0, 0}, kArg},
};

struct Foreign {
  std::string_view word;
  std::string_view replacement;
};

constexpr Foreign kForeign[] = {
    {"elif", "write `else if`"},
    {"elsif", "write `else if`"},
    {"elseif", "write `else if`"},
    {"else_if", "write `else if`"},
    {"fi", "write `end`"},
    {"done", "write `end`"},
    {"esac", "write `end`"},
    {"endif", "write `end`"},
    {"}", "write `end`"},
    {"then", "a body starts on the next line, without a word for it"},
    {"{", "a body starts on the next line, without a sign for it"},
    {"for", "write `for_each NAME in LIST`"},
    {"foreach", "write `for_each NAME in LIST`"},
    {"while", "perch has no loop over a condition; `retry` repeats what fails, `for_each` goes "
              "through a list"},
    {"until", "perch has no loop over a condition; `retry` repeats what fails, `for_each` goes "
              "through a list"},
    {"switch", "write `match VALUE` with `case` lines"},
    {"catch", "write `rescue`"},
    {"except", "write `rescue`"},
    {"ensure", "write `finally`"},
    {"raise", "write `fail \"MESSAGE\"`"},
    {"unless", "write `if not CONDITION`"},
    {"return", "a command ends with its last line, and what it prints is its result; `exit N` ends "
               "the run"},
    {"break", "a loop goes through its whole list: put the rest of its body into an `if`"},
    {"continue", "a loop goes through its whole list: put the rest of its body into an `if`"},
    {"function", "write `command NAME`, with `private` if only this file is to call it"},
    {"def", "write `command NAME`, with `private` if only this file is to call it"},
    {"func", "write `command NAME`, with `private` if only this file is to call it"},
    {"fn", "write `command NAME`, with `private` if only this file is to call it"},
    {"task", "write `command NAME`, with `private` if only this file is to call it"},
    {"recipe", "write `command NAME`, with `private` if only this file is to call it"},
    {"desc", "write `description TEXT`"},
    {"depends", "call the other command in the body: its name on a line of its own"},
    {"deps", "call the other command in the body: its name on a line of its own"},
    {"local", "write NAME = VALUE: what a command sets is its own"},
    {"declare", "write NAME = VALUE"},
    {"readonly", "write NAME = VALUE"},
    {"var", "write NAME = VALUE"},
    {"const", "write NAME = VALUE"},
    {"source", "write `import \"FILE\"` at the file level for commands, `shell` for shell text"},
    {".", "write `import \"FILE\"` at the file level for commands, `shell` for shell text"},
    {"set", "an error always ends a command, and --trace shows each step; NAME = VALUE sets a "
            "value"},
    {"shift", "declare the words as arguments: `arg NAME` with `index N`, the last with `rest`"},
    {"eval", "write `shell \"TEXT\"`"},
    {"trap", "write `try … finally`, or `on_signal COMMAND` in the command"},
    {"alias", "write a command or a template"},
    {"read", "declare what a command is given as an `arg`; a file is read by `read_file`, and what "
             "is typed by a program: NAME = head -n 1"},
    {"assert", "write `assert_eq ACTUAL EXPECTED`, or `fail` in the body of an `if`"},
    {"not", "a condition stands behind `if`"},
    {"command", "commands are declared at the file level; whether there is a program: `has_bin "
                "NAME`, and where: `which NAME`"},
    {"len", "write `length TEXT`"},
    {"strlen", "write `length TEXT`"},
    {"concat", "write one text with placeholders: \"${a}${b}\""},
    {"null", "write NAME = \"\""},
    {"nil", "write NAME = \"\""},
    {"None", "write NAME = \"\""},
    {"True", "write true"},
    {"False", "write false"},
    {"pushd", "write `with_cwd \"DIR\"` … `end`"},
    {"popd", "write `with_cwd \"DIR\"` … `end`"},
    {"wait", "what runs at the same time stands in a `parallel` block, which waits for all"},
    {"typeset", "write NAME = VALUE"},
    {"getopts", "declare the words as arguments: `arg NAME`"},
    {"!", "a condition has `not`; a call that may fail stands in `CALL || true` or in `try`"},
    {"[[", "write `if A == B`, `if is_file \"PATH\"`; `[` is a program"},
    {"format", "write the text with placeholders: \"${name} is ${value}\""},
};

template <class Entry, class WordOf>
const Entry* find(std::span<const Entry> table, std::string_view word, WordOf word_of) {
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const Entry& entry) { return word_of(entry) == word; });
  return at == table.end() ? nullptr : &*at;
}

constexpr auto kWordOf = [](const Keyword& keyword) { return keyword.word; };

} // namespace

std::span<const Keyword> block_keywords() { return kBlocks; }
std::span<const Keyword> wasm_keywords() { return kWasm; }
std::span<const Setting> settings() { return kSettings; }

const Keyword* find_block_keyword(std::string_view word) {
  return find(block_keywords(), word, kWordOf);
}
const Keyword* find_wasm_keyword(std::string_view word) {
  return find(wasm_keywords(), word, kWordOf);
}
const Setting* find_setting(std::string_view word) {
  return find(settings(), word, [](const Setting& setting) { return setting.shape.word; });
}

const Setting* find_setting(std::string_view word, Region region) {
  const auto* at = std::find_if(std::begin(kSettings), std::end(kSettings), [&](const Setting& s) {
    return s.in(region) && s.shape.word == word;
  });
  return at == std::end(kSettings) ? nullptr : at;
}

std::string_view name_of(Region region) {
  switch (region) {
  case Region::File:
    return "the file level";
  case Region::Requires:
    return "`requires`";
  case Region::Bundle:
    return "`bundle`";
  case Region::Hooks:
    return "`hooks`";
  case Region::Command:
    return "a command";
  case Region::Template:
    return "a template";
  case Region::Catch:
    return "a catch";
  case Region::Arg:
    return "`arg`";
  }
  return "";
}

std::string_view replacement_for_foreign(std::string_view word) {
  const auto* entry = find(std::span<const Foreign>(kForeign), word,
                           [](const Foreign& foreign) { return foreign.word; });
  return entry == nullptr ? std::string_view{} : entry->replacement;
}

bool is_arithmetic(std::string_view word) {
  return word.size() == 1 && std::string_view("+-*/%").contains(word[0]);
}

bool is_block_keyword(std::string_view word) {
  return find_block_keyword(word) != nullptr || find_wasm_keyword(word) != nullptr;
}

} // namespace perch::lang
