// fetch METHOD URL [BODY]: prints status, content type and body of the response.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/olivierdevelops/perch/wasm-sdk/perchhttp"
)

func run(method, url, body string) error {
	if method == "GET" && body == "" {
		return get(url)
	}
	response, err := perchhttp.Request(method, url, map[string]string{"Content-Type": "text/plain"}, []byte(body))
	if err != nil {
		return err
	}
	defer response.Close()
	contentType, _ := response.Header("Content-Type")
	fmt.Printf("status %d\ntype %s\nlength %d\n", response.Status(), contentType, response.Len())
	_, err = io.Copy(os.Stdout, response)
	return err
}

func get(url string) error {
	body, status, err := perchhttp.Get(url)
	if err != nil {
		return err
	}
	fmt.Printf("status %d\nlength %d\n%s", status, len(body), body)
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: fetch METHOD URL [BODY]")
		os.Exit(2)
	}
	body := ""
	if len(os.Args) > 3 {
		body = os.Args[3]
	}
	if run(os.Args[1], os.Args[2], body) != nil {
		fmt.Fprintln(os.Stderr, "refused")
		os.Exit(1)
	}
}
