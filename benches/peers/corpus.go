package main

// Helm's own engine in one process over recorded chart cases.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// benchCase is one line of cases.jsonl.
type benchCase struct {
	ID          string   `json:"id"`
	Chart       string   `json:"chart"`
	ChartsDir   string   `json:"charts_dir"`
	Release     string   `json:"release"`
	Namespace   string   `json:"namespace"`
	Values      *string  `json:"values"`
	KubeVersion string   `json:"kube_version"`
	APIVersions []string `json:"api_versions"`
	Flags       []string `json:"flags"`
	Exit        int      `json:"exit"`
}

// phases are the times of one case.
type phases struct{ load, values, render, sort time.Duration }

func (p phases) total() time.Duration { return p.load + p.values + p.render + p.sort }

// runCorpus prints one line a case: id, then milliseconds of processor time for loading, values,
// rendering, sorting; last the totals. CORPUS is a folder with cases.jsonl.
func runCorpus(args []string) error {
	corpus := first(args)
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	cases, err := readCases(filepath.Join(corpus, "cases.jsonl"))
	if err != nil {
		return err
	}
	var sum phases
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, c := range cases {
		if len(c.Flags) > 0 || (len(args) > 1 && !slices.Contains(args[1:], c.ID)) {
			continue
		}
		spent, err := run(corpus, c)
		verdict := "ok"
		if err != nil {
			verdict = "error"
		}
		sum.load += spent.load
		sum.values += spent.values
		sum.render += spent.render
		sum.sort += spent.sort
		fmt.Fprintf(out, "%s\t%s\t%s\n", c.ID, spent, verdict)
	}
	fmt.Fprintf(out, "total\t%s\t%.3f s\n", sum, sum.total().Seconds())
	return nil
}

func (p phases) String() string {
	parts := make([]string, 0, 4)
	for _, d := range []time.Duration{p.load, p.values, p.render, p.sort} {
		parts = append(parts, fmt.Sprintf("%.3f", float64(d.Microseconds())/1000))
	}
	return strings.Join(parts, "\t")
}

func readCases(path string) ([]benchCase, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var cases []benchCase
	decoder := json.NewDecoder(file)
	for {
		var c benchCase
		if err := decoder.Decode(&c); err == io.EOF {
			return cases, nil
		} else if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
}

// run renders one case and returns the time of each phase.
func run(corpus string, c benchCase) (spent phases, err error) {
	start := processorTime()
	lap := func(into *time.Duration) {
		now := processorTime()
		*into = now - start
		start = now
	}
	chart, given, err := load(corpus, c)
	lap(&spent.load)
	if err != nil {
		return spent, err
	}
	values, caps, err := prepare(chart, given, c)
	lap(&spent.values)
	if err != nil {
		return spent, err
	}
	files, err := engine.Render(chart, values)
	lap(&spent.render)
	if err != nil {
		return spent, err
	}
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	_, _, err = releaseutil.SortManifests(files, caps.APIVersions, releaseutil.InstallOrder)
	lap(&spent.sort)
	return spent, err
}

// processorTime is what all threads of this process have taken, the garbage
// collector's as well; unlike a clock, it does not count what others do meanwhile.
func processorTime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		panic(err)
	}
	return time.Duration(now.Nano())
}

func load(corpus string, c benchCase) (*chartv2.Chart, map[string]any, error) {
	chart, err := loader.Load(filepath.Join(corpus, c.ChartsDir, c.Chart))
	if err != nil {
		return nil, nil, err
	}
	given := map[string]any{}
	if c.Values != nil {
		file, err := os.Open(filepath.Join(corpus, *c.Values))
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		if given, err = loader.LoadValues(file); err != nil {
			return nil, nil, err
		}
	}
	return chart, given, nil
}

func prepare(chart *chartv2.Chart, given map[string]any, c benchCase) (common.Values, *common.Capabilities, error) {
	caps := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion(c.KubeVersion)
	if err != nil {
		return nil, nil, err
	}
	caps.KubeVersion = *version
	caps.APIVersions = append(caps.APIVersions, c.APIVersions...)
	if wanted := chart.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, version.String()) {
		return nil, nil, fmt.Errorf("chart requires kubeVersion: %s, not %s", wanted, version)
	}
	if err := chartutil.ProcessDependencies(chart, given); err != nil {
		return nil, nil, err
	}
	release := common.ReleaseOptions{Name: c.Release, Namespace: c.Namespace, Revision: 1, IsInstall: true}
	values, err := commonutil.ToRenderValues(chart, given, release, caps)
	return values, caps, err
}
