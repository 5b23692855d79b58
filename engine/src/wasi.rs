//! WASI Preview 1 on `wasmtime-wasi`, called without an async runtime: its file calls are allowed
//! to block, so each of its futures is ready when it is polled once. What that does not hold for,
//! or what does not fit, is replaced: arguments and environment (any bytes, not just UTF-8),
//! `poll_oneoff` (poll.rs), `random_get` (any size), and `proc_exit` (all codes).

use crate::guest::{Exit, Guest, Stopped};
use crate::poll;
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use wasmtime_c_api::wasmtime::{
    AsContextMut, Caller, Extern, Linker, Result, Trap, bail, format_err,
};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::types::{Fd, Filetype, Lookupflags};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as p1, WasiSnapshotPreview1};
use wiggle::{GuestMemory, GuestPtr};

pub const MODULE: &str = "wasi_snapshot_preview1";

pub const SUCCESS: i32 = 0;
pub const BADF: i32 = 8;
pub const INVAL: i32 = 28;
const MFILE: i32 = 33;
const NOTSUP: i32 = 58;

/// Runs a future that never waits.
pub fn now<F: Future>(future: F) -> Result<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => bail!("a WASI call wanted to wait"),
    }
}

/// The guest's exported memory and what the host keeps for it. A stopped guest gets neither: it
/// traps before it can act again.
pub fn enter<'a>(caller: &'a mut Caller<'_, Guest>) -> Result<(&'a mut [u8], &'a mut Guest)> {
    if caller.data().stop.is_set() {
        return Err(Stopped.into());
    }
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory.data_and_store_mut(caller)),
        _ => bail!("the module calls the host but exports no memory"),
    }
}

/// Runs `$body` with the guest's memory and WASI context in the two names.
macro_rules! call {
    ($caller:ident, |$memory:ident, $guest:ident| $body:expr) => {{
        let fuel = $caller.as_context_mut().hostcall_fuel();
        let (bytes, $guest) = enter(&mut $caller)?;
        WasiSnapshotPreview1::set_hostcall_fuel(&mut $guest.wasi, fuel);
        let mut memory = GuestMemory::Unshared(bytes);
        let $memory = &mut memory;
        $body
    }};
}

/// Links functions of `wasmtime-wasi` under their own names: those that may wait, then the others.
macro_rules! forward {
    ($linker:ident, waiting: { $($name:ident($($arg:ident: $ty:ty),*);)* }
     direct: { $($plain:ident($($parg:ident: $pty:ty),*);)* }) => {
        $($linker.func_wrap(MODULE, stringify!($name),
            |mut caller: Caller<'_, Guest>, $($arg: $ty),*| -> Result<i32> {
                call!(caller, |memory, guest| now(p1::$name(&mut guest.wasi, memory, $($arg),*))?)
            })?;)*
        $($linker.func_wrap(MODULE, stringify!($plain),
            |mut caller: Caller<'_, Guest>, $($parg: $pty),*| -> Result<i32> {
                call!(caller, |memory, guest| p1::$plain(&mut guest.wasi, memory, $($parg),*))
            })?;)*
    };
}

pub fn link(linker: &mut Linker<Guest>) -> Result<()> {
    forward!(linker, waiting: {
        fd_advise(fd: i32, offset: i64, len: i64, advice: i32);
        fd_datasync(fd: i32);
        fd_fdstat_get(fd: i32, out: i32);
        fd_filestat_get(fd: i32, out: i32);
        fd_filestat_set_size(fd: i32, size: i64);
        fd_filestat_set_times(fd: i32, atim: i64, mtim: i64, flags: i32);
        fd_readdir(fd: i32, buffer: i32, len: i32, cookie: i64, out: i32);
        fd_seek(fd: i32, offset: i64, whence: i32, out: i32);
        fd_sync(fd: i32);
        path_create_directory(fd: i32, path: i32, len: i32);
        path_filestat_get(fd: i32, flags: i32, path: i32, len: i32, out: i32);
        path_filestat_set_times(fd: i32, flags: i32, path: i32, len: i32, atim: i64, mtim: i64,
                                fst_flags: i32);
        path_link(fd: i32, flags: i32, path: i32, len: i32, new_fd: i32, new: i32, new_len: i32);
        path_readlink(fd: i32, path: i32, len: i32, buffer: i32, buffer_len: i32, out: i32);
        path_remove_directory(fd: i32, path: i32, len: i32);
        path_rename(fd: i32, path: i32, len: i32, new_fd: i32, new: i32, new_len: i32);
        path_symlink(target: i32, target_len: i32, fd: i32, path: i32, len: i32);
        path_unlink_file(fd: i32, path: i32, len: i32);
    } direct: {
        clock_res_get(id: i32, out: i32);
        clock_time_get(id: i32, precision: i64, out: i32);
        fd_allocate(fd: i32, offset: i64, len: i64);
        fd_fdstat_set_flags(fd: i32, flags: i32);
        fd_fdstat_set_rights(fd: i32, base: i64, inheriting: i64);
        fd_prestat_dir_name(fd: i32, path: i32, len: i32);
        fd_prestat_get(fd: i32, out: i32);
        fd_tell(fd: i32, out: i32);
        proc_raise(signal: i32);
        sched_yield();
        sock_accept(fd: i32, flags: i32, out: i32);
        sock_recv(fd: i32, iovs: i32, count: i32, flags: i32, out: i32, out_flags: i32);
        sock_send(fd: i32, iovs: i32, count: i32, flags: i32, out: i32);
        sock_shutdown(fd: i32, how: i32);
    });
    link_buffers(linker)?;
    link_descriptors(linker)?;
    link_strings(linker)?;
    linker.func_wrap(MODULE, "random_get", random_get)?;
    linker.func_wrap(MODULE, "poll_oneoff", poll::poll_oneoff)?;
    linker.func_wrap(MODULE, "proc_exit", |code: i32| -> Result<()> { Err(Exit(code).into()) })?;
    Ok(())
}

/// The longest list of buffers that POSIX systems take (IOV_MAX).
const MAX_BUFFERS: u32 = 1024;

/// Reads and writes of any size. The limit of a call stands for what the host would allocate for it,
/// which is nothing here: the bytes go straight between the guest's memory and the file. A list that
/// no program makes keeps the limit, for walking it takes time.
fn link_buffers(linker: &mut Linker<Guest>) -> Result<()> {
    macro_rules! buffers {
        ($($name:ident($($arg:ident: $ty:ty),*);)*) => {
            $(linker.func_wrap(MODULE, stringify!($name),
                |mut caller: Caller<'_, Guest>, fd: i32, list: i32, count: i32, $($arg: $ty,)*
                 out: i32| -> Result<i32> {
                    call!(caller, |memory, guest| {
                        let wasi = &mut guest.wasi;
                        if MAX_BUFFERS >= count as u32 {
                            WasiSnapshotPreview1::set_hostcall_fuel(wasi, usize::MAX);
                        }
                        now(p1::$name(wasi, memory, fd, list, count, $($arg,)* out))?
                    })
                })?;)*
        };
    }
    buffers! { fd_pread(offset: i64); fd_pwrite(offset: i64); fd_read(); fd_write(); }
    Ok(())
}

const RANDOM_PIECE: usize = 64 * 1024;

/// In pieces: `wasmtime-wasi` makes all the bytes before it copies any, and refuses many.
fn random_get(mut caller: Caller<'_, Guest>, buffer: i32, len: i32) -> Result<i32> {
    let all = range(enter(&mut caller)?.0, buffer, len as u32 as usize, 1)?;
    for start in all.clone().step_by(RANDOM_PIECE) {
        let size = RANDOM_PIECE.min(all.end - start);
        let errno = call!(caller, |memory, guest| {
            p1::random_get(&mut guest.wasi, memory, start as i32, size as i32)
        })?;
        if errno != SUCCESS {
            return Ok(errno);
        }
    }
    Ok(SUCCESS)
}

/// Descriptors that all guests of the process have open together, and how many they may have: a
/// guest that opens files until it cannot must not take the last one from the rest of the process.
static OPEN: AtomicI64 = AtomicI64::new(0);

pub fn open_limit() -> i64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid out pointer.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    i64::try_from(limit.rlim_cur).unwrap_or(i64::MAX) * 3 / 4
}

/// One guest's share of `OPEN`; gives it back when dropped.
#[derive(Default)]
pub struct OpenFiles(i64);

impl OpenFiles {
    fn add(&mut self, count: i64) {
        self.0 += count;
        OPEN.fetch_add(count, Relaxed);
    }
}

impl Drop for OpenFiles {
    fn drop(&mut self) {
        OPEN.fetch_sub(self.0, Relaxed);
    }
}

const FOLLOW: i32 = 1;
const CREATE_NEW: i32 = 1 | 4;

/// Whether the path leads to a FIFO or socket. Preview 1 reads and writes at positions, so they are
/// of no use to a guest, but opening a FIFO waits for another process to open its other end.
fn is_pipe(
    wasi: &mut WasiP1Ctx,
    memory: &mut GuestMemory<'_>,
    fd: i32,
    lookup: i32,
    path: i32,
    len: i32,
) -> bool {
    let mut kind = |lookup: Lookupflags| {
        let path = GuestPtr::<str>::new((path as u32, len as u32));
        match now(wasi.path_filestat_get(memory, Fd::from(fd as u32), lookup, path)) {
            Ok(Ok(stat)) => Some(stat.filetype),
            // The call that opens it says why.
            _ => None,
        }
    };
    // Without following first: for a plain name that is much the cheaper question.
    match kind(Lookupflags::empty()) {
        Some(Filetype::SymbolicLink) if lookup & FOLLOW != 0 => {
            kind(Lookupflags::SYMLINK_FOLLOW) == Some(Filetype::Unknown)
        }
        kind => kind == Some(Filetype::Unknown),
    }
}

/// The calls that make and end descriptors, with the count kept.
fn link_descriptors(linker: &mut Linker<Guest>) -> Result<()> {
    linker.func_wrap(
        MODULE,
        "path_open",
        |mut caller: Caller<'_, Guest>,
         fd: i32,
         lookup: i32,
         path: i32,
         len: i32,
         oflags: i32,
         base: i64,
         inheriting: i64,
         flags: i32,
         out: i32|
         -> Result<i32> {
            call!(caller, |memory, guest| {
                if OPEN.load(Relaxed) >= guest.open_limit {
                    return Ok(MFILE);
                }
                let wasi = &mut guest.wasi;
                if oflags & CREATE_NEW != CREATE_NEW && is_pipe(wasi, memory, fd, lookup, path, len)
                {
                    return Ok(NOTSUP);
                }
                let errno = now(p1::path_open(
                    wasi, memory, fd, lookup, path, len, oflags, base, inheriting, flags, out,
                ))??;
                if errno == SUCCESS {
                    guest.open_files.add(1);
                }
                Ok(errno)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "fd_close",
        |mut caller: Caller<'_, Guest>, fd: i32| -> Result<i32> {
            call!(caller, |memory, guest| {
                let errno = now(p1::fd_close(&mut guest.wasi, memory, fd))??;
                if errno == SUCCESS {
                    guest.open_files.add(-1);
                }
                Ok(errno)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "fd_renumber",
        |mut caller: Caller<'_, Guest>, from: i32, to: i32| -> Result<i32> {
            call!(caller, |memory, guest| {
                let errno = now(p1::fd_renumber(&mut guest.wasi, memory, from, to))??;
                if errno == SUCCESS && from != to {
                    guest.open_files.add(-1);
                }
                Ok(errno)
            })
        },
    )?;
    Ok(())
}

/// The bytes a guest pointer names, or the trap that WASI asks for.
pub fn range(memory: &[u8], at: i32, size: usize, align: usize) -> Result<Range<usize>> {
    let start = at as u32 as usize;
    if start % align != 0 {
        return Err(Trap::HeapMisaligned.into());
    }
    if start + size > memory.len() {
        return Err(Trap::MemoryOutOfBounds.into());
    }
    Ok(start..start + size)
}

/// Copies `bytes` to `at`, or traps as WASI asks for pointers out of bounds.
fn put(memory: &mut [u8], at: u64, bytes: &[u8]) -> Result<()> {
    let start = usize::try_from(at)?;
    start
        .checked_add(bytes.len())
        .and_then(|end| memory.get_mut(start..end))
        .ok_or_else(|| format_err!("a pointer given to WASI is out of bounds"))?
        .copy_from_slice(bytes);
    Ok(())
}

/// The form both argument and environment lists have in the guest: an array of pointers into a
/// buffer of strings, each ended by a zero byte.
fn put_strings(memory: &mut [u8], strings: &[Vec<u8>], array: i32, buffer: i32) -> Result<()> {
    let (mut slot, mut at) = (u64::from(array as u32), u64::from(buffer as u32));
    for string in strings {
        put(memory, slot, &(at as u32).to_le_bytes())?;
        put(memory, at, string)?;
        put(memory, at + string.len() as u64, &[0])?;
        slot += 4;
        at += string.len() as u64 + 1;
    }
    Ok(())
}

fn put_sizes(memory: &mut [u8], strings: &[Vec<u8>], count: i32, bytes: i32) -> Result<()> {
    let total: usize = strings.iter().map(|string| string.len() + 1).sum();
    put(memory, u64::from(count as u32), &u32::try_from(strings.len())?.to_le_bytes())?;
    put(memory, u64::from(bytes as u32), &u32::try_from(total)?.to_le_bytes())
}

/// Arguments and environment are any bytes; `wasmtime-wasi` has them as UTF-8.
fn link_strings(linker: &mut Linker<Guest>) -> Result<()> {
    macro_rules! strings {
        ($name:literal, $field:ident, $put:ident) => {
            linker.func_wrap(
                MODULE,
                $name,
                |mut caller: Caller<'_, Guest>, first: i32, second: i32| -> Result<i32> {
                    let (memory, guest) = enter(&mut caller)?;
                    $put(memory, &guest.$field, first, second)?;
                    Ok(SUCCESS)
                },
            )?
        };
    }
    strings!("args_get", argv, put_strings);
    strings!("args_sizes_get", argv, put_sizes);
    strings!("environ_get", env, put_strings);
    strings!("environ_sizes_get", env, put_sizes);
    Ok(())
}
