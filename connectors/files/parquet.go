package files

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// parquetFile is an open Parquet file, its metadata read.
type parquetFile struct {
	here   site // for errors
	handle *os.File
	info   os.FileInfo
	file   *parquet.File
	cols   []parquetColumn
}

// guarded runs what reads a file with a library that may panic on damaged data.
func guarded(here site, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = here.malformed("the Parquet data are damaged: %s", clip(fmt.Sprint(r)))
		}
	}()
	return f()
}

func openParquet(verb string, f *file, s *stamps, wanted int) (*parquetFile, error) {
	here := site{verb, f.name}
	h, info, err := openFile(here, f, s)
	if err != nil {
		return nil, err
	}
	p := &parquetFile{here: here, handle: h, info: info}
	// A column is read through a buffer of its own.
	buffer := min(max(4<<10, (64<<20)/max(1, wanted)), 256<<10)
	err = guarded(here, func() error {
		var err error
		p.file, err = parquet.OpenFile(h, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(buffer))
		if err != nil {
			return fmt.Errorf("it cannot be read as Parquet: %w", err)
		}
		p.cols, err = parquetColumns(p.file.Metadata().Schema)
		return err
	})
	if err != nil {
		_ = h.Close() // only read
		return nil, here.failed(err)
	}
	return p, nil
}

// describeParquet takes the schema from the metadata of every file.
func (s *source) describeParquet(ctx context.Context, d query.Dataset, list []*file) (value.Schema, error) {
	var sch value.Schema
	for i, f := range list {
		here := site{"describe", f.name}
		if err := ctx.Err(); err != nil {
			return value.Schema{}, here.failed(err)
		}
		p, err := openParquet("describe", f, s.stamps, 1)
		if err != nil {
			return value.Schema{}, err
		}
		sch.Rows += p.file.NumRows()
		_ = p.handle.Close() // only read
		cols := p.describe(d)
		if i == 0 {
			sch.Columns = cols
			continue
		}
		if err := unite(here, sch.Columns, cols, list[0].name); err != nil {
			return value.Schema{}, err
		}
	}
	return sch, nil
}

// unite compares a file's columns with those of the first and notes what they do not have in common.
func unite(here site, all, cols []value.Column, first string) error {
	names := func(cs []value.Column) []string {
		out := make([]string, len(cs))
		for i := range cs {
			out[i] = cs[i].Name
		}
		return out
	}
	pos, err := sameNames(here, names(all), names(cols), first)
	if err != nil {
		return err
	}
	for i := range all {
		a, c := &all[i], cols[pos[all[i].Name]]
		if !a.Type.Equal(c.Type) || a.Zone != c.Zone || a.Unusable != c.Unusable {
			return here.malformed("column %q is %s (%s), where %s has %s (%s)", clip(a.Name), c.Type, c.Native, first, a.Type, a.Native)
		}
		if !strings.Contains(a.Native, c.Native) {
			a.Native += " or " + c.Native
		}
		a.NotNull, a.MayErr = a.NotNull && c.NotNull, a.MayErr || c.MayErr
		if a.Shape != c.Shape {
			a.Shape = value.Plain
		}
		switch r := c.Resolution; {
		case !r.Known || !a.Resolution.Known:
			a.Resolution = value.Resolution{Single: a.Resolution.Single && r.Single}
		case r.Digits > a.Resolution.Digits:
			a.Resolution.Digits = r.Digits
		}
	}
	return nil
}

// describe returns the file's columns as the dataset declares them.
func (p *parquetFile) describe(d query.Dataset) []value.Column {
	out := make([]value.Column, len(p.cols))
	for i := range p.cols {
		out[i] = p.cols[i].describe(d)
	}
	return out
}

// describe returns the column as the dataset declares it.
func (c *parquetColumn) describe(d query.Dataset) value.Column {
	col := value.Column{
		Name: c.name, Native: c.native, Type: c.leaf.typ, NotNull: c.maxDef == 0, MayErr: c.leaf.mayErr,
		Resolution: c.leaf.res, Shape: c.leaf.shape, Unusable: c.unusable,
	}
	if col.Unusable != "" {
		col.Type, col.NotNull = value.Of(value.Bytes), false
		return col
	}
	if c.list {
		col.Type, col.Resolution, col.Shape, col.NotNull, col.MayErr = value.ListOf(c.leaf.typ), value.Resolution{}, value.Plain, c.listDef == 0, c.leaf.mayErr
	}
	switch {
	case c.leaf.shape == value.Date:
		col.Zone = "UTC"
	case !c.list && c.leaf.typ.Kind == value.LocalTimestamp && d.Timezone != "":
		col.Type, col.Zone = value.Of(value.Timestamp), d.Timezone
	}
	want := d.Columns[c.name].Type
	r, ok := declaredType(want)
	if !ok || r.typ.Equal(col.Type) && r.day == (col.Shape == value.Date) || r.naive && col.Zone == d.Timezone && c.leaf.typ.Kind == value.LocalTimestamp {
		return col
	}
	if c.list {
		col.Unusable = "declared " + want + ", but the file has a list"
		return col
	}
	if c.leaf.typ.Kind == value.LocalTimestamp && r.typ.Kind == value.Timestamp && !r.day && d.Timezone == "" {
		col.Unusable = "declared timestamp, but the file says no zone: set timezone: on the connection"
		return col
	}
	text := r.describe(c.name, d.Timezone, columnMeta{reparse: true})
	text.Native, text.NotNull = c.native+", declared "+r.name(), col.NotNull
	return text
}

// parquetReader reads the wanted columns of a file, row group by row group.
type parquetReader struct {
	*parquetFile
	groups []parquet.RowGroup
	sinks  []parquetSink
	left   int64 // rows of the group at hand
	buffer int
}

// parquetSink is a wanted column.
type parquetSink struct {
	parquetColumn
	leafReader
	append func(*value.Vector, parquet.Value)
}

func parquetRows(f *file, s *stamps, q query.Select) (fileRows, error) {
	p, err := openParquet("read", f, s, len(q.Columns))
	if err != nil {
		return nil, err
	}
	r := &parquetReader{parquetFile: p, groups: p.file.RowGroups(), buffer: min(max(64, batchCells/max(1, len(q.Columns))), 1024)}
	if err := r.bind(q); err != nil {
		r.end()
		return nil, err
	}
	return r, nil
}

// bind finds the wanted columns in this file, which must have the types that were described.
func (r *parquetReader) bind(q query.Select) error {
	now := r.describe(q.From.Dataset)
	at := make(map[string]int, len(now))
	for i := range now {
		at[now[i].Name] = i
	}
	for _, c := range q.Columns {
		i, ok := at[c.Col.Name]
		if !ok {
			return r.here.malformed("column %q is gone since the file was described", clip(c.Col.Name))
		}
		if n := now[i]; !n.Type.Equal(c.Col.Type) || n.Zone != c.Col.Zone {
			return r.here.malformed("column %q is %s, where %s was described", clip(n.Name), n.Type, c.Col.Type)
		}
		sink := parquetSink{parquetColumn: r.cols[i]}
		if err := sink.prepare(now[i]); err != nil {
			return r.here.misconfigured("timezone: %w", err)
		}
		r.sinks = append(r.sinks, sink)
	}
	return nil
}

// fill implements fileRows.
func (r *parquetReader) fill(b *value.Batch, rows, bytes int) (more bool, err error) {
	err = guarded(r.here, func() error {
		more, err = r.read(b, rows, bytes)
		return err
	})
	return more, r.here.failed(err)
}

// stepRows is how many rows are read of each column before the bytes are counted.
const stepRows = 128

func (r *parquetReader) read(b *value.Batch, rows, bytes int) (bool, error) {
	for b.N < rows && bytes > 0 {
		if r.left == 0 {
			if err := r.ended(); err != nil {
				return false, err
			}
			if len(r.groups) == 0 {
				return false, unchanged(r.handle, r.info)
			}
			if err := r.nextGroup(); err != nil {
				return false, err
			}
			continue
		}
		n := int(min(int64(rows-b.N), r.left))
		if len(r.sinks) > 0 {
			n = min(n, stepRows)
		}
		for i := range r.sinks {
			v := &b.Cols[i]
			held := len(v.Data)
			if err := r.sinks[i].read(v, n); err != nil {
				return false, fmt.Errorf("column %q: %w", clip(r.sinks[i].name), err)
			}
			bytes -= len(v.Data) - held
		}
		b.N += n
		r.left -= int64(n)
	}
	return true, nil
}

// ended checks that the row group at hand, if any, has no more values than rows.
func (r *parquetReader) ended() error {
	for i := range r.sinks {
		c := &r.sinks[i]
		if c.pages == nil {
			continue
		}
		if x, err := c.peek(); err != nil {
			return err
		} else if x != nil {
			return fmt.Errorf("column %q has more values than the file has rows: %w", clip(c.name), errDamaged)
		}
	}
	return nil
}

func (r *parquetReader) nextGroup() error {
	g := r.groups[0]
	r.groups = r.groups[1:]
	if r.left = g.NumRows(); r.left < 0 {
		return errDamaged
	}
	chunks := g.ColumnChunks()
	for i := range r.sinks {
		c := &r.sinks[i]
		c.close()
		if c.index >= len(chunks) {
			return errDamaged
		}
		c.leafReader = leafReader{pages: chunks[c.index].Pages(), buf: make([]parquet.Value, r.buffer)}
	}
	return nil
}

// end implements fileRows.
func (r *parquetReader) end() {
	_ = guarded(r.here, func() error { // what is damaged was reported
		for i := range r.sinks {
			r.sinks[i].close()
		}
		return nil
	})
	_ = r.handle.Close() // only read
}
