module github.com/olivierdevelops/perch/wasm-sdk/perchhttp

go 1.21
