#pragma once
// op::Files over the real file system: every member locates the place, asks the policy about the
// place, and then works on the place's handle.

#include "op/call.h"
#include "run/gate.h"

namespace perch::run {

/// Lifetime: borrows the gate and everything the scope borrows. Threads: as op::Call.
class GatedFiles final : public op::Files {
public:
  GatedFiles(Gate& gate, const Scope& scope, Actor actor)
      : gate_(gate), scope_(scope), actor_(actor) {}

  Result<op::FileInfo> stat(std::string_view path, op::Follow follow) override;
  Result<bool> exists(std::string_view path) override;
  Result<std::string> read(std::string_view path, std::uint64_t limit_bytes) override;
  Status read_stream(std::string_view path,
                     const std::function<Status(std::string_view)>& sink) override;
  Result<std::vector<op::DirEntry>> list(std::string_view path) override;
  Result<std::string> read_link(std::string_view path) override;
  Result<std::vector<std::string>> glob(std::string_view pattern) override;

  Status make_directories(std::string_view path) override;
  Status write(std::string_view path, std::string_view bytes) override;
  Status append(std::string_view path, std::string_view bytes) override;
  Status append_line(std::string_view path, std::string_view line) override;
  Result<std::unique_ptr<op::PendingFile>> create(std::string_view path,
                                                  std::uint32_t mode) override;
  Status remove(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status set_mode(std::string_view path, std::uint32_t mode) override;
  Status touch(std::string_view path) override;
  Status symlink(std::string_view target, std::string_view link) override;
  Result<std::string> make_temp(std::string_view prefix, op::FileType type) override;

  [[nodiscard]] std::string absolute(std::string_view path) const override;

private:
  Result<sys::Spot> readable(std::string_view path, sys::Final final = sys::Final::Follow) {
    return gate_.read_spot(scope_, actor_, path, final);
  }
  Result<sys::Spot> writable(std::string_view path, sys::Final final = sys::Final::Follow) {
    return gate_.write_spot(scope_, actor_, path, final);
  }
  Result<sys::Fd> open_to_read(std::string_view path);
  /// Refuses to take away `/`, the home and current directories, declared roots, what holds one of
  /// them, and perch's own directories.
  Status refuse_essential(const sys::Spot& spot, std::string_view verb) const;

  Gate& gate_;
  Scope scope_;
  Actor actor_;
};

} // namespace perch::run
