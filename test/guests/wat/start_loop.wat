;; Computes forever in its start function, before _start is called.
(module
  (memory (export "memory") 1)
  (func $forever (loop $again (br $again)))
  (func (export "_start"))
  (start $forever))
