// Validates every JSON document below a directory against one set of rules.
//
//	validate RULES DIRECTORY
//
// RULES is a JSON Schema that uses the keywords rules.go lists. The report goes to stdout: one
// line for each document, and for an invalid one a line FILE:LINE:COLUMN for each broken rule.
// Exit status: 0 when all are valid, 1 when one is not, 2 when rules or directory cannot be used.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: validate RULES DIRECTORY"))
	}
	r, err := readRules(os.Args[1])
	if err != nil {
		fail(err)
	}
	paths, err := findDocuments(os.Args[2])
	if err != nil {
		fail(err)
	}
	invalid := 0
	for _, path := range paths {
		if !validate(r, os.Args[2], path) {
			invalid++
		}
	}
	fmt.Printf("\n%d documents: %d valid, %d invalid\n", len(paths), len(paths)-invalid, invalid)
	if invalid > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "validate:", err)
	os.Exit(2)
}

func readRules(path string) (*rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	schema, err := parse(text)
	if err == nil {
		var r *rules
		if r, err = compile(schema); err == nil {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%s:%s", path, located(text, err))
}

func findDocuments(root string) ([]string, error) {
	paths := []string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".json") {
			paths = append(paths, path)
		}
		return err
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s: no .json document in it", root)
	}
	sort.Strings(paths)
	return paths, err
}

// validate prints the report on one document and tells whether it is valid.
func validate(r *rules, root, path string) bool {
	name, _ := filepath.Rel(root, path)
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Printf("%s: %v\n", name, err)
		return false
	}
	document, err := parse(text)
	if err != nil {
		fmt.Printf("%s:%s\n", name, located(text, err))
		return false
	}
	found := check(r, document, "")
	sort.SliceStable(found, func(i, j int) bool { return found[i].offset < found[j].offset })
	for _, f := range found {
		line, column := place(text, f.offset)
		pointer := f.pointer
		if pointer == "" {
			pointer = "document"
		}
		fmt.Printf("%s:%d:%d: %s %s\n", name, line, column, pointer, f.message)
	}
	if len(found) == 0 {
		fmt.Printf("%s: ok\n", name)
	}
	return len(found) == 0
}

// located puts line and column in front of a problem's message.
func located(text []byte, err error) string {
	var at *problem
	if !errors.As(err, &at) {
		return " " + err.Error()
	}
	line, column := place(text, at.offset)
	return fmt.Sprintf("%d:%d: %s", line, column, at.message)
}
