;; Doubles its table until the host refuses; traps when it got beyond 2^24 entries.
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func (export "_start")
    (loop $more
      (if (i32.gt_u (table.size $t) (i32.const 16777216)) (then unreachable))
      (br_if $more
        (i32.ne (table.grow $t (ref.null func) (table.size $t)) (i32.const -1))))))
