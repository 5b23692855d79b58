//! A guest's standard streams on plain file descriptors.
//!
//! Wasmtime's own choices do not fit: its stdin reads on a thread of its own and takes bytes that
//! a later reader should get, its stdout buffers by line, and its file streams say they are no
//! terminal. Here one guest call is one system call, made on the guest's thread; a signal that
//! interrupts it is the moment to look whether the guest has been told to stop.

use crate::guest::{BrokenPipe, Stop, Stopped};
use async_trait::async_trait;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, OutputStream, StreamError, StreamResult};

/// The most bytes one read may return: what a guest asks for is no reason to allocate more.
const MAX_READ: usize = 64 * 1024;

/// One stream. Clones share the descriptor, so every handle a guest opens is the same stream.
#[derive(Clone)]
pub struct Stream {
    shared: Arc<Shared>,
    events: i16,
    stop: Stop,
}

struct Shared {
    file: File,
    /// How many bytes were written to it.
    written: AtomicU64,
    /// A write was refused because its reader is gone.
    unread: AtomicBool,
}

impl Stream {
    /// A stream on a duplicate of `fd`, which the caller keeps. `events`: POLLIN or POLLOUT.
    pub fn duplicate(fd: i32, events: i16, stop: Stop) -> io::Result<Stream> {
        // SAFETY: the caller lends `fd` for the length of this call; an fd that is not open makes
        // the duplication fail.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let file = File::from(borrowed.try_clone_to_owned()?);
        let shared =
            Arc::new(Shared { file, written: AtomicU64::new(0), unread: AtomicBool::new(false) });
        Ok(Stream { shared, events, stop })
    }

    pub fn fd(&self) -> i32 {
        self.shared.file.as_raw_fd()
    }

    pub fn written(&self) -> u64 {
        self.shared.written.load(Relaxed)
    }

    fn poll_fd(&self, timeout_ms: i32) -> bool {
        let mut entry = libc::pollfd { fd: self.fd(), events: self.events, revents: 0 };
        // SAFETY: one valid entry.
        unsafe { libc::poll(&mut entry, 1, timeout_ms) > 0 }
    }

    /// Repeats `attempt` while it is interrupted, or while a descriptor that its other holders made
    /// non-blocking is not ready: a guest sees blocking streams only. A stopped guest traps.
    fn blocking<T>(&self, mut attempt: impl FnMut(&File) -> io::Result<T>) -> StreamResult<T> {
        loop {
            if self.stop.is_set() {
                return Err(StreamError::Trap(Stopped.into()));
            }
            match attempt(&self.shared.file) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.poll_fd(-1);
                }
                // The errno reaches the guest as it is; `Closed` would turn EPIPE into EIO.
                Err(error) => return Err(StreamError::LastOperationFailed(error.into())),
                Ok(value) => return Ok(value),
            }
        }
    }

    fn read_bytes(&self, size: usize) -> StreamResult<Bytes> {
        let mut buffer = vec![0; size.min(MAX_READ)];
        match self.blocking(|mut file| file.read(&mut buffer))? {
            0 if size > 0 => Err(StreamError::Closed),
            count => {
                buffer.truncate(count);
                Ok(buffer.into())
            }
        }
    }

    /// One that ignores the error would write for ever: it gets EPIPE once, and then what a process
    /// gets from SIGPIPE.
    fn write_some(&self, bytes: &[u8]) -> StreamResult<usize> {
        self.blocking(|mut file| match file.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
            written => written.map(Some),
        })?
        .ok_or_else(|| match self.shared.unread.swap(true, Relaxed) {
            true => StreamError::Trap(BrokenPipe.into()),
            false => {
                StreamError::LastOperationFailed(io::Error::from_raw_os_error(libc::EPIPE).into())
            }
        })
    }

    fn write_all(&self, mut bytes: &[u8]) -> StreamResult<()> {
        while !bytes.is_empty() {
            let written = self.write_some(bytes)?;
            if written == 0 {
                let error = io::Error::from(ErrorKind::WriteZero);
                return Err(StreamError::LastOperationFailed(error.into()));
            }
            self.shared.written.fetch_add(written as u64, Relaxed);
            bytes = &bytes[written..];
        }
        Ok(())
    }
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        std::io::IsTerminal::is_terminal(&self.shared.file)
    }
}

// Nothing waits on a stream through a Pollable: poll_oneoff is in poll.rs.
#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

#[async_trait]
impl InputStream for Stream {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if !self.poll_fd(0) {
            return Ok(Bytes::new());
        }
        self.read_bytes(size)
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.read_bytes(size)
    }
}

#[async_trait]
impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write_all(&bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_READ)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write_all(&bytes)
    }
}

impl StdinStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(NeverUsed)
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(NeverUsed)
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

/// What WASI Preview 3 would read and write. Preview 1 has no way to it.
struct NeverUsed;

impl AsyncRead for NeverUsed {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(ErrorKind::Unsupported.into()))
    }
}

impl AsyncWrite for NeverUsed {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(ErrorKind::Unsupported.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
