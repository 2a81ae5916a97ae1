package main

// Two command lines in turn: fab template and helm template.

import (
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// rounds is how often each command runs; the best wall time counts, because all
// that can happen to a process makes it slower.
const rounds = 3

// runCommands prints for every so many cases: id, then for each command wall and
// user milliseconds. Cases that make keys or password hashes, as our corpus bench has
// found, are summarized apart.
func runCommands(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("commands: want 5 arguments, got %d", len(args))
	}
	found, err := readTable(args[4])
	if err != nil {
		return err
	}
	every, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	cases, err := readCases(filepath.Join(args[0], "cases.jsonl"))
	if err != nil {
		return err
	}
	var plain, keyed []pair
	for at, c := range cases {
		if at%every != 0 || c.Exit != 0 || len(c.Flags) > 0 {
			continue
		}
		ours, theirs, err := best(args[0], c, args[2], args[3])
		if err != nil {
			return err
		}
		fmt.Printf("%s\t%s\t%s\n", c.ID, ours, theirs)
		row := pair{c.ID, ours.wall, theirs.wall}
		if verdict := found[c.ID]; verdict != nil && verdict[4] == "keys" {
			keyed = append(keyed, row)
		} else {
			plain = append(plain, row)
		}
	}
	summarize("commands without keys, wall", plain)
	summarize("commands with keys, wall", keyed)
	return nil
}

// spent is what a process took.
type spent struct {
	wall, user time.Duration
}

func (s spent) String() string {
	return fmt.Sprintf("%.2f\t%.2f", milliseconds(s.wall), milliseconds(s.user))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// best runs both commands in turn and returns the best round of each.
func best(corpus string, c benchCase, ours, theirs string) (a, b spent, err error) {
	for round := range rounds {
		for program, into := range map[string]*spent{ours: &a, theirs: &b} {
			got, err := render(corpus, c, program)
			if err != nil {
				return a, b, fmt.Errorf("%s, %s: %w", program, c.ID, err)
			}
			if round == 0 || got.wall < into.wall {
				*into = got
			}
		}
	}
	return a, b, nil
}

// render runs PROGRAM template.
func render(corpus string, c benchCase, program string) (spent, error) {
	args := []string{"template", c.Release, filepath.Join(corpus, c.ChartsDir, c.Chart), "--namespace", c.Namespace,
		"--kube-version", c.KubeVersion}
	for _, version := range c.APIVersions {
		args = append(args, "--api-versions", version)
	}
	if c.Values != nil {
		args = append(args, "--values", filepath.Join(corpus, *c.Values))
	}
	command := exec.Command(program, args...)
	command.Stdout = io.Discard
	start := time.Now()
	err := command.Run()
	wall := time.Since(start)
	if err != nil {
		return spent{}, err
	}
	return spent{wall, command.ProcessState.UserTime()}, nil
}
