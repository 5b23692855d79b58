#pragma once
// Compiled code on disk. Whoever can write here can run anything as this user, so the directory and
// each file must belong to the user and be writable by nobody else, or they do not exist for us.
//
// An entry is a file NAME.cwasm: code as Wasmtime maps it, then a footer with its length and
// SHA-256. Reading ten megabytes to check them would cost more than the start of a guest, so once
// they were checked, NAME.seen remembers inode, size and change time, which no write can leave as
// they were, and the boot they were checked in: a crash of the machine can damage what was written
// shortly before, without a trace in those. Its own modification time is the entry's last use.
//
// DEVICE-INODE.sum remembers the digest of a module's file in the same way.

#include "base/result.h"
#include "lane/lane.h"
#include "sys/fd.h"
#include "sys/file_digest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perch::lane {

/// Threads: all members are safe from several threads, and processes may share the directory.
class DiskCache {
public:
  /// Makes the directory (0700) and its parents when they are missing. Errors: cache_error.
  [[nodiscard]] static Result<DiskCache> open(const std::string& directory);

  /// The entry, checked, for perch_module_map(); nothing when it is missing, damaged or foreign.
  /// What is damaged is removed.
  [[nodiscard]] std::optional<sys::Fd> find(const std::string& name) const;
  /// Puts an entry in place at once, over an older one. Errors: cache_error.
  [[nodiscard]] Status store(const std::string& name, std::string_view code) const;
  void remove(const std::string& name) const;
  /// True for one of those who ask within ten minutes: who is to make the entry in the background.
  [[nodiscard]] bool claim(const std::string& name) const;
  /// Whether claim() would say no now.
  [[nodiscard]] bool is_claimed(const std::string& name) const;

  /// The digest that was remembered for a file with this mark; empty: none.
  [[nodiscard]] std::string known_digest(const sys::FileMark& file) const;
  void remember_digest(const sys::FileMark& file, std::string_view sha256) const;

  /// Held while one process compiles `name`; others wait in lock(). Ends with the returned handle,
  /// also when the process is killed.
  [[nodiscard]] Result<sys::Fd> lock(std::string_view name) const;
  /// The same without waiting; nothing when another process holds it.
  [[nodiscard]] std::optional<sys::Fd> try_lock(std::string_view name) const;

  /// Removes the least recently used entries until the others fit, and what killed processes left.
  void trim(std::uint64_t limit_bytes) const;
  /// Removes all entries, and the claims on work that is not done yet.
  void clear() const;

  [[nodiscard]] const std::string& directory() const { return path_; }

private:
  DiskCache(std::string path, sys::Fd directory);
  [[nodiscard]] bool seen(const std::string& name, int code) const;
  void mark_seen(const std::string& name, int code) const;
  template <class Note>
  [[nodiscard]] std::optional<Note> recall(const std::string& file) const;
  template <class Note>
  void remember(const std::string& file, const Note& note) const;

  std::string path_;
  sys::Fd directory_;
};

} // namespace perch::lane
