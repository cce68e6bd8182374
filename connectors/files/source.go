package files

import (
	"context"
	"io/fs"
	"os"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// source is a folder, or what is below several: names may lead anywhere.
type source struct {
	opts options
	// stamps are a snapshot's, nil otherwise.
	stamps *stamps
}

var (
	_ connectors.Source      = (*source)(nil)
	_ connectors.Snapshotter = (*source)(nil)
	_ connectors.Explainer   = (*source)(nil)
)

// Open opens a connection to files. Its parameters, all optional: path (the folder at which relative names start, else the working
// folder), format (csv, tsv, jsonl or parquet, whatever the files' names say), and of CSV header (false where there is none),
// delimiter and null (the text that stands for null; nothing unless said). Timeout and MaxConns of c are a server's and mean nothing here.
func Open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	here := site{verb: "open"}
	if err := ctx.Err(); err != nil {
		return nil, here.failed(err)
	}
	o, err := readOptions(c)
	if err != nil {
		return nil, err
	}
	if o.base == "" {
		return &source{opts: o}, nil
	}
	info, err := os.Stat(o.base)
	if err != nil {
		return nil, site{"open", "folder " + o.base}.failed(err)
	}
	if !info.IsDir() {
		return nil, here.misconfigured("path is the folder: a file belongs into the dataset's file:")
	}
	return &source{opts: o}, nil
}

// noEngine is why nothing is evaluated by a source of files.
const noEngine = "files: no engine, evaluated here"

// Caps implements connectors.Source: nothing is evaluated here.
func (*source) Caps() query.Caps {
	return query.Caps{
		Expr:    func(query.Relation, query.Expr) *query.Refusal { return &query.Refusal{Reason: noEngine} },
		Measure: func(query.Relation, query.Measure) *query.Refusal { return &query.Refusal{Reason: noEngine} },
		Set:     func(query.SetCheck) *query.Refusal { return &query.Refusal{Reason: noEngine} },
	}
}

// Aggregate implements connectors.Source; Caps refuses every measure.
func (*source) Aggregate(_ context.Context, q query.Aggregate) (*value.Batch, error) {
	return nil, site{"aggregate", q.From.Dataset.File}.failed(&query.Refusal{Reason: noEngine})
}

// Snapshot implements connectors.Snapshotter: a file that is not what it was for an earlier request to the snapshot is an
// error, and a pattern means the same files throughout.
func (s *source) Snapshot(ctx context.Context) (connectors.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, site{verb: "snapshot"}.failed(err)
	}
	return &source{opts: s.opts, stamps: &stamps{files: map[string]fs.FileInfo{}, names: map[string][]*file{}}}, nil
}

// Close implements connectors.Source. Files are open only while they are read.
func (*source) Close() error { return nil }

// files returns the files of a dataset.
func (s *source) files(here site, d query.Dataset) ([]*file, error) {
	if s.stamps == nil {
		return s.opts.resolve(here, d)
	}
	s.stamps.mu.Lock()
	defer s.stamps.mu.Unlock()
	if list, ok := s.stamps.names[d.File]; ok {
		return list, nil
	}
	list, err := s.opts.resolve(here, d)
	if err == nil {
		s.stamps.names[d.File] = list
	}
	return list, err
}
