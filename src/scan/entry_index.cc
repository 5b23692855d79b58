#include "scan/entry_index.h"

#include "policy/hosts.h"

namespace perch::scan {

using op::Cap;
using policy::Layer;
using policy::Request;

EntryIndex::EntryIndex(const Layer& layer) : layer_(layer) {
  for (std::size_t cap = 0; cap < by_cap_.size(); ++cap) {
    for (const std::string& entry : layer.rules[cap].allowed) {
      const bool host = static_cast<Cap>(cap) == Cap::Net;
      by_cap_[cap].emplace(host ? policy::matched_part(entry) : std::string_view(entry), &entry);
    }
  }
  for (const std::string& entry : layer.rule(Cap::Exec).allowed)
    program_paths_ = program_paths_ || entry.starts_with('/');
}

bool EntryIndex::lists_program(std::string_view entry) const {
  return by_cap_[static_cast<std::size_t>(Cap::Exec)].contains(entry);
}

Layer EntryIndex::narrowed(const Request& request) const {
  Layer out{.source = layer_.source,
            .shell_allowed = layer_.shell_allowed,
            .shell_metachars = layer_.shell_metachars};
  for (std::size_t cap = 0; cap < out.rules.size(); ++cap)
    out.rules[cap].mode = layer_.rules[cap].mode;
  switch (request.cap) {
  case Cap::Read:
    take_roots(Cap::Read, request.subject, out);
    take_roots(Cap::Write, request.subject, out); // what may be written may be read
    break;
  case Cap::Write:
    take_roots(Cap::Write, request.subject, out);
    break;
  case Cap::Net:
    take_hosts(request.subject, out);
    break;
  case Cap::Exec:
    take(Cap::Exec, request.known_as, out);
    take(Cap::Exec, request.resolved, out);
    break;
  case Cap::None:
  case Cap::Env:
  case Cap::Wasm:
    take(request.cap, request.subject, out);
    break;
  }
  return out;
}

void EntryIndex::take(Cap cap, std::string_view key, Layer& into) const {
  const auto [first, last] = by_cap_[static_cast<std::size_t>(cap)].equal_range(key);
  for (auto at = first; at != last; ++at)
    into.rule(cap).allowed.push_back(*at->second);
}

/// The path itself and all that is above it.
void EntryIndex::take_roots(Cap cap, std::string_view path, Layer& into) const {
  take(cap, "/", into);
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1))
    take(cap, path.substr(0, slash), into);
  if (path != "/")
    take(cap, path, into);
}

/// The name itself, the patterns for what is below each of its domains, and `*`. Without a host it
/// is about the network as such, which any entry opens.
void EntryIndex::take_hosts(std::string_view host, Layer& into) const {
  if (host.empty()) {
    into.rule(Cap::Net).allowed = layer_.rule(Cap::Net).allowed;
    return;
  }
  take(Cap::Net, host, into);
  for (std::size_t dot = host.find('.'); dot != host.npos; dot = host.find('.', dot + 1))
    take(Cap::Net, host.substr(dot), into);
  take(Cap::Net, "", into);
}

} // namespace perch::scan
