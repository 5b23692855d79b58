;; Calls through a table entry of another type.
(module
  (type $takes_nothing (func))
  (memory (export "memory") 1)
  (table 1 funcref)
  (elem (i32.const 0) $takes_one)
  (func $takes_one (param i32))
  (func (export "_start") (call_indirect (type $takes_nothing) (i32.const 0))))
