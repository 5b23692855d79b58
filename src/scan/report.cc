#include "scan/report.h"

#include "base/text.h"
#include "policy/shell_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace perch::scan {

namespace {

using base::cat;
using op::Cap;
using Known = Ask::Known;

constexpr std::array kCaps = {Cap::Exec, Cap::Read, Cap::Write, Cap::Net, Cap::Env, Cap::Wasm};

std::string_view known_word(const Ask& ask) {
  switch (ask.known) {
  case Known::Literal:
    return "literal";
  case Known::Computed:
    return "computed";
  case Known::Dynamic:
    return "runtime";
  case Known::Class:
    return "class";
  }
  return "runtime";
}

/// One line: texts of shells may be long and have several.
std::string one_line(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string out(text.substr(0, text.find('\n')));
  if (out.size() > kShown || out.size() < text.size()) {
    out.resize(std::min(out.size(), kShown));
    while (!out.empty() && (out.back() & 0xc0) == 0x80)
      out.pop_back();
    out += " …";
  }
  return out;
}

std::string subject_text(const Ask& ask) {
  if (ask.known == Known::Class && ask.cap != Cap::Wasm)
    return "(any)";
  if (ask.shell)
    return cat("shell: ", one_line(ask.subject));
  if (ask.cap == Cap::Exec && ask.bin != nullptr)
    return std::string(ask.bin->name);
  if (ask.cap == Cap::Net && ask.port != 0 && ask.certain())
    return cat(ask.subject, ':', ask.port);
  return one_line(ask.subject);
}

std::string remarks(const Ask& ask) {
  std::string out;
  const auto add = [&](std::string_view what) { out += cat(out.empty() ? " (" : ", ", what); };
  if (ask.known == Known::Dynamic)
    add("known when it runs");
  if (ask.guest)
    add("module");
  return out.empty() ? out : out + ')';
}

std::string sandboxes_of(const Survey& survey, std::size_t region, const diag::SourceMap& sources) {
  std::string out;
  for (std::size_t at = region; survey.regions[at].sandbox != nullptr;
       at = survey.regions[at].outer)
    out += cat(out.empty() ? "" : ", ", sources.file_line(survey.regions[at].sandbox->span));
  return out;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string column(std::string text, std::size_t cells) {
  const std::size_t have = width(text);
  text.append(have < cells ? cells - have : 0, ' ');
  return text;
}

/// Asks of one body and of the sandboxes in it, in the order they stand.
struct Placed {
  const Ask* ask;
  std::size_t region;
};

std::vector<Placed> asks_of(const Survey& survey, std::size_t body) {
  std::vector<Placed> out;
  const program::Command* command = survey.regions[body].command;
  for (std::size_t at = body; at < survey.regions.size() && survey.regions[at].command == command;
       ++at) {
    for (const Ask& ask : survey.regions[at].asks)
      out.push_back({.ask = &ask, .region = at});
  }
  std::ranges::stable_sort(
      out, {}, [](const Placed& p) { return std::pair(p.ask->span.source, p.ask->span.begin); });
  return out;
}

std::string command_text(const Survey& survey, std::size_t body, const diag::SourceMap& sources) {
  const program::Command& command = *survey.regions[body].command;
  std::string out = cat('\n', command.name, "  ", sources.file_line(command.span), '\n');
  for (const Placed& placed : asks_of(survey, body)) {
    const Ask& ask = *placed.ask;
    const std::string sandboxes = sandboxes_of(survey, placed.region, sources);
    std::string line = cat("  ", column(std::string(op::cap_name(ask.cap)), 7),
                           column(cat(subject_text(ask), remarks(ask)), 40), ' ', ask.by, ", ",
                           sources.file_line(ask.span));
    if (!sandboxes.empty())
      line += cat(", in sandbox ", sandboxes);
    out += line + '\n';
  }
  return out;
}

/// What all commands together ask for, of one kind.
struct Total {
  std::set<std::string> subjects;
  std::size_t dynamic = 0;
  bool any = false; ///< the class as such
  [[nodiscard]] bool none() const { return subjects.empty() && dynamic == 0 && !any; }
};

struct Totals {
  std::map<Cap, Total> by_cap;
  bool shell = false;
};

Totals totals(const Survey& survey) {
  Totals out;
  for (const Region& region : survey.regions) {
    for (const Ask& ask : region.asks) {
      Total& total = out.by_cap[ask.cap];
      out.shell = out.shell || ask.shell;
      if (ask.cap == Cap::Exec && ask.shell && ask.certain()) {
        const policy::ShellHead head = policy::shell_head(ask.subject);
        if (head.kind == policy::ShellHead::Kind::Program)
          total.subjects.emplace(head.word);
        else
          total.any = true;
      } else if (ask.certain()) {
        total.subjects.insert(subject_text(ask));
      } else if (ask.known == Known::Class) {
        total.any = true;
      } else {
        ++total.dynamic;
      }
    }
  }
  return out;
}

std::vector<std::string> unused_flags(const Totals& totals) {
  static constexpr std::pair<Cap, std::string_view> kFlags[] = {
      {Cap::Exec, "--no-subprocess"}, {Cap::Net, "--no-network"}, {Cap::Write, "--no-write"},
      {Cap::Read, "--no-read"},       {Cap::Env, "--no-env"},     {Cap::Wasm, "--no-wasm"}};
  std::vector<std::string> out;
  // A program it starts may do more than perch is asked for: with one, nothing else is unused.
  const bool starts = totals.by_cap.contains(Cap::Exec);
  for (const auto& [cap, flag] : kFlags) {
    const bool held = cap == Cap::Net || cap == Cap::Write || cap == Cap::Read || cap == Cap::Env;
    if (!totals.by_cap.contains(cap) && !(starts && held))
      out.emplace_back(flag);
  }
  if (starts && !totals.shell)
    out.emplace_back("--no-shell");
  return out;
}

std::string total_text(Cap cap, const Total& total, bool shell) {
  std::string out;
  const auto add = [&](std::string_view what) { out += cat(out.empty() ? "" : ", ", what); };
  for (const std::string& subject : total.subjects)
    add(subject);
  if (total.any)
    add("anything of its kind");
  if (total.dynamic > 0)
    add(cat(total.dynamic, " known when it runs"));
  if (cap == Cap::Exec && shell)
    add("and what shell texts start");
  return out;
}

} // namespace

std::string report_text(const program::Program& program, const Survey& survey,
                        const diag::SourceMap& sources, std::string_view shown) {
  std::string out = cat(shown, ": what it can ask for\n");
  std::string silent;
  for (std::size_t at = 0; at < survey.regions.size(); ++at) {
    const Region& region = survey.regions[at];
    if (region.sandbox != nullptr)
      continue;
    if (asks_of(survey, at).empty())
      silent += cat(silent.empty() ? "" : ", ", region.command->name);
    else
      out += command_text(survey, at, sources);
  }
  if (!silent.empty())
    out += cat("\nnothing of their own: ", silent, '\n');
  const Totals all = totals(survey);
  out += "\nin all\n";
  for (const Cap cap : kCaps) {
    const auto total = all.by_cap.find(cap);
    out += cat("  ", column(std::string(op::cap_name(cap)), 7),
               total == all.by_cap.end() ? "nothing" : total_text(cap, total->second, all.shell),
               '\n');
  }
  if (all.by_cap.contains(Cap::Exec)) {
    out += "  Programs it starts may do what the user may, unless a flag, a sandbox or `confine` "
           "holds them.\n";
  }
  if (!program.requirements.present)
    out += "  It declares nothing itself: `perch learn COMMAND` writes a `requires` block.\n";
  const std::vector<std::string> unused = unused_flags(all);
  if (!unused.empty())
    out += cat("\nit needs nothing that these take away: ", base::join(unused, " "), '\n');
  return out;
}

base::Json report_json(const program::Program& program, const Survey& survey,
                       const diag::SourceMap& sources, std::string_view shown) {
  base::Json requests = base::Json::array();
  for (std::size_t at = 0; at < survey.regions.size(); ++at) {
    for (const Ask& ask : survey.regions[at].asks) {
      const diag::Position position = sources.position(ask.span);
      base::Json sandboxes = base::Json::array();
      for (std::size_t in = at; survey.regions[in].sandbox != nullptr;
           in = survey.regions[in].outer)
        sandboxes.push_back(sources.file_line(survey.regions[in].sandbox->span));
      base::Json one = {{"cap", std::string(op::cap_name(ask.cap))},
                        {"subject", ask.bin != nullptr && ask.certain() ? std::string(ask.bin->name)
                                                                        : ask.subject},
                        {"known", std::string(known_word(ask))},
                        {"by", std::string(ask.by)},
                        {"command", std::string(survey.regions[at].command->name)},
                        {"file", sources.get(ask.span.source).path},
                        {"line", position.line},
                        {"column", position.column},
                        {"guest", ask.guest},
                        {"shell", ask.shell},
                        {"sandboxes", std::move(sandboxes)}};
      if (ask.port != 0)
        one["port"] = ask.port;
      requests.push_back(std::move(one));
    }
  }
  const Totals all = totals(survey);
  base::Json capabilities = base::Json::object();
  for (const Cap cap : kCaps) {
    const auto found = all.by_cap.find(cap);
    const Total total = found == all.by_cap.end() ? Total{} : found->second;
    capabilities[std::string(op::cap_name(cap))] = {
        {"used", !total.none()},
        {"subjects", std::vector<std::string>(total.subjects.begin(), total.subjects.end())},
        {"runtime", total.dynamic},
        {"any", total.any}};
  }
  return {{"schema", "perch.scan.v1"},
          {"file", std::string(shown)},
          {"declares", program.requirements.present},
          {"requests", std::move(requests)},
          {"capabilities", std::move(capabilities)},
          {"unused_flags", unused_flags(all)}};
}

} // namespace perch::scan
