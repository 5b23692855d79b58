//! The static library perch links: Wasmtime's C API, libcurl and OpenSSL, and the few functions
//! that Wasmtime's C API lacks. `include/perch_engine.h` documents those for their callers.

// Naming the crates keeps their `extern "C"` functions in the archive.
pub use curl_sys;
pub use openssl_sys;
pub use wasmtime_c_api;

mod stdio;

use std::ffi::c_int;
use std::hash::{Hash, Hasher};
use wasmtime_c_api::wasmtime::{Config, Engine};
use wasmtime_c_api::{wasi_config_t, wasm_config_t, wasm_engine_t, wasmtime_error_t};
use wasmtime_wasi::WasiCtxBuilder;

/// Declares that C API struct `$outer` is `repr(C)` with the one private field `$inner`, so that a
/// reference to one is a reference to the other. True of the version that Cargo.toml pins exactly;
/// the assertion catches an added field when that version moves.
macro_rules! same_layout {
    ($outer:ty, $inner:ty) => {
        const _: () = assert!(
            size_of::<$outer>() == size_of::<$inner>()
                && align_of::<$outer>() == align_of::<$inner>()
        );
    };
}
same_layout!(wasi_config_t, WasiCtxBuilder);
same_layout!(wasm_config_t, Config);
same_layout!(wasm_engine_t, Engine);

fn builder(config: &mut wasi_config_t) -> &mut WasiCtxBuilder {
    // SAFETY: same_layout! above.
    unsafe { &mut *(config as *mut wasi_config_t).cast() }
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_engine_new(
    config: Box<wasm_config_t>,
    out: &mut *mut wasm_engine_t,
) -> Option<Box<wasmtime_error_t>> {
    // SAFETY: same_layout! above; the box owns a Config that nobody else refers to.
    let config = unsafe { Box::from_raw(Box::into_raw(config).cast::<Config>()) };
    match Engine::new(&config) {
        Ok(engine) => {
            *out = Box::into_raw(Box::new(engine)).cast();
            None
        }
        Err(error) => Some(Box::new(error.into())),
    }
}

/// FNV-1a: the same bytes give the same number in every process and on every run.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_engine_compatibility(engine: &wasm_engine_t) -> u64 {
    // SAFETY: same_layout! above.
    let engine: &Engine = unsafe { &*(engine as *const wasm_engine_t).cast() };
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_wasi_config_allow_blocking(config: &mut wasi_config_t) {
    builder(config).allow_blocking_current_thread(true);
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_wasi_config_set_stdio(
    config: &mut wasi_config_t,
    stdin_fd: c_int,
    stdout_fd: c_int,
    stderr_fd: c_int,
) -> c_int {
    match stdio::bind(builder(config), stdin_fd, stdout_fd, stderr_fd) {
        Ok(()) => 0,
        Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
    }
}
