;; Reads one byte behind its memory.
(module
  (memory (export "memory") 1)
  (func $read_behind_memory (drop (i32.load8_u (i32.const 65536))))
  (func (export "_start") call $read_behind_memory))
