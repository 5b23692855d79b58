;; Does nothing and succeeds: the smallest guest.
(module
  (memory (export "memory") 1)
  (func (export "_start")))
