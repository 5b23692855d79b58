;; Writes "out N" to stdout and "err N" to stderr by turns, N from 0 to 9.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "out 0\n")
  (data (i32.const 32) "err 0\n")
  (func $say (param $stream i32) (param $text i32) (param $n i32)
    (i32.store8 offset=4 (local.get $text) (i32.add (i32.const 48) (local.get $n)))
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $fd_write (local.get $stream) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (local $n i32)
    (loop $next
      (call $say (i32.const 1) (i32.const 16) (local.get $n))
      (call $say (i32.const 2) (i32.const 32) (local.get $n))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 10))))))
