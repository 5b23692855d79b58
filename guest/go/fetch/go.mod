module fetch

go 1.21

require github.com/olivierdevelops/perch/wasm-sdk/perchhttp v0.0.0

replace github.com/olivierdevelops/perch/wasm-sdk/perchhttp => ../perchhttp
