;; Well-formed, but not valid: a function that promises an i32 and returns an i64.
;; (assembled without validation)
(module
  (memory (export "memory") 1)
  (func $wrong (result i32) (i64.const 1))
  (func (export "_start") (drop (call $wrong))))
