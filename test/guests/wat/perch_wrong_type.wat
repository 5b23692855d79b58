;; Imports one of perch's HTTP functions with another type.
(module
  (import "perch" "http_get" (func (param i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")))
