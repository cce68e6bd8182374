package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	modernc "modernc.org/sqlite"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// encoders are the digests under way, by the number that their statements name them by.
type encoders struct {
	last  atomic.Int64
	byID  sync.Map // int64 -> *encoder
	cells *zones
}

// encoder makes the encodings of rows. It is safe for concurrent use.
type encoder struct {
	id    int64
	cells []digest.Cell
}

func (e *encoders) begin() *encoder {
	enc := &encoder{id: e.last.Add(1)}
	e.byID.Store(enc.id, enc)
	return enc
}

func (e *encoders) end(enc *encoder) { e.byID.Delete(enc.id) }

// encode is assay_encode(number, cell, …): the encoding of a row of cells as they are stored.
func (e *encoders) encode(args []driver.Value) (driver.Value, error) {
	if len(args) < 1 {
		return nil, errCall
	}
	id, _ := args[0].(int64)
	found, _ := e.byID.Load(id)
	enc, ok := found.(*encoder)
	if !ok || len(enc.cells) != len(args)-1 {
		return nil, errCall
	}
	var dst []byte
	var v value.Vector
	for i, x := range args[1:] {
		c := &enc.cells[i]
		v.Reset(c.Column.Col.Type)
		appendCell(e.cells, &v, c.Column.Col.Zone, x)
		dst = c.Form.Append(dst, &v, c.Side, 0)
	}
	return dst, nil
}

// hash is assay_hash(seeding, encoding): the first octets of the SHA-256 of both, as digest.Hash makes it.
func hash(args []driver.Value) (driver.Value, error) {
	if len(args) != 2 {
		return nil, errCall
	}
	seeding, okS := args[0].(string)
	encoding, okE := args[1].([]byte)
	if !okS || !okE {
		return nil, errCall
	}
	h := sha256.New()
	_, _ = io.WriteString(h, seeding) // a hash never fails
	_, _ = h.Write(encoding)
	return h.Sum(nil)[:digest.HashSize], nil
}

// summing is assay_digest(range, encoding): the sums of all ranges, as a blob.
type summing struct{ sums []digest.Sum }

// sumSize is the size of one sum in the blob: rows, then the words.
const sumSize = 8 * (1 + digest.Words)

// maxRanges bounds the ranges of one statement.
const maxRanges = 1 << 20

// Step implements modernc's AggregateFunction.
func (s *summing) Step(_ *modernc.FunctionContext, args []driver.Value) error {
	if len(args) != 2 {
		return errCall
	}
	at, ok := args[0].(int64)
	encoding, isBlob := args[1].([]byte)
	if !ok || !isBlob || at < 0 || at >= maxRanges {
		return errCall
	}
	for int64(len(s.sums)) <= at {
		s.sums = append(s.sums, digest.Sum{})
	}
	s.sums[at].Add(encoding)
	return nil
}

// WindowInverse implements modernc's AggregateFunction.
func (s *summing) WindowInverse(*modernc.FunctionContext, []driver.Value) error { return errWindow }

// WindowValue implements modernc's AggregateFunction: the result.
func (s *summing) WindowValue(*modernc.FunctionContext) (driver.Value, error) {
	out := make([]byte, 0, len(s.sums)*sumSize)
	for i := range s.sums {
		out = binary.BigEndian.AppendUint64(out, uint64(s.sums[i].Rows)) //nolint:gosec // not negative
		for _, w := range s.sums[i].Sums {
			out = binary.BigEndian.AppendUint64(out, w)
		}
	}
	return out, nil
}

// Final implements modernc's AggregateFunction.
func (s *summing) Final(*modernc.FunctionContext) {}

var _ sqlgen.DigestDialect = dialect{}

// maxCells bounds the columns of a digest: SQLite's own bound of a function's arguments, less the encoder's number.
const maxCells = 126

// Encode implements sqlgen.DigestDialect: the cell as it is stored, for the function to read as Select's rows are read.
func (d dialect) Encode(_ *sqlgen.Writer, c digest.Cell, o sqlgen.Operand) (string, *query.Refusal) {
	if len(d.row.cells) == maxCells {
		return "", sqlgen.Refuse(d, fmt.Sprintf("digest of more than %d columns", maxCells), nil)
	}
	d.row.cells = append(d.row.cells, c)
	return o.Ref, nil
}

// Row implements sqlgen.DigestDialect.
func (d dialect) Row(cells []string) string {
	return prefix + "encode(" + strings.Join(append([]string{itoa(int(d.row.id))}, cells...), ", ") + ")"
}

// Sums implements sqlgen.DigestDialect: one row with all sums, so that nothing is sorted.
func (dialect) Sums(step, row, from string) string {
	return "SELECT " + prefix + "digest(" + step + ", " + row + ")" + from
}

var _ connectors.Digester = (*source)(nil)

// digesting returns the dialect for one statement, and what ends it.
func (s *source) digesting() (dialect, func()) {
	d := s.d
	d.row = s.pool.encoders.begin()
	return d, func() { s.pool.encoders.end(d.row) }
}

// DigestStatements implements connectors.Digester.
func (s *source) DigestStatements(q digest.Request) ([]query.Statement, error) {
	d, end := s.digesting()
	defer end()
	st, err := sqlgen.Digest(d, q)
	if err != nil {
		return nil, &connectors.Error{Op: "digest " + nameOf(q.From.Dataset), Err: err}
	}
	return []query.Statement{st.Query()}, nil
}

// Digest implements connectors.Digester.
func (s *source) Digest(ctx context.Context, q digest.Request) ([]digest.Sum, error) {
	op := "digest " + nameOf(q.From.Dataset)
	d, end := s.digesting()
	defer end()
	if len(q.Steps) >= maxRanges {
		return nil, &connectors.Error{Op: op, Err: sqlgen.Refuse(d, "digest of so many ranges", nil)}
	}
	st, err := sqlgen.Digest(d, q)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	rows, err := s.values(ctx, op, st.Text, st.Args)
	if err != nil {
		return nil, err
	}
	sums := make([]digest.Sum, len(q.Steps)+1)
	if len(rows) != 1 || len(rows[0]) != 1 {
		return nil, &connectors.Error{Op: op, Err: errors.New("not one digest")}
	}
	blob, _ := rows[0][0].([]byte) // NULL or empty over no rows
	if len(blob)%sumSize != 0 || len(blob)/sumSize > len(sums) {
		return nil, &connectors.Error{Op: op, Err: fmt.Errorf("a digest of %d bytes", len(blob))}
	}
	for i := range len(blob) / sumSize {
		b := blob[i*sumSize:]
		sums[i].Rows = int64(binary.BigEndian.Uint64(b)) //nolint:gosec // as it was written
		sums[i].Hashed = sums[i].Rows
		for w := range sums[i].Sums {
			sums[i].Sums[w] = binary.BigEndian.Uint64(b[8*(w+1):])
		}
	}
	return sums, nil
}

// Repeats implements connectors.Digester.
func (s *source) Repeats(ctx context.Context, q digest.Request) ([]int64, error) {
	op := "count the repeated keys of " + nameOf(q.From.Dataset)
	st, err := sqlgen.Repeats(s.d, q)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	i := value.Of(value.Int)
	b, err := s.whole(ctx, op, st, []value.Column{{Type: i}, {Type: i}})
	if err != nil {
		return nil, err
	}
	counts, err := digest.Counts(b, len(q.Steps)+1)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	return counts, nil
}

// Cut implements connectors.Digester.
func (s *source) Cut(ctx context.Context, q digest.Cut) (*value.Batch, error) {
	op := "cut the keys of " + nameOf(q.From.Dataset)
	st, err := sqlgen.CutKeys(s.d, q)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	cols := make([]value.Column, len(q.Columns))
	for i, c := range q.Columns {
		cols[i] = c.Col
	}
	return s.whole(ctx, op, st, cols)
}

// whole reads a short result into one batch.
func (s *source) whole(ctx context.Context, op string, st sqlgen.Statement, cols []value.Column) (*value.Batch, error) {
	rows, err := s.values(ctx, op, st.Text, st.Args)
	if err != nil {
		return nil, err
	}
	types := make([]value.Type, len(cols))
	for i := range cols {
		types[i] = cols[i].Type
	}
	b := value.NewBatch(types...)
	for _, row := range rows {
		if len(row) != len(cols) {
			return nil, &connectors.Error{Op: op, Err: fmt.Errorf("a row of %d columns", len(row))}
		}
		for i := range cols {
			appendCell(s.cells, &b.Cols[i], cols[i].Zone, row[i])
		}
		b.N++
	}
	return b, nil
}
