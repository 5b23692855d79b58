;; A library: exports things, but no _start.
(module
  (memory (export "memory") 1)
  (global (export "version") i32 (i32.const 3))
  (func (export "build") (param i32) (result i32) (local.get 0))
  (func (export "run")))
