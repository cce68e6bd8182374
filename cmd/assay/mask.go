package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

const (
	// maskKeyName is the file in the state directory that holds the project's key for masking.
	maskKeyName = "mask.key"
	// maskKeyVariable holds the key instead, where several machines are to make the same tokens.
	maskKeyVariable = "ASSAY_MASK_KEY"
	// maskKeyLeast is the least length of a key, in bytes: what is shorter can be guessed.
	maskKeyLeast = 16
)

// masker makes the tokens of suites that mask columns; nil where none asks for tokens. The project's key is made on first use, readable by its owner alone.
func masker(state string, suites []spec.Suite) (*result.Masker, error) {
	wanted := false
	for i := range suites {
		wanted = wanted || slices.ContainsFunc(suites[i].Datasets, makesTokens)
	}
	if !wanted {
		return nil, nil //nolint:nilnil // no tokens, no masker: a nil one redacts
	}
	if key, ok := os.LookupEnv(maskKeyVariable); ok {
		if len(key) < maskKeyLeast {
			return nil, fmt.Errorf("%s has %s: a key for masking has %d or more, or its tokens can be guessed", maskKeyVariable, diag.Plural(int64(len(key)), "byte"), maskKeyLeast)
		}
		return result.NewMasker([]byte(key)), nil
	}
	key, err := maskKey(filepath.Join(state, maskKeyName))
	if err != nil {
		return nil, &worldError{fmt.Errorf("the key for masking: %w; give one by %s where the state directory cannot be written", err, maskKeyVariable)}
	}
	return result.NewMasker(key), nil
}

// makesTokens reports whether the dataset masks a column by tokens.
func makesTokens(d spec.Dataset) bool {
	for _, m := range d.Mask {
		if m == spec.MaskHash {
			return true
		}
	}
	return false
}

// maskKey reads the key at path, or makes it.
func maskKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path) //nolint:gosec // the project's own file
	if errors.Is(err, fs.ErrNotExist) {
		if err := newMaskKey(path); err != nil {
			return nil, err
		}
		key, err = os.ReadFile(path) //nolint:gosec // likewise: another process may have been first
	}
	if err != nil {
		return nil, err
	}
	if text := strings.TrimSpace(string(key)); len(text) >= maskKeyLeast {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("%s is shorter than %d bytes: put the key back, or remove the file to have another one made, whose tokens are others", path, maskKeyLeast)
}

// newMaskKey makes a key. It appears under its name whole, and never takes the place of another.
func newMaskKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+maskKeyName+".*") // readable by its owner alone
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // its other name stays
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	_, err = f.WriteString(hex.EncodeToString(b[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// maskColumns masks columns of both sides of a diff, each a name, or NAME=redact.
func maskColumns(s *spec.Suite, list []string) error {
	for _, text := range list {
		name, how, said := strings.Cut(text, "=")
		m := spec.Masking(how)
		if !said {
			m = spec.MaskHash
		}
		if name == "" || m != spec.MaskHash && m != spec.MaskRedact {
			return fmt.Errorf("--mask %q: write COLUMN, COLUMN=hash or COLUMN=redact", text)
		}
		for i := range s.Datasets {
			d := &s.Datasets[i]
			if d.Mask == nil {
				d.Mask = map[string]spec.Masking{}
			}
			d.Mask[name] = m
			d.MayLack = append(d.MayLack, name)
		}
	}
	return nil
}

// knownMasks refuses a column to mask that neither side has.
func knownMasks(c *plan.CompareItem) error {
	for _, name := range slices.Sorted(maps.Keys(c.SourceMask)) {
		var names []string
		for _, side := range []*diff.Side{&c.Spec.Left, &c.Spec.Right} {
			for i := range side.Relation.Schema.Columns {
				names = append(names, side.Relation.Schema.Columns[i].Name)
			}
		}
		if !slices.Contains(names, name) {
			return &usageError{fmt.Errorf("--mask: neither side has a column %q%s", name, meant(name, names))}
		}
	}
	return nil
}
