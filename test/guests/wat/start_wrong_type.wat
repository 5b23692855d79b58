;; Its _start takes a parameter, which no WASI command does.
(module
  (memory (export "memory") 1)
  (func (export "_start") (param i32)))
