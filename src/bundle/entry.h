#pragma once
// What a manifest tells of the entries of an archive.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perch::bundle {

/// One entry but the manifest itself. Offsets count from the beginning of the executable.
struct Entry {
  std::string name;
  std::uint32_t mode = 0644;
  std::uint64_t size = 0;
  std::string sha256; ///< hex, of the content
  std::string xxh3; ///< hex, of the content; of native code only, which is checked with it when it
                    ///< is used, as fast as memory is read
  std::uint64_t header = 0, content = 0, packed = 0;
  bool stored = false;
  std::string frame; ///< CRC-32, hex, of the local header, and of the packed bytes of what is
                     ///< not stored
};

/// The entry as a member of the list in a manifest, which is JSON of one layout: each member on a
/// line of its own, in this order, behind as many spaces as it has brackets around it.
[[nodiscard]] std::string entry_text(const Entry& entry);

/// The entries of a manifest, sorted by name. There may be very many, so they stay text, and each
/// is read when it is asked for.
class EntryList {
public:
  EntryList() = default;
  /// `text`: what stands between the brackets of the list. Lifetime: borrowed.
  explicit EntryList(std::string_view text) : text_(text) {}

  /// Tells each; nothing after the first to which `take` says no. False then, and when something
  /// makes no sense: another layout, a name that leads astray, one out of order or there twice.
  /// Lifetime: what `take` gets is gone when it returns.
  using Take = std::function<bool(const Entry&)>;
  [[nodiscard]] bool each(const Take& take) const;
  /// Tells those whose names start with `prefix`, of a list that each() has found sound.
  void each_below(std::string_view prefix, const std::function<void(const Entry&)>& take) const;
  /// The entry of this name, in a list that each() has found sound.
  [[nodiscard]] std::optional<Entry> find(std::string_view name) const;
  [[nodiscard]] std::string_view text() const { return text_; }

private:
  [[nodiscard]] std::size_t lower_bound(std::string_view name) const;
  std::string_view text_;
};

/// True for a relative path of plain components, in UTF-8, that no unpacking can lead astray.
[[nodiscard]] bool is_safe_name(std::string_view name);

} // namespace perch::bundle
