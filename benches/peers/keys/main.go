// Makes keys with Go's crypto/rsa and Sprig, one for each line of standard
// input, and prints how many nanoseconds each took.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

func main() {
	genCA := template.Must(template.New("").Funcs(sprig.TxtFuncMap()).Parse(`{{ (genCA "ca" 1).Cert }}`))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		start := time.Now()
		switch lines.Text() {
		case "rsa 2048":
			generate(2048)
		case "rsa 4096":
			generate(4096)
		case "genCA":
			if err := genCA.Execute(io.Discard, nil); err != nil {
				panic(err)
			}
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
}

func generate(bits int) {
	if _, err := rsa.GenerateKey(rand.Reader, bits); err != nil {
		panic(err)
	}
}
