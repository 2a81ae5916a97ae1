package main

// Two command lines in turn: fab template and helm template.

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// rounds is how often each command runs; the best wall time counts, because all
// that can happen to a process makes it slower.
const rounds = 3

// runCommands prints for every so many cases: id, then for each command wall and
// user milliseconds. Charts that make keys or password hashes are summarized apart.
func runCommands(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("commands: want 4 arguments, got %d", len(args))
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
		ours, theirs, keys, err := best(args[0], c, args[2], args[3])
		if err != nil {
			return err
		}
		fmt.Printf("%s\t%s\t%s\n", c.ID, ours, theirs)
		row := pair{c.ID, ours.wall, theirs.wall}
		if keys {
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

// secret is found in what took a key or a password hash to make.
var secret = regexp.MustCompile(`PRIVATE KEY|LS0tLS1CRUdJTi|\$2[ab]\$|JDJ[hi]J`)

// best runs both commands in turn and returns the best round of each, and whether
// there are keys in the output.
func best(corpus string, c benchCase, ours, theirs string) (a, b spent, keys bool, err error) {
	for round := range rounds {
		for program, into := range map[string]*spent{ours: &a, theirs: &b} {
			got, output, err := render(corpus, c, program)
			if err != nil {
				return a, b, false, fmt.Errorf("%s, %s: %w", program, c.ID, err)
			}
			keys = keys || secret.Match(output)
			if round == 0 || got.wall < into.wall {
				*into = got
			}
		}
	}
	return a, b, keys, nil
}

// render runs PROGRAM template.
func render(corpus string, c benchCase, program string) (spent, []byte, error) {
	args := []string{"template", c.Release, filepath.Join(corpus, c.ChartsDir, c.Chart), "--namespace", c.Namespace,
		"--kube-version", c.KubeVersion}
	for _, version := range c.APIVersions {
		args = append(args, "--api-versions", version)
	}
	if c.Values != nil {
		args = append(args, "--values", filepath.Join(corpus, *c.Values))
	}
	command := exec.Command(program, args...)
	start := time.Now()
	output, err := command.Output()
	wall := time.Since(start)
	if err != nil {
		return spent{}, nil, err
	}
	return spent{wall, command.ProcessState.UserTime()}, output, nil
}
