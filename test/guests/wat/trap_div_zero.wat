;; Divides by zero.
(module
  (memory (export "memory") 1)
  (global $zero (mut i32) (i32.const 0))
  (func $divide (drop (i32.div_s (i32.const 1) (global.get $zero))))
  (func (export "_start") call $divide))
