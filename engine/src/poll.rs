//! `poll_oneoff`: sleeping and waiting for the standard streams, on the guest's own thread.
//!
//! A wait ends when something is ready or when a signal interrupts it and the guest has been told
//! to stop. Regular files are always ready, as they are for poll(2).

use crate::guest::{Guest, Stopped};
use crate::wasi::{BADF, INVAL, SUCCESS, enter, now, range};
use std::time::{Duration, Instant};
use wasmtime_c_api::wasmtime::{Caller, Result};
use wasmtime_wasi::p1::types::{Clockid, Fd, Filetype, Rights};
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1;
use wiggle::GuestMemory;

const SUBSCRIPTION_SIZE: usize = 48;
const EVENT_SIZE: usize = 32;
const MAX_SUBSCRIPTIONS: usize = 4096;

const CLOCK: u8 = 0;
const FD_READ: u8 = 1;
const FD_WRITE: u8 = 2;
const ABSOLUTE: u16 = 1;
const HANGUP: u16 = 1;

enum Wait {
    Until(Instant),
    Fd(libc::pollfd),
    Ready { hangup: bool },
}

struct Subscription {
    userdata: [u8; 8],
    kind: u8,
    wait: Wait,
}

pub fn poll_oneoff(
    mut caller: Caller<'_, Guest>,
    subscriptions: i32,
    events: i32,
    count: i32,
    ready: i32,
) -> Result<i32> {
    let (memory, guest) = enter(&mut caller)?;
    let count = count as u32 as usize;
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Ok(INVAL);
    }
    let input = range(memory, subscriptions, count * SUBSCRIPTION_SIZE, 8)?;
    let output = range(memory, events, count * EVENT_SIZE, 8)?;
    let result = range(memory, ready, 4, 4)?;

    let mut list = Vec::with_capacity(count);
    for entry in memory[input].to_vec().chunks_exact(SUBSCRIPTION_SIZE) {
        match subscribe(guest, entry) {
            Ok(subscription) => list.push(subscription),
            Err(errno) => return Ok(errno),
        }
    }
    wait(guest, &mut list)?;

    let mut at = output.start;
    for subscription in list {
        if let Wait::Ready { hangup } = subscription.wait {
            memory[at..at + EVENT_SIZE].copy_from_slice(&event(&subscription, hangup));
            at += EVENT_SIZE;
        }
    }
    let written = ((at - output.start) / EVENT_SIZE) as u32;
    memory[result].copy_from_slice(&written.to_le_bytes());
    Ok(SUCCESS)
}

fn field<const N: usize>(entry: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&entry[at..at + N]);
    bytes
}

fn subscribe(guest: &mut Guest, entry: &[u8]) -> Result<Subscription, i32> {
    let kind = entry[8];
    let wait = match kind {
        CLOCK => Wait::Until(clock(
            guest,
            u32::from_le_bytes(field(entry, 16)),
            u64::from_le_bytes(field(entry, 24)),
            u16::from_le_bytes(field(entry, 40)) & ABSOLUTE != 0,
        )?),
        FD_READ | FD_WRITE => descriptor(guest, kind, u32::from_le_bytes(field(entry, 16)))?,
        _ => return Err(INVAL),
    };
    Ok(Subscription { userdata: field(entry, 0), kind, wait })
}

fn clock(guest: &mut Guest, id: u32, timeout: u64, absolute: bool) -> Result<Instant, i32> {
    let id = match id {
        0 => Clockid::Realtime,
        1 => Clockid::Monotonic,
        _ => return Err(INVAL),
    };
    let nanoseconds = if absolute {
        let mut none = GuestMemory::Unshared(&mut []);
        let now = guest.wasi.clock_time_get(&mut none, id, 0).map_err(|_| INVAL)?;
        timeout.saturating_sub(now)
    } else {
        timeout
    };
    let now = Instant::now();
    // What no clock reaches is a wait until something else happens.
    let century = Duration::from_secs(100 * 365 * 86400);
    Ok(now + Duration::from_nanos(nanoseconds).min(century))
}

/// What a descriptor number means is known to `wasmtime-wasi` alone. Its answers tell the standard
/// streams from files: they alone have exactly one right.
fn descriptor(guest: &mut Guest, kind: u8, fd: u32) -> Result<Wait, i32> {
    let mut none = GuestMemory::Unshared(&mut []);
    let stat = match now(guest.wasi.fd_fdstat_get(&mut none, Fd::from(fd))) {
        Ok(Ok(stat)) => stat,
        _ => return Err(BADF),
    };
    if stat.fs_rights_base == Rights::FD_READ || stat.fs_rights_base == Rights::FD_WRITE {
        let (host, events) = match (kind, stat.fs_rights_base) {
            (FD_READ, Rights::FD_READ) => (guest.streams[0], libc::POLLIN),
            (FD_WRITE, Rights::FD_WRITE) => {
                (guest.streams[if fd == 2 { 2 } else { 1 }], libc::POLLOUT)
            }
            _ => return Err(BADF),
        };
        return Ok(match host {
            Some(fd) => Wait::Fd(libc::pollfd { fd, events, revents: 0 }),
            None => Wait::Ready { hangup: false },
        });
    }
    if stat.fs_filetype == Filetype::Directory {
        return Err(BADF);
    }
    let hangup = kind == FD_READ && {
        let size = match now(guest.wasi.fd_filestat_get(&mut none, Fd::from(fd))) {
            Ok(Ok(stat)) => stat.size,
            _ => return Err(BADF),
        };
        guest.wasi.fd_tell(&mut none, Fd::from(fd)).is_ok_and(|position| size <= position)
    };
    Ok(Wait::Ready { hangup })
}

fn same(a: &libc::pollfd, b: &libc::pollfd) -> bool {
    a.fd == b.fd && a.events == b.events
}

/// Waits until at least one subscription is ready and marks all that are.
fn wait(guest: &Guest, list: &mut [Subscription]) -> Result<()> {
    let mut fds: Vec<libc::pollfd> = Vec::new();
    loop {
        if guest.stop.is_set() {
            return Err(Stopped.into());
        }
        fds.clear();
        for subscription in list.iter() {
            // Each stream once: the system takes no more entries than files may be open.
            if let Wait::Fd(fd) = subscription.wait
                && !fds.iter().any(|known| same(known, &fd))
            {
                fds.push(fd);
            }
        }
        let immediate = list.iter().any(|s| matches!(s.wait, Wait::Ready { .. }));
        let first = list
            .iter()
            .filter_map(|s| if let Wait::Until(at) = s.wait { Some(at) } else { None })
            .min();
        let timeout = match first {
            _ if immediate => Some(Duration::ZERO),
            Some(at) => Some(at.saturating_duration_since(Instant::now())),
            None => None,
        };
        let spec = timeout.map(|t| libc::timespec {
            tv_sec: t.as_secs() as libc::time_t,
            tv_nsec: t.subsec_nanos().into(),
        });
        let spec = spec.as_ref().map_or(std::ptr::null(), |s| s as *const _);
        // SAFETY: valid entries, and a timeout that outlives the call or none.
        unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, spec, std::ptr::null()) };

        let mut found = immediate;
        let time = Instant::now();
        for subscription in list.iter_mut() {
            let ready = match subscription.wait {
                Wait::Until(at) => at <= time,
                Wait::Fd(fd) => fds.iter().any(|known| same(known, &fd) && known.revents != 0),
                Wait::Ready { .. } => false,
            };
            if ready {
                subscription.wait = Wait::Ready { hangup: false };
                found = true;
            }
        }
        if found {
            return Ok(());
        }
    }
}

fn event(subscription: &Subscription, hangup: bool) -> [u8; EVENT_SIZE] {
    let mut bytes = [0; EVENT_SIZE];
    bytes[..8].copy_from_slice(&subscription.userdata);
    bytes[10] = subscription.kind;
    if subscription.kind != CLOCK {
        bytes[16..24].copy_from_slice(&1u64.to_le_bytes());
        bytes[24..26].copy_from_slice(&(if hangup { HANGUP } else { 0 }).to_le_bytes());
    }
    bytes
}
