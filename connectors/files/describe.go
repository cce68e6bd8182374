package files

import (
	"context"
	"slices"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// What Describe reads of each file to tell types by: so many rows, so many bytes of cells. A dataset of many files shares out
// totalRows, at least leastRows a file.
const (
	sampleRows  = 10_000
	sampleBytes = 16 << 20
	totalRows   = 1_000_000
	leastRows   = 100
)

type sampleLimit struct{ rows, bytes int }

// sampled is what the first rows of a file, or of several, say.
type sampled struct {
	names   []string
	guesses []guess
	rows    int
	bytes   int
	whole   bool // nothing was left unread
	// packed is how much of the file's size was read for it.
	packed, size int64
}

// estimate is the number of rows of a file by the share that was read.
func (s *sampled) estimate() int64 {
	switch {
	case s.whole:
		return int64(s.rows)
	case s.packed <= 0 || s.rows == 0:
		return -1
	}
	return max(int64(s.rows), int64(float64(s.rows)*float64(s.size)/float64(s.packed)))
}

// Describe implements connectors.Source.
func (s *source) Describe(ctx context.Context, d query.Dataset) (value.Schema, error) {
	here := site{"describe", d.File}
	list, err := s.files(here, d)
	if err != nil {
		return value.Schema{}, err
	}
	if d.Timezone != "" {
		if _, err := value.LoadZone(d.Timezone); err != nil {
			return value.Schema{}, here.misconfigured("timezone: %w", err)
		}
	}
	for name, o := range d.Columns {
		if _, ok := declaredType(o.Type); o.Type != "" && !ok {
			return value.Schema{}, here.misconfigured("column %s: unknown type %q", name, o.Type)
		}
		if o.Array && list[0].format != formatJSONLines {
			return value.Schema{}, here.misconfigured("column %s: array: is for JSON lines: %s has no lists, or says itself where it has", name, list[0].format)
		}
	}
	if list[0].format == formatParquet {
		return s.describeParquet(ctx, d, list)
	}
	return s.describeText(ctx, here, d, list)
}

// describeText reads the first rows of every file.
func (s *source) describeText(ctx context.Context, here site, d query.Dataset, list []*file) (value.Schema, error) {
	limit := sampleLimit{rows: min(sampleRows, max(leastRows, totalRows/len(list))), bytes: sampleBytes}
	var all *sampled
	rows := int64(0)
	for _, f := range list {
		if err := ctx.Err(); err != nil {
			return value.Schema{}, here.failed(err)
		}
		one, err := s.sample(f, limit)
		if err != nil {
			return value.Schema{}, err
		}
		if n := one.estimate(); n < 0 || rows < 0 {
			rows = -1
		} else {
			rows += n
		}
		if all == nil {
			all = one
			continue
		}
		if f.format != formatJSONLines {
			at, err := sameNames(site{"describe", f.name}, all.names, one.names, list[0].name)
			if err != nil {
				return value.Schema{}, err
			}
			for i, n := range all.names {
				all.guesses[i].join(one.guesses[at[n]])
			}
			continue
		}
		all.unite(one)
	}
	sch := value.Schema{Rows: rows}
	return sch, s.typeColumns(here, d, list[0].format, all, &sch)
}

func (s *source) sample(f *file, limit sampleLimit) (*sampled, error) {
	if f.format == formatJSONLines {
		j, err := openJSONLines("describe", f, s.stamps)
		if err != nil {
			return nil, err
		}
		defer j.in.end()
		return j.sample(limit)
	}
	c, err := s.opts.openCSV("describe", f, s.stamps)
	if err != nil {
		return nil, err
	}
	defer c.in.end()
	return c.sample(limit)
}

// unite adds the names of another file of JSON lines, where a line need not have them all.
func (s *sampled) unite(o *sampled) {
	at := positions(s.names)
	for i, n := range o.names {
		k, ok := at[n]
		if !ok {
			s.names, s.guesses = append(s.names, n), append(s.guesses, guess{})
			k = len(s.names) - 1
		}
		s.guesses[k].join(o.guesses[i])
	}
}

// typeColumns gives every column its type: what the suite declares, else what was guessed.
func (*source) typeColumns(here site, d query.Dataset, f fileFormat, all *sampled, sch *value.Schema) error {
	for i, n := range all.names {
		r, m := all.guesses[i].result(), columnMeta{strict: true, json: f == formatJSONLines}
		if f == formatJSONLines {
			r = all.guesses[i].jsonResult()
		}
		want, known := declared(d.Columns[n])
		if known {
			r, m.strict = want, false
		}
		c := r.describe(n, d.Timezone, m)
		c.Untold = !known && all.guesses[i].classes == 0
		sch.Columns = append(sch.Columns, c)
	}
	if f != formatJSONLines {
		return nil
	}
	// What is declared is a column, even if the first rows have it not: a dot leads into a document.
	var more []string
	for n, o := range d.Columns {
		if _, at := sch.Column(n); at < 0 && o.Type != "" {
			more = append(more, n)
		}
	}
	slices.Sort(more)
	for _, n := range more {
		r, _ := declared(d.Columns[n])
		path, err := memberPath(n)
		if err != nil {
			return here.misconfigured("%w", err)
		}
		sch.Columns = append(sch.Columns, r.describe(n, d.Timezone, columnMeta{path: path, json: true}))
	}
	return nil
}

func positions(names []string) map[string]int {
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n] = i
	}
	return at
}

// sameNames returns the positions of a file's columns when they are those of the first file, in any order.
func sameNames(here site, want, got []string, first string) (map[string]int, error) {
	at := positions(got)
	for _, n := range want {
		if _, ok := at[n]; !ok {
			return nil, here.malformed("there is no column %q, which %s has: the files of a dataset have the same columns", clip(n), first)
		}
	}
	if len(got) > len(want) {
		known := positions(want)
		for _, n := range got {
			if _, ok := known[n]; !ok {
				return nil, here.malformed("column %q is not in %s: the files of a dataset have the same columns", clip(n), first)
			}
		}
	}
	return at, nil
}

// sameColumns is sameNames against the schema that was described.
func sameColumns(here site, want []value.Column, got []string) (map[string]int, error) {
	at := positions(got)
	for i := range want {
		if _, ok := at[want[i].Name]; !ok {
			return nil, here.malformed("column %q is gone since the file was described", clip(want[i].Name))
		}
	}
	if len(got) != len(want) {
		return nil, here.malformed("%s instead of the %d that were described", plural(len(got), "column"), len(want))
	}
	return at, nil
}
