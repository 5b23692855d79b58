// `perch audit verify FILE`.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "sys/fs.h"
#include "sys/poll_item.h"
#include "trace/audit_verify.h"

#include <algorithm>
#include <array>

namespace perch::cli {

namespace {

using base::cat;

/// Longer than any line of an audit, whose values are cut: what is behind it makes no difference.
constexpr std::size_t kLongestLine = 64 << 20;

void add_piece(std::string& line, std::string_view piece) {
  line += piece.substr(0, kLongestLine - std::min(kLongestLine, line.size()));
}

/// Feeds the file, which may be of any size, to the verifier.
Status read_lines(const Context& context, const std::string& file, trace::AuditVerifier& verifier) {
  sys::Fs& fs = context.world.fs;
  const std::string path = sys::absolute_path(context.world.host.current_directory(), file);
  PERCH_TRY_ASSIGN(const sys::Spot spot, fs.locate(path, sys::Final::Follow));
  if (spot.info.type == sys::NodeType::Directory)
    return fail(kind::kFileError, cat('`', file, "` is a directory"), file, "name the audit in it");
  if (spot.info.type == sys::NodeType::Other) // a pipe, or a device: neither need ever end
    return fail(kind::kFileError, cat('`', file, "` is no regular file"), file,
                "an audit is verified where it lies, or in a copy");
  PERCH_TRY_ASSIGN(const sys::Fd fd, fs.open(spot, sys::Access::Read, 0));
  std::array<char, 64 << 10> buffer;
  std::string line;
  for (;;) {
    PERCH_TRY_ASSIGN(const sys::Transfer moved, sys::read_some(fd.get(), buffer));
    if (moved.state == sys::Transfer::State::Closed)
      break;
    std::string_view piece(buffer.data(), moved.bytes);
    for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n')) {
      add_piece(line, piece.substr(0, end));
      verifier.line(line);
      line.clear();
      piece.remove_prefix(end + 1);
    }
    add_piece(line, piece);
  }
  if (!line.empty())
    verifier.line(line); // without its newline: the verifier sees whether it is whole
  return {};
}

std::string verdict_text(const std::string& file, const trace::AuditVerdict& verdict) {
  std::string out;
  for (const trace::AuditProblem& problem : verdict.problems) {
    out += cat(file, ':', problem.line, ": ", problem.text);
    out += problem.session.empty() ? std::string("\n") : cat(" [session ", problem.session, "]\n");
  }
  if (verdict.more_problems > 0)
    out += cat("… and ", verdict.more_problems, " more\n");
  for (const trace::AuditSession& session : verdict.sessions) {
    out += cat("session ", session.id, ": ",
               base::plural(static_cast<std::int64_t>(session.lines), "line"), " from line ",
               session.first_line, ", last sha256:", session.last_digest, '\n');
  }
  const auto problems = static_cast<std::int64_t>(verdict.problems.size() + verdict.more_problems);
  out += problems == 0 ? std::string("intact\n") : cat(base::plural(problems, "problem"), '\n');
  return out;
}

} // namespace

int audit(const Context& context) {
  const std::vector<std::string>& words = context.options.words;
  if (words.size() != 2 || words[0] != "verify") {
    context.report(Error{.kind = kind::kBadArgument,
                         .message = "`perch audit` needs: verify FILE",
                         .help = "usage: perch audit verify FILE"});
    return kUsage;
  }
  trace::AuditVerifier verifier;
  if (const Status read = read_lines(context, words[1], verifier); !read) {
    context.report(read.error());
    return kFailure;
  }
  const trace::AuditVerdict verdict = std::move(verifier).verdict();
  if (verdict.sessions.empty() && verdict.problems.empty()) {
    context.report(Error{.kind = kind::kAuditFailed,
                         .message = cat('`', words[1], "` holds no session"),
                         .help = "an audit is written with: perch --audit FILE COMMAND"});
    return kFailure;
  }
  context.out(verdict_text(words[1], verdict));
  return verdict.problems.empty() ? kOk : kFailure;
}

} // namespace perch::cli
