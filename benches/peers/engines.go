package main

// The Go libraries below Helm, each on its own: the same steps over the same
// inputs as crates/helm/benches/engines.rs, under the same names.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/yaml"
)

// runEngines prints one line a step: its name and nanoseconds.
func runEngines(args []string) error {
	inputs := first(args)
	text, err := os.ReadFile(filepath.Join(inputs, "app.tmpl"))
	if err != nil {
		return err
	}
	values, err := os.ReadFile(filepath.Join(inputs, "values.yaml"))
	if err != nil {
		return err
	}
	parseTemplates("ours", [][]byte{text})
	if err := execute("ours", text, values); err != nil {
		return err
	}
	if err := readAndWriteValues("ours", values); err != nil {
		return err
	}
	for _, path := range args[1:] {
		chart, err := loader.Load(path)
		if err != nil {
			return err
		}
		parseTemplates(chart.Name(), templates(chart))
		for _, file := range chart.Raw {
			if file.Name == "values.yaml" {
				if err := readAndWriteValues(chart.Name(), file.Data); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// time reports how long a step takes.
func timeStep(group, step string, run func() error) {
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if err := run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	fmt.Printf("%s/%s\t%d\n", group, step, result.NsPerOp())
}

// functions are those that charts call; of Helm's own only toYaml does anything.
func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	for _, name := range []string{
		"include", "tpl", "required", "lookup", "fromYaml", "fromYamlArray", "toToml", "mustToToml", "fromToml",
		"fromJson", "fromJsonArray", "toYamlPretty", "mustToYaml",
	} {
		all[name] = func(...any) string { return "" }
	}
	all["toYaml"] = func(value any) string {
		text, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	return all
}

// templates are the files below templates/ of a chart and of those in it.
func templates(chart *chartv2.Chart) [][]byte {
	var texts [][]byte
	for _, file := range chart.Templates {
		texts = append(texts, file.Data)
	}
	for _, child := range chart.Dependencies() {
		texts = append(texts, templates(child)...)
	}
	return texts
}

func parseTemplates(group string, texts [][]byte) {
	functions := functions()
	timeStep(group, "parse", func() error {
		root := template.New("root").Funcs(functions)
		for number, text := range texts {
			if _, err := root.New(fmt.Sprint(number)).Parse(string(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

func execute(group string, text, values []byte) error {
	parsed, err := template.New("app").Funcs(functions()).Option("missingkey=zero").Parse(string(text))
	if err != nil {
		return err
	}
	data, err := loader.LoadValues(bytes.NewReader(values))
	if err != nil {
		return err
	}
	timeStep(group, "execute", func() error {
		var out strings.Builder
		return parsed.Execute(&out, data)
	})
	if path := os.Getenv("PEERS_BENCH_OUTPUT"); path != "" {
		var out bytes.Buffer
		if err := parsed.Execute(&out, data); err != nil {
			return err
		}
		return os.WriteFile(path, out.Bytes(), 0o644)
	}
	return nil
}

func readAndWriteValues(group string, text []byte) error {
	var values map[string]any
	timeStep(group, "values", func() (err error) {
		values, err = loader.LoadValues(bytes.NewReader(text))
		return err
	})
	if values == nil {
		return io.ErrUnexpectedEOF
	}
	timeStep(group, "toYaml", func() error {
		_, err := yaml.Marshal(values)
		return err
	})
	return nil
}
