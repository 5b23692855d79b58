//! HTTP for WebAssembly guests of perch, in Zig (target wasm32-wasi).
//!
//!     var response = try perch.get("https://api.example.com/v1");
//!     defer response.close();
//!     const count = response.read(&buffer);
//!
//! A host is reached when the block says `wasm_allow_host "HOST"` and the policy around it agrees.

const import = struct {
    extern "perch" fn http_get(url: [*]const u8, url_len: usize) i32;
    extern "perch" fn http_request(
        method: [*]const u8,
        method_len: usize,
        url: [*]const u8,
        url_len: usize,
        headers: [*]const u8,
        headers_len: usize,
        body: [*]const u8,
        body_len: usize,
    ) i32;
    extern "perch" fn http_status(response: i32) i32;
    extern "perch" fn http_body_len(response: i32) i32;
    extern "perch" fn http_header(response: i32, name: [*]const u8, name_len: usize, to: [*]u8, cap: usize) i32;
    extern "perch" fn http_read_body(response: i32, to: [*]u8, cap: usize) i32;
    extern "perch" fn http_close(response: i32) i32;
};

/// All a guest learns about a request that did not happen; perch's audit says why.
pub const Error = error{Refused};

pub const Response = struct {
    handle: i32,

    pub fn status(self: Response) u16 {
        return @intCast(import.http_status(self.handle));
    }

    /// The length of the whole body in bytes.
    pub fn len(self: Response) usize {
        return @intCast(import.http_body_len(self.handle));
    }

    /// The value of a header, its name in any case, as far as it fits `to`.
    pub fn header(self: Response, name: []const u8, to: []u8) ?[]const u8 {
        const full = import.http_header(self.handle, name.ptr, name.len, to.ptr, to.len);
        if (full < 0) return null;
        return to[0..@min(@as(usize, @intCast(full)), to.len)];
    }

    /// Reads the next bytes of the body; returns how many, 0 at the end.
    pub fn read(self: Response, to: []u8) usize {
        const count = import.http_read_body(self.handle, to.ptr, to.len);
        return if (count < 0) 0 else @intCast(count);
    }

    pub fn close(self: Response) void {
        _ = import.http_close(self.handle);
    }
};

fn made(handle: i32) Error!Response {
    return if (handle > 0) .{ .handle = handle } else Error.Refused;
}

/// GETs `url`.
pub fn get(url: []const u8) Error!Response {
    return made(import.http_get(url.ptr, url.len));
}

/// Sends a request. `method` is one of GET HEAD POST PUT PATCH DELETE; `headers` are
/// `Name: value` lines joined by '\n'.
pub fn request(method: []const u8, url: []const u8, headers: []const u8, body: []const u8) Error!Response {
    return made(import.http_request(
        method.ptr,
        method.len,
        url.ptr,
        url.len,
        headers.ptr,
        headers.len,
        body.ptr,
        body.len,
    ));
}
