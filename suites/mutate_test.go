package suites_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/suites"
)

// Suites that are nearly right are where a decoder trips: every case is cut, doubled and mixed with others.
func TestMutatedSuites(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases, %v", err)
	}
	seeds := []string{full}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(string(data), "-- want --")
		if _, text, _ = strings.Cut(text, " --\n"); text != "" {
			seeds = append(seeds, unescape(text))
		}
	}
	const alphabet = "{}[]&*!|>'\"%@`:,- \n\t#?~$\\"
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := []byte(seeds[r.IntN(len(seeds))])
		for range 1 + r.IntN(6) {
			i := r.IntN(len(b))
			other := seeds[r.IntN(len(seeds))]
			k := r.IntN(len(other))
			switch r.IntN(3) {
			case 0:
				b[i] = alphabet[r.IntN(len(alphabet))]
			case 1:
				b = append(b[:i:i], append([]byte(other[k:min(len(other), k+20)]), b[i:]...)...)
			default:
				j := i + r.IntN(len(b)-i)
				b = append(b[:j:j], b[i:]...)
			}
		}
		if strings.Contains(string(b), "include") {
			continue // no walks through the machine's files
		}
		start := time.Now()
		load(t, tree{"s.yaml": string(b)}, suites.Options{Env: env}, "s.yaml")
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("it took %v: %q", d, b)
		}
	}
}
