#pragma once
// What an op is. A table entry declares it completely: the checker, the policy, `--help`, the MCP
// schema, the op reference, the dry run and editor support read it and repeat none of it.

#include "base/result.h"
#include "op/value.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace perch::op {

class Call;
class LineStream;

/// The six kinds of request to the outside world (docs: capabilities).
enum class Cap : std::uint8_t { None, Exec, Read, Write, Net, Env, Wasm };

[[nodiscard]] std::string_view cap_name(Cap cap);

enum class Arity : std::uint8_t {
  Required,
  Optional, ///< may be left out; `Param::fallback` is its text then, Call::given() is false
  Rest,     ///< the last positional: any number of further words
  Named,    ///< never positional: written `name:value`; may be left out like Optional
};

/// Whether a parameter can have this text; the error says why not. Pure: it asks nothing outside.
using TextCheck = Status (*)(std::string_view text);

struct Param {
  std::string_view name;
  Type type = Type::Any;
  Arity arity = Arity::Required;
  std::string_view fallback = {};
  std::string_view about = {}; ///< for help, where the name does not say it
  TextCheck check = nullptr;   ///< beyond the type; asked of literals when a file is read
};

/// A capability an op asks for. `subject` names the parameter that is the request's subject
/// (empty: the whole class, as `find_free_port` needs the network). A parameter called `url` is a
/// subject by its host and port.
struct Need {
  Cap cap = Cap::None;
  std::string_view subject = {};
  bool shell = false; ///< the subject is shell text: its first word counts
};

/// What `perch --restrictions`, help and the reference group by.
enum class Family : std::uint8_t {
  Output,
  Control,
  Process,
  Files,
  Paths,
  Text,
  Lines,
  Hashes,
  Encoding,
  Regex,
  Time,
  Versions,
  Environment,
  Host,
  Http,
  Network,
  Install,
  Archives,
  Bundle,
  Assertions,
};

using OpFn = Result<Value> (*)(Call& call);
/// An op as a stage of `pipe` that takes its lines as they come; see op/line_stream.h.
using StreamFn = Status (*)(Call& call, LineStream& lines);

struct OpDecl {
  std::string_view name;
  std::array<std::string_view, 2> aliases = {};
  Family family = Family::Text;
  std::string_view summary;         ///< one sentence with its full stop
  std::array<Param, 6> params = {}; ///< up to the first without a name
  Type returns = Type::None;
  std::array<Need, 3> needs = {};   ///< up to the first with Cap::None
  std::string_view example;         ///< body lines; run as a test. `# => text` on a line's end
                                    ///< is the text the line's last binding must have
  bool bare_names = true;           ///< a bare identifier argument may be a binding's name
                                    ///< (false: it is always the text itself)
  std::string_view deprecated = {}; ///< what to use instead; it follows the word `use`
  OpFn run = nullptr;
  StreamFn stream = nullptr; ///< null: as a stage it waits for its whole text

  [[nodiscard]] std::span<const Param> parameters() const;
  [[nodiscard]] std::span<const Need> requests() const;
  /// Index of the parameter called `param`, or -1.
  [[nodiscard]] int index_of(std::string_view param) const;
};

/// All ops, looked up by name and alias through a hash index. Built once from the families' tables,
/// which must outlive it. Threads: immutable, safe from any.
class OpTable {
public:
  using Families = std::span<const std::span<const OpDecl>>;
  explicit OpTable(Families families);

  /// The op called `name` (aliases included), or null.
  [[nodiscard]] const OpDecl* find(std::string_view name) const;
  [[nodiscard]] Families families() const { return families_; }

private:
  struct Slot {
    std::string_view name;
    const OpDecl* decl = nullptr;
  };
  Families families_;
  std::vector<Slot> slots_; ///< a power of two, at most half full
};

} // namespace perch::op
