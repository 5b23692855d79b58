// HTTP for WebAssembly guests of perch, in AssemblyScript.
//
//   const response = get("https://api.example.com/v1");
//   if (response == null) process.exit(1);       // refused: perch's audit says why
//   console.log(response!.text());
//
// A host is reached when the block says `wasm_allow_host "HOST"` and the policy around it agrees.

@external("perch", "http_get")
declare function importGet(url: usize, urlLength: usize): i32;
@external("perch", "http_request")
declare function importRequest(
  method: usize, methodLength: usize, url: usize, urlLength: usize,
  headers: usize, headersLength: usize, body: usize, bodyLength: usize,
): i32;
@external("perch", "http_status")
declare function importStatus(response: i32): i32;
@external("perch", "http_body_len")
declare function importBodyLength(response: i32): i32;
@external("perch", "http_header")
declare function importHeader(response: i32, name: usize, nameLength: usize, to: usize, cap: usize): i32;
@external("perch", "http_read_body")
declare function importReadBody(response: i32, to: usize, cap: usize): i32;
@external("perch", "http_close")
declare function importClose(response: i32): i32;

function bytes(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

function at(buffer: ArrayBuffer): usize {
  return changetype<usize>(buffer);
}

/** A response. `close` it when done; what is left open ends with the guest. */
export class Response {
  constructor(private handle: i32) {}

  get status(): i32 {
    return importStatus(this.handle);
  }

  /** The length of the whole body in bytes. */
  get length(): i32 {
    return importBodyLength(this.handle);
  }

  /** The value of a header, its name in any case; null when there is none. */
  header(name: string): string | null {
    const wanted = bytes(name);
    const length = importHeader(this.handle, at(wanted), wanted.byteLength, 0, 0);
    if (length < 0) return null;
    const value = new ArrayBuffer(length);
    importHeader(this.handle, at(wanted), wanted.byteLength, at(value), length);
    return String.UTF8.decode(value);
  }

  /** Reads the next bytes of the body into `to`; returns how many, 0 at the end, or -1. */
  read(to: ArrayBuffer): i32 {
    return importReadBody(this.handle, at(to), to.byteLength);
  }

  /** The body as text, from where the last read ended. */
  text(): string {
    const all = new ArrayBuffer(this.length);
    const count = this.read(all);
    return count > 0 ? String.UTF8.decode(all.slice(0, count)) : "";
  }

  close(): void {
    importClose(this.handle);
  }
}

function made(handle: i32): Response | null {
  return handle > 0 ? new Response(handle) : null;
}

/** GETs `url`; null when the request was refused or failed. */
export function get(url: string): Response | null {
  const encoded = bytes(url);
  return made(importGet(at(encoded), encoded.byteLength));
}

/**
 * Sends a request. `method` is one of GET HEAD POST PUT PATCH DELETE; `headers` are
 * `Name: value` lines joined by "\n".
 */
export function request(method: string, url: string, headers: string, body: ArrayBuffer): Response | null {
  const m = bytes(method), u = bytes(url), h = bytes(headers);
  return made(importRequest(at(m), m.byteLength, at(u), u.byteLength, at(h), h.byteLength, at(body), body.byteLength));
}
