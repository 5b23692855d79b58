module example/render

go 1.21
