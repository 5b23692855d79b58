#include "op/op_decl.h"

#include <algorithm>
#include <bit>

namespace perch::op {

std::string_view cap_name(Cap cap) {
  switch (cap) {
  case Cap::None:
    return "none";
  case Cap::Exec:
    return "exec";
  case Cap::Read:
    return "read";
  case Cap::Write:
    return "write";
  case Cap::Net:
    return "net";
  case Cap::Env:
    return "env";
  case Cap::Wasm:
    return "wasm";
  }
  PERCH_ASSERT(false);
  return {};
}

std::span<const Param> OpDecl::parameters() const {
  const auto end = std::ranges::find_if(params, [](const Param& p) { return p.name.empty(); });
  return {params.begin(), end};
}

std::span<const Need> OpDecl::requests() const {
  const auto end = std::ranges::find(needs, Cap::None, &Need::cap);
  return {needs.begin(), end};
}

int OpDecl::index_of(std::string_view param) const {
  const auto known = parameters();
  const auto at = std::ranges::find(known, param, &Param::name);
  return at == known.end() ? -1 : static_cast<int>(at - known.begin());
}

namespace {

/// FNV-1a: names are short, and the index is built at every start.
std::size_t hash(std::string_view name) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : name)
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<std::size_t>(h ^ (h >> 32));
}

template <class Visit>
void each_name(OpTable::Families families, Visit visit) {
  for (const auto family : families) {
    for (const OpDecl& decl : family) {
      visit(decl.name, decl);
      for (const auto alias : decl.aliases) {
        if (!alias.empty())
          visit(alias, decl);
      }
    }
  }
}

} // namespace

OpTable::OpTable(Families families) : families_(families) {
  std::size_t names = 0;
  each_name(families, [&](std::string_view, const OpDecl&) { ++names; });
  slots_.resize(std::bit_ceil(2 * names + 1));
  const std::size_t mask = slots_.size() - 1;
  each_name(families, [&](std::string_view name, const OpDecl& decl) {
    std::size_t at = hash(name) & mask;
    while (slots_[at].decl != nullptr)
      at = (at + 1) & mask;
    slots_[at] = {.name = name, .decl = &decl};
  });
}

const OpDecl* OpTable::find(std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash(name) & mask; slots_[at].decl != nullptr; at = (at + 1) & mask) {
    if (slots_[at].name == name)
      return slots_[at].decl;
  }
  return nullptr;
}

} // namespace perch::op
