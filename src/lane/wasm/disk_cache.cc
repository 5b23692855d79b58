#include "lane/wasm/disk_cache.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/digest.h"
#include "sys/os_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace perch::lane {

namespace {

/// How a file is opened that may have been replaced: no link is followed, no FIFO waited for.
constexpr int kRead = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

constexpr std::string_view kCodeSuffix = ".cwasm";
constexpr std::string_view kSeenSuffix = ".seen";
constexpr std::string_view kDigestSuffix = ".sum";
constexpr std::string_view kClaimSuffix = ".try";
constexpr std::string_view kTempPrefix = "tmp-";
/// A temporary file this old belongs to a process that was killed.
constexpr std::int64_t kAbandonedAfterSeconds = 3600;
/// An entry that was claimed this long ago and is not there may be claimed again.
constexpr std::int64_t kClaimSeconds = 600;
/// A digest that nobody asked for this long is forgotten.
constexpr std::int64_t kDigestUnusedSeconds = std::int64_t{90} * 24 * 3600;
/// The last use is written down when it would change by this much.
constexpr std::int64_t kUseGranularitySeconds = 600;

struct Footer {
  std::array<char, 8> magic{};
  std::uint64_t code_bytes = 0;
  std::array<char, 64> sha256{}; ///< hex
};
constexpr std::array<char, 8> kFooterMagic = {'p', 'e', 'r', 'c', 'h', 'c', 'w', '1'};

/// Notes: small files that hold one of these.
struct Seen {
  std::array<char, 8> magic{'p', 'e', 'r', 'c', 'h', 's', 'n', '2'};
  sys::FileMark code;
  bool operator==(const Seen&) const = default;
};

struct KnownDigest {
  std::array<char, 8> magic{'p', 'e', 'r', 'c', 'h', 's', 'm', '1'};
  sys::FileMark module;
  std::array<char, 64> sha256{}; ///< hex
};

template <class T>
std::string_view bytes_of(const T& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

template <class T>
bool read_record(int fd, off_t at, T& record) {
  return ::pread(fd, &record, sizeof record, at) == static_cast<ssize_t>(sizeof record);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Ours alone: the user's, and writable by nobody else.
bool is_private(const struct stat& info) {
  return info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string digest_name(const sys::FileMark& module) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "%jx-%jx", static_cast<std::uintmax_t>(module.device),
                static_cast<std::uintmax_t>(module.inode));
  return base::cat(std::string_view(name.data()), kDigestSuffix);
}

/// True when the file's bytes are those its footer was made for.
bool matches_footer(int fd, const struct stat& info, const Footer& footer) {
  void* at = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED)
    return false;
  const std::string_view code(static_cast<const char*>(at), footer.code_bytes);
  const std::string digest = sys::hex_digest(sys::DigestKind::Sha256, code);
  ::munmap(at, static_cast<std::size_t>(info.st_size));
  return digest == std::string_view(footer.sha256.data(), footer.sha256.size());
}

Status make_directories(const std::string& directory) {
  for (std::size_t end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
    const std::string part = directory.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST && errno != EISDIR)
      return fail(kind::kCacheError,
                  base::cat("cannot make the directory ", part, ": ", sys::os_words(errno)), part);
    if (end == std::string::npos)
      return {};
  }
}

Result<sys::Fd> open_trusted_directory(const std::string& directory) {
  sys::Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd)
    return fail(
        kind::kCacheError,
        base::cat("cannot open the cache directory ", directory, ": ", sys::os_words(errno)),
        directory);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !is_private(info))
    return fail(kind::kCacheError,
                base::cat("the cache directory ", directory,
                          " belongs to or can be written by somebody else"),
                directory, base::cat("chmod 700 ", base::shell_quote(directory), ", as its owner"));
  return fd;
}

/// At random: in a container every process may have the same number, also the one that was killed
/// and left its file behind.
std::string temporary_name() {
  std::array<char, 12> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return base::cat(kTempPrefix, static_cast<std::int64_t>(::getpid()));
  return base::cat(kTempPrefix, base::hex({bytes.data(), bytes.size()}));
}

struct Entry {
  std::string file;
  std::uint64_t bytes = 0;
  std::int64_t used = 0; ///< seconds
};

struct Listing {
  std::vector<Entry> code;
  std::vector<Entry> temporary;
  std::vector<Entry> digests;
};

/// Reads the directory through a handle of its own: the position of a shared one is everybody's.
Listing list(int directory) {
  Listing out;
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (stream == nullptr) {
    if (fd >= 0)
      ::close(fd);
    return out;
  }
  while (const dirent* item = ::readdir(stream)) {
    const std::string file = item->d_name;
    struct stat info{};
    if (::fstatat(directory, file.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(info.st_mode))
      continue;
    Entry entry{file, static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec};
    if (file.starts_with(kTempPrefix) || file.ends_with(kClaimSuffix)) {
      out.temporary.push_back(std::move(entry));
    } else if (file.ends_with(kDigestSuffix)) {
      out.digests.push_back(std::move(entry));
    } else if (file.ends_with(kCodeSuffix)) {
      const std::string seen =
          base::cat(file.substr(0, file.size() - kCodeSuffix.size()), kSeenSuffix);
      if (::fstatat(directory, seen.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
        entry.used = std::max<std::int64_t>(entry.used, info.st_mtim.tv_sec);
      out.code.push_back(std::move(entry));
    }
  }
  ::closedir(stream);
  return out;
}

std::string stem(const std::string& file) {
  return file.substr(0, file.size() - kCodeSuffix.size());
}

/// Waits for (or tries) a lock on one byte of the lock file, chosen by name. Locks of this kind end
/// with the open file, so a killed process holds none.
bool lock_byte(int fd, std::string_view name, int command) {
  std::uint64_t at = 1469598103934665603u;
  for (unsigned char c : name)
    at = (at ^ c) * 1099511628211u;
  struct flock range{};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(at >> 2);
  range.l_len = 1;
  int result;
  do {
    result = ::fcntl(fd, command, &range);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

sys::Fd open_lock_file(int directory) {
  return sys::Fd(::openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

} // namespace

DiskCache::DiskCache(std::string path, sys::Fd directory)
    : path_(std::move(path)), directory_(std::move(directory)) {}

Result<DiskCache> DiskCache::open(const std::string& directory) {
  auto fd = open_trusted_directory(directory);
  if (!fd) { // also when it is there by now: another process may have made it since
    PERCH_TRY(make_directories(directory));
    fd = open_trusted_directory(directory);
  }
  if (!fd)
    return std::unexpected(std::move(fd).error());
  return DiskCache(directory, std::move(*fd));
}

template <class Note>
std::optional<Note> DiskCache::recall(const std::string& file) const {
  const sys::Fd fd(::openat(directory_.get(), file.c_str(), kRead));
  struct stat own{};
  Note note;
  if (!fd || ::fstat(fd.get(), &own) != 0 || !S_ISREG(own.st_mode) || !is_private(own) ||
      !read_record(fd.get(), 0, note) || note.magic != Note{}.magic)
    return std::nullopt;
  if (std::time(nullptr) - own.st_mtim.tv_sec > kUseGranularitySeconds)
    ::futimens(fd.get(), nullptr);
  return note;
}

template <class Note>
void DiskCache::remember(const std::string& file, const Note& note) const {
  const std::string temporary = temporary_name();
  const sys::Fd fd(::openat(directory_.get(), temporary.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd)
    return;
  if (!write_all(fd.get(), bytes_of(note)) ||
      ::renameat(directory_.get(), temporary.c_str(), directory_.get(), file.c_str()) != 0)
    ::unlinkat(directory_.get(), temporary.c_str(), 0);
}

bool DiskCache::seen(const std::string& name, int code) const {
  struct stat info{};
  const auto note = recall<Seen>(base::cat(name, kSeenSuffix));
  return note && ::fstat(code, &info) == 0 && note->code == sys::mark_of(info);
}

void DiskCache::mark_seen(const std::string& name, int code) const {
  struct stat info{};
  if (::fstat(code, &info) == 0)
    remember(base::cat(name, kSeenSuffix), Seen{.code = sys::mark_of(info)});
}

std::string DiskCache::known_digest(const sys::FileMark& file) const {
  const auto note = recall<KnownDigest>(digest_name(file));
  return note && note->module == file ? std::string(note->sha256.data(), note->sha256.size())
                                      : std::string();
}

void DiskCache::remember_digest(const sys::FileMark& file, std::string_view sha256) const {
  KnownDigest note{.module = file};
  std::ranges::copy(sha256.substr(0, note.sha256.size()), note.sha256.begin());
  remember(digest_name(file), note);
}

std::optional<sys::Fd> DiskCache::find(const std::string& name) const {
  sys::Fd fd(::openat(directory_.get(), base::cat(name, kCodeSuffix).c_str(), kRead));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || !is_private(info))
    return std::nullopt;
  if (seen(name, fd.get()))
    return fd;
  Footer footer;
  const off_t end = info.st_size - static_cast<off_t>(sizeof footer);
  if (end < 0 || !read_record(fd.get(), end, footer) || footer.magic != kFooterMagic ||
      footer.code_bytes != static_cast<std::uint64_t>(end) ||
      !matches_footer(fd.get(), info, footer)) {
    remove(name);
    return std::nullopt;
  }
  mark_seen(name, fd.get());
  return fd;
}

Status DiskCache::store(const std::string& name, std::string_view code) const {
  const std::string temporary = temporary_name();
  auto failed = [&](int number) -> Status {
    ::unlinkat(directory_.get(), temporary.c_str(), 0);
    return fail(kind::kCacheError,
                base::cat("cannot write compiled code to ", path_, ": ", sys::os_words(number)),
                path_);
  };
  const sys::Fd fd(::openat(directory_.get(), temporary.c_str(),
                            O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd)
    return failed(errno);
  Footer footer{.magic = kFooterMagic, .code_bytes = code.size(), .sha256 = {}};
  const std::string digest = sys::hex_digest(sys::DigestKind::Sha256, code);
  std::ranges::copy(digest, footer.sha256.begin());
  if (!write_all(fd.get(), code) || !write_all(fd.get(), bytes_of(footer)))
    return failed(errno);
  if (::renameat(directory_.get(), temporary.c_str(), directory_.get(),
                 base::cat(name, kCodeSuffix).c_str()) != 0)
    return failed(errno);
  mark_seen(name, fd.get());
  return {};
}

void DiskCache::remove(const std::string& name) const {
  ::unlinkat(directory_.get(), base::cat(name, kCodeSuffix).c_str(), 0);
  ::unlinkat(directory_.get(), base::cat(name, kSeenSuffix).c_str(), 0);
}

bool DiskCache::claim(const std::string& name) const {
  const std::string file = base::cat(name, kClaimSuffix);
  const sys::Fd made(::openat(directory_.get(), file.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (made)
    return true;
  return !is_claimed(name) &&
         ::utimensat(directory_.get(), file.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0;
}

bool DiskCache::is_claimed(const std::string& name) const {
  struct stat info{};
  return ::fstatat(directory_.get(), base::cat(name, kClaimSuffix).c_str(), &info,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
         std::time(nullptr) - info.st_mtim.tv_sec <= kClaimSeconds;
}

Result<sys::Fd> DiskCache::lock(std::string_view name) const {
  sys::Fd fd = open_lock_file(directory_.get());
  if (!fd || !lock_byte(fd.get(), name, F_OFD_SETLKW))
    return fail(kind::kCacheError,
                base::cat("cannot lock ", path_, "/lock: ", sys::os_words(errno)), path_);
  return fd;
}

std::optional<sys::Fd> DiskCache::try_lock(std::string_view name) const {
  sys::Fd fd = open_lock_file(directory_.get());
  if (!fd || !lock_byte(fd.get(), name, F_OFD_SETLK))
    return std::nullopt;
  return fd;
}

void DiskCache::trim(std::uint64_t limit_bytes) const {
  Listing all = list(directory_.get());
  const std::int64_t now = std::time(nullptr);
  for (const Entry& entry : all.temporary)
    if (now - entry.used > kAbandonedAfterSeconds)
      ::unlinkat(directory_.get(), entry.file.c_str(), 0);
  for (const Entry& entry : all.digests)
    if (now - entry.used > kDigestUnusedSeconds)
      ::unlinkat(directory_.get(), entry.file.c_str(), 0);
  std::uint64_t total = 0;
  for (const Entry& entry : all.code)
    total += entry.bytes;
  std::ranges::sort(all.code, {}, &Entry::used);
  for (const Entry& entry : all.code) {
    if (total <= limit_bytes)
      break;
    remove(stem(entry.file));
    total -= entry.bytes;
  }
}

void DiskCache::clear() const {
  trim(0);
  const Listing left = list(directory_.get());
  // Otherwise nobody would optimise what is compiled next until the claims are old.
  for (const Entry& entry : left.temporary)
    if (entry.file.ends_with(kClaimSuffix))
      ::unlinkat(directory_.get(), entry.file.c_str(), 0);
  for (const Entry& entry : left.digests)
    ::unlinkat(directory_.get(), entry.file.c_str(), 0);
}

Result<CodeCacheInfo> code_cache_info(const std::string& directory) {
  if (::access(directory.c_str(), F_OK) != 0)
    return CodeCacheInfo{};
  PERCH_TRY_ASSIGN(const sys::Fd fd, open_trusted_directory(directory));
  CodeCacheInfo info;
  for (const Entry& entry : list(fd.get()).code) {
    info.files += 1;
    info.bytes += entry.bytes;
  }
  return info;
}

Result<CodeCacheInfo> clear_code_cache(const std::string& directory) {
  PERCH_TRY_ASSIGN(CodeCacheInfo info, code_cache_info(directory));
  if (::access(directory.c_str(), F_OK) != 0)
    return info;
  PERCH_TRY_ASSIGN(const DiskCache cache, DiskCache::open(directory));
  cache.clear();
  return info;
}

} // namespace perch::lane
