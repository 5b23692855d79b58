#pragma once
// `perch audit verify`: whether the lines of an audit are those that were written, all and in
// order.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace perch::trace {

struct AuditProblem {
  std::size_t line = 0; ///< of the file, from 1
  std::string session;  ///< as it may be shown; empty: the line belongs to none
  std::string text;
};

/// A session whose lines are in the file.
struct AuditSession {
  std::string id; ///< as it may be shown: nobody knows who wrote the file
  std::size_t first_line = 0;
  std::size_t lines = 0;
  bool ended = false;
  std::string last_digest; ///< of its last line: to note elsewhere, since no line follows it
};

struct AuditVerdict {
  std::vector<AuditSession> sessions; ///< in the order they began
  std::vector<AuditProblem> problems; ///< in the order of the file; the first of very many
  std::size_t more_problems = 0;      ///< beyond those
};

/// Takes the file line by line, so that it may be larger than memory: of lines that follow each
/// other as they were written only the first and the last are kept.
///
/// A session without an end names the processes and guests that had started and not ended.
///
/// What is found: lines that are no JSON or no line of an audit, lines that were changed, taken
/// out, doubled or moved, sessions whose end is missing. What no chain can show: a session that was
/// taken out as a whole, and a change of a session's last line; its digest is told for that.
class AuditVerifier {
public:
  void line(std::string_view text);
  [[nodiscard]] AuditVerdict verdict() &&;

private:
  struct Entry {
    std::int64_t seq = 0;
    std::size_t line = 0;
    std::string previous, digest;
    bool start = false, end = false;
  };
  /// Lines of which each names the digest of the one before it and has the next number.
  struct Run {
    Entry first, last;
  };
  struct Chain {
    std::vector<Run> runs; ///< in the order of the file
    std::size_t lines = 0;
    /// Line and name of each child and guest that has started and not ended, by its span.
    std::map<std::int64_t, std::string> running;
  };

  void problem(std::size_t line, std::string_view session, std::string text);
  void add(const std::string& id, Chain& chain, Entry here);
  void check_start(const std::string& id, const Entry& first);
  void check_link(const std::string& id, const Run& before, const Run& here);
  void check_end(const std::string& id, const Chain& chain, const Entry& last);
  Entry check(const std::string& id, Chain& chain);

  std::size_t lines_ = 0;
  std::map<std::string, Chain, std::less<>> chains_;
  std::vector<AuditProblem> problems_;
  std::size_t more_problems_ = 0;
};

} // namespace perch::trace
