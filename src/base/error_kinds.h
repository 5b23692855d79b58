#pragma once
// Every error kind a program can see in `err.kind`. The list is closed: `--check` reports a
// `case` on a kind that is not here.

#include <array>
#include <string_view>

namespace perch::kind {

inline constexpr std::string_view kAssertFailed = "assert_failed";
inline constexpr std::string_view kAuditFailed = "audit_failed";
inline constexpr std::string_view kBadArgument = "bad_argument";
inline constexpr std::string_view kBinNotDeclared = "bin_not_declared";
inline constexpr std::string_view kBinNotFound = "bin_not_found";
inline constexpr std::string_view kBundleError = "bundle_error";
inline constexpr std::string_view kCacheError = "cache_error";
inline constexpr std::string_view kCapabilityDenied = "capability_denied";
inline constexpr std::string_view kCommandNotFound = "command_not_found";
inline constexpr std::string_view kConfinementUnavailable = "confinement_unavailable";
inline constexpr std::string_view kDnsFailed = "dns_failed";
inline constexpr std::string_view kEnvNotDeclared = "env_not_declared";
inline constexpr std::string_view kFileAlreadyExists = "file_already_exists";
inline constexpr std::string_view kFileError = "file_error";
inline constexpr std::string_view kFileNotFound = "file_not_found";
inline constexpr std::string_view kFilePermissionDenied = "file_permission_denied";
inline constexpr std::string_view kHookVeto = "hook_veto";
inline constexpr std::string_view kHostNotDeclared = "host_not_declared";
inline constexpr std::string_view kHttpDnsFailed = "http_dns_failed";
inline constexpr std::string_view kHttpError = "http_error";
inline constexpr std::string_view kHttpRedirectRefused = "http_redirect_refused";
inline constexpr std::string_view kHttpSsrfBlocked = "http_ssrf_blocked";
inline constexpr std::string_view kHttpStatus = "http_status";
inline constexpr std::string_view kHttpTimeout = "http_timeout";
inline constexpr std::string_view kOutputTooLarge = "output_too_large";
inline constexpr std::string_view kReadNotDeclared = "read_not_declared";
inline constexpr std::string_view kRecursionLimit = "recursion_limit";
inline constexpr std::string_view kRequirementUnmet = "requirement_unmet";
inline constexpr std::string_view kShellBinNotAllowed = "shell_bin_not_allowed";
inline constexpr std::string_view kShellExitNonzero = "shell_exit_nonzero";
inline constexpr std::string_view kShellMetacharsDenied = "shell_metachars_denied";
inline constexpr std::string_view kShellSignalKilled = "shell_signal_killed";
inline constexpr std::string_view kSignalReceived = "signal_received";
inline constexpr std::string_view kTimeoutExceeded = "timeout_exceeded";
inline constexpr std::string_view kUnknownName = "unresolved_name";
inline constexpr std::string_view kUserFail = "user_fail";
inline constexpr std::string_view kWasmCapabilityDenied = "wasm_capability_denied";
inline constexpr std::string_view kWasmCompileFailed = "wasm_compile_failed";
inline constexpr std::string_view kWasmHashMismatch = "wasm_hash_mismatch";
inline constexpr std::string_view kWasmHttpRefused = "wasm_http_refused";
inline constexpr std::string_view kWasmModuleExited = "wasm_module_exited";
inline constexpr std::string_view kWasmTrap = "wasm_trap";
inline constexpr std::string_view kWriteNotDeclared = "write_not_declared";

/// Sorted, for lookups and for the generated page.
inline constexpr std::array kAll = {kAssertFailed,
                                    kAuditFailed,
                                    kBadArgument,
                                    kBinNotDeclared,
                                    kBinNotFound,
                                    kBundleError,
                                    kCacheError,
                                    kCapabilityDenied,
                                    kCommandNotFound,
                                    kConfinementUnavailable,
                                    kDnsFailed,
                                    kEnvNotDeclared,
                                    kFileAlreadyExists,
                                    kFileError,
                                    kFileNotFound,
                                    kFilePermissionDenied,
                                    kHookVeto,
                                    kHostNotDeclared,
                                    kHttpDnsFailed,
                                    kHttpError,
                                    kHttpRedirectRefused,
                                    kHttpSsrfBlocked,
                                    kHttpStatus,
                                    kHttpTimeout,
                                    kOutputTooLarge,
                                    kReadNotDeclared,
                                    kRecursionLimit,
                                    kRequirementUnmet,
                                    kShellBinNotAllowed,
                                    kShellExitNonzero,
                                    kShellMetacharsDenied,
                                    kShellSignalKilled,
                                    kSignalReceived,
                                    kTimeoutExceeded,
                                    kUnknownName,
                                    kUserFail,
                                    kWasmCapabilityDenied,
                                    kWasmCompileFailed,
                                    kWasmHashMismatch,
                                    kWasmHttpRefused,
                                    kWasmModuleExited,
                                    kWasmTrap,
                                    kWriteNotDeclared};

} // namespace perch::kind
