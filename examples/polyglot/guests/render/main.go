// Last stage: writes the statistics as a report in Markdown to stdout.
//
//	render STATISTICS
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type count struct {
	Name     string `json:"name"`
	Requests int    `json:"requests"`
}

type statistics struct {
	Senders []count `json:"senders"`
	Routes  []struct {
		Route    string `json:"route"`
		Requests int    `json:"requests"`
		Failures int    `json:"failures"`
		Bytes    uint64 `json:"bytes"`
		MedianMS int    `json:"median_ms"`
		P95MS    int    `json:"p95_ms"`
	} `json:"routes"`
	Hours   [24]int `json:"hours"`
	Attacks []count `json:"attacks"`
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: render STATISTICS")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	var s statistics
	if err := json.Unmarshal(text, &s); err != nil {
		fail(os.Args[1], err)
	}
	fmt.Println("# Access report")
	renderSenders(s.Senders)
	renderRoutes(s)
	renderHours(s.Hours)
	renderAttacks(s.Attacks)
}

func fail(what ...any) {
	fmt.Fprint(os.Stderr, "render: ", fmt.Sprintln(what...))
	os.Exit(1)
}

func renderSenders(senders []count) {
	total := 0
	for _, s := range senders {
		total += s.Requests
	}
	fmt.Printf("\n%d requests:", total)
	for i, s := range senders {
		separator := ","
		if i == 0 {
			separator = ""
		}
		fmt.Printf("%s %s %d (%.1f %%)", separator, s.Name, s.Requests, 100*float64(s.Requests)/float64(total))
	}
	fmt.Println(".")
}

func renderRoutes(s statistics) {
	fmt.Print("\n## What people asked for\n\n")
	fmt.Println("| route | requests | failed | median | 95 % within | sent |")
	fmt.Println("|---|---:|---:|---:|---:|---:|")
	for _, r := range s.Routes {
		fmt.Printf("| `%s` | %d | %d | %d ms | %d ms | %.1f KB |\n",
			r.Route, r.Requests, r.Failures, r.MedianMS, r.P95MS, float64(r.Bytes)/1000)
	}
}

func renderHours(hours [24]int) {
	most := 1
	for _, n := range hours {
		most = max(most, n)
	}
	fmt.Print("\n## When (UTC)\n\n```\n")
	for hour, n := range hours {
		line := fmt.Sprintf("%02d  %4d  %s", hour, n, strings.Repeat("#", (n*50+most-1)/most))
		fmt.Println(strings.TrimRight(line, " "))
	}
	fmt.Println("```")
}

func renderAttacks(attacks []count) {
	if len(attacks) == 0 {
		return
	}
	fmt.Print("\n## What attacks tried\n\n")
	for _, a := range attacks {
		fmt.Printf("- %d × `%s`\n", a.Requests, a.Name)
	}
}
