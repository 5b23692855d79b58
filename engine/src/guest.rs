//! Guests: one store with one instance each, made from a plain description and run once.

use crate::stdio::Stream;
use crate::wasi::{self, OpenFiles};
use crate::{Slice, engine_of, module_of};
use std::ffi::c_void;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering::Acquire};
use wasmtime_c_api::wasmtime::error::Context;
use wasmtime_c_api::wasmtime::{
    AsContextMut, Caller, Engine, Error, Extern, ExternType, FuncType, InstancePre, Linker, Module,
    ResourceLimiter, Result, Store, Trap, Val, ValType, WasmBacktrace, bail,
};
use wasmtime_c_api::{wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t, wasmtime_module_t};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// The caller's word that tells a guest to stop, valid for as long as the guest.
#[derive(Clone, Copy)]
pub struct Stop(*const AtomicU32);

// SAFETY: it points at an atomic.
unsafe impl Send for Stop {}
unsafe impl Sync for Stop {}

impl Stop {
    pub fn is_set(self) -> bool {
        // SAFETY: see the type.
        unsafe { (*self.0).load(Acquire) != 0 }
    }
}

/// The trap of a guest that was told to stop.
#[derive(Debug)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}
impl std::error::Error for Stopped {}

/// The trap of a guest that goes on writing to a stream nobody reads.
#[derive(Debug)]
pub struct BrokenPipe;

impl fmt::Display for BrokenPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken pipe")
    }
}
impl std::error::Error for BrokenPipe {}

/// The trap of `proc_exit`.
#[derive(Debug)]
pub struct Exit(pub i32);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exited with {}", self.0)
    }
}
impl std::error::Error for Exit {}

/// What a store holds for its guest.
pub struct Guest {
    pub wasi: WasiP1Ctx,
    pub argv: Vec<Vec<u8>>,
    pub env: Vec<Vec<u8>>,
    /// The host's descriptors of stdin, stdout and stderr; none where nothing can block.
    pub streams: [Option<i32>; 3],
    pub stop: Stop,
    pub open_files: OpenFiles,
    pub open_limit: i64,
    limits: Limits,
    host: *mut c_void,
    /// Keeps `streams` open, and counts what is written to them.
    kept: Vec<Stream>,
}

// SAFETY: `host` is the caller's, who promises that a guest may run on another thread.
unsafe impl Send for Guest {}

/// Bounds on what one guest may make the host allocate, over all its memories and tables.
struct Limits {
    memory_left: usize,
    memory_used: usize,
    table_left: usize,
    /// Growing calls no host function, so it looks itself.
    stop: Stop,
}

fn take(left: &mut usize, current: usize, desired: usize, maximum: Option<usize>) -> bool {
    let more = desired.saturating_sub(current);
    let allowed = more <= *left && maximum.is_none_or(|maximum| desired <= maximum);
    if allowed {
        *left -= more;
    }
    allowed
}

impl Limits {
    fn check_stop(&self) -> Result<()> {
        if self.stop.is_set() { Err(Stopped.into()) } else { Ok(()) }
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, now: usize, new: usize, max: Option<usize>) -> Result<bool> {
        self.check_stop()?;
        let allowed = take(&mut self.memory_left, now, new, max);
        if allowed {
            self.memory_used += new.saturating_sub(now);
        }
        Ok(allowed)
    }
    fn table_growing(&mut self, now: usize, new: usize, max: Option<usize>) -> Result<bool> {
        self.check_stop()?;
        Ok(take(&mut self.table_left, now, new, max))
    }
    fn instances(&self) -> usize {
        1
    }
    fn tables(&self) -> usize {
        MAX_TABLES
    }
    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

pub const MAX_TABLES: usize = 32;
pub const MAX_MEMORIES: usize = 16;

// ---- linking -----------------------------------------------------------------------------------

pub type HostFunction =
    unsafe extern "C" fn(host: *mut c_void, memory: *mut u8, size: usize, args: *const i32) -> i32;

#[repr(C)]
pub struct perch_import_t {
    module: Slice,
    name: Slice,
    parameters: u32,
    function: HostFunction,
}

pub struct perch_linker_t {
    linker: Linker<Guest>,
}

pub struct perch_linked_t {
    pre: InstancePre<Guest>,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn perch_linker_new(
    engine: &wasm_engine_t,
    imports: *const perch_import_t,
    count: usize,
    out: &mut *mut perch_linker_t,
) -> Option<Box<wasmtime_error_t>> {
    let imports: &[perch_import_t] =
        // SAFETY: the caller's array.
        if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(imports, count) } };
    let make = || -> Result<Box<perch_linker_t>> {
        let mut linker = Linker::new(engine_of(engine));
        wasi::link(&mut linker)?;
        for import in imports {
            define(engine_of(engine), &mut linker, import)?;
        }
        Ok(Box::new(perch_linker_t { linker }))
    };
    crate::deliver(make(), out)
}

/// A function of 32-bit integers that the caller implements.
fn define(engine: &Engine, linker: &mut Linker<Guest>, import: &perch_import_t) -> Result<()> {
    // SAFETY: the caller's strings.
    let (module, name) = unsafe { (import.module.text()?, import.name.text()?) };
    let parameters = (0..import.parameters).map(|_| ValType::I32);
    let function = import.function;
    linker.func_new(
        module,
        name,
        FuncType::new(engine, parameters, [ValType::I32]),
        move |mut caller: Caller<'_, Guest>, args, results| {
            if caller.data().stop.is_set() {
                return Err(Stopped.into());
            }
            let args: Vec<i32> = args.iter().map(Val::unwrap_i32).collect();
            let host = caller.data().host;
            let (memory, size) = match caller.get_export("memory") {
                Some(Extern::Memory(memory)) => {
                    let bytes = memory.data_mut(&mut caller);
                    (bytes.as_mut_ptr(), bytes.len())
                }
                _ => (std::ptr::null_mut(), 0),
            };
            // SAFETY: the memory stays where it is during the call: only this thread could grow it.
            results[0] = Val::I32(unsafe { function(host, memory, size, args.as_ptr()) });
            if caller.data().stop.is_set() { Err(Stopped.into()) } else { Ok(()) }
        },
    )?;
    Ok(())
}

/// The text format's words for the type of an import or export.
fn describe(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(f) => {
            let list = |word: &str, types: Vec<ValType>| match types.is_empty() {
                true => String::new(),
                false => {
                    let types: Vec<String> = types.iter().map(ValType::to_string).collect();
                    format!(" ({word} {})", types.join(" "))
                }
            };
            format!(
                "(func{}{})",
                list("param", f.params().collect()),
                list("result", f.results().collect())
            )
        }
        ExternType::Memory(m) => match m.maximum() {
            Some(maximum) => format!("(memory {} {maximum})", m.minimum()),
            None => format!("(memory {})", m.minimum()),
        },
        ExternType::Table(t) => format!("(table {} {})", t.minimum(), t.element()),
        ExternType::Global(g) => format!("(global {})", g.content()),
        ExternType::Tag(_) => "(tag)".into(),
    }
}

/// Lines `module.name TYPE` for all imports the linker cannot satisfy.
fn missing(linker: &Linker<Guest>, module: &Module, store: &mut Store<Guest>) -> Vec<String> {
    let mut lines = Vec::new();
    for import in module.imports() {
        let wanted = describe(&import.ty());
        let name = format!("{}.{} {wanted}", import.module(), import.name());
        match linker.get_by_import(&mut *store, &import) {
            None => lines.push(name),
            Some(found) => {
                let found = describe(&found.ty(&*store));
                if found != wanted {
                    lines.push(format!("{name}, which here is {found}"));
                }
            }
        }
    }
    lines
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_linker_missing(
    linker: &perch_linker_t,
    module: &wasmtime_module_t,
    out: &mut wasm_byte_vec_t,
) {
    let module = module_of(module);
    let mut store = Store::new(module.engine(), Guest::nobody());
    crate::set_bytes(out, missing(&linker.linker, module, &mut store).join("\n"));
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_linker_link(
    linker: &perch_linker_t,
    module: &wasmtime_module_t,
    out: &mut *mut perch_linked_t,
) -> Option<Box<wasmtime_error_t>> {
    let make = || -> Result<Box<perch_linked_t>> {
        let module = module_of(module);
        // Now, because it may need what the thread of a guest is not allowed to do.
        module.initialize_copy_on_write_image()?;
        Ok(Box::new(perch_linked_t { pre: linker.linker.instantiate_pre(module)? }))
    };
    crate::deliver(make(), out)
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_linked_delete(_: Box<perch_linked_t>) {}

#[unsafe(no_mangle)]
pub extern "C" fn perch_linker_delete(_: Box<perch_linker_t>) {}

// ---- one run -----------------------------------------------------------------------------------

#[repr(C)]
pub struct perch_mount_t {
    host: Slice,
    guest: Slice,
    writable: bool,
}

#[repr(C)]
pub struct perch_guest_spec_t {
    argv: *const Slice,
    argc: usize,
    env: *const Slice,
    env_count: usize,
    mounts: *const perch_mount_t,
    mount_count: usize,
    streams: [i32; 3],
    input: *const Slice,
    memory_bytes: u64,
    table_elements: u64,
    fuel: *const u64,
    stop: *const AtomicU32,
    host: *mut c_void,
}

pub struct perch_guest_t {
    store: Store<Guest>,
    pre: InstancePre<Guest>,
    fuel: Option<u64>,
}

static NEVER: AtomicU32 = AtomicU32::new(0);

impl Guest {
    /// A guest that has nothing, for looking up imports.
    fn nobody() -> Guest {
        Guest {
            wasi: WasiCtxBuilder::new().build_p1(),
            argv: Vec::new(),
            env: Vec::new(),
            streams: [None; 3],
            stop: Stop(&NEVER),
            open_files: OpenFiles::default(),
            open_limit: 0,
            limits: Limits { memory_left: 0, memory_used: 0, table_left: 0, stop: Stop(&NEVER) },
            host: std::ptr::null_mut(),
            kept: Vec::new(),
        }
    }

    /// SAFETY: the specification's pointers are valid for the call, `stop` for the guest's life.
    unsafe fn new(spec: &perch_guest_spec_t) -> Result<Guest> {
        let list = |first: *const Slice, count: usize| -> Vec<Vec<u8>> {
            // SAFETY: as above.
            (0..count).map(|i| unsafe { (*first.add(i)).bytes().to_vec() }).collect()
        };
        let mut guest = Guest::nobody();
        guest.argv = list(spec.argv, spec.argc);
        guest.env = list(spec.env, spec.env_count);
        guest.stop = Stop(spec.stop);
        guest.host = spec.host;
        guest.open_limit = wasi::open_limit();
        guest.limits = Limits {
            memory_left: usize::try_from(spec.memory_bytes).unwrap_or(usize::MAX),
            memory_used: 0,
            table_left: usize::try_from(spec.table_elements).unwrap_or(usize::MAX),
            stop: guest.stop,
        };

        let mut builder = WasiCtxBuilder::new();
        // Before the directories: each keeps the setting it was opened under.
        builder.allow_blocking_current_thread(true);
        for i in 0..spec.mount_count {
            // SAFETY: as above.
            let mount = unsafe { &*spec.mounts.add(i) };
            let (host, name) = unsafe { (mount.host.path(), mount.guest.text()?) };
            let perms = if mount.writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            builder.preopened_dir(host, name, perms).with_context(|| format!("mount {name}"))?;
        }
        // SAFETY: as above.
        let input = unsafe { spec.input.as_ref() }.map(|input| unsafe { input.bytes().to_vec() });
        unsafe { guest.bind(&mut builder, spec.streams, input)? };
        guest.wasi = builder.build_p1();
        Ok(guest)
    }

    /// Binds the standard streams; what is not bound is an empty stdin or discards.
    unsafe fn bind(
        &mut self,
        builder: &mut WasiCtxBuilder,
        fds: [i32; 3],
        input: Option<Vec<u8>>,
    ) -> Result<()> {
        let open = |fd: i32, events: i16| -> Result<Option<Stream>> {
            if fd < 0 {
                return Ok(None);
            }
            Ok(Some(Stream::duplicate(fd, events, self.stop).context("standard stream")?))
        };
        let stdin = if input.is_some() { None } else { open(fds[0], libc::POLLIN)? };
        let stdout = open(fds[1], libc::POLLOUT)?;
        let stderr = open(fds[2], libc::POLLOUT)?;
        if let Some(bytes) = input {
            builder.stdin(MemoryInputPipe::new(bytes));
        }
        for (i, stream) in [stdin, stdout, stderr].into_iter().enumerate() {
            let Some(stream) = stream else { continue };
            self.streams[i] = Some(stream.fd());
            self.kept.push(stream.clone());
            match i {
                0 => builder.stdin(stream),
                1 => builder.stdout(stream),
                _ => builder.stderr(stream),
            };
        }
        Ok(())
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn perch_guest_new(
    linked: &perch_linked_t,
    spec: &perch_guest_spec_t,
    out: &mut *mut perch_guest_t,
) -> Option<Box<wasmtime_error_t>> {
    let make = || -> Result<Box<perch_guest_t>> {
        // SAFETY: the caller's promise.
        let guest = unsafe { Guest::new(spec)? };
        let mut store = Store::new(linked.pre.module().engine(), guest);
        store.limiter(|guest| &mut guest.limits);
        // SAFETY: null or the caller's.
        let fuel = unsafe { spec.fuel.as_ref() }.copied();
        if let Some(fuel) = fuel {
            store.set_fuel(fuel)?;
        }
        Ok(Box::new(perch_guest_t { store, pre: linked.pre.clone(), fuel }))
    };
    crate::deliver(make(), out)
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_guest_delete(_: Box<perch_guest_t>) {}

#[repr(C)]
pub struct perch_outcome_t {
    how: u32,
    code: i32,
    memory_bytes: u64,
    fuel_used: u64,
    bytes_out: u64,
    reason: wasm_byte_vec_t,
    backtrace: wasm_byte_vec_t,
}

const RETURNED: u32 = 0;
const EXITED: u32 = 1;
const TRAPPED: u32 = 2;
const STOPPED: u32 = 3;
const BROKEN_PIPE: u32 = 4;

fn run(guest: &mut perch_guest_t) -> Result<()> {
    let mut store = guest.store.as_context_mut();
    let instance = guest.pre.instantiate(&mut store)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    if store.data().stop.is_set() {
        bail!(Stopped);
    }
    start.call(&mut store, ())
}

fn reason(error: &Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "stack overflow".into(),
        Some(Trap::UnreachableCodeReached) => "unreachable".into(),
        Some(Trap::OutOfFuel) => "out of fuel".into(),
        Some(trap) => trap.to_string().trim_start_matches("wasm trap: ").into(),
        // What is wrapped around it is the backtrace, which is told apart.
        None => error.root_cause().to_string(),
    }
}

/// The most bytes that are shown of a function's name, and the longest one that is demangled. A name
/// is the module's choice, and a short one may stand for gigabytes.
const SHOWN_NAME: usize = 1000;
const DEMANGLED_NAME: usize = 4096;

/// A text that is cut where it gets too long; whoever writes more is told to stop.
#[derive(Default)]
struct Name {
    text: String,
    full: bool,
}

impl fmt::Write for Name {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        let room = SHOWN_NAME - self.text.len();
        if piece.len() <= room {
            self.text.push_str(piece);
            return Ok(());
        }
        self.text.push_str(&piece[..piece.floor_char_boundary(room)]);
        self.text.push('\u{2026}');
        self.full = true;
        Err(fmt::Error)
    }
}

fn demangle(mangled: &str, out: &mut Name) -> fmt::Result {
    if mangled.len() > DEMANGLED_NAME {
        return Err(fmt::Error);
    }
    if let Ok(name) = rustc_demangle::try_demangle(mangled) {
        return write!(out, "{name:#}");
    }
    let symbol = cpp_demangle::Symbol::new(mangled).map_err(|_| fmt::Error)?;
    symbol.structured_demangle(out, &cpp_demangle::DemangleOptions::default())
}

fn shown_name(carried: &str) -> String {
    let mut name = Name::default();
    if demangle(carried, &mut name).is_err() && !name.full {
        name = Name::default();
        let _ = name.write_str(carried); // cut is fine
    }
    // It makes no lines of its own.
    name.text.replace(char::is_control, "\u{fffd}")
}

fn backtrace(error: &Error) -> String {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let name = |frame: &wasmtime_c_api::wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => shown_name(name),
        None => format!("<function {}>", frame.func_index()),
    };
    trace.frames().iter().map(name).collect::<Vec<_>>().join("\n")
}

#[unsafe(no_mangle)]
pub extern "C" fn perch_guest_run(mut guest: Box<perch_guest_t>, out: &mut perch_outcome_t) {
    let result = run(&mut guest);
    out.memory_bytes = guest.store.data().limits.memory_used as u64;
    out.fuel_used = match guest.fuel {
        Some(fuel) => fuel - guest.store.get_fuel().unwrap_or(fuel),
        None => 0,
    };
    out.bytes_out = guest.store.data().kept.iter().map(Stream::written).sum();
    out.code = 0;
    out.how = match &result {
        Ok(()) => RETURNED,
        Err(error) => {
            if let Some(Exit(code)) = error.downcast_ref() {
                out.code = *code;
                EXITED
            } else if guest.store.data().stop.is_set() {
                STOPPED
            } else if error.downcast_ref::<BrokenPipe>().is_some() {
                BROKEN_PIPE
            } else {
                crate::set_bytes(&mut out.reason, reason(error));
                crate::set_bytes(&mut out.backtrace, backtrace(error));
                TRAPPED
            }
        }
    };
}
