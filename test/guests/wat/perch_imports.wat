;; Imports all of perch's HTTP functions and calls none: linking is all it asks for.
(module
  (import "perch" "http_get" (func (param i32 i32) (result i32)))
  (import "perch" "http_status" (func (param i32) (result i32)))
  (import "perch" "http_body_len" (func (param i32) (result i32)))
  (import "perch" "http_read_body" (func (param i32 i32 i32) (result i32)))
  (import "perch" "http_close" (func (param i32) (result i32)))
  (import "perch" "http_request"
    (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "perch" "http_header" (func (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
