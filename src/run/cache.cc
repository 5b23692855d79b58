// `cache KEY TTL`: names the body sets are remembered for a time.

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/options.h"
#include "run/private_store.h"
#include "run/shared_run.h"
#include "run/step.h"
#include "sys/digest.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace perch::run {

namespace {

using base::cat;
using op::Value;
using program::CacheNode;

constexpr std::string_view kMagic = "perch block 1";
constexpr std::uint64_t kLargestEntry = 256ull << 20;

/// Length-prefixed, so that no text can be taken for another.
void add_field(std::string& out, std::string_view field) {
  out += cat(field.size(), ':');
  out += field;
}

/// Takes a field off the front; nullopt when the text is not what add_field makes.
std::optional<std::string_view> take_field(std::string_view& from) {
  const auto colon = from.find(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  const auto size = base::parse_int(from.substr(0, colon));
  from.remove_prefix(colon + 1);
  if (!size || *size < 0 || static_cast<std::uint64_t>(*size) > from.size())
    return std::nullopt;
  const auto field = from.substr(0, static_cast<std::size_t>(*size));
  from.remove_prefix(field.size());
  return field;
}

void add_policy(std::string& out, const policy::Policy& policy) {
  for (const auto& layer : policy.layers()) {
    add_field(out, cat(static_cast<int>(layer->source), '/', static_cast<int>(layer->shell_allowed),
                       '/', static_cast<int>(layer->shell_metachars), '/',
                       static_cast<int>(layer->child_network), '/',
                       static_cast<int>(layer->confine_children)));
    for (const policy::Rule& rule : layer->rules) {
      add_field(out, cat(static_cast<int>(rule.mode)));
      add_field(out, base::join(rule.allowed, "\n"));
    }
  }
}

/// Two blocks share an entry only if they are the same block of the same program, with the same
/// key, under the same policy: what was made with more authority is not replayed with less.
std::string entry_name(const State& state, const CacheNode& node, std::string_view key) {
  const Request& request = state.run.request();
  const program::Program& program = state.run.program();
  std::string identity;
  if (const Archive* archive = state.run.setting().archive)
    add_field(identity, archive->sha256());
  add_field(identity, program.name);
  add_field(identity, program.root().directory);
  add_field(identity, request.script_path);
  add_field(identity, node.block_id);
  add_field(identity, key);
  add_policy(identity, *state.policy);
  const HttpRules& http = request.http;
  add_field(identity, cat(request.confine_off ? 1 : 0, request.allow_child_network ? 1 : 0,
                          http.allow_private_ips ? 1 : 0, http.allow_scheme_downgrade ? 1 : 0,
                          http.allow_proxy ? 1 : 0, '/', http.max_redirects));
  return sys::hex_digest(sys::DigestKind::Sha256, identity);
}

/// A script from standard input that may not write keeps nothing, and is not told what another one
/// kept: nothing but its text says which script it is.
bool keeps_nothing(const policy::Policy& policy) {
  return std::ranges::any_of(policy.layers(), [](const auto& layer) {
    return layer->source == policy::Layer::Source::Stdin &&
           layer->rule(op::Cap::Write).mode == policy::Rule::Mode::None;
  });
}

/// `no_write`, by flag or sandbox. A manifest's roots do not speak of perch's own directory.
bool forbids_writing(const policy::Policy& policy) {
  return std::ranges::any_of(policy.layers(), [](const auto& layer) {
    return layer->source != policy::Layer::Source::Requires &&
           layer->rule(op::Cap::Write).mode == policy::Rule::Mode::None;
  });
}

/// One name and what it had.
struct Entry {
  std::string_view name;
  Value value;
};

void add_value(std::string& out, const Entry& entry) {
  add_field(out, entry.name);
  add_field(out, cat(static_cast<int>(entry.value.type())));
  if (!entry.value.is_list()) {
    add_field(out, "text");
    add_field(out, entry.value.text());
    return;
  }
  add_field(out, cat(entry.value.items().size()));
  for (const std::string& item : entry.value.items())
    add_field(out, item);
}

std::optional<Value> take_value(std::string_view& from) {
  const auto type = take_field(from), shape = take_field(from);
  if (!type || !shape)
    return std::nullopt;
  if (*shape == "text") {
    const auto text = take_field(from);
    const auto number = base::parse_int(*type);
    if (!text || !number)
      return std::nullopt;
    if (static_cast<op::Type>(*number) == op::Type::Json)
      return Value::json(std::string(*text));
    return typed_value(std::string(*text), static_cast<op::Type>(*number));
  }
  const auto count = base::parse_int(*shape);
  std::vector<std::string> items;
  for (std::int64_t i = 0; count && i < *count; ++i) {
    const auto item = take_field(from);
    if (!item)
      return std::nullopt;
    items.emplace_back(*item);
  }
  return count ? std::optional(Value::list(std::move(items))) : std::nullopt;
}

/// A stored run of a block.
struct Stored {
  std::int64_t stored_ns = 0, expires_ns = 0;
  std::vector<Entry> entries;
};

std::string encode(const Stored& stored) {
  std::string out;
  add_field(out, kMagic);
  add_field(out, cat(stored.stored_ns));
  add_field(out, cat(stored.expires_ns));
  for (const Entry& entry : stored.entries)
    add_value(out, entry);
  // Cut short by a full disk or a crash of the machine, it must not count.
  return cat(sys::hex_digest(sys::DigestKind::Sha256, out), '\n', out);
}

std::optional<Stored> decode(std::string_view bytes) {
  const auto line = bytes.find('\n');
  if (line == std::string_view::npos)
    return std::nullopt;
  const std::string_view digest = bytes.substr(0, line);
  bytes.remove_prefix(line + 1);
  if (sys::hex_digest(sys::DigestKind::Sha256, bytes) != digest || take_field(bytes) != kMagic)
    return std::nullopt;
  const auto stored_at = take_field(bytes), expires = take_field(bytes);
  if (!stored_at || !expires)
    return std::nullopt;
  Stored stored{.stored_ns = base::parse_int(*stored_at).value_or(0),
                .expires_ns = base::parse_int(*expires).value_or(0)};
  while (!bytes.empty()) {
    const auto name = take_field(bytes);
    auto value = take_value(bytes);
    if (!name || !value)
      return std::nullopt;
    stored.entries.push_back({.name = *name, .value = std::move(*value)});
  }
  return stored;
}

program::Slot slot_of(const CacheNode& node, std::string_view name) {
  const auto at = std::ranges::find(node.define_names, name);
  if (at == node.define_names.end())
    return -1;
  return node.defines[static_cast<std::size_t>(at - node.define_names.begin())];
}

/// The names the body has set.
std::vector<Entry> defined(const State& state, const CacheNode& node, const Slots::Watch& watch) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < node.defines.size(); ++i) {
    const program::Slot slot = node.defines[i];
    const Value* value = state.slots->get(slot);
    if (slot >= 0 && value != nullptr && watch.was_set(slot))
      entries.push_back({.name = node.define_names[i], .value = *value});
  }
  return entries;
}

class CachedBlock {
public:
  CachedBlock(State& state, const CacheNode& node, std::string key, std::chrono::nanoseconds ttl)
      : state_(state), node_(node), key_(std::move(key)), ttl_(ttl),
        name_(entry_name(state, node, key_)),
        store_(state.run.setting().world, block_directory(state.run.setting().cache_directory)) {}

  Flow run(Step& step) {
    if (replay()) {
      step.mark_cached();
      return {};
    }
    const Slots::Watch watch(*state_.slots);
    PERCH_TRY(run_body(state_, node_.body));
    store(watch);
    return {};
  }

private:
  bool replay();
  void store(const Slots::Watch& watch);
  [[nodiscard]] std::int64_t now_ns() const { return state_.run.setting().world.clock.unix_ns(); }

  State& state_;
  const CacheNode& node_;
  std::string key_;
  std::chrono::nanoseconds ttl_;
  std::string name_;
  PrivateStore store_;
};

bool CachedBlock::replay() {
  if (state_.run.request().no_cache || keeps_nothing(*state_.policy))
    return false;
  const auto bytes = store_.read(name_, kLargestEntry);
  if (!bytes)
    return false;
  const auto stored = decode(*bytes);
  const std::int64_t now = now_ns();
  // A result from the future was made before the clock was set back: its age is unknown.
  if (!stored || now >= stored->expires_ns || now < stored->stored_ns)
    return false;
  for (const Entry& entry : stored->entries)
    state_.slots->set(slot_of(node_, entry.name), entry.value);
  const auto count = static_cast<std::int64_t>(stored->entries.size());
  state_.run.say(cat("cache hit: ", shown(state_, key_), " (", base::plural(count, "name"),
                     " from ", base::duration_text(now - stored->stored_ns),
                     " ago; the body did not run)"));
  return true;
}

void CachedBlock::store(const Slots::Watch& watch) {
  if (state_.run.request().no_cache || ttl_ <= std::chrono::nanoseconds::zero() ||
      forbids_writing(*state_.policy))
    return;
  const std::int64_t now = now_ns();
  const Stored stored{
      .stored_ns = now, .expires_ns = now + ttl_.count(), .entries = defined(state_, node_, watch)};
  if (const auto written = store_.write(name_, encode(stored)); !written)
    state_.run.say(cat("the result of cache \"", shown(state_, key_),
                       "\" is not kept: ", written.error().message));
}

} // namespace

Flow run_cache(State& state, const CacheNode& node) {
  PERCH_TRY_ASSIGN(std::string key, text_of(state, node.key));
  if (key.empty()) {
    return raise(state, node.key.span,
                 {.kind = kind::kBadArgument, .message = "cache: the key is empty"});
  }
  PERCH_TRY_ASSIGN(const auto ttl, duration_of(state, node.ttl, "cache: ttl"));
  Step step(state);
  if (watched(state))
    PERCH_TRY(step.open({.kind = "cache", .args = {{"key", shown(state, key)}}}));
  return step.close(CachedBlock(state, node, std::move(key), ttl).run(step));
}

} // namespace perch::run
