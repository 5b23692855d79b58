#pragma once
// The archive of the executable we are, as a run sees it.

#include "bundle/reader.h"
#include "run/run.h"
#include "sys/fd.h"
#include "sys/world.h"

#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace perch::cli {

/// Lifetime: borrows both.
class BuiltArchive final : public run::Archive {
public:
  BuiltArchive(sys::World& world, const bundle::Reader& reader) : world_(world), reader_(reader) {}

  [[nodiscard]] const std::string& sha256() const override { return reader_.sha256(); }
  [[nodiscard]] std::vector<std::string> paths(std::string_view within) const override;
  Result<std::string> read(std::string_view path) override;
  Status stream(std::string_view path,
                const std::function<Status(std::string_view)>& sink) override;
  Result<std::uint32_t> mode(std::string_view path) override;
  Result<std::optional<lane::AheadCode>> code(std::string_view path,
                                              lane::Metering metering) override;
  Result<std::string> directory() override;

private:
  [[nodiscard]] Result<bundle::Entry> file(std::string_view path) const;

  sys::World& world_;
  const bundle::Reader& reader_;
  std::mutex mutex_;
  std::vector<std::future<void>> checks_; ///< of native code; they end before this does
  sys::Fd in_use_; ///< of the unpacked directory: nobody removes it while the run goes on
};

} // namespace perch::cli
