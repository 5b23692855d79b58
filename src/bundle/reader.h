#pragma once
// The archive of a built executable: opened once it is known to be what was built, its entries
// checked when they are read. Nothing in the file is trusted, so that one may look into any.

#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/marker.h"
#include "sys/deflate.h"
#include "sys/mapped_file.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perch::bundle {

/// Errors are all bundle_error, and say what is damaged. Threads: safe from several.
class Reader {
public:
  /// Of the executable this process runs: in_built_executable() holds.
  [[nodiscard]] static Result<std::unique_ptr<Reader>> open_own();
  /// Of any file; null when it is a perch without an archive. `shown` names it in messages.
  [[nodiscard]] static Result<std::unique_ptr<Reader>> open(sys::MappedFile file,
                                                            std::string_view shown);

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::string& sha256() const { return marker_.sha256; }
  /// How many bytes follow the archive, which nobody reads: a signature.
  [[nodiscard]] std::uint64_t bytes_behind() const;
  [[nodiscard]] std::uint64_t archive_bytes() const;

  /// An entry of this archive.
  [[nodiscard]] Result<Entry> entry(std::string_view name) const;
  [[nodiscard]] Result<std::string> read(const Entry& entry) const;
  /// In pieces. What the sink got counts only when this succeeds: the digest is known at the end.
  [[nodiscard]] Status stream(const Entry& entry, const sys::ByteSink& sink) const;
  /// Native code where it lies, which counts only when check_code() succeeds. Lifetime: this
  /// object's.
  [[nodiscard]] std::string_view code(const Entry& entry) const;
  /// The file the archive is in, open, of open_own() only. Borrowed; lifetime as of the code.
  [[nodiscard]] int file() const { return file_.file(); }
  [[nodiscard]] Status check_code(const Entry& entry) const;

  /// Reads everything, also the perch in front, and tells all that is damaged; empty: nothing is.
  [[nodiscard]] std::vector<std::string> verify() const;

private:
  Reader(sys::MappedFile file, Marker marker)
      : file_(std::move(file)), marker_(std::move(marker)) {}
  [[nodiscard]] static Result<std::unique_ptr<Reader>> make(sys::MappedFile file, Marker marker);
  [[nodiscard]] std::string digest_of(std::string_view bytes) const;
  [[nodiscard]] Status check_tail() const;
  [[nodiscard]] Status check_frame(const Entry& entry) const;
  [[nodiscard]] bool is_within_archive(const Entry& entry) const;

  sys::MappedFile file_;
  Marker marker_;
  Manifest manifest_;
};

} // namespace perch::bundle
