module example/validate

go 1.21
