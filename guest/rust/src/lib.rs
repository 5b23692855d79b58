//! HTTP for WebAssembly guests of perch (target `wasm32-wasip1`). No dependencies.
//!
//! ```no_run
//! use std::io::Read;
//! let mut response = perch_http::get("https://api.example.com/v1")?;
//! let mut body = String::new();
//! response.read_to_string(&mut body)?;
//! println!("{} {body}", response.status());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A host is reached when the block says `wasm_allow_host "HOST"` and the policy around it agrees.

use std::io::{Error, ErrorKind, Read, Result};

mod import {
    #[link(wasm_import_module = "perch")]
    extern "C" {
        pub fn http_get(url: *const u8, url_len: usize) -> i32;
        pub fn http_request(
            method: *const u8,
            method_len: usize,
            url: *const u8,
            url_len: usize,
            headers: *const u8,
            headers_len: usize,
            body: *const u8,
            body_len: usize,
        ) -> i32;
        pub fn http_status(response: i32) -> i32;
        pub fn http_body_len(response: i32) -> i32;
        pub fn http_header(
            response: i32,
            name: *const u8,
            name_len: usize,
            to: *mut u8,
            cap: usize,
        ) -> i32;
        pub fn http_read_body(response: i32, to: *mut u8, cap: usize) -> i32;
        pub fn http_close(response: i32) -> i32;
    }
}

/// A response; its body is what [`Read`] reads. Ends when dropped.
#[derive(Debug)]
pub struct Response(i32);

fn made(handle: i32) -> Result<Response> {
    if handle > 0 {
        return Ok(Response(handle));
    }
    Err(Error::new(ErrorKind::PermissionDenied, "refused (perch's audit says why)"))
}

/// GETs `url`.
pub fn get(url: &str) -> Result<Response> {
    // SAFETY: the pointer and its length are a string's.
    made(unsafe { import::http_get(url.as_ptr(), url.len()) })
}

/// Sends a request. `method` is one of GET HEAD POST PUT PATCH DELETE.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    // SAFETY: each pointer and its length are a string's or a slice's.
    made(unsafe {
        import::http_request(
            method.as_ptr(),
            method.len(),
            url.as_ptr(),
            url.len(),
            lines.as_ptr(),
            lines.len(),
            body.as_ptr(),
            body.len(),
        )
    })
}

impl Response {
    pub fn status(&self) -> u16 {
        // SAFETY: numbers only.
        unsafe { import::http_status(self.0) as u16 }
    }

    /// The length of the whole body in bytes.
    pub fn len(&self) -> usize {
        // SAFETY: numbers only.
        unsafe { import::http_body_len(self.0) as usize }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a header, its name in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        let copy = |to: &mut [u8]| {
            // SAFETY: each pointer and its length are a slice's.
            unsafe {
                import::http_header(self.0, name.as_ptr(), name.len(), to.as_mut_ptr(), to.len())
            }
        };
        let mut value = vec![0; usize::try_from(copy(&mut [])).ok()?];
        copy(&mut value);
        Some(String::from_utf8_lossy(&value).into_owned())
    }
}

impl Read for Response {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        // SAFETY: the pointer and its length are a slice's.
        let count = unsafe { import::http_read_body(self.0, to.as_mut_ptr(), to.len()) };
        usize::try_from(count).map_err(|_| Error::new(ErrorKind::Other, "the response is closed"))
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        // SAFETY: numbers only.
        unsafe { import::http_close(self.0) };
    }
}
