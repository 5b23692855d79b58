;; Imports five things that no host of WASI Preview 1 has: every kind of import, and a
;; function of a known module under an unknown name.
(module
  (import "env" "mystery" (func (param i32 i64) (result f64)))
  (import "env" "counter" (global i32))
  (import "env" "buffer" (memory 1))
  (import "env" "callbacks" (table 2 funcref))
  (import "wasi_snapshot_preview1" "fd_teleport" (func (param i32) (result i32)))
  (func (export "_start")))
