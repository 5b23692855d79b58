#include "cli/ask.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/poll_item.h"

#include <algorithm>
#include <array>
#include <optional>

namespace perch::cli {

namespace {

constexpr std::string_view kTerminal = "/dev/tty";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// UTF-8 of characters that change how others are shown: U+200E, U+200F, U+202A–202E, U+2066–2069.
bool reorders(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xe2')
    return false;
  const auto second = static_cast<unsigned char>(text[1]),
             third = static_cast<unsigned char>(text[2]);
  return (second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae))) ||
         (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

} // namespace

std::string visible(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (reorders(text.substr(i)) || c1) {
      out += kReplacement;
      i += c1 ? 1 : 2;
    } else if ((c < 0x20 && c != '\n') || c == 0x7f) {
      out += kReplacement;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<std::unique_ptr<TerminalAsker>> TerminalAsker::open(sys::World& world) {
  const auto missing = [] {
    return fail(kind::kBadArgument, "--ask needs a terminal to ask on, and there is none",
                std::string(kTerminal),
                "run it from a terminal, or see what it would do with --dry-run");
  };
  const auto spot = world.fs.locate(kTerminal, sys::Final::Follow);
  if (!spot)
    return missing();
  auto in = world.fs.open(*spot, sys::Access::Read, 0);
  auto out = world.fs.open(*spot, sys::Access::Append, 0);
  if (!in || !out)
    return missing();
  return std::make_unique<TerminalAsker>(std::move(*in), std::move(*out));
}

Result<std::optional<std::string>> TerminalAsker::line() {
  std::string text;
  std::array<char, 1> one;
  for (;;) {
    PERCH_TRY_ASSIGN(const sys::Transfer got, sys::read_some(in_.get(), one));
    if (got.state == sys::Transfer::State::Closed)
      return std::optional<std::string>();
    if (got.bytes == 0)
      continue;
    if (one[0] == '\n')
      return std::optional(std::move(text));
    text += one[0];
  }
}

Result<run::Asker::Answer> TerminalAsker::ask(const Question& question) {
  const std::lock_guard lock(mutex_);
  if (quit_)
    return Answer::Skip;
  if (all_)
    return Answer::Run;
  const std::string shown =
      base::cat(visible(question.position), ": ", visible(question.text), '\n');
  for (;;) {
    PERCH_TRY(sys::write_all(
        out_.get(), base::cat(shown, "run it? [Y]es, [n]o, [a]ll from here, [q]uit: "), kTerminal));
    PERCH_TRY_ASSIGN(const std::optional<std::string> typed, line());
    const std::string_view word = typed ? base::trim(*typed) : std::string_view("q");
    if (word.empty() || word == "y" || word == "yes")
      return Answer::Run;
    if (word == "n" || word == "no")
      return Answer::Skip;
    all_ = word == "a" || word == "all";
    quit_ = word == "q" || word == "quit";
    if (all_)
      return Answer::Run;
    if (quit_)
      return Answer::Quit;
  }
}

} // namespace perch::cli
