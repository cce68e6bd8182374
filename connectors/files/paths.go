package files

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// format is how the rows of a file are written.
type fileFormat uint8

const (
	formatNone fileFormat = iota
	formatCSV
	formatTSV
	formatJSONLines
	formatParquet
)

// String returns the format's name for messages.
func (f fileFormat) String() string {
	return [...]string{"", "CSV", "TSV", "JSON lines", "Parquet"}[f]
}

// formatNames are the formats by the endings of names, which the parameter format takes too.
var formatNames = map[string]fileFormat{
	"csv": formatCSV, "tsv": formatTSV, "tab": formatTSV, "jsonl": formatJSONLines, "ndjson": formatJSONLines, "parquet": formatParquet, "pq": formatParquet,
}

// file is one file of a dataset.
type file struct {
	name   string // as messages call it
	path   string
	format fileFormat
}

// formatOf returns the format that a name says, compression apart.
func formatOf(name string) fileFormat {
	lower := strings.ToLower(name)
	for _, z := range []string{".gz", ".gzip", ".zst", ".zstd"} {
		lower = strings.TrimSuffix(lower, z)
	}
	return formatNames[strings.TrimPrefix(path.Ext(filepath.ToSlash(lower)), ".")]
}

// resolve returns the files of a dataset in the order of their names; there is at least one.
func (o *options) resolve(here site, d query.Dataset) ([]*file, error) {
	if d.File == "" {
		return nil, here.misconfigured("a dataset of files says which in file:")
	}
	names, err := o.match(here, d.File)
	if err != nil {
		return nil, err
	}
	out := make([]*file, 0, len(names))
	for _, n := range names {
		f := &file{name: n, path: o.abs(n), format: o.format}
		if f.format == formatNone {
			f.format = formatOf(n)
		}
		switch {
		case f.format == formatNone:
			return nil, site{here.verb, n}.misconfigured("the name does not end in .csv, .tsv, .jsonl, .ndjson or .parquet (then .gz or .zst): set format: on the connection")
		case len(out) > 0 && f.format != out[0].format:
			return nil, here.misconfigured("%s is %s and %s is %s: the files of a dataset are of one format", out[0].name, out[0].format, f.name, f.format)
		}
		out = append(out, f)
	}
	return out, nil
}

// Paths returns where the files of a dataset lie, by its file: and its connection; none where that cannot be told.
func Paths(c connectors.Config, named string) []string {
	o, err := readOptions(c)
	if err != nil {
		return nil
	}
	names, err := o.match(site{}, named)
	if err != nil {
		return nil
	}
	for i := range names {
		names[i] = o.abs(names[i])
	}
	return names
}

// abs returns where a name leads.
func (o *options) abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(o.base, name)
}

// match returns the names that a dataset's file: stands for. A file of that very name comes before a pattern.
func (o *options) match(here site, name string) ([]string, error) {
	info, err := os.Stat(o.abs(name))
	switch {
	case err == nil && info.IsDir():
		return nil, here.misconfigured("it is a folder: name its files, such as %s", filepath.ToSlash(filepath.Join(name, "*.csv")))
	case err == nil:
		return []string{name}, nil
	case !strings.ContainsAny(name, "*?["):
		return nil, here.failed(err)
	}
	if strings.Contains(name, "**") {
		return nil, here.misconfigured("** is not understood: write a * for each folder")
	}
	// Only the dataset's own text is a pattern, not the folder that the connection names.
	slashed := filepath.ToSlash(name)
	dir, rest := "", slashed
	for {
		first, tail, more := strings.Cut(rest, "/")
		if !more || strings.ContainsAny(first, `*?[\`) {
			break
		}
		dir, rest = dir+first+"/", tail
	}
	if _, err := path.Match(rest, ""); err != nil || !fs.ValidPath(rest) {
		return nil, here.misconfigured("it is not a pattern that can be understood")
	}
	root := o.abs(filepath.FromSlash(dir))
	if dir == "" {
		root = o.abs(".")
	}
	found, err := fs.Glob(os.DirFS(root), rest)
	if err != nil {
		return nil, here.failed(err)
	}
	var names []string
	for _, f := range found {
		n := filepath.FromSlash(dir + f)
		if info, err := os.Stat(o.abs(n)); err == nil && info.IsDir() {
			continue
		}
		names = append(names, n)
	}
	if len(names) == 0 {
		return nil, here.fail(connectors.NotFound, errNoMatch)
	}
	slices.Sort(names)
	return names, nil
}
