#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/policy.h"

#include <algorithm>

namespace perch::policy {
namespace {

using base::cat;
using op::Cap;
using Source = Layer::Source;

/// What the flags, declarations and sandbox words of one capability are called.
struct Words {
  std::string_view verb;        ///< "who may not VERB subject"
  std::string_view declaration; ///< in `requires`, and of a sandbox's `=` form
  std::string_view plural;      ///< of a list in a sentence
  std::string_view list_flag;   ///< the flag that takes a list
  std::string_view none_word;   ///< the sandbox word that allows none
  std::string_view open_flag;   ///< opens the class for a script from stdin
  std::string_view undeclared;  ///< the kind when `requires` says no
};

const Words& words(Cap cap) {
  static constexpr Words kWords[] = {
      {},
      {"run", "bin", "bins", "--allow-bin", "no_subprocess", "--allow-subprocess",
       kind::kBinNotDeclared},
      {"read", "read", "roots", "--allow-read-path", "no_read", "--allow-read",
       kind::kReadNotDeclared},
      {"write", "write", "roots", "--allow-write-path", "no_write", "--allow-write",
       kind::kWriteNotDeclared},
      {"reach", "host", "hosts", "--allow-host", "no_network", "--allow-network",
       kind::kHostNotDeclared},
      {"see", "env", "names", "--env", "no_env", "--env", kind::kEnvNotDeclared},
      {"run the module", "", "modules", "", "no_wasm", "--allow-wasm", kind::kCapabilityDenied},
  };
  return kWords[static_cast<std::size_t>(cap)];
}

bool about_shell(const Layer& layer, const Request& request) {
  return request.shell && !layer.shell_allowed;
}

bool about_metachars(const Layer& layer, const Request& request) {
  return request.shell && layer.shell_allowed && request.shell_metachars && !layer.shell_metachars;
}

/// The program that a bare name means here is not the one that a layer's same name means.
bool shadowed(const Layer& layer, const Request& request) {
  if (request.cap != Cap::Exec || !request.known_as.empty() || request.resolved.empty())
    return false;
  return std::ranges::find(layer.rule(Cap::Exec).allowed, request.subject) !=
         layer.rule(Cap::Exec).allowed.end();
}

std::string_view kind_of(const Layer& layer, const Request& request) {
  if (request.guest)
    return kind::kWasmCapabilityDenied;
  if (about_metachars(layer, request))
    return kind::kShellMetacharsDenied;
  if (layer.source == Source::Requires)
    return words(request.cap).undeclared;
  if (request.shell && !about_shell(layer, request) && layer.source == Source::CommandLine &&
      layer.rule(Cap::Exec).mode == Rule::Mode::Only) {
    return kind::kShellBinNotAllowed;
  }
  return kind::kCapabilityDenied;
}

std::string subject_text(const Request& request) {
  if (request.cap == Cap::Net && request.subject.empty())
    return "the network";
  if (request.cap == Cap::Exec && request.subject.empty())
    return "this shell text";
  const bool v6 = request.subject.find(':') != std::string_view::npos;
  if (request.cap == Cap::Net && v6)
    return cat('[', request.subject, ']');
  return std::string(request.subject);
}

std::string message(const Layer& layer, const Request& request, std::string_view who) {
  if (about_shell(layer, request))
    return cat(who, " may not use a shell");
  if (about_metachars(layer, request)) {
    return cat(who, " may not run a shell text that holds any of | & ; < > ( ) ` or a line break");
  }
  if (shadowed(layer, request)) {
    return cat(who, " may not run ", request.resolved, ", which is not the `", request.subject,
               "` on the PATH that perch was started with");
  }
  const std::string subject = subject_text(request);
  if (request.shell && request.subject.empty()) {
    return cat(who, " may not run this shell text: its first word cannot be told");
  }
  std::string out = cat(who, " may not ", words(request.cap).verb, ' ', subject);
  if (request.cap == Cap::Net && request.port != 0)
    out += cat(':', request.port);
  return out;
}

/// ", which declares hosts api.github.com, x.org and 3 more" or ", which declares no host".
std::string declared(const Layer& layer, const Request& request) {
  constexpr std::size_t kShown = 4;
  const Rule& rule = layer.rule(request.cap);
  if (rule.mode != Rule::Mode::Only)
    return {};
  const Words& word = words(request.cap);
  const std::string_view verb = layer.source == Source::Requires ? "declares" : "allows";
  const std::string_view one = word.declaration == "read" || word.declaration == "write"
                                   ? std::string_view("root")
                                   : word.declaration;
  if (rule.allowed.empty())
    return cat(", which ", verb, " no ", one);
  const std::size_t shown = std::min(rule.allowed.size(), kShown);
  std::string out = cat(", which ", verb, ' ', rule.allowed.size() == 1 ? one : word.plural, ' ',
                        base::join(std::span(rule.allowed).first(shown), ", "));
  if (rule.allowed.size() > shown)
    out += cat(" and ", rule.allowed.size() - shown, " more");
  return out;
}

/// The entry that would let the request pass: what is to be added to a list.
std::string missing_entry(const Layer& layer, const Request& request) {
  if (request.cap != Cap::Exec)
    return subject_text(request);
  const bool bare = request.subject.find('/') == std::string_view::npos;
  if ((bare && !shadowed(layer, request)) || request.resolved.empty()) {
    return std::string(request.subject);
  }
  return std::string(request.known_as.empty() ? request.resolved : request.known_as);
}

std::string help_requires(const Layer& layer, const Request& request) {
  if (request.cap == Cap::Net && request.subject.empty()) {
    return "to allow it, declare at least one host in requires";
  }
  if (request.cap == Cap::Exec && request.subject.empty()) {
    return "start the text with a declared bin or a shell builtin";
  }
  return cat("to allow it, add: ", words(request.cap).declaration, " \"",
             missing_entry(layer, request), '"');
}

std::string help_command_line(const Layer& layer, const Request& request) {
  if (layer.rule(request.cap).mode != Rule::Mode::Only || about_shell(layer, request) ||
      about_metachars(layer, request)) {
    return cat("to allow it, run without ", layer.origin);
  }
  const std::string entry = missing_entry(layer, request);
  if (entry.empty() || (request.cap == Cap::Net && request.subject.empty())) {
    return cat("to allow it, run without ", words(request.cap).list_flag);
  }
  return cat("to allow it, run with ", words(request.cap).list_flag, ' ', base::shell_quote(entry));
}

std::string help_stdin(const Layer& layer, const Request& request) {
  if (request.shell && (about_shell(layer, request) || request.subject.empty())) {
    return "to allow it, run with --allow-shell";
  }
  const Words& word = words(request.cap);
  const std::string entry = missing_entry(layer, request);
  if (word.list_flag.empty() || entry.empty() || request.subject.empty()) {
    return cat("to allow it, run with ", word.open_flag);
  }
  return cat("to allow it, run with ", word.list_flag, ' ', base::shell_quote(entry));
}

std::string help_sandbox(const Layer& layer, const Request& request) {
  if (about_shell(layer, request))
    return "to allow it, take no_shell off the sandbox";
  const Words& word = words(request.cap);
  const std::string entry = missing_entry(layer, request);
  if (layer.rule(request.cap).mode != Rule::Mode::Only || entry.empty() ||
      request.subject.empty()) {
    return cat("to allow it, take ", word.none_word, " off the sandbox");
  }
  return cat("to allow it, add ", word.declaration, '=', entry, " to the sandbox");
}

std::string help_test(const Layer& layer, const Request& request) {
  const std::string_view statement = about_shell(layer, request) ? "test_allow_shell"
                                     : request.cap == Cap::Net   ? "test_allow_network"
                                     : request.cap == Cap::Write ? "test_allow_write"
                                                                 : "test_allow_subprocess";
  return cat("to allow it, add to the test: ", statement);
}

std::string help(const Layer& layer, const Request& request) {
  switch (layer.source) {
  case Source::CommandLine:
    return help_command_line(layer, request);
  case Source::Stdin:
    return help_stdin(layer, request);
  case Source::Requires:
    return help_requires(layer, request);
  case Source::Sandbox:
    return help_sandbox(layer, request);
  case Source::Test:
    return help_test(layer, request);
  }
  return {};
}

} // namespace

Error denial(const Decision& decision, const Request& request, std::string_view who) {
  PERCH_ASSERT(decision.denied_by != nullptr);
  const Layer& layer = *decision.denied_by;
  const bool undeclared = layer.source == Source::Requires && !request.guest;
  return Error{.kind = kind_of(layer, request),
               .message = message(layer, request, who),
               .detail = undeclared ? std::string(request.subject) : layer.origin,
               .help = help(layer, request),
               .note = cat("denied by: ", layer.origin, declared(layer, request)),
               .code = {},
               .code_name = {},
               .op = {}};
}

} // namespace perch::policy
