#include "run/bins.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/bundle.h"
#include "run/expr.h"
#include "run/shared_run.h"
#include "sys/fs.h"

#include <algorithm>
#include <cctype>

namespace perch::run {

namespace {

using base::cat;

constexpr std::string_view kBundlePrefix = "bundle:";
constexpr std::uint64_t kLongestHashFile = 1 << 20;
constexpr std::string_view kNoDigest = "none";

Result<std::string> hash_file_text(State& state, const program::Bin& bin, std::string_view path) {
  if (path.starts_with(kBundlePrefix))
    return bundle_entry(state, path.substr(kBundlePrefix.size()));
  // Written by the program's author beside the program: read as the program itself is.
  sys::Fs& fs = state.run.setting().world.fs;
  PERCH_TRY_ASSIGN(const auto spot,
                   fs.locate(sys::absolute_path(bin.module->directory, path), sys::Final::Follow));
  // A FIFO would be waited for, and each time anew.
  if (spot.info.type != sys::NodeType::Regular && spot.info.type != sys::NodeType::Missing)
    return fail(kind::kFileError, cat('`', spot.real, "` is not a regular file"), spot.real);
  PERCH_TRY_ASSIGN(const auto file, fs.open(spot, sys::Access::Read, 0));
  return sys::read_all(file.get(), kLongestHashFile, path);
}

/// The first word of a hash file, `sha256:` off, in lower case; empty when it is no digest.
std::string digest_in(std::string_view text) {
  text = base::trim(text);
  std::string digest(text.substr(0, text.find_first_of(" \t\r\n")));
  std::ranges::transform(digest, digest.begin(), [](unsigned char c) { return std::tolower(c); });
  if (digest.starts_with("sha256:"))
    digest.erase(0, 7);
  const bool hex = std::ranges::all_of(
      digest, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex && digest.size() == 64 ? digest : std::string();
}

Eval<std::string> digest_from_file(State& state, const program::Bin& bin) {
  PERCH_TRY_ASSIGN(const std::string path, text_of(state, *bin.hash_file));
  const auto text = hash_file_text(state, bin, path);
  if (!text && text.error().kind == kind::kBundleError)
    return raise(state, bin.hash_file->span, text.error()); // damage is no unmet requirement
  std::string problem;
  if (!text) {
    problem = cat("the hash file of `", bin.name, "` cannot be read: ", text.error().message);
  } else if (std::string digest = digest_in(*text); digest.empty()) {
    problem = cat("the hash file ", path, " of `", bin.name, "` does not begin with a SHA-256");
  } else if (!bin.sha256.empty() && bin.sha256 != digest) {
    problem = cat("`hash` and `hash_file` of `", bin.name, "` contradict each other");
  } else {
    return digest;
  }
  return raise(state, bin.hash_file->span,
               {.kind = kind::kRequirementUnmet,
                .message = std::move(problem),
                .detail = path,
                .help = "write it with `sha256sum PROGRAM > FILE`"});
}

} // namespace

Eval<std::vector<DeclaredBin>> declared_bins(State& state) {
  std::vector<DeclaredBin> all;
  for (const program::Bin* bin : state.run.program().requirements.bins) {
    DeclaredBin declared{.name = std::string(bin->name),
                         .alias = std::string(bin->alias),
                         .directory = bin->module->directory,
                         .sha256 = std::string(bin->sha256)};
    State scope = file_scope(state, bin->module);
    if (bin->name_expr != nullptr) {
      PERCH_TRY_ASSIGN(declared.name, text_of(scope, *bin->name_expr));
    }
    if (bin->hash_file != nullptr)
      declared.sha256 = digest_from_file(scope, *bin).value_or(std::string(kNoDigest));
    all.push_back(std::move(declared));
  }
  return all;
}

Flow check_hash_file(State& state, const program::Bin& bin) {
  if (bin.hash_file == nullptr)
    return {};
  State scope = file_scope(state, bin.module);
  PERCH_TRY(digest_from_file(scope, bin));
  return {};
}

const DeclaredBin& declared_bin(const State& state, const program::Bin& bin) {
  const auto& bins = state.run.program().requirements.bins;
  const auto at = std::ranges::find(bins, &bin);
  PERCH_ASSERT(at != bins.end());
  return state.run.gate().bins()[static_cast<std::size_t>(at - bins.begin())];
}

} // namespace perch::run
