// Command peers runs Helm and the Go libraries below it, so that fab can be
// compared with them on equal terms: same files, same inputs, one thread.
//
// Usage: GOMAXPROCS=1 peers COMMAND ARGUMENTS; benches/run knows them all.
package main

import (
	"fmt"
	"os"
)

const usage = `usage:
  peers corpus CORPUS [CASE-ID...]          Helm's engine over recorded cases, in one process
  peers engines INPUTS [CHART...]           parsing, executing, reading and writing in Go
  peers commands CORPUS EVERY FAB HELM      two command lines in turn, every so many cases
  peers compare corpus|engines OURS THEIRS  the ratios of two such runs
`

func main() {
	run, ok := map[string]func([]string) error{
		"corpus":   runCorpus,
		"engines":  runEngines,
		"commands": runCommands,
		"compare":  runCompare,
	}[first(os.Args[1:])]
	if !ok {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
