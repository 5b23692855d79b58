// `perch fmt [--check|--diff] [FILE…]`: lays out files canonically, each at once or not at all.

#include "lang/format.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/diff.h"
#include "cli/load.h"
#include "cli/verbs.h"
#include "lang/parse.h"
#include "sys/fs.h"
#include "sys/hard_links.h"
#include "sys/real.h"

namespace perch::cli {

namespace {

enum class Mode : std::uint8_t { Write, Check, Diff };

struct Formatted {
  std::string shown, absolute, before, after;
};

/// The file's layout; nothing when it does not parse, which was reported.
std::optional<Formatted> layout(const Context& context, const Found& found) {
  const Result<std::uint32_t> source = read_program(context, found);
  if (!source) {
    context.report(source.error());
    return std::nullopt;
  }
  diag::Diags diags;
  const diag::Source& text = context.sources.get(*source);
  const lang::Tokens tokens = lang::lex(text, diags);
  (void)lang::parse(text, tokens, diags);
  if (diags.has_errors()) {
    context.report(diags);
    return std::nullopt;
  }
  return Formatted{found.shown, found.absolute, text.text, lang::format(text, tokens)};
}

Status write_back(const Context& context, const Formatted& file) {
  PERCH_TRY_ASSIGN(const sys::Spot spot,
                   context.world.fs.locate(file.absolute, sys::Final::Follow));
  if (const std::uint64_t names = sys::hard_links(spot); names > 1) {
    return fail(kind::kFileError,
                base::cat("`", file.shown, "` has ", names,
                          " names (hard links), and replacing it would change it under one only"),
                {}, base::cat("`perch fmt - <", file.shown, "` prints its layout"));
  }
  PERCH_TRY_ASSIGN(auto pending, context.world.fs.replace(spot, 0644));
  PERCH_TRY(pending->write(file.after));
  return pending->commit();
}

int format_one(const Context& context, const Found& found, Mode mode) {
  const std::optional<Formatted> file = layout(context, found);
  if (!file)
    return kUsage;
  if (found.from_stdin && mode == Mode::Write) {
    context.out(file->after);
    return kOk;
  }
  if (file->before == file->after)
    return kOk;
  if (mode == Mode::Diff)
    context.out(unified_diff(file->shown, file->before, file->after));
  if (mode == Mode::Check)
    context.err(base::cat(file->shown, ": not laid out canonically\n"));
  if (mode != Mode::Write)
    return kFailure;
  if (const Status written = write_back(context, *file); !written) {
    context.report(written.error());
    return kFailure;
  }
  if (!context.options.quiet)
    context.err(base::cat("formatted ", file->shown, '\n'));
  return kOk;
}

} // namespace

int format(const Context& context) {
  Mode mode = Mode::Write;
  std::vector<std::string> files;
  for (const std::string& word : context.options.words) {
    if (word == "--check") {
      mode = Mode::Check;
    } else if (word == "--diff") {
      mode = Mode::Diff;
    } else if (word.starts_with('-') && word != "-") {
      context.report(Error{.kind = kind::kBadArgument,
                           .message = base::cat("fmt has no flag `", word, '`'),
                           .help = "usage: perch fmt [--check|--diff] [FILE…]"});
      return kUsage;
    } else {
      files.push_back(word);
    }
  }
  if (files.empty())
    files.push_back(context.options.file);
  // A signal ends the work between two files; a full disk is an error, not the end of the process.
  const auto root = sys::CancelToken::root();
  const sys::SignalGuard signals(*root);
  int status = kOk;
  for (const std::string& file : files) {
    if (const Status go_on = root->check(); !go_on) {
      context.report(go_on.error());
      return 128 + root->signal();
    }
    Options options = context.options;
    options.file = file;
    Context each{.options = options,
                 .world = context.world,
                 .sources = context.sources,
                 .color_err = context.color_err,
                 .color_out = context.color_out};
    const Result<Found> found = find_program(each);
    if (!found) {
      context.report(found.error());
      status = kUsage;
    } else {
      status = std::max(status, format_one(each, *found, mode));
    }
  }
  return status;
}

} // namespace perch::cli
