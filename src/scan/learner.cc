#include "scan/learner.h"

#include "base/text.h"

#include <algorithm>

namespace perch::scan {

namespace {

using base::cat;
using op::Cap;
using policy::Request;

std::string host_text(const Request& request) {
  constexpr int kHttp = 80, kHttps = 443;
  const bool v6 = request.subject.find(':') != std::string_view::npos;
  std::string name = v6 ? cat('[', request.subject, ']') : std::string(request.subject);
  if (request.port == 0 || request.port == kHttp || request.port == kHttps)
    return name;
  return cat(name, ':', request.port);
}

/// A path as a line of the file would name it.
std::string path_text(std::string_view path, std::string_view directory) {
  if (path == directory)
    return ".";
  if (directory != "/" && policy::is_below(directory, path))
    return cat("./", path.substr(directory.size() + 1));
  return std::string(path);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

/// ` at:"PATH"`, unless it is where a mount of this kind is seen without.
std::string place_text(const LearnedMount& mount, bool writes) {
  const std::string_view name = std::string_view(mount.host).substr(mount.host.rfind('/') + 1);
  if (mount.guest == cat(writes ? "/rw/" : "/ro/", name))
    return {};
  return cat(" at:", quoted(mount.guest));
}

/// Those that no other one holds.
std::vector<std::string> outermost(const std::set<std::string>& paths,
                                   const std::set<std::string>& also) {
  std::vector<std::string> out;
  const auto held = [](const std::set<std::string>& roots, const std::string& path, bool strictly) {
    return std::ranges::any_of(roots, [&](const std::string& root) {
      return policy::is_below(root, path) && !(strictly && root == path);
    });
  };
  for (const std::string& path : paths) {
    if (!held(paths, path, true) && !held(also, path, false))
      out.push_back(path);
  }
  return out;
}

} // namespace

/// Names stay names, so that the manifest works on another machine; what was named by path is
/// declared by path.
void Learner::add_exec(const Request& request) {
  if (request.shell && request.shell_builtin)
    return;
  if (request.shell && request.subject.empty()) {
    impossible_.emplace_back("a shell text whose first word cannot be told");
    return;
  }
  const bool by_path = request.subject.find('/') != std::string_view::npos;
  if (!by_path && !request.known_as.empty()) {
    bins_.emplace(request.known_as, request.subject);
  } else if (!request.resolved.empty()) {
    bins_.emplace(request.resolved, by_path ? std::string_view() : request.subject);
  } else {
    bins_.emplace(request.subject, std::string_view());
  }
}

Learner::Guest& Learner::guest_at(diag::Span at) {
  auto& [span, guest] = guests_[{at.source, at.begin}];
  span = at;
  return guest;
}

/// A statement that runs often needs what any of its runs has used.
void Learner::add_mount(LearnedMount mount, diag::Span at) {
  std::vector<LearnedMount>& mounts = guest_at(at).mounts;
  const auto same = std::ranges::find_if(mounts, [&](const LearnedMount& other) {
    return other.host == mount.host && other.guest == mount.guest;
  });
  if (same == mounts.end())
    mounts.push_back(std::move(mount));
  else
    same->use = std::max(same->use, mount.use);
}

void Learner::add(const Request& request, diag::Span at) {
  if (request.guest) {
    // Mounts are told of when it has ended.
    Guest& guest = guest_at(at);
    if (request.cap == Cap::Env)
      guest.env.emplace(request.subject);
    else if (request.cap == Cap::Net)
      guest.hosts.insert(host_text(request));
    return;
  }
  if (request.cap == Cap::Exec) {
    add_exec(request);
  } else if (request.cap == Cap::Read) {
    read_.emplace(request.subject);
  } else if (request.cap == Cap::Write) {
    write_.emplace(request.subject);
  } else if (request.cap == Cap::Net && request.subject.empty()) {
    any_network_ = true;
  } else if (request.cap == Cap::Net) {
    hosts_.insert(host_text(request));
  } else if (request.cap == Cap::Env && !policy::is_operational_variable(request.subject)) {
    env_.emplace(request.subject);
  }
}

void Learner::add_named(std::string_view program, std::string_view called) {
  named_.emplace(program, called == program ? std::string_view() : called);
}

std::string Learner::manifest(std::string_view directory,
                              const std::function<bool(std::string_view)>& is_set) const {
  std::string out = "requires\n";
  std::set<std::string, std::less<>> declared;
  const auto bin = [&](const std::string& name, std::string_view called, bool optional) {
    const std::string_view last = std::string_view(name).substr(name.rfind('/') + 1);
    const bool other = !called.empty() && called != name && called != last;
    out += cat("    bin ", quoted(name), other ? " as " : "", other ? called : "",
               optional ? " optional" : "", '\n');
    declared.insert(name);
    declared.emplace(called);
  };
  for (const auto& [program, called] : bins_)
    bin(program.starts_with('/') ? path_text(program, directory) : program, called, false);
  for (const auto& [program, called] : named_) {
    if (!declared.contains(called.empty() ? program : called))
      bin(program, called, true);
  }
  for (const std::string& name : env_)
    out += cat("    env ", quoted(name), is_set(name) ? "" : " optional", '\n');
  for (const std::string& host : hosts_)
    out += cat("    host ", quoted(host), '\n');
  if (hosts_.empty() && any_network_)
    out += "    host \"localhost\"\n";
  for (const std::string& path : outermost(read_, write_))
    out += cat("    read ", quoted(path_text(path, directory)), '\n');
  for (const std::string& path : outermost(write_, {}))
    out += cat("    write ", quoted(path_text(path, directory)), '\n');
  return out + "end\n";
}

std::string Learner::guests(std::string_view directory, const diag::SourceMap& sources) const {
  std::string out;
  for (const auto& [key, entry] : guests_) {
    const auto& [span, guest] = entry;
    if (span.known())
      out += cat("# ", sources.file_line(span), ": ", sources.text(span), '\n');
    const auto line = [&](std::string_view word, std::string_view value, std::string_view rest) {
      out += cat("#     ", word, ' ', quoted(value), rest, '\n');
    };
    for (const std::string& name : guest.sees_variables ? guest.env : std::set<std::string>())
      line("wasm_env", name, "  # declared; whether it is read cannot be seen");
    for (const LearnedMount& mount : guest.mounts) {
      if (mount.use == LearnedMount::Use::None)
        continue;
      const bool unknown = mount.use == LearnedMount::Use::Unknown;
      const bool writes = mount.writable && (unknown || mount.use == LearnedMount::Use::Written);
      line(writes ? "wasm_mount_write" : "wasm_mount_read", path_text(mount.host, directory),
           cat(place_text(mount, writes),
               unknown ? "  # declared; this kernel does not tell whether it is used" : ""));
    }
    for (const std::string& host : guest.hosts)
      line("wasm_allow_host", host, "");
  }
  return out;
}

} // namespace perch::scan
