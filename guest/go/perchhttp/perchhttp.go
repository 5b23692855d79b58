//go:build wasip1

// Package perchhttp is HTTP for WebAssembly guests of perch (GOOS=wasip1 GOARCH=wasm).
//
//	body, status, err := perchhttp.Get("https://api.example.com/v1")
//
// A host is reached when the block says `wasm_allow_host "HOST"` and the policy around it agrees.
package perchhttp

import (
	"errors"
	"io"
	"strings"
	"unsafe"
)

//go:wasmimport perch http_get
func importGet(url unsafe.Pointer, urlLen uint32) int32

//go:wasmimport perch http_request
func importRequest(method unsafe.Pointer, methodLen uint32, url unsafe.Pointer, urlLen uint32,
	headers unsafe.Pointer, headersLen uint32, body unsafe.Pointer, bodyLen uint32) int32

//go:wasmimport perch http_status
func importStatus(response int32) int32

//go:wasmimport perch http_body_len
func importBodyLen(response int32) int32

//go:wasmimport perch http_header
func importHeader(response int32, name unsafe.Pointer, nameLen uint32, to unsafe.Pointer, toCap uint32) int32

//go:wasmimport perch http_read_body
func importReadBody(response int32, to unsafe.Pointer, toCap uint32) int32

//go:wasmimport perch http_close
func importClose(response int32) int32

// ErrRefused is all a guest learns about a request that did not happen; perch's audit says why.
var ErrRefused = errors.New("perchhttp: refused")

// Response is one response; reading it reads its body.
type Response struct {
	handle int32
}

func text(s string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(s)), uint32(len(s))
}

func bytes(b []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))
}

func made(handle int32) (*Response, error) {
	if handle <= 0 {
		return nil, ErrRefused
	}
	return &Response{handle}, nil
}

// Get GETs url and returns the whole body and the status code.
func Get(url string) (body []byte, status int, err error) {
	p, n := text(url)
	response, err := made(importGet(p, n))
	if err != nil {
		return nil, 0, err
	}
	defer response.Close()
	body, err = io.ReadAll(response)
	return body, response.Status(), err
}

// Request sends a request. method is one of GET HEAD POST PUT PATCH DELETE.
func Request(method, url string, headers map[string]string, body []byte) (*Response, error) {
	var lines strings.Builder
	for name, value := range headers {
		lines.WriteString(name + ": " + value + "\n")
	}
	m, mn := text(method)
	u, un := text(url)
	h, hn := text(lines.String())
	b, bn := bytes(body)
	return made(importRequest(m, mn, u, un, h, hn, b, bn))
}

// Status is the status code.
func (r *Response) Status() int { return int(importStatus(r.handle)) }

// Len is the length of the whole body in bytes.
func (r *Response) Len() int { return int(importBodyLen(r.handle)) }

// Header is the value of a header, its name in any case, and whether there is one.
func (r *Response) Header(name string) (string, bool) {
	p, n := text(name)
	length := importHeader(r.handle, p, n, nil, 0)
	if length < 0 {
		return "", false
	}
	value := make([]byte, length)
	to, toCap := bytes(value)
	importHeader(r.handle, p, n, to, toCap)
	return string(value), true
}

// Read reads the next bytes of the body.
func (r *Response) Read(to []byte) (int, error) {
	if len(to) == 0 {
		return 0, nil
	}
	p, n := bytes(to)
	count := importReadBody(r.handle, p, n)
	if count < 0 {
		return 0, io.ErrClosedPipe
	}
	if count == 0 {
		return 0, io.EOF
	}
	return int(count), nil
}

// Close ends the response. What is left open ends with the guest.
func (r *Response) Close() error {
	importClose(r.handle)
	return nil
}
