// Prints its arguments, and GREETING when it can see it.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("argv:", os.Args)
	if v, ok := os.LookupEnv("GREETING"); ok {
		fmt.Println("greeting:", v)
	}
}
