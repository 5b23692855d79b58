#pragma once
// The modules of this process, each made once.

#include "base/result.h"
#include "lane/lane.h"
#include "lane/wasm/module.h"
#include "sys/cancel.h"
#include "sys/fd.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace perch::lane {

using ModulePointer = std::shared_ptr<const CompiledModule>;
using ModuleKey = std::pair<std::string, Metering>; ///< digest and variant

/// Whoever comes first for a module makes it; the others wait for the same result. A module that
/// failed is forgotten, so that a later try tells again why. Threads: safe from several.
class ModuleTable : public std::enable_shared_from_this<ModuleTable> {
public:
  /// Makes a module on a thread that may outlive the call: it owns all it needs. The token stops
  /// when nobody waits for the module any more.
  using Make = std::function<Result<ModulePointer>(sys::CancelToken& wanted)>;

  /// The module: known, or found by `find` at once, or made by what `make` returns.
  /// Errors: those of making; what `cancel`, when there is one, says once it stops.
  template <class Find, class Prepare>
  Result<ModulePointer> get(const ModuleKey& key, const Find& find, const Prepare& make,
                            sys::CancelToken* cancel) {
    for (;;) {
      auto [entry, mine] = place(key);
      if (mine) {
        if (Found found = find())
          finish(key, *entry, std::move(found));
        else
          start(key, entry, make());
      }
      if (auto made = wait(key, *entry, cancel))
        return std::move(*made);
    }
  }

  /// The same without making it: nothing when `find` finds nothing.
  template <class Find>
  std::optional<Result<ModulePointer>> look(const ModuleKey& key, const Find& find,
                                            sys::CancelToken* cancel) {
    auto [entry, mine] = place(key);
    if (mine)
      finish(key, *entry, find());
    return wait(key, *entry, cancel);
  }

private:
  /// How the search for a module ended; nothing: who looked has not found it and makes none.
  using Found = std::optional<Result<ModulePointer>>;
  struct Entry {
    std::mutex mutex;
    std::optional<Found> result;
    sys::Fd done; ///< readable from the moment there is a result
    std::shared_ptr<sys::CancelToken> wanted = sys::CancelToken::root();
    int waiting = 0; ///< under the table's mutex; who got a result still counts
  };

  std::pair<std::shared_ptr<Entry>, bool> place(const ModuleKey& key);
  void start(const ModuleKey& key, const std::shared_ptr<Entry>& entry, const Make& make);
  void finish(const ModuleKey& key, Entry& entry, Found found);
  void forget(const ModuleKey& key, const Entry& entry);
  Found wait(const ModuleKey& key, Entry& entry, sys::CancelToken* cancel);
  static Found wait(Entry& entry, sys::CancelToken* cancel);
  void stop_waiting(const ModuleKey& key, Entry& entry);

  std::mutex mutex_;
  std::map<ModuleKey, std::shared_ptr<Entry>> entries_;
};

} // namespace perch::lane
