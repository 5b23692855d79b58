// Ops that write to the program's own streams.

#include "base/text.h"
#include "op/call.h"

#include <algorithm>
#include <array>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

/// One write for text and newline, so that lines of parallel branches do not mix. Lines that fit
/// the buffer, which is nearly all, allocate nothing.
Status print_line(Call& call, op::Stream stream) {
  const auto text = call.text(0);
  std::array<char, 4096> buffer;
  if (text.size() < buffer.size()) {
    *std::ranges::copy(text, buffer.begin()).out = '\n';
    return call.print(stream, {buffer.data(), text.size() + 1});
  }
  return call.print(stream, base::cat(text, '\n'));
}

Result<Value> print(Call& call) {
  PERCH_TRY(print_line(call, op::Stream::Out));
  return Value();
}

Result<Value> eprintln(Call& call) {
  PERCH_TRY(print_line(call, op::Stream::Err));
  return Value();
}

Result<Value> list_commands(Call& call) {
  constexpr std::size_t kNameWidth = 20;
  std::string text;
  for (const auto& [name, description] : call.commands()) {
    text += "  ";
    text += name;
    if (!description.empty()) {
      text.append(name.size() < kNameWidth ? kNameWidth - name.size() : 0, ' ');
      text += ' ';
      text += description;
    }
    text += '\n';
  }
  PERCH_TRY(call.print(op::Stream::Out, text));
  return Value();
}

constexpr OpDecl kTable[] = {
    {.name = "print",
     .aliases = {"println"},
     .family = op::Family::Output,
     .summary = "Writes the text and a newline to stdout.",
     .params = {{{.name = "text", .type = Type::Any, .arity = Arity::Optional}}},
     .example = R"(print "three loaves")",
     .run = print},
    {.name = "eprintln",
     .family = op::Family::Output,
     .summary = "Writes the text and a newline to stderr.",
     .params = {{{.name = "text", .type = Type::Any, .arity = Arity::Optional}}},
     .example = R"(eprintln "the oven is cold")",
     .run = eprintln},
    {.name = "list_commands",
     .family = op::Family::Output,
     .summary = "Prints the program's public commands with their descriptions.",
     .example = "list_commands",
     .run = list_commands},
};

} // namespace

extern const std::span<const OpDecl> kOutputOps;
const std::span<const OpDecl> kOutputOps{kTable};

} // namespace perch::ops
