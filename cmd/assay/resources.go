package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/plan"
)

// resourceFlags bound what a comparison or a join takes of this machine.
type resourceFlags struct{ memory, dir string }

func (f *resourceFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.memory, "memory", "", "how much a comparison or a join buffers at most, as 500MB or 2GB (default: 64MiB); the rest goes to files")
	cmd.Flags().StringVar(&f.dir, "temp-dir", "", "the directory of these files (default: $TMPDIR)")
}

// add puts what the flags say into the options of a plan.
func (f *resourceFlags) add(o *plan.Options) error {
	if f.memory != "" {
		n, err := parseBytes(f.memory)
		if err != nil {
			return fmt.Errorf("--memory %q: %w", f.memory, err)
		}
		o.CompareMemory, o.JoinMemory = n, n
	}
	if f.dir != "" {
		switch info, err := os.Stat(f.dir); {
		case err != nil:
			return fmt.Errorf("--temp-dir: %w", err)
		case !info.IsDir():
			return fmt.Errorf("--temp-dir: %s is no directory", f.dir)
		}
		o.TempDir = f.dir
	}
	return nil
}

// parseBytes reads a number of bytes: 1000000, 500MB (10⁶), 2GiB (2³⁰).
func parseBytes(s string) (int64, error) {
	number, unit := s, int64(1)
	for _, u := range []struct {
		name  string
		bytes int64
	}{{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if text, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = strings.TrimSuffix(text, " "), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("write a number of bytes, or of kB, MB, GB, KiB, MiB or GiB: 500MB")
	}
	return n * unit, nil
}
