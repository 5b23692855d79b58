;; Forty-odd bytes that ask for a table of four billion entries.
(module
  (table 4294967295 funcref)
  (func (export "_start")))
