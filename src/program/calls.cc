// What the head of a call means, and whether its words fit.
//
// Order for a head that is plain text: declared bin, op, command, template; without a `requires`
// block anything else is a program. `exec HEAD` and a head with a placeholder are always programs.

#include "lang/keywords.h"
#include "program/analyzer.h"
#include "program/argument_text.h"

#include <algorithm>
#include <array>

namespace perch::program {

namespace {

using op::Arity;
using op::Type;

/// A literal that the op itself would refuse in every run.
struct UnusableText {
  static constexpr std::string_view id = "unusable-text";
  std::string_view refusal, way_out;
  std::string message() const { return std::string(refusal); }
  std::string help() const { return std::string(way_out); }
};

// Ops that win over a declared bin of their name when they get exactly their number of words, so
// that `bin "mkdir"` gives `mkdir -p a/b` to the program and `mkdir "a"` to the op.
constexpr std::array<std::string_view, 36> kKeywordOps = {"assert_contains",
                                                          "assert_eq",
                                                          "assert_exists",
                                                          "assert_match",
                                                          "assert_neq",
                                                          "assert_not_contains",
                                                          "assert_not_exists",
                                                          "assert_version",
                                                          "bundle_extract",
                                                          "cd",
                                                          "chmod",
                                                          "cp",
                                                          "download",
                                                          "eprintln",
                                                          "exit",
                                                          "export",
                                                          "fail",
                                                          "gzip",
                                                          "list_commands",
                                                          "mkdir",
                                                          "mv",
                                                          "print",
                                                          "println",
                                                          "rm",
                                                          "set_env",
                                                          "shell",
                                                          "shell_detached",
                                                          "sleep",
                                                          "throw",
                                                          "touch",
                                                          "ungzip",
                                                          "unset",
                                                          "unset_env",
                                                          "write_file",
                                                          "zip_create",
                                                          "zip_extract"};

bool takes(const op::OpDecl& op, std::size_t words) {
  std::size_t least = 0;
  std::size_t most = 0;
  for (const op::Param& param : op.parameters()) {
    if (param.arity == Arity::Named)
      continue;
    if (param.arity == Arity::Required)
      ++least;
    most = param.arity == Arity::Rest ? SIZE_MAX : most + 1;
    if (most == SIZE_MAX)
      break;
  }
  return words >= least && words <= most;
}

/// Settings that are programs, too, and are run only by words that do not fit the setting.
bool reads_as_setting(std::span<const lang::Word> words) {
  const lang::Setting* setting = lang::find_setting(words[0].text, lang::Region::Command);
  const std::size_t behind = words.size() - 1;
  if (setting == nullptr || behind < setting->shape.min_words || behind > setting->shape.max_words)
    return false;
  return words[0].text != "env" || base::is_identifier(words[1].text);
}

bool literal_fits(Type type, std::string_view text) {
  switch (type) {
  case Type::Int:
    return base::parse_int(text).has_value();
  case Type::Float:
  case Type::Number:
    return base::parse_float(text).has_value();
  case Type::Bool:
    return text == "true" || text == "false";
  case Type::Duration: // nothing takes less than no time
    return !text.starts_with('-') &&
           (base::parse_duration_ns(text).has_value() || base::parse_float(text).has_value());
  case Type::Path:
    return !text.empty();
  case Type::None:
  case Type::Text:
  case Type::List:
  case Type::Json:
  case Type::Any:
    return true;
  }
  return true;
}

std::string_view type_words(Type type) {
  switch (type) {
  case Type::Int:
    return "an integer";
  case Type::Float:
  case Type::Number:
    return "a number";
  case Type::Bool:
    return "true or false";
  case Type::Duration:
    return "a duration";
  case Type::Path:
    return "a path";
  case Type::None:
  case Type::Text:
  case Type::List:
  case Type::Json:
  case Type::Any:
    return "text";
  }
  return "text";
}

std::string type_hint(const op::OpDecl& op, Type type, const Expr& e) {
  if (!e.quoted && e.text.starts_with('-') && e.text.size() > 1 && !base::parse_float(e.text))
    return cat("usage: ", op_usage(op), "; to run the program instead: exec ", op.name, " …");
  if (type == Type::Duration)
    return "such as 500ms, 2s, 1h30m; a bare number is seconds";
  if (type == Type::Path)
    return "an empty path never means the current directory; write \".\"";
  return cat("usage: ", op_usage(op));
}

/// A bare word that a program would take for a flag.
bool is_flag(const Expr& e) {
  return e.plain() && !e.quoted && e.text.size() > 1 && e.text.starts_with('-');
}

/// `{a,b}` and `{1..3}`, which a shell makes several words of.
bool has_brace_list(std::string_view text) {
  const auto open = text.find('{');
  const auto close = text.find('}', std::min(open, text.size()));
  if (close == text.npos)
    return false;
  const std::string_view inside = text.substr(open, close - open);
  return inside.contains(',') || inside.contains("..");
}

/// How far a word may be from what it was meant to be: short ones are near everything.
int likeness(std::string_view name) { return name.size() <= 4 ? 1 : 2; }

/// Whether a call of what is no op may be a mistyped one of `op`: it begins as that does, the words
/// fit, and what the op gives is taken, or it does something. A stage of a pipe has its last word
/// from the one before.
bool could_mean(const op::OpDecl& op, const lang::Clause& clause, bool used) {
  const auto acts = [](const op::Need& need) {
    return need.cap != op::Cap::Read && need.cap != op::Cap::Env;
  };
  const auto is_flag_word = [](const lang::Word& word) {
    return word.quote != lang::Quote::Whole && word.text.starts_with('-') &&
           !base::parse_float(word.text);
  };
  return op.name.substr(0, 2).contains(clause.words[0].text.front()) &&
         (used || op.returns == Type::None || std::ranges::any_of(op.requests(), acts)) &&
         (takes(op, clause.words.size() - 1) || (used && takes(op, clause.words.size()))) &&
         std::ranges::none_of(clause.words.subspan(1), is_flag_word);
}

/// `name:value` for a named parameter: the word without its prefix, or nothing.
std::optional<lang::Word> named_value(const lang::Word& word, std::string_view name,
                                      base::Arena& arena) {
  auto cut = [&](std::string_view text) {
    return text.size() > name.size() && text.starts_with(name) && text[name.size()] == ':';
  };
  if (word.quote == lang::Quote::Whole)
    return std::nullopt;
  lang::Word out = word;
  out.quote = lang::Quote::Whole;
  if (word.plain()) {
    if (!cut(word.text))
      return std::nullopt;
    out.text = word.text.substr(name.size() + 1);
    return out;
  }
  if (word.parts[0].kind != lang::Part::Kind::Text || !cut(word.parts[0].text))
    return std::nullopt;
  std::vector<lang::Part> parts(word.parts.begin(), word.parts.end());
  parts[0].text = parts[0].text.substr(name.size() + 1);
  if (parts[0].text.empty())
    parts.erase(parts.begin());
  out.parts = arena.copy(parts);
  return out;
}

} // namespace

std::string op_usage(const op::OpDecl& op, std::string_view name) {
  std::string out(name.empty() ? op.name : name);
  for (const op::Param& param : op.parameters()) {
    switch (param.arity) {
    case Arity::Required:
      out += cat(' ', param.name);
      break;
    case Arity::Optional:
      out += cat(" [", param.name, ']');
      break;
    case Arity::Rest:
      out += cat(" [", param.name, "…]");
      break;
    case Arity::Named:
      out += cat(" [", param.name, ":…]");
      break;
    }
  }
  return out;
}

const op::OpDecl* Analyzer::find_op(std::string_view name) {
  auto [at, added] = op_memo_.emplace(name, nullptr);
  if (added)
    at->second = ops_.find(name);
  return at->second;
}

const Bin* Analyzer::find_bin(std::string_view head) const {
  auto found = bins_.find(head);
  return found == bins_.end() ? nullptr : found->second;
}

std::string_view Analyzer::nearest_call(const Context& ctx, std::string_view name, bool bins_too) {
  if (const std::string_view op = nearest_op(name); !op.empty())
    return op;
  if (diags_.errors() > diag::Diags::kMaxKept)
    return {}; // nobody reads one more, and there may be a hundred thousand
  std::vector<std::string_view> candidates = ctx.unit->seen_order;
  for (const auto& [tpl, seen] : ctx.unit->seen_templates)
    candidates.push_back(tpl);
  if (bins_too) {
    for (const auto& [bin, decl] : bins_)
      candidates.push_back(bin);
  }
  std::ranges::sort(candidates);
  return base::nearest(name, candidates, likeness(name)).value_or("");
}

std::string_view Analyzer::nearest_op(std::string_view name) {
  auto [at, added] = nearest_memo_.emplace(name, std::string_view());
  if (!added || diags_.errors() > diag::Diags::kMaxKept)
    return at->second;
  std::vector<std::string_view> candidates;
  for (const auto& family : ops_.families()) {
    for (const op::OpDecl& op : family)
      candidates.push_back(op.name);
  }
  return at->second = base::nearest(name, candidates, likeness(name)).value_or("");
}

const Node* Analyzer::call_statement(Context& ctx, const lang::CallStmt& stmt, Slot capture,
                                     std::string_view capture_name) {
  if (stmt.clauses.size() > 1)
    return chain(ctx, stmt, capture, capture_name);
  return clause(ctx, stmt.clauses[0], capture, capture_name, false);
}

const Node* Analyzer::chain(Context& ctx, const lang::CallStmt& stmt, Slot capture,
                            std::string_view capture_name) {
  auto* made = node<ChainNode>(ctx, NodeKind::Chain, stmt.head);
  made->capture = capture;
  made->capture_name = capture_name;
  std::vector<ChainNode::Link> links;
  for (const lang::Clause& part : stmt.clauses) {
    if (!part.exec && part.words[0].plain() &&
        find_template(*ctx.unit, part.words[0].text) != nullptr) {
      diags_.error(TemplateAsValue{part.words[0].text, "a clause of a chain"}, part.span);
      continue;
    }
    const Node* link = clause(ctx, part, -1, {}, false);
    if (link != nullptr)
      links.push_back({part.before, link});
  }
  made->links = arena_.copy(links);
  return made;
}

const Node* Analyzer::clause(Context& ctx, const lang::Clause& clause, Slot capture,
                             std::string_view capture_name, bool stage) {
  const Node* made = named_call(ctx, clause, capture, capture_name, stage);
  if (made != nullptr && capture >= 0) {
    // The node was made a moment ago by this analyzer; it is not shared yet.
    auto* fresh = const_cast<Node*>(made);
    fresh->capture = capture;
    fresh->capture_name = capture_name;
    const op::OpDecl* op =
        made->kind == NodeKind::Op ? static_cast<const OpNode*>(made)->op : nullptr;
    if (op != nullptr && op->returns == Type::None && strictness_ == Strictness::Check)
      diags_.add(diag::make(NoValue{op->name}, clause.span, diag::Severity::Note));
  }
  return made;
}

bool Analyzer::wants_bin(const lang::Clause& clause, const op::OpDecl* op) const {
  if (op == nullptr)
    return true;
  const bool keyword = std::ranges::find(kKeywordOps, clause.words[0].text) != kKeywordOps.end();
  return !keyword || !takes(*op, clause.words.size() - 1);
}

const Node* Analyzer::named_call(Context& ctx, const lang::Clause& clause, Slot capture,
                                 std::string_view capture_name, bool stage) {
  if (reported_as_prefix(clause) || reported_as_call(ctx, clause))
    return nullptr;
  const lang::Word& head = clause.words[0];
  const Bin* bin = head.plain() ? find_bin(head.text) : nullptr;
  if (clause.exec || !head.plain())
    return exec_node(ctx, clause, bin);
  const op::OpDecl* op = head.quote == lang::Quote::None ? find_op(head.text) : nullptr;
  if (bin != nullptr && wants_bin(clause, op)) {
    if (op != nullptr && strictness_ == Strictness::Check) {
      diag::Diag note = diag::make(BinHidesOp{head.text}, head.span, diag::Severity::Note);
      diags_.add(std::move(note));
    }
    return exec_node(ctx, clause, bin);
  }
  if (op != nullptr)
    return op_clause(ctx, *op, clause, stage);
  if (const Command* command = find_command(*ctx.unit, head.text)) {
    return command_call(ctx, *command, clause.words);
  }
  if (const Unit::SeenTemplate* seen = find_template(*ctx.unit, head.text)) {
    if (capture >= 0) {
      diags_.error(TemplateAsValue{head.text, "captured"}, clause.span);
      return nullptr;
    }
    if (stage) {
      diags_.error(TemplateAsValue{head.text, "a pipe stage"}, clause.span);
      return nullptr;
    }
    (void)capture_name;
    return template_use(ctx, *seen, clause);
  }
  return unknown_head(ctx, clause, stage || capture >= 0);
}

/// A line that stands before `do`, or in an `arg`, and never in a body. Where a program has the
/// same name, only if the words fit the setting.
bool Analyzer::is_misplaced_setting(const lang::Clause& clause) {
  const std::string_view word = clause.words[0].text;
  if (reads_as_setting(clause.words))
    return true;
  const bool setting = lang::find_setting(word, lang::Region::Command) != nullptr ||
                       lang::find_setting(word, lang::Region::Arg) != nullptr;
  return setting && !program_exists(word);
}

/// `used`: something takes the value of the call.
const Node* Analyzer::unknown_head(Context& ctx, const lang::Clause& clause, bool used) {
  const lang::Word& head = clause.words[0];
  if (is_misplaced_setting(clause)) {
    diags_.error(ConfigInBody{head.text}, head.span);
    return nullptr;
  }
  if (reported_as_slip(ctx, clause))
    return nullptr;
  if (program_->requirements.present) {
    diags_.error(BinNotDeclared{head.text, nearest_call(ctx, head.text, true)}, head.span);
    return nullptr;
  }
  // Without a manifest any program may run. A word that is nearly an op and no program on this
  // machine is a typing error, though, and must not wait for run time. `helm upgrade -i` is none.
  if (!program_exists(head.text)) {
    const UnknownOp problem{head.text, nearest_call(ctx, head.text, false)};
    const op::OpDecl* near = find_op(problem.nearest);
    const bool like = !problem.nearest.empty() && head.text.size() > 3; // `uv`, `mvn` are like `mv`
    if (like && (near == nullptr || could_mean(*near, clause, used))) {
      diags_.error(problem, head.span);
      return nullptr;
    }
    if (strictness_ == Strictness::Check)
      diags_.warn(problem, head.span);
  }
  return exec_node(ctx, clause, nullptr);
}

const Node* Analyzer::exec_node(Context& ctx, const lang::Clause& clause, const Bin* bin) {
  const lang::Word& head = clause.words[0];
  if (bin == nullptr && head.plain() && program_->requirements.present) {
    diags_.error(BinNotDeclared{head.text, nearest_call(ctx, head.text, true)}, head.span);
    return nullptr;
  }
  check_shell_words(ctx, clause.words);
  auto* made = node<ExecNode>(ctx, NodeKind::Exec, clause.span);
  made->head = expr(ctx, head, Bare::Text);
  made->bin = bin;
  made->written_exec = clause.exec;
  made->args = exprs(ctx, clause.words.subspan(1), Bare::Text);
  return made;
}

/// Says once what a manifest cannot see.
void Analyzer::note_shell_text(const op::OpDecl& op, const lang::Clause& clause) {
  const auto is_shell = [](const op::Need& need) { return need.shell; };
  if (strictness_ != Strictness::Check || !program_->requirements.present || shell_noted_ ||
      std::ranges::none_of(op.requests(), is_shell))
    return;
  shell_noted_ = true;
  diags_.add(diag::make(TextNotExamined{}, clause.span, diag::Severity::Note));
}

const Node* Analyzer::op_clause(Context& ctx, const op::OpDecl& op, const lang::Clause& clause,
                                bool stage) {
  const lang::Word& head = clause.words[0];
  if (head.text == "throw" && clause.words.size() == 1) {
    if (ctx.rescue_depth == 0) {
      diags_.error(ThrowOutsideRescue{}, clause.span);
      return nullptr;
    }
    return node<RethrowNode>(ctx, NodeKind::Rethrow, clause.span);
  }
  if (strictness_ == Strictness::Check && !op.deprecated.empty()) {
    diags_.add(diag::make(DeprecatedOp{head.text, op.deprecated}, head.span, diag::Severity::Note));
  }
  note_shell_text(op, clause);
  // `print` begins a pipe with what it prints; other ops are given what comes in.
  const bool fed = stage && op.family != op::Family::Output;
  auto* made = const_cast<OpNode*>(op_node(ctx, op, head, clause.words.subspan(1), fed,
                                           op.bare_names ? Bare::Name : Bare::Text));
  if (made != nullptr)
    made->span = clause.span;
  return made;
}

const OpNode* Analyzer::op_node(Context& ctx, const op::OpDecl& op, const lang::Word& head,
                                std::span<const lang::Word> words, bool stage, Bare bare) {
  if (reported_shell_words(ctx, op, words) || reported_as_assignment(op, head, words))
    return nullptr;
  auto* made = node<OpNode>(ctx, NodeKind::Op, head.span);
  made->op = &op;
  const std::span<const op::Param> params = op.parameters();
  std::vector<const Expr*> given(params.size(), nullptr);
  std::vector<Expr> rest;
  // In a pipe the last required parameter is the data that flows in, unless it is written.
  std::size_t fed = params.size();
  if (stage) {
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (params[i].arity == Arity::Required)
        fed = i;
    }
    std::size_t required = 0;
    for (const op::Param& param : params)
      required += param.arity == Arity::Required ? 1 : 0;
    if (fed == params.size() || words.size() >= required + 1 ||
        (params[fed].type != Type::Text && params[fed].type != Type::Any &&
         params[fed].type != Type::List)) {
      diags_.error(NotAStage{op.name, {}}, head.span);
      return nullptr;
    }
  }
  std::size_t next = 0;
  const std::string usage = op_usage(op, head.text);
  for (std::size_t w = 0; w < words.size(); ++w) {
    const lang::Word& word = words[w];
    bool named = false;
    for (std::size_t i = 0; i < params.size() && !named; ++i) {
      if (params[i].arity != Arity::Named)
        continue;
      if (std::optional<lang::Word> value = named_value(word, params[i].name, arena_)) {
        if (given[i] != nullptr)
          diags_.error(DuplicateDeclaration{params[i].name}, word.span);
        given[i] = keep(expr(ctx, *value, Bare::Text));
        (void)op_argument_fits(op, params[i], *given[i]);
        named = true;
      }
    }
    if (named)
      continue;
    while (next < params.size() && (params[next].arity == Arity::Named || next == fed)) {
      ++next;
    }
    if (next == params.size()) {
      too_many_words(op, head, words, word);
      return nullptr;
    }
    const Expr e = expr(ctx, word, bare);
    if (strictness_ == Strictness::Check && bare == Bare::Name && e.plain() && !e.quoted &&
        base::is_identifier(e.text) && params[next].type != Type::Bool && e.text != "true" &&
        e.text != "false") {
      diags_.warn(UnboundBareWord{e.text}, e.span);
    }
    if (params[next].arity == Arity::Rest) {
      rest.push_back(e);
      continue;
    }
    if (!op_argument_fits(op, params[next], e))
      return nullptr;
    given[next++] = keep(e);
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (given[i] != nullptr && params[i].type == Type::Path && is_flag(*given[i])) {
      diags_.error(FlagOfAnOp{op.name, given[i]->text}, given[i]->span);
      return nullptr;
    }
    if (params[i].arity != Arity::Required || given[i] != nullptr || i == fed)
      continue;
    diags_.error(MissingArgument{head.text, params[i].name, arena_.copy(usage)}, head.span);
    return nullptr;
  }
  made->params = arena_.copy(given);
  made->rest = arena_.copy(rest);
  return made;
}

void Analyzer::too_many_words(const op::OpDecl& op, const lang::Word& head,
                              std::span<const lang::Word> words, const lang::Word& first_surplus) {
  const bool shell = std::ranges::any_of(op.requests(), &op::Need::shell);
  const bool flags = !shell && std::ranges::any_of(words, [](const lang::Word& each) {
    return each.text.starts_with('-');
  });
  const std::string usage =
      cat(op_usage(op, head.text),
          shell ? "; the text of a shell is one word: put all of it into quotes" : "");
  diags_.error(
      TooManyArguments{head.text, arena_.copy(usage), flags ? cat(head.text, " …") : std::string()},
      first_surplus.span);
}

bool Analyzer::op_argument_fits(const op::OpDecl& op, const op::Param& param, const Expr& e) {
  if (!e.plain())
    return true;
  if (!literal_fits(param.type, e.text)) {
    diags_.error(ArgumentType{param.name, type_words(param.type), e.text,
                              arena_.copy(type_hint(op, param.type, e))},
                 e.span);
    return false;
  }
  if (op.name == "set_env" && param.name == "name" &&
      !e.text.contains('=')) // that is another habit
    check_variable_name(param.name, e.text, e.span);
  if (const Status usable = param.check == nullptr ? Status() : param.check(e.text); !usable) {
    diags_.error(UnusableText{usable.error().message, usable.error().help}, e.span);
    return false;
  }
  // Ops take a path as it is written: `rm *.o` would remove one file of that very name.
  if (param.type == Type::Path && !e.quoted && param.name != "pattern" &&
      (e.text.find_first_of("*?") != e.text.npos || has_brace_list(e.text))) {
    diags_.error(UnexpandedPattern{e.text}, e.span);
    return false;
  }
  return true;
}

const Node* Analyzer::command_call(Context& ctx, const Command& command,
                                   std::span<const lang::Word> words) {
  check_shell_words(ctx, words);
  auto* made = node<CommandCallNode>(ctx, NodeKind::CommandCall,
                                     diag::join(words.front().span, words.back().span));
  made->command = &command;
  made->args = exprs(ctx, words.subspan(1), Bare::Text);
  pending_calls_.push_back({&command, words[0], made->args});
  return made;
}

/// `text` is the value in `word`, as it is written.
void Analyzer::check_command_value(const Arg& arg, const Expr& word, std::string_view text) {
  if (!word.plain())
    return;
  if (!is_choice(arg, text)) {
    diags_.error(BadOption{arg.name, text, arena_.copy(cat("one of ", choices_text(arg)))},
                 word.span);
  } else if (const std::string_view missed = type_missed(arg, text); !missed.empty()) {
    diags_.error(ArgumentType{arg.name, missed, text, "it is what the command declares"},
                 word.span);
  }
}

void Analyzer::check_command_words(const Command& command, const lang::Word& head,
                                   std::span<const Expr> args) {
  if (command.proxy_args)
    return;
  const auto usage = [&] { return arena_.copy(command_usage(command)); };
  std::unordered_map<std::string_view, const Arg*> args_by_name;
  std::vector<const Arg*> positions;
  for (const Arg& arg : command.args) {
    args_by_name.emplace(arg.name, &arg);
    if (arg.index)
      positions.push_back(&arg);
  }
  std::ranges::stable_sort(positions, {}, [](const Arg* arg) { return *arg->index; });
  const bool rest = !positions.empty() && positions.back()->rest;
  std::unordered_set<std::string_view> flags;
  std::size_t positional = 0;
  bool dynamic = false;
  bool ended = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Expr& e = args[i];
    const std::string_view text =
        e.plain() ? e.text : (e.pieces[0].kind == Piece::Kind::Text ? e.pieces[0].text : "");
    dynamic = dynamic || e.spreads();
    const bool number = base::parse_float(text).has_value();
    if (ended || text.size() < 2 || text[0] != '-' || number) {
      const std::string_view name = text.substr(0, std::min(text.find('='), text.size()));
      const bool bare = sources_.text(e.span).starts_with(name);
      if (!ended && bare && name.size() < text.size() && args_by_name.contains(name)) {
        diags_.error(NamedWithoutDash{command.name, name}, e.span);
        return;
      }
      if (++positional > positions.size() && !rest && !e.spreads()) {
        diags_.error(TooManyArguments{command.name, usage(), {}}, e.span);
        return;
      }
      if (!dynamic) // else nobody knows yet whose value this is
        check_command_value(*positions[std::min(positional, positions.size()) - 1], e, text);
      continue;
    }
    if (text == "--") {
      ended = true;
      continue;
    }
    std::string_view name = text.substr(text.starts_with("--") ? 2 : 1);
    const auto equals = name.find('=');
    name = name.substr(0, equals);
    const auto arg = args_by_name.find(name);
    if (arg == args_by_name.end()) {
      std::vector<std::string_view> names;
      for (const Arg& each : command.args)
        names.push_back(each.name);
      diags_.error(
          UnknownFlag{command.name, name, base::nearest(name, names).value_or(""), usage()},
          e.span);
      return;
    }
    flags.insert(name);
    if (equals != name.npos)
      check_command_value(*arg->second, e, text.substr(text.find('=') + 1));
    else if (arg->second->type != Type::Bool && ++i == args.size())
      diags_.error(FlagNeedsValue{name}, e.span);
    else if (arg->second->type != Type::Bool)
      check_command_value(*arg->second, args[i], args[i].text);
  }
  if (dynamic)
    return;
  for (const Arg& arg : command.args) {
    const bool needed = arg.fallback == nullptr && !arg.optional && !arg.rest;
    const bool given =
        arg.index ? static_cast<std::size_t>(*arg.index) < positional : flags.contains(arg.name);
    if (needed && !given && !flags.contains(arg.name)) {
      diags_.error(MissingArgument{command.name, arg.name, usage()}, head.span);
      return;
    }
  }
}

} // namespace perch::program
