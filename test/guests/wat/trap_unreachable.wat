;; Traps three named calls deep, so that a backtrace has names to show.
(module
  (memory (export "memory") 1)
  (func $fail_on_purpose unreachable)
  (func $inner_step call $fail_on_purpose)
  (func $outer_step call $inner_step)
  (func (export "_start") call $outer_step))
