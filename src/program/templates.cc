// Templates: a call becomes a block of its own with the arguments bound as its names.

#include "program/analyzer.h"

#include <algorithm>

namespace perch::program {

namespace {

constexpr std::size_t kMaxExpanded = 200'000;

const lang::ConfigLine* field(const lang::ArgDecl& arg, std::string_view keyword) {
  const auto found = std::ranges::find(arg.fields, keyword, &lang::ConfigLine::keyword);
  return found == arg.fields.end() ? nullptr : &*found;
}

std::string usage(const lang::ProcDecl& decl) {
  std::string out(decl.name);
  for (const lang::ArgDecl& arg : decl.args)
    out += cat(' ', arg.name);
  return out;
}

/// `a → b → a`: the templates from the last expansion of `name` to the next one.
std::string chain_to(std::string_view name, const TemplateUse* use) {
  std::vector<std::string> names = {std::string(name)};
  for (; use != nullptr && (names.size() == 1 || names.back() != name); use = use->outer)
    names.emplace_back(use->name);
  std::ranges::reverse(names);
  return base::join(names, " → ");
}

/// Which argument a bare `-name` or `--name` names; past the end when none.
std::size_t named_argument(std::span<const lang::ArgDecl* const> order, const lang::Word& word) {
  if (word.quote != lang::Quote::None || !word.plain() || !word.text.starts_with('-'))
    return order.size();
  const std::string_view name = word.text.substr(word.text.starts_with("--") ? 2 : 1);
  const auto found = std::ranges::find(order, name, &lang::ArgDecl::name);
  return static_cast<std::size_t>(found - order.begin());
}

} // namespace

std::vector<ScopeNode::Bind> Analyzer::template_binds(Context& ctx, const lang::ProcDecl& decl,
                                                      const lang::Clause& clause) {
  std::vector<const lang::ArgDecl*> order;
  for (const lang::ArgDecl& arg : decl.args)
    order.push_back(&arg);
  std::ranges::stable_sort(order, {}, [](const lang::ArgDecl* arg) {
    const lang::ConfigLine* index = field(*arg, "index");
    return index == nullptr || index->words.empty()
               ? std::int64_t{0}
               : base::parse_int(index->words[0].text).value_or(0);
  });
  std::vector<std::optional<Expr>> values(order.size());
  std::size_t next = 0;
  const std::string_view shown = arena_.copy(usage(decl));
  const auto words = clause.words.subspan(1);
  for (std::size_t at = 0; at < words.size(); ++at) {
    const lang::Word& word = words[at];
    // `-who=x` and `-who x` bind by name where the template has such an argument.
    if (const auto named = named_argument(order, word);
        named < order.size() && at + 1 < words.size()) {
      values[named] = expr(ctx, words[++at], Bare::Text);
      continue;
    }
    std::string_view text = word.plain()                                   ? word.text
                            : word.parts[0].kind == lang::Part::Kind::Text ? word.parts[0].text
                                                                           : "";
    const auto equals = text.find('=');
    if (word.quote != lang::Quote::Whole && text.starts_with('-') && equals != text.npos) {
      const std::string_view name = text.substr(text.starts_with("--") ? 2 : 1);
      const auto arg = std::ranges::find_if(order, [&](const lang::ArgDecl* each) {
        return name.starts_with(each->name) && name.substr(each->name.size()).starts_with('=');
      });
      if (arg != order.end()) {
        lang::Word value = word;
        value.quote = lang::Quote::Whole;
        if (word.plain()) {
          value.text = text.substr(equals + 1);
        } else {
          std::vector<lang::Part> parts(word.parts.begin(), word.parts.end());
          parts[0].text = text.substr(equals + 1);
          if (parts[0].text.empty())
            parts.erase(parts.begin());
          value.parts = arena_.copy(parts);
        }
        values[static_cast<std::size_t>(arg - order.begin())] = expr(ctx, value, Bare::Text);
        continue;
      }
    }
    if (word.quote != lang::Quote::Whole && equals != text.npos) {
      const auto arg = std::ranges::find(order, text.substr(0, equals), &lang::ArgDecl::name);
      if (arg != order.end()) {
        diags_.error(NamedWithoutDash{decl.name, (*arg)->name}, word.span);
        values[static_cast<std::size_t>(arg - order.begin())] = expr(ctx, word, Bare::Text);
        continue;
      }
    }
    while (next < values.size() && values[next])
      ++next;
    if (next == values.size()) {
      diags_.error(TooManyArguments{decl.name, shown, {}}, word.span);
      break;
    }
    values[next] = expr(ctx, word, Bare::Text);
  }
  std::vector<ScopeNode::Bind> binds;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const lang::ArgDecl& arg = *order[i];
    const lang::ConfigLine* fallback = field(arg, "default");
    if (!values[i] && fallback != nullptr && !fallback->words.empty()) {
      values[i] = expr(ctx, fallback->words[0], Bare::Text);
    } else if (!values[i] && field(arg, "optional") == nullptr) {
      diags_.error(MissingArgument{decl.name, arg.name, shown}, clause.words[0].span);
      continue;
    }
    if (values[i])
      check_template_value(arg, *values[i]);
    binds.push_back({.slot = -1,
                     .name = arg.name,
                     .value = values[i].value_or(Expr{}),
                     .secret = field(arg, "secret") != nullptr});
  }
  return binds;
}

void Analyzer::check_template_value(const lang::ArgDecl& decl, const Expr& value) {
  const lang::ConfigLine* type = field(decl, "type");
  if (type == nullptr || type->words.empty() || !value.plain())
    return;
  const std::string_view name = type->words[0].text;
  // Stricter than for an argument of a command, because the text is pasted as it stands.
  const bool fits = name == "int"     ? base::parse_int(value.text).has_value()
                    : name == "float" ? base::parse_float(value.text).has_value()
                    : name == "bool"  ? value.text == "true" || value.text == "false"
                                      : true;
  if (!fits) {
    diags_.error(ArgumentType{decl.name, name, value.text, "the argument's `type` line says so"},
                 value.span);
  }
  const lang::ConfigLine* choices = field(decl, "choices");
  if (choices == nullptr ||
      std::ranges::find(choices->words, value.text, &lang::Word::text) != choices->words.end())
    return;
  diags_.error(BadOption{decl.name, value.text, "one of its choices"}, value.span);
}

const Node* Analyzer::template_use(Context& ctx, const Unit::SeenTemplate& seen,
                                   const lang::Clause& clause) {
  const lang::ProcDecl& decl = *seen.decl;
  if (!expanding_.insert(&decl).second) {
    diags_.error(TemplateRecursion{chain_to(decl.name, ctx.from)}, clause.span);
    return nullptr;
  }
  auto* use = arena_.make<TemplateUse>();
  use->name = decl.name;
  use->call = clause.span;
  use->outer = ctx.from;

  check_shell_words(ctx, clause.words);
  std::vector<ScopeNode::Bind> binds = template_binds(ctx, decl, clause);
  auto* made = node<ScopeNode>(ctx, NodeKind::Scope, clause.span);
  made->use = use;
  ctx.frame->push(FrameBuilder::Scope::Template);
  for (ScopeNode::Bind& bind : binds)
    bind.slot = ctx.frame->fresh(bind.name);
  // The body's names are those of the file the template stands in, then the caller's.
  Context inner = ctx;
  inner.unit = seen.owner;
  inner.from = use;
  inner.rescue_depth = 0;
  made->body = body(inner, decl.body);
  made->locals = arena_.copy(ctx.frame->own().subspan(binds.size()));
  ctx.frame->pop();
  made->binds = arena_.copy(binds);
  expanding_.erase(&decl);
  return made;
}

bool Analyzer::expansion_fits(const Context& ctx, std::size_t statements) {
  if (ctx.from == nullptr)
    return true;
  const bool before = expanded_ <= kMaxExpanded;
  expanded_ += statements;
  if (before && expanded_ > kMaxExpanded)
    diags_.error(TemplateTooLarge{}, ctx.from->call);
  return expanded_ <= kMaxExpanded;
}

} // namespace perch::program
