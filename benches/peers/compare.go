package main

// The ratios of two runs: theirs divided by ours, so that more is better for us.

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pair is what one thing took in both.
type pair struct {
	name         string
	ours, theirs time.Duration
}

func (p pair) ratio() float64 { return float64(p.theirs) / float64(p.ours) }

// runCompare compares what corpus or engines printed.
func runCompare(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("compare: want 3 arguments, got %d", len(args))
	}
	ours, err := readTable(args[1])
	if err != nil {
		return err
	}
	theirs, err := readTable(args[2])
	if err != nil {
		return err
	}
	switch args[0] {
	case "corpus":
		return compareCorpus(ours, theirs)
	case "engines":
		return compareEngines(ours, theirs)
	default:
		return fmt.Errorf("compare: nothing like %q", args[0])
	}
}

// readTable reads lines of fields between tabs; the first is the name.
func readTable(path string) (map[string][]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows := map[string][]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, rest, ok := strings.Cut(lines.Text(), "\t"); ok {
			rows[name] = strings.Split(rest, "\t")
		}
	}
	return rows, lines.Err()
}

func compareEngines(ours, theirs map[string][]string) error {
	for _, name := range sortedKeys(theirs) {
		if ours[name] == nil {
			continue
		}
		a, err := strconv.ParseFloat(ours[name][0], 64)
		if err != nil {
			return err
		}
		b, err := strconv.ParseFloat(theirs[name][0], 64)
		if err != nil {
			return err
		}
		fmt.Printf("%-34s %10.1f µs  Go %10.1f µs  %5.1fx\n", name, a/1000, b/1000, b/a)
	}
	return nil
}

// compareCorpus reports charts whose output holds a private key apart: there, how
// long it takes is a matter of luck.
func compareCorpus(ours, theirs map[string][]string) error {
	charts := map[string]*pair{}
	keys := map[string]bool{}
	var phases [2][4]float64
	for id, row := range ours {
		other := theirs[id]
		if id == "total" || other == nil {
			continue
		}
		if (row[4] == "error") != (other[4] == "error") {
			fmt.Printf("differs: %s is %s here and %s there\n", id, row[4], other[4])
		}
		chart := id[:strings.LastIndex(id, "--")]
		if charts[chart] == nil {
			charts[chart] = &pair{name: chart}
		}
		keys[chart] = keys[chart] || row[4] == "keys"
		a, err := add(row[:4], nil)
		if err != nil {
			return err
		}
		b, err := add(other[:4], nil)
		if err != nil {
			return err
		}
		charts[chart].ours += a
		charts[chart].theirs += b
	}
	var plain, keyed []pair
	for name, chart := range charts {
		if keys[name] {
			keyed = append(keyed, *chart)
		} else {
			plain = append(plain, *chart)
		}
	}
	for id, row := range ours {
		other := theirs[id]
		if id == "total" || other == nil || keys[id[:strings.LastIndex(id, "--")]] {
			continue
		}
		add(row[:4], &phases[0])
		add(other[:4], &phases[1])
	}
	for at, phase := range []string{"load", "values", "render", "sort"} {
		a, b := phases[0][at], phases[1][at]
		fmt.Printf("%-34s %10.1f ms  Go %10.1f ms  %5.1fx\n", phase, a, b, b/a)
	}
	summarize("charts without keys", plain)
	summarize("charts with keys", keyed)
	return nil
}

// add sums milliseconds, and adds each to what is given.
func add(fields []string, into *[4]float64) (time.Duration, error) {
	var sum float64
	for at, field := range fields {
		ms, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, err
		}
		if into != nil {
			into[at] += ms
		}
		sum += ms
	}
	return time.Duration(sum * float64(time.Millisecond)), nil
}

// summarize prints the sums, the spread of the ratios, and the lowest of them.
func summarize(title string, rows []pair) {
	if len(rows) == 0 {
		return
	}
	slices.SortFunc(rows, func(a, b pair) int {
		if a.ratio() < b.ratio() {
			return -1
		}
		return 1
	})
	var ours, theirs time.Duration
	below := 0
	for _, row := range rows {
		ours += row.ours
		theirs += row.theirs
		if row.ratio() < 2 {
			below++
		}
	}
	at := func(share float64) float64 { return rows[int(share*float64(len(rows)-1))].ratio() }
	fmt.Printf("%s: %d, %.3f s, Helm %.3f s, %.1fx; each: median %.1fx, p10 %.1fx, worst %.1fx, below 2x %d\n",
		title, len(rows), ours.Seconds(), theirs.Seconds(), theirs.Seconds()/ours.Seconds(), at(0.5), at(0.1),
		at(0), below)
	for _, row := range rows[:min(10, len(rows))] {
		fmt.Printf("  %5.1fx  %-46s %9.2f ms  %9.2f ms\n", row.ratio(), row.name, milliseconds(row.ours),
			milliseconds(row.theirs))
	}
}

func sortedKeys(rows map[string][]string) []string {
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
