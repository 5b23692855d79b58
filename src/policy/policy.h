#pragma once
// What may happen. A policy is a stack of layers; a request passes only if every layer allows it,
// and layers can only be added. Pure: no disk, no network, no clock.

#include "base/result.h"
#include "diag/source.h"
#include "op/op_decl.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::policy {

/// One thing somebody wants to do.
struct Request {
  op::Cap cap = op::Cap::None;
  /// Exec: the name or path as written, of a shell text its first word (policy/shell_text.h);
  /// Read/Write: the absolute real path; Net: the host as policy/hosts.h normalizes it, brackets
  /// off IPv6, empty for the network as such; Env: the name; Wasm: the module's digest.
  std::string_view subject;
  std::string_view resolved = {}; ///< Exec: absolute path that would run, its directory real
  /// Exec: the name by which `resolved` is found on the PATH perch was started with; empty when it
  /// is not found there, so that `./git` is not `git`.
  std::string_view known_as = {};
  int port = 0;                 ///< Net; 0: none known, any port's pattern matches
  bool shell = false;           ///< Exec through a shell text
  bool shell_builtin = false;   ///< its first word is one the shell runs itself
  bool shell_metachars = false; ///< it holds characters that make more than one command
  bool guest = false;           ///< made by a wasm_run block: `requires` does not bound it
};

/// A layer's answer for one capability.
struct Rule {
  enum class Mode : std::uint8_t {
    Any,  ///< the layer does not restrict it
    Only, ///< just what the list matches
    None, ///< nothing
  };
  Mode mode = Mode::Any;
  /// Exec: names without a slash, absolute paths; Read/Write: absolute roots; Net: host patterns;
  /// Env: names; Wasm: digests.
  std::vector<std::string> allowed;
};

/// Where a layer comes from and what it allows. Immutable once shared.
struct Layer {
  std::string origin; ///< "--no-write", "requires (deploy.perch:4)", "sandbox (deploy.perch:9)"
  diag::Span span;    ///< unknown for flags
  enum class Source : std::uint8_t { CommandLine, Stdin, Requires, Sandbox, Test };
  Source source = Source::CommandLine;
  std::array<Rule, 7> rules;     ///< by op::Cap
  bool shell_allowed = true;     ///< `no_shell`
  bool shell_metachars = true;   ///< `--no-shell-metachars`
  bool child_network = true;     ///< a child may have the network although hosts are listed
  bool confine_children = false; ///< its rules hold for child processes too, by the kernel
  [[nodiscard]] Rule& rule(op::Cap cap) { return rules[static_cast<std::size_t>(cap)]; }
  [[nodiscard]] const Rule& rule(op::Cap cap) const { return rules[static_cast<std::size_t>(cap)]; }
};

/// A stack of layers. Copying costs one reference count; pushing leaves the original as it was.
class Policy {
public:
  using Layers = std::vector<std::shared_ptr<const Layer>>;
  Policy() = default;
  [[nodiscard]] Policy with(std::shared_ptr<const Layer> layer) const;
  /// Bottom first.
  [[nodiscard]] std::span<const std::shared_ptr<const Layer>> layers() const {
    return layers_ ? std::span(*layers_) : std::span<const std::shared_ptr<const Layer>>();
  }

private:
  std::shared_ptr<const Layers> layers_;
};

struct Decision {
  const Layer* denied_by = nullptr; ///< null: allowed. Lives as long as the policy
  [[nodiscard]] bool allowed() const { return denied_by == nullptr; }
};

/// The one place that decides; names the lowest layer that says no. At most 1 µs for ordinary
/// policies.
///
/// Read passes inside write roots too. Environment variables that every child receives
/// (is_operational_variable) count as declared in `requires`. The network without a host passes
/// where at least one host would.
[[nodiscard]] Decision decide(const Policy& policy, const Request& request);

/// The error of a denied request; `who` is the op or block that asked. Kinds: bin_not_declared,
/// read_not_declared, write_not_declared, host_not_declared, env_not_declared (detail: the subject)
/// from `requires`; shell_bin_not_allowed and shell_metachars_denied from flags that limit shell
/// texts; wasm_capability_denied for guests; capability_denied for everything else (detail: the
/// layer). The note names the layer and what it allows, the help the line or flag that would allow
/// the request.
[[nodiscard]] Error denial(const Decision& decision, const Request& request, std::string_view who);

/// PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_* TERM TZ TMPDIR TMP TEMP: what every child
/// receives from the host whatever is declared.
[[nodiscard]] bool is_operational_variable(std::string_view name);

/// True when `path` is `root` or below it, by component. Both absolute and clean.
[[nodiscard]] bool is_below(std::string_view root, std::string_view path);

} // namespace perch::policy
