//! The static library perch links: Wasmtime's C API, libcurl and OpenSSL, and what that C API
//! lacks for running guests. `include/perch_engine.h` documents it for its callers.

#![expect(non_camel_case_types, reason = "C names")]

// Naming the crates keeps their `extern "C"` functions in the archive.
pub use curl_sys;
pub use openssl_sys;
pub use wasmtime_c_api;

mod guest;
mod poll;
mod stdio;
mod wasi;

use std::ffi::OsStr;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use wasmtime_c_api::wasmtime::{Config, Engine, Module, Result};
use wasmtime_c_api::{
    wasm_byte_vec_t, wasm_config_t, wasm_engine_t, wasmtime_error_t, wasmtime_module_t,
};

/// Declares that C API struct `$outer` has the one private field `$inner`, so that a reference to
/// one is a reference to the other. True of the version that Cargo.toml pins exactly; the assertion
/// catches an added field when that version moves.
macro_rules! same_layout {
    ($outer:ty, $inner:ty) => {
        const _: () = assert!(
            size_of::<$outer>() == size_of::<$inner>()
                && align_of::<$outer>() == align_of::<$inner>()
        );
    };
}
same_layout!(wasm_config_t, Config);
same_layout!(wasm_engine_t, Engine);
same_layout!(wasmtime_module_t, Module);

fn engine_of(engine: &wasm_engine_t) -> &Engine {
    // SAFETY: same_layout! above.
    unsafe { &*(engine as *const wasm_engine_t).cast() }
}

fn module_of(module: &wasmtime_module_t) -> &Module {
    // SAFETY: same_layout! above.
    unsafe { &*(module as *const wasmtime_module_t).cast() }
}

/// Gives the caller a box, or the error.
fn deliver<T>(made: Result<Box<T>>, out: &mut *mut T) -> Option<Box<wasmtime_error_t>> {
    match made {
        Ok(value) => {
            *out = Box::into_raw(value);
            None
        }
        Err(error) => Some(Box::new(error.into())),
    }
}

fn set_bytes(out: &mut wasm_byte_vec_t, text: String) {
    out.set_buffer(text.into_bytes());
}

/// Bytes of the caller's.
#[repr(C)]
pub struct Slice {
    data: *const u8,
    size: usize,
}

impl Slice {
    /// SAFETY: `data` is valid for `size` bytes for as long as the result is used.
    unsafe fn bytes<'a>(&self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }

    unsafe fn text<'a>(&self) -> Result<&'a str> {
        Ok(std::str::from_utf8(unsafe { self.bytes() })?)
    }

    unsafe fn path<'a>(&self) -> &'a Path {
        Path::new(OsStr::from_bytes(unsafe { self.bytes() }))
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_config_set_lean(config: &mut wasm_config_t) {
    // SAFETY: same_layout! above.
    let config: &mut Config = unsafe { &mut *(config as *mut wasm_config_t).cast() };
    config.generate_address_map(false);
    config.concurrency_support(false);
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
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    engine_of(engine).precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn perch_module_map(
    engine: &wasm_engine_t,
    fd: i32,
    offset: u64,
    size: usize,
    out: &mut *mut wasmtime_module_t,
) -> Option<Box<wasmtime_error_t>> {
    let map = || -> Result<Module> {
        // SAFETY: the caller lends `fd` for this call, and vouches for what the file holds.
        let file = unsafe { File::from(BorrowedFd::borrow_raw(fd).try_clone_to_owned()?) };
        unsafe { Module::deserialize_open_file_range(engine_of(engine), file, offset, size) }
    };
    deliver_module(map(), out)
}

fn deliver_module(
    made: Result<Module>,
    out: &mut *mut wasmtime_module_t,
) -> Option<Box<wasmtime_error_t>> {
    let mut module: *mut Module = std::ptr::null_mut();
    let error = deliver(made.map(Box::new), &mut module);
    if error.is_none() {
        *out = module.cast();
    }
    error
}

#[repr(C)]
pub struct perch_code_range_t {
    begin: usize,
    end: usize,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn perch_module_functions(
    module: &wasmtime_module_t,
    out: *mut perch_code_range_t,
    capacity: usize,
) -> usize {
    let module = module_of(module);
    let text = module.text().as_ptr() as usize;
    let functions = module.functions();
    let count = functions.len();
    for (i, function) in functions.take(capacity).enumerate() {
        let begin = text + function.offset;
        // SAFETY: the caller's array of `capacity` entries.
        unsafe { out.add(i).write(perch_code_range_t { begin, end: begin + function.len }) };
    }
    count
}
