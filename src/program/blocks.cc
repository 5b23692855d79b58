// Blocks with a head of words and options: execution contexts, platforms, pipes.

#include "base/error_kinds.h"
#include "program/analyzer.h"
#include "program/env_pairs.h"

#include <algorithm>

namespace perch::program {

namespace {

constexpr std::array<std::string_view, 3> kParallelOptions = {"fail_fast", "max", "mode"};
constexpr std::array<std::string_view, 10> kRetryOptions = {
    "attempts", "backoff", "base", "delay", "jitter", "max", "max_delay", "on", "kinds", "times"};

std::string known_list(std::span<const std::string_view> names) {
  std::string out;
  for (std::string_view name : names)
    out += cat(out.empty() ? "" : ", ", name);
  return out;
}

/// The text in front of the first placeholder of a word that has one.
std::string_view front_text(const lang::Word& word) {
  return word.parts[0].kind == lang::Part::Kind::Text ? word.parts[0].text : std::string_view();
}

/// `-Dx=1` in "OPTS=-Dx=1,y=2": nobody can tell whether `y` is a variable, too. A `=` at the end is
/// that of base64.
bool holds_pair(const EnvPair& pair) {
  return pair.value.substr(0, pair.value.find_last_not_of('=') + 1).contains('=');
}

} // namespace

void Analyzer::shape(const lang::Stmt& stmt, std::string_view block, std::string_view shape) {
  diags_.error(BlockShape{block, shape}, stmt.head);
}

void Analyzer::known_options(const lang::BlockStmt& stmt, std::string_view block,
                             std::span<const std::string_view> known) {
  for (std::size_t i = 0; i < stmt.options.size(); ++i) {
    const lang::Option& option = stmt.options[i];
    if (std::ranges::find(known, option.key) == known.end()) {
      diags_.error(UnknownOption{block, option.key, base::nearest(option.key, known).value_or(""),
                                 arena_.copy(known_list(known))},
                   option.key_span);
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (stmt.options[j].key == option.key) {
        diags_.error(DuplicateDeclaration{option.key}, option.key_span);
      }
    }
  }
}

const Expr* Analyzer::option(Context& ctx, const lang::BlockStmt& stmt,
                             std::initializer_list<std::string_view> names) {
  const lang::Option* found = nullptr;
  for (const lang::Option& option : stmt.options) {
    if (std::ranges::find(names, option.key) == names.end())
      continue;
    if (found != nullptr && found->key != option.key) {
      diags_.error(BadOption{option.key, sources_.text(option.value.span),
                             cat("left out: `", found->key, "` says the same")},
                   option.span);
    }
    found = &option;
  }
  return found == nullptr ? nullptr : keep(expr(ctx, found->value, Bare::Name));
}

void Analyzer::check_duration(const Expr& e, std::string_view what, bool seconds_allowed) {
  if (!e.plain())
    return;
  const std::optional<std::int64_t> parsed = base::parse_duration_ns(e.text);
  const std::optional<double> seconds = base::parse_float(e.text);
  if (parsed ? *parsed >= 0 : seconds_allowed && seconds && *seconds >= 0)
    return;
  diags_.error(BadOption{what, e.text, "a duration such as 500ms, 90s, 1h30m, 2d"}, e.span);
}

void Analyzer::check_int(const Expr* e, std::string_view what, std::int64_t least) {
  if (e == nullptr || !e->plain())
    return;
  const std::optional<std::int64_t> value = base::parse_int(e->text);
  if (value && *value >= least)
    return;
  diags_.error(BadOption{what, e->text, least > 0 ? "a positive number" : "a number"}, e->span);
}

const Node* Analyzer::block(Context& ctx, const lang::BlockStmt& stmt) {
  switch (stmt.kind) {
  case lang::StmtKind::Parallel:
    return parallel(ctx, stmt);
  case lang::StmtKind::Timeout:
    return timeout(ctx, stmt);
  case lang::StmtKind::Retry:
    return retry(ctx, stmt);
  case lang::StmtKind::WithEnv:
    return with_env(ctx, stmt);
  case lang::StmtKind::WithCwd:
    return with_cwd(ctx, stmt);
  case lang::StmtKind::Sandbox:
    return sandbox(ctx, stmt);
  case lang::StmtKind::Cache:
    return cache(ctx, stmt);
  case lang::StmtKind::Call:
  case lang::StmtKind::Assign:
  case lang::StmtKind::If:
  case lang::StmtKind::ForEach:
  case lang::StmtKind::Match:
  case lang::StmtKind::Try:
  case lang::StmtKind::Platform:
  case lang::StmtKind::Pipe:
  case lang::StmtKind::WasmRun:
    break;
  }
  return nullptr;
}

const Node* Analyzer::parallel(Context& ctx, const lang::BlockStmt& stmt) {
  auto* made = node<ParallelNode>(ctx, NodeKind::Parallel, stmt.head);
  known_options(stmt, "parallel", std::span(kParallelOptions).first(2));
  made->max = option(ctx, stmt, {"max"});
  made->fail_fast = option(ctx, stmt, {"fail_fast"});
  check_int(made->max, "max", 1);
  std::vector<const Node*> branches;
  for (const lang::Stmt* branch : stmt.body) {
    ctx.frame->push(FrameBuilder::Scope::Branch);
    if (const Node* node = statement(ctx, *branch))
      branches.push_back(node);
    ctx.frame->pop();
  }
  made->branches = arena_.copy(branches);
  return made;
}

const Node* Analyzer::timeout(Context& ctx, const lang::BlockStmt& stmt) {
  static constexpr std::array<std::string_view, 1> kOptions = {"secs"};
  constexpr std::string_view kShape = "timeout DURATION … end (such as 90s), or timeout secs=N";
  auto* made = node<TimeoutNode>(ctx, NodeKind::Timeout, stmt.head);
  known_options(stmt, "timeout", kOptions);
  if (stmt.words.size() + stmt.options.size() != 1) {
    shape(stmt, "timeout", kShape);
  } else if (!stmt.words.empty()) {
    made->duration = expr(ctx, stmt.words[0], Bare::Name);
    check_duration(made->duration, "timeout", true);
  } else if (const Expr* seconds = option(ctx, stmt, {"secs"})) {
    made->duration = *seconds;
    check_duration(made->duration, "secs", true);
  }
  made->body = body(ctx, stmt.body);
  return made;
}

const Node* Analyzer::retry(Context& ctx, const lang::BlockStmt& stmt) {
  auto* made = node<RetryNode>(ctx, NodeKind::Retry, stmt.head);
  known_options(stmt, "retry", kRetryOptions);
  made->attempts = option(ctx, stmt, {"attempts", "max", "times"});
  if (!stmt.words.empty()) {
    if (made->attempts != nullptr)
      shape(stmt, "retry", "retry N …, or retry max=N …, with one number of attempts");
    made->attempts = keep(expr(ctx, stmt.words[0], Bare::Name));
  }
  made->backoff = option(ctx, stmt, {"backoff"});
  made->base = option(ctx, stmt, {"base", "delay"});
  made->max_delay = option(ctx, stmt, {"max_delay"});
  made->jitter = option(ctx, stmt, {"jitter"});
  made->on = option(ctx, stmt, {"on", "kinds"});
  check_int(made->attempts, "retry", 0);
  check_jitter(made->jitter);
  if (made->base != nullptr)
    check_duration(*made->base, "delay", true);
  if (made->max_delay != nullptr)
    check_duration(*made->max_delay, "max_delay", true);
  if (made->backoff != nullptr && made->backoff->plain() && made->backoff->text != "fixed" &&
      made->backoff->text != "linear" && made->backoff->text != "exponential") {
    diags_.error(BadOption{"backoff", made->backoff->text, "fixed, linear or exponential"},
                 made->backoff->span);
  }
  if (made->on != nullptr && made->on->plain()) {
    for (const std::string_view written : base::split(made->on->text, ',')) {
      const std::string_view wanted = base::trim(written);
      if (std::ranges::find(kind::kAll, wanted) == kind::kAll.end()) {
        diags_.error(UnknownKindCase{wanted}, made->on->span);
      }
    }
  }
  declare_loop_captures(ctx, stmt.body);
  made->body = body(ctx, stmt.body);
  return made;
}

void Analyzer::check_jitter(const Expr* e) {
  if (e == nullptr || !e->plain() || e->text == "true" || e->text == "false")
    return;
  const std::optional<double> part = base::parse_float(e->text);
  if (!part || *part < 0 || *part > 1)
    diags_.error(BadOption{"jitter", e->text, "true, false, or a part from 0 to 1"}, e->span);
}

const Node* Analyzer::with_env(Context& ctx, const lang::BlockStmt& stmt) {
  auto* made = node<WithEnvNode>(ctx, NodeKind::WithEnv, stmt.head);
  check_shell_words(ctx, stmt.words);
  made->pairs = exprs(ctx, stmt.words, Bare::Text);
  const std::size_t before = ctx.env_names == nullptr ? 0 : ctx.env_names->count();
  std::unordered_set<std::string_view> names;
  for (const lang::Word& word : stmt.words) {
    const std::vector<EnvPair> pairs =
        word.plain() ? env_pairs(word.text) : env_pair(front_text(word));
    if (word.quote == lang::Quote::None && word.plain() && word.text.ends_with(','))
      diags_.error(BadOption{"with_env", word.text, "written without a comma behind it"},
                   word.span);
    if (word.plain() && pairs.empty())
      diags_.error(BadOption{"with_env", word.text, "written NAME=value"}, word.span);
    for (const EnvPair& pair : pairs) {
      if (!names.insert(pair.name).second)
        diags_.error(DuplicateDeclaration{pair.name}, word.span);
      check_variable_name("with_env", base::trim(pair.name), word.span);
      if (ctx.env_names != nullptr)
        ctx.env_names->add(pair.name);
    }
    if (pairs.size() > 1 && std::ranges::any_of(pairs, holds_pair)) {
      const std::string expected = cat(
          "one word for each variable, or, if all of it is one value, come by a placeholder: \"",
          pairs[0].name, "=${value}\"");
      diags_.error(BadOption{"with_env", word.text, expected}, word.span);
    }
  }
  made->body = body(ctx, stmt.body);
  if (ctx.env_names != nullptr)
    ctx.env_names->keep(before);
  return made;
}

/// Names that no shell could read, and few programs.
void Analyzer::check_variable_name(std::string_view what, std::string_view name, Span span) {
  const bool readable = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                        name.find_first_of(" \t\r\n=") == name.npos;
  if (!readable)
    diags_.error(BadOption{what, name,
                           "the name of a variable, which has no blanks and no digit "
                           "at its front"},
                 span);
}

const Node* Analyzer::with_cwd(Context& ctx, const lang::BlockStmt& stmt) {
  auto* made = node<WithCwdNode>(ctx, NodeKind::WithCwd, stmt.head);
  if (!stmt.words.empty())
    made->path = expr(ctx, stmt.words[0], Bare::Text);
  made->body = body(ctx, stmt.body);
  return made;
}

const Node* Analyzer::sandbox(Context& ctx, const lang::BlockStmt& stmt) {
  static constexpr std::array<std::string_view, 1> kOptions = {"flags"};
  auto* made = node<SandboxNode>(ctx, NodeKind::Sandbox, stmt.head);
  known_options(stmt, "sandbox", kOptions);
  std::vector<Expr> flags;
  for (const lang::Word& word : stmt.words)
    flags.push_back(expr(ctx, word, Bare::Text));
  if (const Expr* named = option(ctx, stmt, {"flags"}))
    flags.push_back(*named);
  check_sandbox_flags(flags);
  made->flags = arena_.copy(flags);
  made->body = body(ctx, stmt.body);
  return made;
}

void Analyzer::check_sandbox_flags(std::span<const Expr> flags) {
  static constexpr std::array<std::string_view, 12> kFlags = {
      "no_env",   "no_network", "no_read", "no_shell", "no_subprocess", "no_wasm",
      "no_write", "bin=",       "env=",    "host=",    "read=",         "write="};
  for (const Expr& e : flags) {
    if (!e.plain())
      continue;
    for (std::string_view flag : base::split(e.text, ',')) {
      flag = base::trim(flag);
      if (flag.empty()) {
        diags_.error(BadOption{"sandbox", e.text, "flags, with one comma between two of them"},
                     e.span);
        continue;
      }
      const auto equals = flag.find('=');
      const std::string_view word = equals == flag.npos ? flag : flag.substr(0, equals + 1);
      if (std::ranges::find(kFlags, word) != kFlags.end())
        continue;
      diags_.error(UnknownOption{"sandbox", flag, base::nearest(word, kFlags).value_or(""),
                                 "no_shell, no_subprocess, no_network, no_write, no_read, no_env, "
                                 "no_wasm, read=, write=, host=, env=, bin="},
                   e.span);
    }
  }
}

const Node* Analyzer::cache(Context& ctx, const lang::BlockStmt& stmt) {
  static constexpr std::array<std::string_view, 2> kOptions = {"key", "ttl"};
  constexpr std::string_view kShape = "cache KEY DURATION, or cache key=\"…\" ttl=\"24h\"";
  auto* made = node<CacheNode>(ctx, NodeKind::Cache, stmt.head);
  known_options(stmt, "cache", kOptions);
  if (stmt.words.size() + stmt.options.size() != 2 || stmt.words.size() == 1) {
    shape(stmt, "cache", kShape);
  } else if (stmt.words.size() == 2) {
    made->key = expr(ctx, stmt.words[0], Bare::Text);
    made->ttl = expr(ctx, stmt.words[1], Bare::Name);
    check_duration(made->ttl, "ttl", false);
  } else {
    const Expr* key = option(ctx, stmt, {"key"});
    const Expr* ttl = option(ctx, stmt, {"ttl"});
    if (key != nullptr)
      made->key = *key;
    if (ttl != nullptr) {
      made->ttl = *ttl;
      check_duration(made->ttl, "ttl", false);
    }
  }
  if (made->key.plain() && made->key.text.empty() && made->key.span.known()) {
    diags_.error(BadOption{"cache", "", "a key that is not empty"}, made->key.span);
  }
  made->block_id =
      arena_.copy(cat(ctx.unit->module->source, ':', stmt.head.begin, ':', ++cache_blocks_));
  declare_loop_captures(ctx, stmt.body);
  std::unordered_set<std::string_view> seen;
  std::vector<std::string_view> names;
  collect_assigned(stmt.body, seen, names);
  std::vector<Slot> slots;
  made->body = body(ctx, stmt.body);
  for (std::string_view name : names)
    slots.push_back(ctx.frame->find(name));
  made->define_names = arena_.copy(names);
  made->defines = arena_.copy(slots);
  return made;
}

const Node* Analyzer::platform(Context& ctx, const lang::PlatformStmt& stmt) {
  auto* made = node<PlatformNode>(ctx, NodeKind::Platform, stmt.head);
  made->arch = stmt.arch;
  made->value = expr(ctx, stmt.value, Bare::Text);
  if (made->value.plain())
    check_platform(stmt.arch, made->value.text, made->value.span);
  made->body = body(ctx, stmt.body);
  return made;
}

const Node* Analyzer::pipe(Context& ctx, const lang::PipeStmt& stmt) {
  auto* made = node<PipeNode>(ctx, NodeKind::Pipe, stmt.head);
  std::vector<const Node*> stages;
  for (const lang::Stmt* stage : stmt.stages) {
    const Node* node = nullptr;
    if (stage->kind == lang::StmtKind::WasmRun) {
      node = wasm_run(ctx, static_cast<const lang::WasmRunStmt&>(*stage));
    } else if (stage->kind == lang::StmtKind::Call &&
               static_cast<const lang::CallStmt*>(stage)->clauses.size() == 1) {
      const auto& call = static_cast<const lang::CallStmt&>(*stage);
      node = clause(ctx, call.clauses[0], -1, {}, true);
    } else {
      diags_.error(NotAStage{sources_.text(stage->head), {}}, stage->head);
    }
    if (node != nullptr && !stages.empty() && node->kind == NodeKind::Op) {
      const op::OpDecl& op = *static_cast<const OpNode*>(node)->op;
      if (op.family == op::Family::Output)
        diags_.error(NotAStage{op.name, "only the first one prints"}, stage->head);
    }
    if (node != nullptr)
      stages.push_back(node);
  }
  if (stmt.stages.empty())
    shape(stmt, "pipe", "pipe … end with one call a line inside");
  made->stages = arena_.copy(stages);
  return made;
}

} // namespace perch::program
