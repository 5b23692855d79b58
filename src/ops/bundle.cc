// The files that travel with a program.

#include "op/call.h"

namespace perch::ops {

using op::Arity;
using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

Result<Value> bundle_hash(Call& call) {
  PERCH_TRY_ASSIGN(std::string digest, call.bundle_hash());
  return Value(std::move(digest));
}

Result<Value> bundle_dir(Call& call) {
  PERCH_TRY_ASSIGN(std::string path, call.bundle_dir());
  return Value(std::move(path));
}

/// One word is the target of the whole bundle, two are an entry and its target.
Result<Value> bundle_extract(Call& call) {
  const bool whole = !call.given(1);
  const auto target = call.text(whole ? 0 : 1);
  PERCH_TRY(call.bundle_extract(whole ? std::string_view() : call.text(0), target));
  return Value(std::string(target));
}

constexpr OpDecl kTable[] = {
    {.name = "bundle_hash",
     .family = op::Family::Bundle,
     .summary = "The SHA-256 digest of the program's bundle.",
     .returns = Type::Text,
     .example = R"(h = bundle_hash)",
     .run = bundle_hash},
    {.name = "bundle_dir",
     .family = op::Family::Bundle,
     .summary = "A directory with the bundle's files.",
     .returns = Type::Text,
     .example = R"(p = bundle_dir)",
     .run = bundle_dir},
    {.name = "bundle_extract",
     .family = op::Family::Bundle,
     .summary =
         "Writes an entry of the bundle, or with one word all of it, and returns the target.",
     .params = {{{.name = "entry",
                  .type = Type::Path,
                  .about = "a file or directory of the bundle; left out, everything"},
                 {.name = "to", .type = Type::Path, .arity = Arity::Optional}}},
     .returns = Type::Text,
     .needs = {{{.cap = Cap::Write, .subject = "to"}}},
     .example = R"(bundle_extract "rules" "./rules")",
     .bare_names = false,
     .run = bundle_extract},
};

} // namespace

extern const std::span<const OpDecl> kBundleOps;
const std::span<const OpDecl> kBundleOps{kTable};

} // namespace perch::ops
