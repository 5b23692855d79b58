#include "scan/survey.h"

#include "base/text.h"
#include "policy/hosts.h"
#include "policy/urls.h"
#include "program/parts.h"
#include "program/walk.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace perch::scan {

namespace {

using base::cat;
using op::Cap;
using op::Need;
using program::Expr;
using program::Hook;
using program::Node;
using program::NodeKind;
using Known = Ask::Known;

constexpr std::string_view kHttps = "https://", kHttp = "http://";

/// An expression as it was written, near enough to recognise it.
std::string written(const Expr& expr) {
  if (expr.plain())
    return std::string(expr.text);
  std::string out;
  for (const program::Piece& piece : expr.pieces) {
    if (piece.kind == program::Piece::Kind::Text)
      out += piece.text;
    else if (piece.kind == program::Piece::Kind::Name)
      out += cat("${", piece.name.text, '}');
    else
      out += cat("${", piece.call->op->name, "(…)}");
  }
  return out;
}

/// The text before the first placeholder.
std::string_view known_start(const Expr& expr) {
  if (expr.plain())
    return expr.text;
  const program::Piece& first = expr.pieces.front();
  return first.kind == program::Piece::Kind::Text ? first.text : std::string_view();
}

/// `https://host/` of a URL whose path is made at run time: the host is as certain as it can be.
std::optional<std::string> known_origin(std::string_view start) {
  const std::size_t scheme = start.starts_with(kHttps)  ? kHttps.size()
                             : start.starts_with(kHttp) ? kHttp.size()
                                                        : 0;
  const std::size_t slash = start.find('/', scheme);
  if (scheme == 0 || slash == std::string_view::npos)
    return std::nullopt;
  return std::string(start.substr(0, slash + 1));
}

bool concerns(const Hook& hook, std::string_view op, std::span<const Need> needs) {
  return hook.target == "any" || hook.target == op ||
         std::ranges::any_of(
             needs, [&](const Need& need) { return op::cap_name(need.cap) == hook.target; });
}

class Walk final : public program::Parts {
public:
  Walk(const program::Program& program, Survey& out) : program_(program), out_(out) {}

  void command(const program::Command& command);

  void expr(const Expr& expr) override;
  void call(const Node& node) override;
  void body(program::Body body, Errors errors) override;

private:
  void node(const Node& node);
  void op(const program::OpNode& node);
  void need(const program::OpNode& node, const Need& need);
  void subject(const program::OpNode& node, const Need& need, const Expr& word);
  void exec(const program::ExecNode& node);
  void guest(const program::WasmRunNode& node);
  void guest_variables(const program::WasmRunNode& node);
  void sandbox(const program::SandboxNode& node);
  void own_variable(const Expr& word);
  void hooks(std::string_view op, std::span<const Need> needs, diag::Span span);
  void binding(std::int32_t index);
  void edge(const program::Command& to, diag::Span span, bool by_hook = false);

  Ask& add(Cap cap, std::string_view by, diag::Span span);
  void fill(Ask& ask, const Expr& word) const;
  void fill_url(Ask& ask, const Expr& word) const;
  void fill_host(Ask& ask) const;
  Region& region() { return out_.regions[region_]; }

  const program::Program& program_;
  Survey& out_;
  std::size_t region_ = 0;
  bool guarded_ = false;
  bool lazy_ = false;
  const Node* at_ = nullptr;
  std::set<std::int32_t> bindings_; ///< of the command being walked
};

Ask& Walk::add(Cap cap, std::string_view by, diag::Span span) {
  Ask ask{.cap = cap,
          .by = by,
          .span = span,
          .head = at_ != nullptr ? at_->span : span,
          .subject = {},
          .guarded = guarded_,
          .lazy = lazy_,
          .module = region().command->module};
  region().asks.push_back(std::move(ask));
  return region().asks.back();
}

void Walk::fill(Ask& ask, const Expr& word) const {
  if (word.span.known())
    ask.span = word.span;
  if (auto text = program::known_text(word, program_)) {
    ask.known = word.plain() ? Known::Literal : Known::Computed;
    ask.subject = std::move(*text);
  } else {
    ask.known = Known::Dynamic;
    ask.subject = written(word);
  }
}

void Walk::fill_host(Ask& ask) const {
  if (!ask.certain())
    return;
  if (auto host = policy::normalize_host(ask.subject))
    ask.subject = std::move(*host);
  else
    ask.known = Known::Dynamic; // no host at all: what happens is the op's error, not a denial
}

void Walk::fill_url(Ask& ask, const Expr& word) const {
  fill(ask, word);
  auto origin = ask.certain() ? std::optional(ask.subject) : known_origin(known_start(word));
  if (!origin)
    return;
  const auto url = policy::parse_url(*origin);
  if (!url) {
    ask.known = Known::Dynamic;
    return;
  }
  if (!ask.certain())
    ask.known = Known::Literal;
  ask.subject = url->host;
  ask.port = url->port;
}

void Walk::edge(const program::Command& to, diag::Span span, bool by_hook) {
  region().edges.push_back({.to = &to, .span = span, .guarded = guarded_, .by_hook = by_hook});
}

void Walk::hooks(std::string_view op, std::span<const Need> needs, diag::Span span) {
  for (const Hook& hook : program_.hooks) {
    if (concerns(hook, op, needs))
      edge(*hook.handler, span, true);
  }
}

void Walk::binding(std::int32_t index) {
  if (index < 0 || !bindings_.insert(index).second)
    return;
  const bool outer = lazy_;
  lazy_ = true;
  expr(program_.bindings[static_cast<std::size_t>(index)].value);
  lazy_ = outer;
}

void Walk::expr(const Expr& expr) {
  for (const program::Piece& piece : expr.pieces) {
    if (piece.kind == program::Piece::Kind::Call) {
      op(*piece.call);
    } else if (piece.kind == program::Piece::Kind::Name) {
      const program::Name& name = piece.name;
      binding(name.binding);
      if (name.slot >= 0 || name.binding >= 0 || name.automatic != program::Automatic::None)
        continue;
      Ask& ask = add(Cap::Env, "${…}", name.span);
      ask.known = Known::Literal;
      ask.subject = name.text;
    }
  }
}

void Walk::body(program::Body body, Errors errors) {
  const bool outer = guarded_;
  guarded_ = guarded_ || errors == Errors::Rescued;
  for (const Node* each : body)
    node(*each);
  guarded_ = outer;
}

void Walk::call(const Node& node) {
  if (node.kind == NodeKind::Exec)
    return exec(static_cast<const program::ExecNode&>(node));
  op(static_cast<const program::OpNode&>(node));
}

void Walk::own_variable(const Expr& word) {
  const std::string_view start = known_start(word);
  const std::size_t equals = start.find('=');
  if (word.plain() || equals != std::string_view::npos) {
    // `K=V,L=W` in one plain word is several.
    for (const std::string_view piece : base::split(start, ','))
      out_.own_variables.insert(base::trim(piece.substr(0, piece.find('='))));
  } else {
    out_.any_own_variable = true;
  }
}

void Walk::node(const Node& node) {
  const Node* outer = at_;
  at_ = &node;
  switch (node.kind) {
  case NodeKind::Op:
    op(static_cast<const program::OpNode&>(node));
    break;
  case NodeKind::Exec:
    exec(static_cast<const program::ExecNode&>(node));
    break;
  case NodeKind::WasmRun:
    guest(static_cast<const program::WasmRunNode&>(node));
    break;
  case NodeKind::Sandbox:
    sandbox(static_cast<const program::SandboxNode&>(node));
    break;
  case NodeKind::CommandCall:
    edge(*static_cast<const program::CommandCallNode&>(node).command, node.span);
    program::parts_of(node, *this);
    break;
  case NodeKind::WithCwd:
    out_.changes_directory = true;
    fill(add(Cap::Read, "with_cwd", node.span),
         static_cast<const program::WithCwdNode&>(node).path);
    program::parts_of(node, *this);
    break;
  case NodeKind::WithEnv:
    for (const Expr& pair : static_cast<const program::WithEnvNode&>(node).pairs)
      own_variable(pair);
    program::parts_of(node, *this);
    break;
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
  case NodeKind::Scope:
  case NodeKind::If:
  case NodeKind::ForEach:
  case NodeKind::Match:
  case NodeKind::Try:
  case NodeKind::Platform:
  case NodeKind::Pipe:
  case NodeKind::Parallel:
  case NodeKind::Timeout:
  case NodeKind::Retry:
  case NodeKind::Cache:
    program::parts_of(node, *this);
    break;
  }
  at_ = outer;
}

void Walk::sandbox(const program::SandboxNode& node) {
  for (const Expr& flag : node.flags)
    expr(flag);
  const std::size_t outer = region_;
  const std::size_t made = out_.regions.size();
  out_.regions.push_back({.command = region().command,
                          .sandbox = &node,
                          .outer = outer,
                          .guarded = guarded_,
                          .asks = {},
                          .edges = {},
                          .inner = {}});
  out_.regions[outer].inner.push_back(made);
  region_ = made;
  const bool guarded = std::exchange(guarded_, false);
  body(node.body, Errors::Leave);
  guarded_ = guarded;
  region_ = outer;
}

void Walk::subject(const program::OpNode& node, const Need& need, const Expr& word) {
  const op::OpDecl& decl = *node.op;
  Ask& ask = add(need.cap, decl.name, at_ != nullptr ? at_->span : node.span);
  ask.op = &decl;
  ask.shell = need.shell;
  if (need.cap == Cap::Net && need.subject == "url")
    return fill_url(ask, word);
  fill(ask, word);
  if (need.cap == Cap::Env && decl.name == "set_env")
    own_variable(word);
  if (need.cap != Cap::Net)
    return;
  fill_host(ask);
  const int port = decl.index_of("port");
  const Expr* number = port >= 0 ? node.params[static_cast<std::size_t>(port)] : nullptr;
  if (number != nullptr && number->plain())
    ask.port = static_cast<int>(base::parse_int(number->text).value_or(0));
}

/// A parameter nobody wrote has its fallback, or the op does without.
void Walk::need(const program::OpNode& node, const Need& need) {
  const op::OpDecl& decl = *node.op;
  const int index = decl.index_of(need.subject);
  if (index < 0) {
    Ask& ask = add(need.cap, decl.name, node.span);
    ask.op = &decl;
    ask.known = Known::Class;
    return;
  }
  const auto at = static_cast<std::size_t>(index);
  const op::Param& param = decl.params[at];
  if (param.arity == op::Arity::Rest) {
    for (const Expr& word : node.rest)
      subject(node, need, word);
    return;
  }
  if (at < node.params.size() && node.params[at] != nullptr)
    return subject(node, need, *node.params[at]);
  if (!param.fallback.empty()) {
    Ask& ask = add(need.cap, decl.name, node.span);
    ask.op = &decl;
    ask.known = Known::Literal;
    ask.subject = param.fallback;
  } else if (param.arity == op::Arity::Required) {
    Ask& ask = add(need.cap, decl.name, node.span); // comes down a pipe
    ask.op = &decl;
    ask.subject = "(piped)";
  }
}

void Walk::op(const program::OpNode& node) {
  const std::span<const Need> needs = node.op->requests();
  for (const Need& each : needs)
    need(node, each);
  if (node.op->name == "cd")
    out_.changes_directory = true;
  hooks(node.op->name, needs, node.span);
  program::parts_of(node, *this);
}

void Walk::exec(const program::ExecNode& node) {
  static constexpr std::array kNeeds = {Need{.cap = Cap::Exec, .subject = "program"}};
  Ask& ask = add(Cap::Exec, "exec", node.head.span.known() ? node.head.span : node.span);
  fill(ask, node.head);
  ask.bin = node.bin;
  hooks("exec", kNeeds, node.span);
  program::parts_of(node, *this);
}

void Walk::guest_variables(const program::WasmRunNode& node) {
  for (const Expr& names : node.env) {
    if (!names.plain()) {
      Ask& ask = add(Cap::Env, "wasm_run", names.span);
      fill(ask, names);
      ask.known = Known::Dynamic;
      ask.guest = true;
      continue;
    }
    for (const std::string_view name : base::split(names.text, ',')) {
      Ask& ask = add(Cap::Env, "wasm_run", names.span);
      ask.known = Known::Literal;
      ask.subject = base::trim(name);
      ask.guest = true;
    }
  }
}

void Walk::guest(const program::WasmRunNode& node) {
  std::vector<Need> needs = {{.cap = Cap::Wasm}};
  Ask& module = add(Cap::Wasm, "wasm_run", node.path.span.known() ? node.path.span : node.span);
  module.guest = true;
  if (node.alias.empty()) {
    fill(module, node.path);
  } else {
    module.subject = node.alias;
    module.known = Known::Literal;
  }
  if (node.alias.empty() && known_start(node.path).starts_with(kHttps))
    fill_url(add(Cap::Net, "wasm_run", node.span), node.path);
  guest_variables(node);
  for (const program::WasmMount& mount : node.mounts) {
    for (const Cap cap : {Cap::Read, Cap::Write}) {
      if (cap == Cap::Write && !mount.writable)
        continue;
      Ask& ask = add(cap, "wasm_run", mount.span);
      fill(ask, mount.host);
      ask.guest = true;
      needs.push_back({.cap = cap});
    }
  }
  for (const Expr& host : node.hosts) {
    Ask& ask = add(Cap::Net, "wasm_run", host.span);
    fill(ask, host);
    ask.guest = ask.pattern = true;
  }
  if (!node.env.empty())
    needs.push_back({.cap = Cap::Env});
  if (!node.hosts.empty())
    needs.push_back({.cap = Cap::Net});
  hooks("wasm_run", needs, node.span);
  program::parts_of(node, *this);
}

void Walk::command(const program::Command& command) {
  region_ = out_.regions.size();
  out_.by_command.emplace(&command, region_);
  out_.regions.push_back({.command = &command, .asks = {}, .edges = {}, .inner = {}});
  guarded_ = lazy_ = false;
  at_ = nullptr;
  bindings_.clear();
  for (const program::Arg& arg : command.args) {
    if (arg.fallback != nullptr)
      expr(*arg.fallback);
  }
  for (const program::EnvLine& line : command.env) {
    out_.own_variables.insert(line.name);
    expr(line.value);
  }
  if (command.dir != nullptr) {
    out_.changes_directory = true;
    fill(add(Cap::Read, "dir", command.dir->span), *command.dir);
    expr(*command.dir);
  }
  if (command.on_signal != nullptr)
    edge(*command.on_signal, command.span);
  body(command.body, Errors::Leave);
}

} // namespace

Survey survey(const program::Program& program) {
  Survey out;
  Walk walk(program, out);
  for (const program::Command* command : program.commands)
    walk.command(*command);
  if (program.catch_command != nullptr)
    walk.command(*program.catch_command);
  return out;
}

} // namespace perch::scan
