//! A guest's standard streams on plain file descriptors.
//!
//! Wasmtime's own choices do not fit: its stdin reads on a thread of its own and takes bytes that
//! a later reader should get, its stdout buffers by line, and its file streams say they are no
//! terminal. Here one guest call is one system call, made on the guest's thread.

use async_trait::async_trait;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, OutputStream, StreamError, StreamResult};

/// The most bytes one read may return: what a guest asks for is no reason to allocate more.
const MAX_READ: usize = 64 * 1024;

/// Binds the three streams to duplicates of the descriptors; -1 stands for empty or discarded.
pub fn bind(builder: &mut WasiCtxBuilder, stdin: i32, stdout: i32, stderr: i32) -> io::Result<()> {
    match Stream::duplicate(stdin, Interest::READABLE)? {
        Some(stream) => builder.stdin(stream),
        None => builder.stdin(tokio::io::empty()),
    };
    match Stream::duplicate(stdout, Interest::WRITABLE)? {
        Some(stream) => builder.stdout(stream),
        None => builder.stdout(tokio::io::empty()),
    };
    match Stream::duplicate(stderr, Interest::WRITABLE)? {
        Some(stream) => builder.stderr(stream),
        None => builder.stderr(tokio::io::empty()),
    };
    Ok(())
}

/// One stream. Clones share the descriptor, so every handle a guest opens is the same stream.
#[derive(Clone)]
struct Stream {
    file: Arc<File>,
    interest: Interest,
}

impl Stream {
    fn duplicate(fd: i32, interest: Interest) -> io::Result<Option<Stream>> {
        if fd < 0 {
            return Ok(None);
        }
        // SAFETY: the caller lends `fd` for the length of this call; an fd that is not open makes
        // the duplication fail.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let file = Arc::new(File::from(borrowed.try_clone_to_owned()?));
        Ok(Some(Stream { file, interest }))
    }

    /// Waits until the descriptor is ready, at most `timeout_ms` milliseconds (-1: for ever).
    fn poll_fd(&self, timeout_ms: i32) -> bool {
        let mut entry = libc::pollfd {
            fd: self.file.as_raw_fd(),
            events: if self.interest.is_readable() { libc::POLLIN } else { libc::POLLOUT },
            revents: 0,
        };
        // SAFETY: one valid entry.
        unsafe { libc::poll(&mut entry, 1, timeout_ms) > 0 }
    }

    /// Repeats `attempt` while it is interrupted, or while a descriptor that its other holders made
    /// non-blocking is not ready: a guest sees blocking streams only.
    fn blocking<T>(&self, mut attempt: impl FnMut(&File) -> io::Result<T>) -> io::Result<T> {
        loop {
            match attempt(&self.file) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.poll_fd(-1);
                }
                result => return result,
            }
        }
    }

    fn read_some(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.blocking(|mut file| file.read(buffer))
    }

    fn read_bytes(&self, size: usize) -> StreamResult<Bytes> {
        let mut buffer = vec![0; size.min(MAX_READ)];
        match self.read_some(&mut buffer).map_err(failed)? {
            0 if size > 0 => Err(StreamError::Closed),
            count => {
                buffer.truncate(count);
                Ok(buffer.into())
            }
        }
    }

    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.blocking(|mut file| file.write(bytes))? {
                0 => return Err(ErrorKind::WriteZero.into()),
                written => bytes = &bytes[written..],
            }
        }
        Ok(())
    }
}

/// Keeps the errno, which the guest gets as it is; `StreamError::Closed` would turn EPIPE into EIO.
fn failed(error: io::Error) -> StreamError {
    StreamError::LastOperationFailed(error.into())
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        std::io::IsTerminal::is_terminal(&*self.file)
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {
        if self.poll_fd(0) {
            return;
        }
        // A duplicate, because a descriptor can be watched once only and a guest may poll twice.
        // What cannot be watched (a regular file) is always ready.
        let Ok(copy) = self.file.try_clone() else { return };
        let Ok(watched) = AsyncFd::with_interest(copy, self.interest) else { return };
        let _ = watched.ready(self.interest).await;
    }
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
        self.write_all(&bytes).map_err(failed)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_READ)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write(bytes)
    }
}

impl StdinStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.read_some(buffer.initialize_unfilled());
        Poll::Ready(read.map(|count| buffer.advance(count)))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write_all(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
