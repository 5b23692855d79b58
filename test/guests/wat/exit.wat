;; Exits with the decimal number in argv[1], through proc_exit.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $at i32) (local $code i32) (local $digit i32)
    ;; The argv array goes to 0, its texts to 256; argv[1] is the second pointer.
    (drop (call $args_get (i32.const 0) (i32.const 256)))
    (local.set $at (i32.load (i32.const 4)))
    (block $end
      (loop $next
        (local.set $digit (i32.load8_u (local.get $at)))
        (br_if $end (i32.eqz (local.get $digit)))
        (local.set $code
          (i32.add (i32.mul (local.get $code) (i32.const 10))
                   (i32.sub (local.get $digit) (i32.const 48))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $proc_exit (local.get $code))))
