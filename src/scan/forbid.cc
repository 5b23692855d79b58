#include "scan/forbid.h"

#include "base/text.h"
#include "policy/shell_text.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::scan {

namespace {

using op::Cap;
using policy::Layer;
using policy::Request;
using policy::Rule;
using Mode = Rule::Mode;

bool is_path(const Ask& ask) { return ask.cap == Cap::Read || ask.cap == Cap::Write; }

/// A request, with the text that its views point into.
struct Made {
  std::string path; ///< absolute
  policy::ShellHead head;
  Request request;
};

void make(const Ask& ask, const Place& place, Made& out) {
  Request& request = out.request;
  request = {.cap = ask.cap, .subject = ask.subject, .port = ask.port, .guest = ask.guest};
  if (ask.known == Ask::Known::Class) {
    request.subject = {};
  } else if (is_path(ask) && ask.certain()) {
    out.path = sys::absolute_path(place.directory, ask.subject);
    request.subject = out.path;
  } else if (ask.cap == Cap::Exec) {
    request.shell = ask.shell;
    if (ask.shell && ask.certain()) {
      out.head = policy::shell_head(ask.subject);
      request.subject = out.head.word;
      request.shell_builtin = out.head.kind == policy::ShellHead::Kind::Builtin;
      request.shell_metachars = policy::has_shell_metachars(ask.subject);
    }
    if (ask.bin != nullptr)
      request.subject = ask.bin->name;
    if (request.subject.find('/') == std::string_view::npos)
      request.known_as = request.subject;
  }
}

/// A list of programs forbids a name that is not on it, unless one of its paths may be that
/// program; and a path whose last part is not on it, unless one of its paths may lead there.
bool exec_forbidden(const EntryIndex& index, const Request& request, const Ask& ask) {
  if (request.shell_builtin)
    return false;
  if (ask.bin != nullptr && ask.bin->name_expr != nullptr)
    return false;
  const std::string_view name = request.subject.substr(request.subject.rfind('/') + 1);
  return !index.lists_program_paths() && (name.empty() || !index.lists_program(name));
}

bool list_forbids(const EntryIndex& index, const Ask& ask, const Place& place, const Made& made) {
  if (ask.known == Ask::Known::Class)
    return ask.cap == Cap::Net && index.layer().rule(ask.cap).allowed.empty();
  if (!ask.certain() || ask.pattern || ask.cap == Cap::Wasm)
    return false;
  if (ask.cap == Cap::Exec)
    return exec_forbidden(index, made.request, ask);
  if (is_path(ask) && place.moves && !ask.subject.starts_with('/'))
    return false;
  // A pattern of the op `glob` matches below its own start only.
  if (is_path(ask) && ask.subject.find_first_of("*?[") != std::string::npos)
    return false;
  const policy::Policy alone =
      policy::Policy().with(std::make_shared<const Layer>(index.narrowed(made.request)));
  return !policy::decide(alone, made.request).allowed();
}

} // namespace

bool forbids(const EntryIndex& index, const Ask& ask, const Place& place) {
  const Layer& layer = index.layer();
  if (ask.guest && layer.source == Layer::Source::Requires)
    return false;
  Made made;
  make(ask, place, made);
  if (ask.shell && !layer.shell_allowed)
    return true;
  if (made.request.shell_metachars && !layer.shell_metachars)
    return true;
  switch (layer.rule(ask.cap).mode) {
  case Mode::Any:
    return false;
  case Mode::None:
    // What a guest may ask for is narrowed by a layer; the block itself runs all the same.
    return !ask.pattern;
  case Mode::Only:
    return list_forbids(index, ask, place, made);
  }
  return false;
}

Error denial_of(const Layer& layer, const Ask& ask, const Place& place) {
  Made made;
  make(ask, place, made);
  static constexpr std::string_view kClasses[] = {"", "programs",  "files",  "files",
                                                  "", "variables", "modules"};
  if (ask.known == Ask::Known::Class && !ask.guest)
    made.request.subject = kClasses[static_cast<std::size_t>(ask.cap)];
  else if (ask.cap != Cap::Exec || !ask.shell)
    made.request.subject = ask.subject;
  const std::string name = base::cat("${", ask.subject, '}');
  const bool placeholder = ask.op == nullptr && ask.cap == Cap::Env && !ask.guest;
  return policy::denial({.denied_by = &layer}, made.request,
                        placeholder ? std::string_view(name) : ask.by);
}

} // namespace perch::scan
