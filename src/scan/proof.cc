#include "scan/proof.h"

#include "base/text.h"
#include "policy/layers.h"
#include "program/walk.h"
#include "scan/entry_index.h"
#include "scan/forbid.h"
#include "scan/manifest.h"
#include "scan/problems.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace perch::scan {

namespace {

using base::cat;
using op::Cap;
using policy::Layer;
using policy::Rule;
using program::SandboxNode;

constexpr std::size_t kShownCalls = 4;

class Proof {
public:
  Proof(const program::Program& program, const Survey& survey, const diag::SourceMap& sources,
        diag::Diags& diags)
      : program_(program), survey_(survey), sources_(sources), diags_(diags),
        place_{.directory = program.root().directory, .moves = survey.changes_directory},
        seen_(survey.regions.size() * kModes, 0) {}

  void sandboxes();
  void manifest();

private:
  /// One way into a region: through which call, and from where.
  struct Visit {
    std::size_t region = 0;
    bool in_hook = false;
    bool guarded = false;
    std::size_t from = 0;       ///< index into visits_
    const Edge* edge = nullptr; ///< null: the sandbox itself, or a block in its body
  };
  static constexpr std::size_t kModes = 4;

  /// The layer of a sandbox and, by region, what it forbids there.
  struct Known {
    std::optional<Layer> layer;
    std::optional<EntryIndex> index;    ///< of the layer
    std::vector<std::size_t> sandboxes; ///< all blocks with these words
    std::vector<std::optional<std::vector<const Ask*>>> forbidden;
    std::vector<bool> leads_there; ///< something forbidden is in the region, or reached from it
  };

  Known& known(const SandboxNode& node);
  void find_ways(Known& known);
  std::optional<Layer> layer_of(const SandboxNode& node);
  const std::vector<const Ask*>& forbidden(Known& known, std::size_t region);
  void one_sandbox(Known& known, std::size_t region);
  template <class Visitor>
  void each_next(std::size_t region, const Visitor& visit) const;
  void enter(const Visit& visit);
  void follow(std::size_t visit);
  void report(const Layer& layer, const Ask& ask, std::size_t sandbox, std::size_t visit);
  bool said_for_outer(const Ask& ask, std::size_t sandbox) const;
  /// Seeing what the program has set itself is no request; setting it is.
  bool own_variable(const Ask& ask) const {
    return ask.cap == Cap::Env && (ask.op == nullptr || ask.op->name != "set_env") &&
           (survey_.any_own_variable || survey_.own_variables.contains(ask.subject));
  }
  void undeclared(const EntryIndex& index, const Ask& ask);

  const program::Program& program_;
  const Survey& survey_;
  const diag::SourceMap& sources_;
  diag::Diags& diags_;
  Place place_;
  std::map<std::string, Known, std::less<>> layers_;
  const Known* now_ = nullptr; ///< of the sandbox at hand
  std::vector<Visit> visits_;
  std::vector<std::size_t> seen_; ///< by region and mode: the sandbox that was there last
  std::map<const Ask*, std::vector<std::size_t>> said_;
};

/// What the words say for certain. A word known only at run time can only forbid more, but a list
/// that it may add to is no list yet.
std::optional<Layer> Proof::layer_of(const SandboxNode& node) {
  std::vector<std::string> words;
  std::vector<Cap> open;
  bool all_open = false;
  for (const program::Expr& flag : node.flags) {
    if (auto text = program::known_text(flag, program_)) {
      words.push_back(std::move(*text));
      continue;
    }
    const auto& first = flag.pieces.front();
    const std::string_view start =
        first.kind == program::Piece::Kind::Text ? first.text : std::string_view();
    const std::pair<std::string_view, Cap> lists[] = {{"read=", Cap::Read},
                                                      {"write=", Cap::Write},
                                                      {"host=", Cap::Net},
                                                      {"env=", Cap::Env},
                                                      {"bin=", Cap::Exec}};
    const auto list = std::ranges::find_if(
        lists, [&](const auto& each) { return start.starts_with(each.first); });
    if (list != std::end(lists) && start.find(',') == std::string_view::npos)
      open.push_back(list->second);
    else
      all_open = true;
  }
  if (words.empty())
    return std::nullopt;
  auto layer = policy::sandbox_layer(words, place_.directory,
                                     cat("sandbox (", sources_.file_line(node.span), ')'));
  if (!layer) {
    diags_.error(UselessEntry{cat("sandbox: ", layer.error().message), layer.error().help},
                 node.flags.front().span);
    return std::nullopt;
  }
  for (Rule& rule : layer->rules) {
    const auto cap = static_cast<Cap>(&rule - layer->rules.data());
    const bool may_grow = all_open || std::ranges::find(open, cap) != open.end() ||
                          (cap == Cap::Read && std::ranges::find(open, Cap::Write) != open.end());
    const bool relative = place_.moves && (cap == Cap::Read || cap == Cap::Write);
    if (rule.mode == Rule::Mode::Only && (may_grow || relative))
      rule = Rule{};
  }
  return std::move(*layer);
}

Proof::Known& Proof::known(const SandboxNode& node) {
  std::string key;
  for (const program::Expr& flag : node.flags) {
    // Words with placeholders make a layer of their own per block.
    key += flag.plain() ? cat(flag.text, '\n') : cat(node.span.source, ':', node.span.begin, '\n');
  }
  auto [at, fresh] = layers_.try_emplace(std::move(key));
  if (fresh) {
    at->second.layer = layer_of(node);
    if (at->second.layer)
      at->second.index.emplace(*at->second.layer);
    at->second.forbidden.resize(survey_.regions.size());
  }
  return at->second;
}

const std::vector<const Ask*>& Proof::forbidden(Known& known, std::size_t region) {
  auto& found = known.forbidden[region];
  if (!found) {
    found.emplace();
    for (const Ask& ask : survey_.regions[region].asks) {
      if (!ask.lazy && !own_variable(ask) && forbids(*known.index, ask, place_))
        found->push_back(&ask);
    }
  }
  return *found;
}

void Proof::enter(const Visit& visit) {
  const std::size_t mode = (visit.in_hook ? 1 : 0) + (visit.guarded ? 2 : 0);
  // From 1 on: 0 stands for no sandbox at all.
  std::size_t& last = seen_[visit.region * kModes + mode];
  const std::size_t now = visits_.empty() ? visit.region + 1 : visits_.front().region + 1;
  if (last == now || !now_->leads_there[visit.region])
    return;
  last = now;
  visits_.push_back(visit);
}

void Proof::follow(std::size_t at) {
  const Visit visit = visits_[at];
  const Region& region = survey_.regions[visit.region];
  for (const std::size_t inner : region.inner) {
    enter({.region = inner,
           .in_hook = visit.in_hook,
           .guarded = visit.guarded || survey_.regions[inner].guarded,
           .from = at});
  }
  for (const Edge& edge : region.edges) {
    const auto body = survey_.by_command.find(edge.to);
    if (body == survey_.by_command.end() || (edge.by_hook && visit.in_hook))
      continue;
    enter({.region = body->second,
           .in_hook = visit.in_hook || edge.by_hook,
           .guarded = visit.guarded || edge.guarded,
           .from = at,
           .edge = &edge});
  }
}

/// Regions that a region leads to: sandboxes in it, bodies of what it calls, handlers.
template <class Visitor>
void Proof::each_next(std::size_t region, const Visitor& visit) const {
  for (const std::size_t inner : survey_.regions[region].inner)
    visit(inner);
  for (const Edge& edge : survey_.regions[region].edges) {
    if (const auto body = survey_.by_command.find(edge.to); body != survey_.by_command.end())
      visit(body->second);
  }
}

/// Everything that all sandboxes of the same words reach is looked at once; a sandbox that leads to
/// nothing forbidden then costs nothing more.
void Proof::find_ways(Known& known) {
  const std::size_t count = survey_.regions.size();
  std::vector<bool> reached(count);
  std::vector<std::size_t> queue = known.sandboxes, bad;
  std::vector<std::vector<std::size_t>> callers(count);
  for (const std::size_t start : queue)
    reached[start] = true;
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const std::size_t region = queue[at];
    if (!forbidden(known, region).empty())
      bad.push_back(region);
    each_next(region, [&](std::size_t next) {
      callers[next].push_back(region);
      if (!reached[next]) {
        reached[next] = true;
        queue.push_back(next);
      }
    });
  }
  known.leads_there.assign(count, false);
  for (const std::size_t region : bad)
    known.leads_there[region] = true;
  for (std::size_t at = 0; at < bad.size(); ++at) {
    for (const std::size_t caller : callers[bad[at]]) {
      if (!known.leads_there[caller]) {
        known.leads_there[caller] = true;
        bad.push_back(caller);
      }
    }
  }
}

void Proof::one_sandbox(Known& known, std::size_t region) {
  if (!known.leads_there[region])
    return;
  now_ = &known;
  visits_.clear();
  enter({.region = region});
  for (std::size_t at = 0; at < visits_.size(); ++at)
    follow(at);
  // Ways that no `rescue` guards first: they decide between error and warning.
  for (const bool guarded : {false, true}) {
    for (std::size_t at = 0; at < visits_.size(); ++at) {
      if (visits_[at].guarded != guarded)
        continue;
      for (const Ask* ask : forbidden(known, visits_[at].region))
        report(*known.layer, *ask, region, at);
    }
  }
}

/// Of sandboxes in each other, the outermost one that forbids it is named.
bool Proof::said_for_outer(const Ask& ask, std::size_t sandbox) const {
  const auto said = said_.find(&ask);
  if (said == said_.end())
    return false;
  for (std::size_t at = sandbox;; at = survey_.regions[at].outer) {
    if (std::ranges::find(said->second, at) != said->second.end())
      return true;
    if (survey_.regions[at].sandbox == nullptr)
      return false;
  }
}

void Proof::report(const Layer& layer, const Ask& ask, std::size_t sandbox, std::size_t visit) {
  if (said_for_outer(ask, sandbox))
    return;
  said_[&ask].push_back(sandbox);
  const Error denial = denial_of(layer, ask, place_);
  const bool sure = ask.known != Ask::Known::Computed && !ask.guarded && !visits_[visit].guarded;
  diag::Diag diag = diag::make(SandboxForbids{denial.message, denial.help}, ask.span,
                               sure ? diag::Severity::Error : diag::Severity::Warning);
  std::size_t calls = 0;
  for (std::size_t at = visit; at != 0; at = visits_[at].from) {
    const Edge* edge = visits_[at].edge;
    if (edge != nullptr && calls++ < kShownCalls) {
      diag.related.push_back(
          {.span = edge->span,
           .text = edge->by_hook ? "a hook reaches it from here" : "reached from here"});
    }
  }
  diag.related.push_back({.span = survey_.regions[sandbox].sandbox->span, .text = "the sandbox"});
  if (!sure && ask.known != Ask::Known::Computed)
    diag.notes.emplace_back("a `rescue` handles the denial");
  diags_.add(std::move(diag));
}

void Proof::sandboxes() {
  for (std::size_t at = 0; at < survey_.regions.size(); ++at) {
    if (survey_.regions[at].sandbox != nullptr)
      known(*survey_.regions[at].sandbox).sandboxes.push_back(at);
  }
  for (auto& [words, known] : layers_) {
    if (known.layer)
      find_ways(known);
  }
  for (std::size_t at = 0; at < survey_.regions.size(); ++at) {
    if (survey_.regions[at].sandbox == nullptr)
      continue;
    Known& layer = known(*survey_.regions[at].sandbox);
    if (layer.layer)
      one_sandbox(layer, at);
  }
}

void Proof::undeclared(const EntryIndex& index, const Ask& ask) {
  if (ask.lazy || own_variable(ask) || !forbids(index, ask, place_))
    return;
  const Layer& layer = index.layer();
  const Error denial = denial_of(layer, ask, place_);
  // Where a path is, is only sure when it runs: it may be started from elsewhere, and links lead
  // elsewhere.
  const bool path = ask.cap == Cap::Read || ask.cap == Cap::Write;
  const bool sure = ask.known == Ask::Known::Literal && !ask.guarded && !path;
  diag::Diag diag = diag::make(NeverDeclared{denial.message, denial.help}, ask.span,
                               sure ? diag::Severity::Error : diag::Severity::Warning);
  diag.related.push_back({.span = layer.span, .text = "the manifest"});
  diags_.add(std::move(diag));
}

void Proof::manifest() {
  const program::Requires& declared = program_.requirements;
  if (!declared.present)
    return;
  const Layer layer = manifest_layer(program_, sources_, diags_);
  const EntryIndex index(layer);
  bool starts = false;
  for (const Region& region : survey_.regions) {
    for (const Ask& ask : region.asks) {
      undeclared(index, ask);
      starts = starts || ask.cap == Cap::Exec;
    }
  }
  const std::vector<program::Requirement>& first =
      declared.write.empty() ? declared.read : declared.write;
  if (starts && !declared.confine && !first.empty())
    diags_.add(diag::make(UnconfinedChildren{}, first.front().span, diag::Severity::Note));
}

} // namespace

void prove(const program::Program& program, const Survey& survey, const diag::SourceMap& sources,
           diag::Diags& diags) {
  Proof proof(program, survey, sources, diags);
  proof.manifest();
  proof.sandboxes();
}

} // namespace perch::scan
