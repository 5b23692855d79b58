;; Declares 2 GiB of memory from the start: more than a run may have by default.
(module
  (memory (export "memory") 32768)
  (func (export "_start")))
