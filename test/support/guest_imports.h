#pragma once
// Everything a guest can import, for tests that call all of it with whatever comes to mind.

#include <string_view>

namespace perch::test {

struct GuestImport {
  std::string_view module, name;
  std::string_view parameters; ///< i: 32 bits, I: 64 bits
  bool result = true;          ///< 32 bits
};

namespace detail {
inline constexpr std::string_view kWasi = "wasi_snapshot_preview1", kPerch = "perch";
} // namespace detail

inline constexpr GuestImport kGuestImports[] = {
    {detail::kWasi, "args_get", "ii"},
    {detail::kWasi, "args_sizes_get", "ii"},
    {detail::kWasi, "clock_res_get", "ii"},
    {detail::kWasi, "clock_time_get", "iIi"},
    {detail::kWasi, "environ_get", "ii"},
    {detail::kWasi, "environ_sizes_get", "ii"},
    {detail::kWasi, "fd_advise", "iIIi"},
    {detail::kWasi, "fd_allocate", "iII"},
    {detail::kWasi, "fd_close", "i"},
    {detail::kWasi, "fd_datasync", "i"},
    {detail::kWasi, "fd_fdstat_get", "ii"},
    {detail::kWasi, "fd_fdstat_set_flags", "ii"},
    {detail::kWasi, "fd_fdstat_set_rights", "iII"},
    {detail::kWasi, "fd_filestat_get", "ii"},
    {detail::kWasi, "fd_filestat_set_size", "iI"},
    {detail::kWasi, "fd_filestat_set_times", "iIIi"},
    {detail::kWasi, "fd_pread", "iiiIi"},
    {detail::kWasi, "fd_prestat_dir_name", "iii"},
    {detail::kWasi, "fd_prestat_get", "ii"},
    {detail::kWasi, "fd_pwrite", "iiiIi"},
    {detail::kWasi, "fd_read", "iiii"},
    {detail::kWasi, "fd_readdir", "iiiIi"},
    {detail::kWasi, "fd_renumber", "ii"},
    {detail::kWasi, "fd_seek", "iIii"},
    {detail::kWasi, "fd_sync", "i"},
    {detail::kWasi, "fd_tell", "ii"},
    {detail::kWasi, "fd_write", "iiii"},
    {detail::kWasi, "path_create_directory", "iii"},
    {detail::kWasi, "path_filestat_get", "iiiii"},
    {detail::kWasi, "path_filestat_set_times", "iiiiIIi"},
    {detail::kWasi, "path_link", "iiiiiii"},
    {detail::kWasi, "path_open", "iiiiiIIii"},
    {detail::kWasi, "path_readlink", "iiiiii"},
    {detail::kWasi, "path_remove_directory", "iii"},
    {detail::kWasi, "path_rename", "iiiiii"},
    {detail::kWasi, "path_symlink", "iiiii"},
    {detail::kWasi, "path_unlink_file", "iii"},
    {detail::kWasi, "poll_oneoff", "iiii"},
    {detail::kWasi, "proc_exit", "i", false},
    {detail::kWasi, "proc_raise", "i"},
    {detail::kWasi, "random_get", "ii"},
    {detail::kWasi, "sched_yield", ""},
    {detail::kWasi, "sock_accept", "iii"},
    {detail::kWasi, "sock_recv", "iiiiii"},
    {detail::kWasi, "sock_send", "iiiii"},
    {detail::kWasi, "sock_shutdown", "ii"},
    {detail::kPerch, "http_get", "ii"},
    {detail::kPerch, "http_status", "i"},
    {detail::kPerch, "http_body_len", "i"},
    {detail::kPerch, "http_read_body", "iii"},
    {detail::kPerch, "http_close", "i"},
    {detail::kPerch, "http_request", "iiiiiiii"},
    {detail::kPerch, "http_header", "iiiii"},
};

} // namespace perch::test
